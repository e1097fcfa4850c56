"""A small table of every kind of column: counts, single and double floats, cold ones, one number a module, NaN."""

import numpy as np

from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.column import Measure
from nasbed.tables.writing import Given, attach, given_trainings, write_table

SPACE = NASBench101(vertices=4)
ARCHS = SPACE.enumerate()
SHAPE = (len(ARCHS), 2, 3)


def results(seed=0):
    """Make numbers that look measured; the last training of every module at 4 epochs is missing."""
    random = np.random.default_rng(seed)
    found = {
        "training_time": random.uniform(1, 9, SHAPE).astype(np.float32).astype(np.float64),
        "train_accuracy": random.random(SHAPE),
        "validation_accuracy": (random.integers(0, 9985, SHAPE) / 9984).astype(np.float32).astype(np.float64),
        "test_accuracy": random.integers(0, 361, SHAPE) / 360,
        "start_test_accuracy": random.integers(0, 361, SHAPE) / 360,
        "total_time": random.uniform(1, 9, SHAPE),
    }
    for values in found.values():
        values[:, 0, 2] = np.nan
    return found


def write_trainings(path, space, archs, results, *, budgets, repeats, data, parameters, **about):
    """Write a table of trainings of their own for each budget."""
    given = given_trainings(results, budgets, repeats, data, parameters)
    return write_table(path, space, archs, given, failed=True, **about)


def trainings_at(path, seed=0, **changes):
    """Build it, its rows not in the order of their hashes."""
    random = np.random.default_rng(seed)
    settings = {
        "space": SPACE,
        "archs": ARCHS,
        "budgets": (4, 12),
        "repeats": 3,
        "results": results(seed),
        "parameters": random.integers(1, 2**31, len(ARCHS)),
        "data": "digits",
        "provenance": {"source": "a test", "warnings": ["made up"]},
    }
    return write_trainings(path, **settings | changes)


def table_at(path, seed=0, **changes):
    """Build it with one number a module attached."""
    table = trainings_at(path, seed, **changes)
    measure = Measure("score", unit="points", goal="max", role="detail", meaning="how good it looks")
    return attach(table, [Given(measure, score()[: len(table)])], room="scores")


def score():
    """Give one number a module, one of them missing."""
    values = np.arange(len(ARCHS)) / 3
    values[5] = np.nan
    return values
