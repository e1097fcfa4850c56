"""Failed runs: every statistic names those in which no training came to a result."""

import numpy as np
import pytest
from made_runs import SPACE, comparison, ended

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.report.folder import _KEPT
from nasbed.run.history import History
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.equivalence import equivalences
from nasbed.statistics.needed import runs_needed
from nasbed.statistics.pareto_comparison import trade_offs
from nasbed.statistics.ranks import average_ranks
from nasbed.statistics.summary import failed_in_words, failed_runs
from nasbed.statistics.targets import times_to_targets

RUNS = 12
SAID = "Runs in which no training came to a result, and that do not count: one 2 of 12 (runs 3, 8)."


def made(benchmark="made"):
    """Two searches of twelve runs and four evaluations, in two runs of which one failed from the first to the last."""
    worth = {
        label: np.maximum.accumulate(np.random.default_rng(place).uniform(0.5, 0.9, (RUNS, 4)), axis=1)
        for place, label in enumerate(("one", "two"))
    }
    worth["one"][[3, 8]] = np.nan
    return comparison(worth, benchmark)


@pytest.mark.parametrize("find", _KEPT)
def test_every_statistic_says_which_runs_do_not_count(find):
    assert find(made()).sentence().endswith(SAID)


@pytest.mark.parametrize("find", _KEPT)
def test_where_every_run_came_to_something_nothing_is_said(find):
    whole = ended({"one": np.linspace(0.5, 0.6, RUNS), "two": np.linspace(0.7, 0.6, RUNS)})
    assert "do not count" not in find(whole).sentence()


def test_a_statistic_of_several_benchmarks_says_where():
    other = ended({"one": np.linspace(0.5, 0.6, RUNS), "two": np.linspace(0.7, 0.6, RUNS)}, "other")
    assert average_ranks([other, made()]).sentence().endswith(f"made: {SAID}")


def test_runs_are_called_by_their_numbers_in_the_study():
    made_alone = ended({"one": [0.5, np.nan, 0.6]}, first_run=40)
    assert failed_runs(made_alone.histories) == {"one": [41]}


def test_of_many_runs_the_first_are_named():
    nothing = ended({"one": np.full(1500, np.nan)})
    assert failed_in_words(nothing.histories).endswith("one 1,500 of 1,500 (runs 0, 1, 2, 3, 4, 5, …).")


def test_a_run_that_tried_nothing_came_to_nothing():
    empty = np.zeros((0, 2))
    none = History(
        SPACE,
        {"benchmark": {"name": "made"}},
        np.zeros((0, 2, SPACE.decisions), np.int8),
        empty,
        empty,
        empty.astype(np.int64),
        empty.astype(bool),
        empty.astype(bool),
    )
    assert failed_runs(Comparison({"one": none}).histories) == {"one": [0, 1]}


@pytest.fixture(scope="module")
def failing(landscape):
    """Searches in which nine trainings of ten fail, half of them, or all: some runs come to nothing."""
    return {
        failures: compare(
            ["random", "nsga2"], landscape, runs=20, evaluations=4, failures=failures, objectives=["seconds"]
        )
        for failures in (0.9, 0.5, 1.0)
    }


@pytest.mark.parametrize("find", [*_KEPT, trade_offs])
@pytest.mark.parametrize("failures", [0.9, 0.5])
def test_runs_that_really_failed_are_named_whatever_is_asked(failing, failures, find):
    comparison = failing[failures]
    lost = failed_runs(comparison.histories)
    assert lost
    said = find(comparison).sentence()
    for label, runs in lost.items():
        assert f"{label} {len(runs)} of 20 (run{'s' * (len(runs) > 1)} {', '.join(map(str, runs[:6]))}" in said


def test_where_every_training_failed_there_is_nothing_to_compare_and_all_runs_are_named(failing):
    for find in _KEPT:
        try:
            found = find(failing[1.0])
        except BadSetting:  # there is no metric, and so no optimum
            continue
        assert found.missing or find in (times_to_targets, Comparison.separated, equivalences, runs_needed), find
        assert "random 20 of 20 (runs 0, 1, 2, 3, 4, 5, …); nsga2 20 of 20" in found.sentence()
    with pytest.raises(BadSetting, match="nothing to draw: no training of any search came to a result"):
        failing[1.0].plot()


def test_fronts_of_runs_that_failed_do_not_count(failing):
    trades = trade_offs(failing[0.9])
    lost = failed_runs(failing[0.9].histories)
    for row in trades.summary():
        label = row["optimizer"]
        there = np.setdiff1d(np.arange(20), lost[label])
        assert np.isnan(trades.shares[label][lost[label]]).all()
        assert (row["runs"], row["lost"]) == (len(there), 20 - len(there))
        assert row["hypervolume"] == pytest.approx(trades.shares[label][there].mean())
        assert trades.curves()[label].mean[-1] == pytest.approx(1 - row["hypervolume"])
        assert trades.middle(label)[0] in there
