"""Comparisons whose every number is given: what each run heard and what its incumbents are worth."""

import numpy as np

from nasbed.run.history import History
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.comparison import Comparison

SPACE = NASBench101(vertices=3)


def history(worth, *, heard=None, optimum=1.0, seconds=10.0, benchmark="made", first_run=0):
    """Make a history from what incumbents are worth after each evaluation, ``(runs, evaluations)``; NaN: it failed."""
    worth = np.atleast_2d(np.asarray(worth, float)).T
    steps, runs = worth.shape
    heard = worth if heard is None else np.atleast_2d(np.asarray(heard, float)).T
    archs = np.broadcast_to(SPACE.enumerate()[0], (steps, runs, SPACE.decisions)).copy()
    info = {
        "benchmark": {"name": benchmark},
        "budget": {"evaluations": steps},
        "optimizer": "made",
        "settings": {},
        "first_run": first_run,
    }
    whole = np.ones(worth.shape, bool)
    spent = np.broadcast_to(np.float64(seconds), worth.shape).copy()
    made = History(SPACE, info, archs, heard, spent, np.full(worth.shape, 12), whole, whole)
    return made.judged(worth, worth, (optimum, optimum))


def comparison(worth, benchmark="made", **settings):
    """Make a comparison from ``worth`` by label, each as ``history`` takes it."""
    return Comparison({label: history(values, benchmark=benchmark, **settings) for label, values in worth.items()})


def ended(finals, benchmark="made", **settings):
    """Make a comparison of one evaluation a run from what the runs ended with, ``(runs,)`` by label."""
    return comparison({label: np.asarray(values)[:, None] for label, values in finals.items()}, benchmark, **settings)
