"""Overdrawing: whether the evaluation that ends beyond a budget counts."""

from dataclasses import replace

import numpy as np
import pytest
from toy import ToyBenchmark

from nasbed.core.errors import BadSetting
from nasbed.core.registry import optimizers
from nasbed.run.history import History
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings

METHODS = ("random", "regularized-evolution:population=8,sample=3", "local", "hyperband")
BUDGETS = ({"seconds": 40.0}, {"total_seconds": 55.0}, {"total_epochs": 190}, {"seconds": 30.0, "evaluations": 18})


def both(method, budget, **settings):
    """The same search by both rules."""
    for overdraw in ("count", "drop"):
        how = SearchSettings(runs=6, seed=3, overdraw=overdraw, **budget, **settings)
        yield search(optimizers.read(method), ToyBenchmark(), how)


def spent(history):
    """What each run had paid for after each step, by clock, ``(4, steps, runs)``."""
    return np.stack([history.clock(name) for name in ("evaluations", "epochs", "seconds", "total_seconds")])


def limits(budget):
    return np.array([budget.get(name, np.inf) for name in ("evaluations", "total_epochs", "seconds", "total_seconds")])


def tried(history, run):
    return history.archs[history.tried[:, run], run], history.value[history.tried[:, run], run]


@pytest.mark.parametrize("settings", [{}, {"workers": 4}, {"workers": 3, "scheduling": "synchronous"}], ids=str)
@pytest.mark.parametrize("budget", BUDGETS, ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_is_dropped_is_beyond_a_budget_and_all_before_it_is_as_it_was(method, budget, settings):
    counted, dropped = both(method, budget, **settings)
    assert (spent(dropped)[:, -1] <= limits(budget)[:, None] * (1 + 1e-9)).all()
    for run in range(6):
        (archs, values), (all_archs, all_values) = tried(dropped, run), tried(counted, run)
        assert 0 < len(values) <= len(all_values)
        assert np.array_equal(archs, all_archs[: len(archs)])
        assert np.array_equal(values, all_values[: len(values)])
        if len(values) < len(all_values):  # the first that is missing is what went beyond
            step = np.flatnonzero(counted.tried[:, run])[len(values)]
            assert (spent(counted)[:, step, run] > limits(budget)).any()


@pytest.mark.parametrize("workers", [1, 4])
def test_as_many_evaluations_are_made_by_both_rules(workers):
    counted, dropped = both("random", {"evaluations": 20}, workers=workers)
    assert np.array_equal(counted.archs, dropped.archs)
    assert (dropped.paid.sum(axis=0) == 20).all()


def test_an_evaluation_that_ends_at_the_budget_counts():
    toy = ToyBenchmark()
    seconds = search(optimizers.read("random"), toy, SearchSettings(evaluations=5)).clock("seconds")[-1, 0]
    for budget, evaluations in ((seconds, 5), (np.nextafter(seconds, 0) - 1e-6, 4)):
        history = search(optimizers.read("random"), toy, SearchSettings(seconds=float(budget), overdraw="drop"))
        assert history.paid.sum() == evaluations


def test_a_repeated_answer_that_comes_after_the_budget_is_dropped():
    counted, dropped = both(
        "regularized-evolution:population=2,sample=2", {"seconds": 60.0}, workers=3, duplicates="free"
    )
    assert (dropped.clock("seconds")[-1] <= 60).all()
    assert (counted.clock("seconds")[-1] > 60).any()


def test_a_run_whose_first_evaluation_is_dropped_has_no_incumbent(tmp_path):
    history = search(optimizers.read("random"), ToyBenchmark(), SearchSettings(seconds=0.5, runs=2, overdraw="drop"))
    history = history.attach(ToyBenchmark())
    assert not history.tried.any()
    assert np.isnan(history.best_value).all()
    assert not History.from_parquet(history.to_parquet(tmp_path / "none.parquet")).tried.any()


def test_the_rule_is_told_where_it_is_not_the_usual_one():
    settings = SearchSettings(seconds=9.0)
    assert "overdraw" not in settings.to_dict()
    assert replace(settings, overdraw="drop").to_dict()["overdraw"] == "drop"
    with pytest.raises(BadSetting, match="overdraw is one of count, drop, not 'keep'"):
        SearchSettings(overdraw="keep")
