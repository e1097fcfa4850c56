"""Relative improvement over random search, and what random search comes to along epochs and time."""

import json

import numpy as np
import pytest
from made_runs import ended

from nasbed import compare, search
from nasbed.core.errors import BadSetting
from nasbed.statistics import relative_improvements
from nasbed.statistics.random_search import DrawCost, RandomReference, expected_along, random_reference, recorded
from nasbed.statistics.relative import _over
from nasbed.statistics.statistic import Quantity


@pytest.fixture(scope="module")
def played(landscape):
    return compare(["random", "local"], landscape, runs=60, evaluations=30)


def test_it_is_over_the_average_draw_and_over_random_search_of_the_budget(played, landscape):
    found, reference = relative_improvements(played), random_reference(landscape)
    chance = reference.probabilities / reference.probabilities.sum()
    draw, whole = chance @ reference.test, float(reference.test_after(30))
    for i, values in enumerate(played.final("test").values()):
        assert found.over_draw[i].value == pytest.approx((values.mean() - draw) / draw)
        assert found.over_search[i].value == pytest.approx(values.mean() / whole - 1)
    assert "better than random search of the same budget on average" in found.sentence()


def test_a_benchmark_knows_random_search_where_the_comparison_does_not(landscape):
    alone = compare(["local"], landscape, runs=3, evaluations=30)
    assert "put random among the searches, or give the benchmark" in relative_improvements(alone).sentence()
    assert relative_improvements(alone, landscape).draw > 0


def test_what_cannot_be_said_is_said(played):
    found = relative_improvements(ended({"a": [0.5, 0.6]}))
    assert found.missing
    json.dumps(found.as_dict(), allow_nan=False)
    with pytest.raises(BadSetting, match="known by test or validation"):
        relative_improvements(played, metric="test-regret")


def test_a_negative_measure_is_better_where_it_is_higher():
    assert _over(np.array([-0.6, -0.6]), -0.8).value == pytest.approx(0.25)
    assert _over(np.array([0.9, 0.9]), 0.6).value == pytest.approx(0.5)


def test_epochs_pay_for_whole_draws(landscape):
    reference = random_reference(landscape)
    epochs = reference.cost.epochs
    found = expected_along(reference, "test", epochs * np.array([0.5, 1, 2.9, 3]), "epochs")
    np.testing.assert_array_equal(found, [np.nan, *reference.test_after([1, 2, 3])])


def test_the_line_along_time_is_what_many_runs_come_to_where_good_networks_take_longer():
    random = np.random.default_rng(0)
    worth = random.random(2000) ** 0.2
    seconds = 1 + 9 * worth**3
    cost = DrawCost.of(np.full(2000, 12), seconds, np.ones(2000))
    reference = RandomReference(worth[:, None], worth, np.ones(2000), cost)
    drawn = random.integers(2000, size=(200, 20_000))
    best, spent = np.maximum.accumulate(worth[drawn]), np.cumsum(seconds[drawn], axis=0)
    for draws, off in ((5, 0.003), (20, 0.001), (100, 0.0005)):
        done = (spent <= draws * cost.seconds).sum(axis=0)
        measured = best[np.maximum(done - 1, 0), np.arange(20_000)][done > 0].mean()
        assert expected_along(reference, "test", draws * cost.seconds, "seconds") == pytest.approx(measured, abs=off)


def test_the_line_is_drawn_along_evaluations_epochs_and_seconds_of_one_worker(played, landscape):
    at = np.array([1e6])
    assert all(played.expected("test", at, clock) is not None for clock in ("evaluations", "epochs", "seconds"))
    assert played.expected("test", at, "unique") is None
    busy = compare(["random"], landscape, runs=3, evaluations=9, workers=2)
    assert busy.expected("test", at, "seconds") is None
    names = [line.get_label() for line in played.plot("test", "seconds").axes[0].lines]
    assert "random search, expectation" in names


def test_what_a_draw_costs_is_written_down_and_read_again(landscape):
    reference = recorded(random_reference(landscape), [1, 2, 3])
    again = type(reference).from_dict(json.loads(json.dumps(reference.as_dict())))
    assert again.cost == reference.cost
    old = {name: value for name, value in reference.as_dict().items() if name != "cost"}
    assert expected_along(type(reference).from_dict(old), "test", [1.0], "seconds") is None


def test_random_runs_come_to_the_line_along_time(landscape):
    budget = 50 * random_reference(landscape).cost.seconds
    history = search("random", landscape, runs=4000, seconds=budget)
    at = np.array([0.4, 0.98]) * budget
    _, values = history.curve("test", "seconds", at)
    line = expected_along(random_reference(landscape), "test", at, "seconds")
    np.testing.assert_allclose(line, values.mean(axis=0), atol=4 * values.std(axis=0).max() / np.sqrt(4000))


@pytest.mark.parametrize(("factor", "written"), [(100.0, "-61.23"), (1.0, "-0.6123")])
def test_what_is_no_percentage_is_written_with_four_decimals(factor, written):
    assert Quantity("validation", "words", factor).write(-0.61234) == written
