"""Performance profiles and optimality gaps: rliable's figures, intervals, and what cannot be said."""

import json

import numpy as np
import pytest
from made_runs import ended
from scipy.stats import binomtest

from nasbed.core.errors import BadSetting
from nasbed.statistics import improvements, interquartile_means, optimality_gaps, performance_profiles

RANDOM = np.random.default_rng(0)
SCORES = {label: RANDOM.normal(mean, 0.1, (12, 3)) for label, mean in (("a", 0.7), ("b", 0.8))}  # (runs, benchmarks)


def played(scores=SCORES):
    """Make a comparison for each benchmark."""
    return [ended({label: found[:, k] for label, found in scores.items()}, f"task-{k}") for k in range(3)]


def test_a_profile_is_the_share_of_runs_on_all_benchmarks_that_are_better():
    at = [0.6, 0.7, 0.8]
    found = performance_profiles(played(), at=at)
    for i, scores in enumerate(SCORES.values()):
        np.testing.assert_allclose(found.shares[i], [(scores > x).mean() for x in at], atol=1e-12)


def test_the_profile_of_a_regret_is_its_accuracys():
    accuracy = performance_profiles(played(), "test", at=[0.6, 0.75])
    regret = performance_profiles(played(), "test-regret", at=[0.4, 0.25])
    np.testing.assert_array_equal(accuracy.shares, regret.shares)


def test_the_interval_of_a_share_is_clopper_and_pearsons():
    found = performance_profiles(ended({"a": [0.1, 0.5, 0.9]}), at=[0.0, 0.4, 0.9])
    for j, count in enumerate((3, 2, 0)):
        low, high = binomtest(count, 3).proportion_ci(method="exact")
        assert (found.low[0, j], found.high[0, j]) == (pytest.approx(low), pytest.approx(high))


def test_a_gap_is_what_is_missing_to_the_goal_and_nothing_above_it():
    found = optimality_gaps(ended({"a": [0.8, 0.95, 1.0], "b": [0.9, 0.9, 0.9]}), goal=0.9)
    assert [gap.value for gap in found.intervals] == [pytest.approx(0.1 / 3), 0.0]
    assert "b stays least below the goal" in found.sentence()


def test_the_gap_to_the_best_there_is_is_the_mean_regret():
    (gap,) = optimality_gaps(ended({"a": [0.8, 0.9]}, optimum=0.95)).intervals
    assert gap.value == pytest.approx(0.1)


@pytest.mark.slow
def test_figures_are_rliables():
    pytest.importorskip("rliable", reason="rliable is installed for the slow tests alone")
    from rliable import library, metrics

    def close(found, theirs):
        np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-12)

    labels, made, at = list(SCORES), played(), [0.6, 0.7, 0.8]
    gaps = optimality_gaps(made, goal=0.75)
    close([gap.value for gap in gaps.intervals], [metrics.aggregate_optimality_gap(SCORES[x], 0.75) for x in labels])
    middle = interquartile_means(made)
    close([one.value for one in middle.intervals], [metrics.aggregate_iqm(SCORES[x]) for x in labels])
    (pair,) = improvements(made).pairs
    close(pair.probability.value, metrics.probability_of_improvement(SCORES[pair.better], SCORES[pair.worse]))
    found = performance_profiles(made, at=at)
    for i, label in enumerate(labels):
        close(found.shares[i], [library.run_score_deviation(SCORES[label], x) for x in at])


def test_what_cannot_be_said_is_said():
    nothing = ended({"a": [np.nan, np.nan]})
    few = ended({"a": [0.5, 0.6]})
    for find in (performance_profiles, optimality_gaps):
        for made, said in ((nothing, "nothing to compare"), (few, "2 runs are")):
            found = find(made)
            assert said in found.sentence()
            json.dumps(found.as_dict(), allow_nan=False)
    with pytest.raises(BadSetting, match="is its mean"):
        optimality_gaps(few, metric="test-regret")
    with pytest.raises(BadSetting, match="give a goal"):
        optimality_gaps(ended({"a": [0.5]}, optimum=np.nan))
    for at in ([], [np.nan]):
        with pytest.raises(BadSetting, match="read at a list of numbers"):
            performance_profiles(few, at=at)
