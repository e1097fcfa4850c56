"""A small real table, and a way to run a command in this process."""

import json

import numpy as np
import pytest
from tables.made import write_trainings

from nasbed.cli import main
from nasbed.spaces.nasbench101 import NASBench101


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def nasbed_command(capsys):
    def run(*words):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        return Ran(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    space = NASBench101(vertices=4)
    archs = space.enumerate()
    random = np.random.default_rng(0)
    shape = (len(archs), 2, 3)
    counts = random.integers(0, 101, shape)
    results = {
        "training_time": random.uniform(1, 9, shape),
        "train_accuracy": np.minimum(counts + 3, 100) / 100,
        "validation_accuracy": counts / 100,
        "test_accuracy": np.maximum(counts - 3, 0) / 100,
    }
    about = {"budgets": (4, 12), "repeats": 3, "data": "toy", "parameters": random.integers(1, 99, len(archs))}
    provenance = {"source": "a test", "warnings": ["made up"]}
    path = tmp_path_factory.mktemp("cli") / "toy.arrow"
    return write_trainings(path, space, archs, results, provenance=provenance, **about)
