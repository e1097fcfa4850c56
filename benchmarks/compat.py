"""How many microseconds a call of the published NAS-Bench-101 interface takes, ours and a plain emulation of it.

The emulation is the tests' own: dictionaries filled from a TFRecord, copied at each call, and MD5 hashing in Python.
It holds only the modules that are asked for, which makes no difference to a dictionary.

    python benchmarks/compat.py TABLE.arrow [--modules 300] [--repeats 7]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "compat"))

import plain

from nasbed.compat.nasbench import api
from nasbed.tables.build import build_table
from nasbed.tables.column import REPORTED
from nasbed.tables.exporting import export
from nasbed.tables.table import Table


def some_modules(table: Table, rows: np.ndarray, path: Path) -> plain.NASBench:
    part = build_table(
        path.with_suffix(".arrow"),
        space=table.space,
        archs=table.archs[rows],
        budgets=table.budgets,
        repeats=table.repeats,
        results={
            name: table.column(name if name in table.columns else name.removeprefix("start_")).values(rows)
            for name in [*REPORTED, *(f"start_{field}" for field in plain.FIELDS), "total_time"]
            if name in table.columns or name != "total_time"
        },
        trainable_parameters=table.trainable_parameters[rows],
        provenance={"source": "a part, for a benchmark"},
    )
    export(part, path)
    return plain.NASBench(path)


def microseconds(call: Callable[[int], object], modules: int, repeats: int) -> float:
    def all_modules() -> None:
        for i in range(modules):
            call(i)

    return min(timeit.repeat(all_modules, number=1, repeat=repeats, timer=time.process_time)) / modules * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help="a NAS-Bench-101 table, real or synthetic")
    parser.add_argument("--modules", type=int, default=300, help="how many different ones each call is timed over")
    parser.add_argument("--repeats", type=int, default=7, help="timings, of which the best counts")
    arguments = parser.parse_args()
    ours = api.NASBench(arguments.table, seed=0)
    table, n = ours.table, arguments.modules
    rows = np.sort(np.random.default_rng(0).choice(len(table), n, replace=False))
    with tempfile.TemporaryDirectory() as folder:
        theirs = some_modules(table, rows, Path(folder) / "part.tfrecord")
    hashes = list(theirs.hash_iterator())
    given = [
        (theirs.fixed_statistics[h]["module_adjacency"], theirs.fixed_statistics[h]["module_operations"])
        for h in hashes
    ]
    lists = [(matrix.tolist(), ops) for matrix, ops in given]
    epochs = max(ours.valid_epochs)
    rounds = []
    for bench, module in ((ours, api), (theirs, plain)):
        specs = [module.ModelSpec(*spec) for spec in given]
        calls = {
            "query, a built spec": lambda i, b=bench, s=specs: b.query(s[i], epochs),
            "query(ModelSpec(array, ops))": lambda i, b=bench, m=module: b.query(m.ModelSpec(*given[i]), epochs),
            "query(ModelSpec(lists, ops))": lambda i, b=bench, m=module: b.query(m.ModelSpec(*lists[i]), epochs),
            "is_valid": lambda i, b=bench, s=specs: b.is_valid(s[i]),
            "get_metrics_from_hash": lambda i, b=bench: b.get_metrics_from_hash(hashes[i]),
            "get_metrics_from_spec": lambda i, b=bench, s=specs: b.get_metrics_from_spec(s[i]),
        }
        rounds.append({name: microseconds(call, n, arguments.repeats) for name, call in calls.items()})
    drawn = microseconds(lambda i: random.randint(0, 2), n, arguments.repeats)
    print(f"{len(table):,} modules; for scale, one random.randint(0, 2) takes {drawn:.2f} µs")
    print(f"{'call':34}{'nasbed, µs':>12}{'plain, µs':>12}{'ratio':>8}")
    for name, mine in rounds[0].items():
        print(f"{name:34}{mine:>12.1f}{rounds[1][name]:>12.1f}{rounds[1][name] / mine:>8.1f}")


if __name__ == "__main__":
    main()
