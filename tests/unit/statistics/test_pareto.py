"""Pareto fronts of tables and of searches: by their definition, by hand, and as shares of the exact one."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nasbed
from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.run.history import History
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.pareto import Front, Fronts, Scale, exact_front, worth
from nasbed.statistics.pareto_comparison import trade_offs
from nasbed.statistics.volume import spans
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
ANSWERS = KeyedBenchmark(SPACE, failing=0.1)
rows = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=20)


def dominated(values):
    """Say which rows another one dominates; the first column is to be high, the others low."""
    low = values * np.array([-1.0, *[1.0] * (values.shape[1] - 1)])
    no_worse = (low[:, None] <= low[None]).all(axis=2)
    return (no_worse & (low[:, None] < low[None]).any(axis=2)).any(axis=0)


# ── of a table ───────────────────────────────────────────────────────────────────────────────────────────────


@given(rows)
def test_a_front_is_what_nothing_dominates(some):
    values = np.array(some, float)
    front = Front.of(("accuracy", "a", "b"), np.arange(len(some), dtype=np.int8)[:, None], values)
    assert sorted(front.archs[:, 0].tolist()) == np.flatnonzero(~dominated(values)).tolist()
    np.testing.assert_array_equal(front.values, values[front.archs[:, 0]])
    assert (np.diff(front.values[:, 0]) <= 0).all()
    assert front.worst.tolist() == [values[:, 0].min(), values[:, 1].max(), values[:, 2].max()]


def test_ideal_and_nadir_by_hand():
    values = np.array([[0.9, 5.0], [0.8, 3.0], [0.5, 2.0], [0.1, 9.0], [np.nan, 1.0]])
    front = Front.of(("accuracy", "params"), np.zeros((5, 1), np.int8), values)
    assert front.ideal.tolist() == [0.9, 2.0]
    assert front.nadir.tolist() == [0.5, 5.0]
    assert front.worst.tolist() == [0.1, 9.0]
    assert front.chosen_from == 4
    assert front.scale("nadir", 0.0) == Scale((0.9, 2.0), (0.5, 5.0))
    np.testing.assert_allclose(front.scale().reference, (0.46, 5.3))
    # only the middle one beats the nadir in both: (0.8 − 0.5) / 0.4 · (5 − 3) / 3
    np.testing.assert_allclose(front.volume(front.scale("nadir", 0.0)), 0.75 * 2 / 3)


def test_a_front_of_one_has_a_scale_all_the_same():
    values = np.array([[0.9, 2.0], [0.8, 3.0]])
    front = Front.of(("accuracy", "params"), np.zeros((2, 1), np.int8), values)
    assert len(front.values) == 1
    assert front.volume(front.scale("nadir", 0.0)) == 1.0


def test_a_scale_must_have_an_extent():
    with pytest.raises(BadSetting, match="less accurate and costs more"):
        Scale((0.9, 2.0), (0.95, 3.0))
    with pytest.raises(BadSetting, match="'nadir', 'worst'"):
        exact_front(ANSWERS, ["params"]).scale("best")
    with pytest.raises(BadSetting, match="there is no front"):
        Front.of(("accuracy",), np.zeros((1, 1), np.int8), np.array([[np.nan]]))


@pytest.mark.parametrize("judge", ["mean-validation", "test"])
def test_the_exact_front_is_of_the_whole_space(judge):
    archs = SPACE.enumerate()
    front = exact_front(ANSWERS, ["params", "seconds"], judge=judge)
    told = ANSWERS.query(archs)
    accuracy = ANSWERS.test(archs) if judge == "test" else told.value
    values = np.stack([accuracy, ANSWERS.cost("params", archs), told.seconds], axis=1)
    there = ~np.isnan(accuracy)
    np.testing.assert_array_equal(
        np.unique(front.values, axis=0), np.unique(values[there][~dominated(values[there])], axis=0)
    )
    assert front.chosen_from == there.sum()


def test_what_is_over_a_limit_is_not_on_the_exact_front():
    front = exact_front(ANSWERS, ["seconds"], limits={"params": 5.0})
    params = ANSWERS.cost("params", front.archs)
    assert params.max() <= 5.0
    everything = exact_front(ANSWERS, ["seconds"])
    assert front.chosen_from < everything.chosen_from
    assert front.objectives == ("accuracy", "seconds")


# ── of a search ──────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_an_entry_is_on_the_front_until_something_better_comes(seed, objectives):
    random = np.random.default_rng(seed)
    points, counts = random.integers(0, 5, (15, 2, objectives)).astype(float), random.random((15, 2)) < 0.8
    until = spans(points, counts)
    for run in range(2):
        for step in range(15):
            there = [i for i in range(step + 1) if counts[i, run]]
            values = points[there, run] * np.array([-1.0, *[1.0] * (objectives - 1)])
            best = np.array(there, int)[~dominated(values)] if there else []
            first = {tuple(points[i, run]): i for i in reversed(best)}  # of equals, the first
            members = np.flatnonzero(until[: step + 1, run] > step)
            assert members.tolist() == sorted(first.values())


@pytest.fixture(scope="module")
def history():
    how = {"runs": 6, "objectives": ["params"], "limits": {"seconds": 1.8}, "seed": 4}
    return search(nasbed.optimizer("random"), ANSWERS, SearchSettings(evaluations=40, **how))


def test_the_front_of_a_run_is_of_what_it_tried_and_what_counts(history):
    fronts = Fronts.of(history, ANSWERS)
    assert fronts.objectives == ("accuracy", "params")
    for run in range(6):
        for step in (0, 7, 39):
            values = np.stack([history.value[: step + 1, run], history.costs[: step + 1, run, 0]], axis=1)
            counts = ~np.isnan(values[:, 0]) & (history.excess[: step + 1, run] <= 0)
            wanted = np.unique(values[counts][~dominated(values[counts])], axis=0) if counts.any() else np.zeros((0, 2))
            archs, found = fronts.front(run, step)
            np.testing.assert_array_equal(found[::-1], wanted)
            np.testing.assert_array_equal(ANSWERS.query(archs).value, found[:, 0])


def test_costs_that_a_search_was_not_told_are_looked_up(history):
    told = search(nasbed.optimizer("random"), ANSWERS, SearchSettings(evaluations=40, runs=6, objectives=["params"]))
    untold = search(nasbed.optimizer("random"), ANSWERS, SearchSettings(evaluations=40, runs=6))
    np.testing.assert_array_equal(Fronts.of(told, ANSWERS).until, Fronts.of(untold, ANSWERS, ["params"]).until)
    with pytest.raises(BadSetting, match="give objectives"):
        Fronts.of(untold, ANSWERS)
    with pytest.raises(BadSetting, match="a judge is one of"):
        Fronts.of(told, ANSWERS, judge="jury")


def test_a_front_is_chosen_by_what_was_heard_and_judged_by_what_is_true():
    """Drawn repeats are heard: the front that they make is not the best by their means, but is judged by these."""
    benchmark = nasbed.benchmark("digits101")
    history = search(
        nasbed.optimizer("random"), benchmark, SearchSettings(evaluations=60, runs=5, objectives=["params"])
    )
    heard = Fronts.of(history, benchmark, judge="validation")
    for judge in ("test", "mean-validation"):
        judged = Fronts.of(history, benchmark, judge=judge)
        np.testing.assert_array_equal(judged.until, heard.until)
        archs, values = judged.front(3)
        np.testing.assert_array_equal(values, worth(benchmark, archs, ["params"], judge=judge))
    on = heard.until >= 0
    assert heard.values[on, 0].mean() > judged.values[on, 0].mean()  # who is chosen by what was drawn was lucky, too


def test_values_after_fewer_epochs_are_not_on_a_front(history):
    short = np.where(np.arange(40)[:, None] < 35, 9, 27) * np.ones((1, 6), int)
    mixed = History(**{**vars(history), "fidelity": short})
    assert (Fronts.of(mixed, ANSWERS).until[:35] == -1).all()


def test_curves_follow_a_clock(history):
    fronts = Fronts.of(history, ANSWERS)
    scale = exact_front(ANSWERS, ["params"], limits={"seconds": 1.8}).scale()
    points, curves = fronts.curve(scale)
    np.testing.assert_array_equal(points, np.arange(1, 41))
    np.testing.assert_array_equal(curves, fronts.volumes(scale).T)
    _, timed = fronts.curve(scale, "seconds", np.array([0.0, 30.0, 1e9]))
    assert (timed[:, 0] == 0).all()
    np.testing.assert_array_equal(timed[:, 2], curves[:, -1])


# ── of several searches ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def found():
    both = compare(
        {"nsga2": nasbed.optimizer("nsga2", population=20), "random": "random"},
        "digits101",
        runs=12,
        evaluations=150,
        objectives=["params"],
    )
    return both, trade_offs(both, nasbed.benchmark("digits101"))


def test_shares_are_of_the_exact_front(found):
    _, trades = found
    assert trades.exact
    assert trades.objectives == ("accuracy", "params")
    assert all(((share > 0.5) & (share < 1)).all() for share in trades.shares.values())
    for label, curve in trades.curves().items():
        assert curve.at[-1] == 150
        np.testing.assert_allclose(curve.mean[-1], 1 - trades.shares[label].mean())
    run, archs, values = trades.middle("nsga2")
    assert trades.shares["nsga2"][run] == np.sort(trades.shares["nsga2"])[5]
    np.testing.assert_array_equal(values, worth(nasbed.benchmark("digits101"), archs, ["params"]))


def test_a_summary_is_plain(found):
    said = json.loads(json.dumps(found[1].summary()))
    assert [row["optimizer"] for row in said] == ["nsga2", "random"]
    assert said[0]["hypervolume_q1"] <= said[0]["hypervolume_median"] <= said[0]["hypervolume_q3"]
    assert said[0]["front"] > 1


def test_where_nobody_knows_the_exact_front_it_is_that_of_all_searches_together(found):
    both, _ = found
    trades = trade_offs(both, nasbed.benchmark("digits101"), judge="validation")
    assert not trades.exact
    assert max(share.max() for share in trades.shares.values()) <= 1
    front = np.concatenate([front.values[front.until >= 0] for front in trades.fronts.values()])
    np.testing.assert_array_equal(np.unique(trades.best.values, axis=0), np.unique(front[~dominated(front)], axis=0))
    unnumbered = KeyedBenchmark(NASBench101(vertices=9, edges=12))
    with pytest.raises(BadSetting, match="does not number"):
        exact_front(unnumbered, ["params"])
    played = compare(["random"], unnumbered, runs=2, evaluations=10, objectives=["params"])
    assert not trade_offs(played, unnumbered).exact


def test_without_the_benchmark_fronts_are_judged_as_they_were_heard(landscape):
    played = compare(["random", "local"], landscape, runs=3, evaluations=9, objectives=["seconds"])
    found = trade_offs(played)
    assert (found.judge, found.exact) == ("validation", False)
    asked = trade_offs(played, landscape, judge="validation")
    for label, shares in found.shares.items():
        np.testing.assert_array_equal(shares, asked.shares[label])
    with pytest.raises(BadSetting, match="judged by test with the benchmark at hand"):
        trade_offs(played, judge="test")
    with pytest.raises(BadSetting, match="was not told of params"):
        trade_offs(played, objectives=["params"])
