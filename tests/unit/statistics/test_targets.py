"""Time to target: first times, censored runs, shares and expected times by hand."""

import json

import numpy as np
import pytest
from made_runs import comparison
from scipy.stats import CensoredData, binomtest, ecdf

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.statistics.anytime import anytime_areas
from nasbed.statistics.targets import REGRETS, times_to_targets

NAN = np.nan
MADE = comparison({"a": [[0.5, 0.9, 0.9, 1.0], [0.9, 0.9, 0.9, 0.9], [NAN, NAN, NAN, NAN]], "b": [[1.0] * 4] * 3})


def test_times_are_those_of_the_first_incumbent_that_is_good_enough():
    found = times_to_targets(MADE, [0.0, 0.1, 0.5])
    assert found.targets == (0.5, 0.1, 0.0)
    np.testing.assert_array_equal(found.times["a"], [[1, 1, np.inf], [2, 1, np.inf], [4, np.inf, np.inf]])
    np.testing.assert_array_equal(found.times["b"], np.ones((3, 3)))


def test_runs_that_never_get_there_are_in_shares_medians_and_costs():
    rows = {row["target"]: row for row in times_to_targets(MADE, [0.1, 0.0]).rows() if row["optimizer"] == "a"}
    exact = binomtest(1, 3).proportion_ci(method="exact")
    assert [rows[t]["reached"] for t in (0.1, 0.0)] == [2, 1]
    assert (rows[0.0]["share_low"], rows[0.0]["share_high"]) == (pytest.approx(exact.low), pytest.approx(exact.high))
    assert [rows[0.1][name] for name in ("q1", "median", "q3")] == [1, 2, None]
    assert rows[0.0]["median"] is None
    assert rows[0.1]["expected"] == (2 + 1 + 4) / 2  # what all three spent, over two successes
    assert rows[0.0]["expected"] == 4 + 4 + 4


def test_time_can_be_time():
    found = times_to_targets(MADE, [0.1], against="seconds")
    np.testing.assert_array_equal(found.times["a"], [[20, 10, np.inf]])
    assert found.until == 40


def test_the_curve_is_scipys_and_never_falls(landscape):
    real = compare(["random", "local"], landscape, runs=30, evaluations=30)
    found = times_to_targets(real)
    assert found.targets == REGRETS
    for label in real.histories:
        at, shares = found.ecdf(label, 1)
        times = found.times[label][1]
        theirs = ecdf(CensoredData.right_censored(np.minimum(times, 30), np.isinf(times))).cdf
        reached = np.isin(theirs.quantiles, times)
        np.testing.assert_allclose(shares[1:-1], theirs.probabilities[reached])
        np.testing.assert_array_equal(at[1:-1], theirs.quantiles[reached])
        at, shares = found.ecdf(label)
        assert (np.diff(at) >= 0).all()
        assert (np.diff(shares) >= 0).all()
        assert shares[-1] == np.isfinite(found.times[label]).mean()


def test_harder_targets_take_longer(landscape):
    found = times_to_targets(compare(["random"], landscape, runs=20, evaluations=30))
    with np.errstate(invalid="ignore"):
        assert not (np.diff(found.times["random"], axis=0) < 0).any()


def test_accuracies_are_reached_from_below():
    found = times_to_targets(MADE, [0.9, 0.6], metric="validation")
    np.testing.assert_array_equal(found.times["a"][:, 0], [2, 2])
    assert found.targets == (0.6, 0.9)
    with pytest.raises(BadSetting, match="give the validation accuracy to be reached"):
        times_to_targets(MADE, metric="validation")


def test_what_cannot_be_said_is_said():
    for made, targets, said in (
        (comparison({"a": [[NAN, NAN]]}), None, "no target is reached"),
        (comparison({"a": [[0.5]]}, optimum=NAN), None, "Nobody knows the optimum"),
        (comparison({"a": [[0.5]]}), [0.1], "No search reaches even a test regret of 10 points"),
        (MADE, [0.0], "b is there first, after 1 evaluations"),
    ):
        found = times_to_targets(made, targets)
        assert said in found.sentence()
        json.dumps(found.as_dict(), allow_nan=False)
        found.cells()
        found.frame()


def test_the_clock_is_that_of_the_budget(landscape):
    assert times_to_targets(compare(["random"], landscape, runs=2, total_epochs=48)).against == "epochs"
    assert anytime_areas(compare(["random"], landscape, runs=2, seconds=400.0)).against == "seconds"
    assert times_to_targets(compare(["random"], landscape, runs=2, evaluations=4)).against == "evaluations"
    assert compare(["random", "hyperband"], "digits101", runs=2, evaluations=20).clock == "epochs"
