"""Importing: light, without side effects, and enough without any extra."""

import os
import subprocess
import sys

HEAVY = ("torch", "pandas", "matplotlib", "sklearn", "scipy", "numba", "ray", "pyarrow")

BLOCK = """
import sys
BORROWED = ("optuna", "nevergrad", "pymoo")
GUIDED = ("filtered", "guided", "guided-hyperband", "bananas", "npenas", "nas-bowl", "smac")
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "pandas", "matplotlib", "sklearn", "scipy", "ray", *BORROWED):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
"""

CORE = (
    BLOCK
    + """
import numpy as np
import nasbed
from nasbed.core.errors import MissingExtra
from nasbed.core.registry import optimizers
from nasbed.run.search import search
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.writing import given_trainings, write_table

space = NASBench101(vertices=4)
archs = space.enumerate()
values = np.random.default_rng(0).integers(0, 101, (len(archs), 1, 2)) / 100
results = {"validation_accuracy": values, "test_accuracy": values, "training_time": 1 + values}
given = given_trainings(results, (4,), 2, "toy", np.ones(len(archs), np.int64))
write_table(sys.argv[1], space, archs, given, provenance={"source": "a test"}, failed=True)
benchmark = nasbed.benchmark(sys.argv[1])
assert np.isfinite(benchmark.query(archs[:3]).value).all()
for name in optimizers.builtin:
    if name in BORROWED:
        continue  # other libraries' methods
    if name in GUIDED:
        try:
            optimizers.make(name, {})
        except MissingExtra as error:
            assert "nasbed[predictors]" in str(error)
            continue
    history = nasbed.search(name, benchmark, evaluations=20, runs=3)
    assert history.best_value.shape == (3,)
try:
    history.to_pandas()
except MissingExtra as error:
    print(error)
"""
)


def run(code, *arguments):
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    made = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_import_loads_nothing_heavy():
    loaded = run("import sys, nasbed; print(*sys.modules)").split()
    assert "nasbed" in loaded
    assert not [name for name in HEAVY if name in loaded]


def test_import_leaves_the_world_as_it_was():
    run(
        "import logging, os, random, sys, threading, warnings\n"
        "def world():\n"
        "    return (dict(os.environ), os.getcwd(), random.getstate(), list(sys.path), list(warnings.filters),\n"
        "            logging.root.level, list(logging.root.handlers), threading.active_count(), os.listdir())\n"
        "before = world()\n"
        "import nasbed\n"
        "assert world() == before\n"
    )


def test_the_core_works_with_no_extra_installed(tmp_path):
    said = run(CORE, str(tmp_path / "toy.arrow"))
    assert "pip install 'nasbed[report]'" in said


def test_the_published_interface_answers_without_a_compiler():
    said = run(
        "import sys, nasbed\n"
        "from nasbed.compat.nasbench import api\n"
        "bench = api.NASBench(nasbed.table('digits101'))\n"
        "spec = api.ModelSpec([[0, 1], [0, 0]], ['input', 'output'])\n"
        "for _ in range(20):\n"
        "    bench.query(spec, epochs=36)\n"
        "bench.get_metrics_from_hash(spec.hash_spec(bench.config['available_ops']))\n"
        "print(*(name for name in ('numba', 'torch', 'pandas') if name in sys.modules))\n"
    )
    assert not said.split()
