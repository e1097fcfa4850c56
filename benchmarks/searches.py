"""How many evaluations a second a search plays, beside the published API's way of playing it.

The baseline is the loop of the published example notebook, written plainly: one run at a time, specifications as
matrices, Python's ``random``, pruning and MD5 hashing in Python, results in dictionaries.

    python benchmarks/searches.py TABLE.arrow [--runs 500] [--evaluations 1000]
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import random
import time
from typing import Any

import numpy as np

import nasbed
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings

OPERATIONS = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"]
GENERATOR = np.random.default_rng(0)


def plain_prune(matrix, ops):
    n = len(matrix)
    ahead, behind = {0}, {n - 1}
    for v in range(1, n):
        if any(matrix[u][v] and u in ahead for u in range(v)):
            ahead.add(v)
    for v in range(n - 2, -1, -1):
        if any(matrix[v][w] and w in behind for w in range(v + 1, n)):
            behind.add(v)
    keep = sorted(ahead & behind)
    if 0 not in keep or n - 1 not in keep:
        return None
    return matrix[np.ix_(keep, keep)], [ops[v] for v in keep]


def plain_hash(matrix, ops):
    labels = [-1] + [OPERATIONS.index(op) for op in ops[1:-1]] + [-2]
    n = len(labels)
    into, out = matrix.sum(axis=0).tolist(), matrix.sum(axis=1).tolist()
    md5 = lambda text: hashlib.md5(text.encode()).hexdigest()  # noqa: E731
    hashes = [md5(str((out[v], into[v], labels[v]))) for v in range(n)]
    for _ in range(n):
        hashes = [
            md5(
                "".join(sorted(hashes[u] for u in range(n) if matrix[u, v]))
                + "|"
                + "".join(sorted(hashes[w] for w in range(n) if matrix[v, w]))
                + "|"
                + hashes[v]
            )
            for v in range(n)
        ]
    return md5(str(sorted(hashes)))


def plain_valid(matrix, ops):
    pruned = plain_prune(matrix, ops)
    return pruned if pruned is not None and pruned[0].sum() <= 9 else None


def plain_random():
    while True:
        matrix = np.triu(GENERATOR.integers(0, 2, size=(7, 7)), 1)
        ops = ["input", *GENERATOR.choice(OPERATIONS, size=5).tolist(), "output"]
        pruned = plain_valid(matrix, ops)
        if pruned:
            return matrix, ops, pruned


def plain_mutate(matrix, ops):
    while True:
        matrix, ops = matrix.copy(), list(ops)
        for a in range(6):
            for b in range(a + 1, 7):
                if random.random() < 1 / 7:
                    matrix[a, b] = 1 - matrix[a, b]
        for v in range(1, 6):
            if random.random() < 1 / 5:
                ops[v] = random.choice([op for op in OPERATIONS if op != ops[v]])
        pruned = plain_valid(matrix, ops)
        if pruned:
            return matrix, ops, pruned


class LazyResults(dict):
    """A dictionary of results that fills itself from a table, so that building it is not what is timed."""

    def __init__(self, table):
        super().__init__()
        self.validation = table.column("validation_accuracy").values
        self.table = table

    def __missing__(self, digest):
        row = self.table.modules.row_of(digest)
        self[digest] = [{"validation_accuracy": float(x)} for x in self.validation(np.array([row]))[0, -1]]
        return self[digest]


def plain_evolution(results, evaluations):
    population = collections.deque()
    best = 0.0
    for i in range(evaluations):
        if i < 50:
            matrix, ops, pruned = plain_random()
        else:
            matrix, ops = max(random.sample(list(population), 10), key=lambda member: member[0])[1:]
            matrix, ops, pruned = plain_mutate(matrix, ops)
        runs = results[plain_hash(*pruned)]
        value = runs[random.randint(0, len(runs) - 1)]["validation_accuracy"]
        population.append((value, matrix, ops))
        if len(population) > 50:
            population.popleft()
        best = max(best, value)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", help="a NAS-Bench-101 table, real or synthetic")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--evaluations", type=int, default=1000, help="of each run")
    parser.add_argument("--repeats", type=int, default=5, help="timings, of which the median counts")
    arguments = parser.parse_args()
    benchmark = nasbed.benchmark(arguments.table)

    plain_evolution(LazyResults(benchmark.table), 60)
    results = LazyResults(benchmark.table)
    start = time.process_time()
    plain_evolution(results, 2000)
    plain = 2000 / (time.process_time() - start)
    print(f"{'method':34}{'runs':>6}{'evaluations/s':>16}{'ratio to plain':>16}")
    print(f"{'plain Python loop, evolution':34}{1:>6}{plain:>16,.0f}{1:>16.1f}")
    for name in ("random", "regularized-evolution"):
        for runs in (1, arguments.runs):
            rate = played(name, benchmark, arguments.evaluations * (20 if runs == 1 else 1), runs, arguments.repeats)
            print(f"{'nasbed, ' + name:34}{runs:>6}{rate:>16,.0f}{rate / plain:>16.1f}")
    played("bohb", benchmark, 4000, 1, 1)  # which compiles
    for evaluations in (500, 2000, 8000):
        rate = played("bohb", benchmark, evaluations, 1, arguments.repeats)
        print(f"{f'nasbed, bohb, {evaluations:,} evaluations':34}{1:>6}{rate:>16,.0f}")


def played(name: str, benchmark: Any, evaluations: int, runs: int, repeats: int) -> float:
    """Give the evaluations a second of a method, the median of some searches."""
    rates = []
    search(nasbed.optimizer(name), benchmark, SearchSettings(evaluations=60, runs=runs))
    for repeat in range(repeats):
        start = time.process_time()
        search(nasbed.optimizer(name), benchmark, SearchSettings(evaluations=evaluations, runs=runs, seed=repeat))
        rates.append(runs * evaluations / (time.process_time() - start))
    return float(np.median(rates))


if __name__ == "__main__":
    main()
