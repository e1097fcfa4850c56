"""Claims: the five ways in which comparisons once said more than their runs did, one test for each.

What was wrong is in the line below each name, as it was measured.
"""

from dataclasses import replace

import numpy as np
import pytest
from made_runs import ended
from scipy import stats

from nasbed.core.errors import BadSetting
from nasbed.statistics import Comparison, average_ranks, improvements, interquartile_means, signed_ranks

GROUPS = 60


def seeded(made, seed, **about):
    """A comparison as if it had been played under a seed, on a benchmark of which more is known."""
    histories = {
        label: replace(one, info={**one.info, "seed": seed, "benchmark": {**one.info["benchmark"], **about}})
        for label, one in made.histories.items()
    }
    return Comparison(histories)


@pytest.mark.slow
def test_luck_that_is_shared_over_data_sets_is_counted_once():
    """Ten runs on three data sets, alike on all: Wilcoxon told identical methods apart in 23 %, Friedman in 47 %."""
    random, wrong = np.random.default_rng(0), 0
    for _ in range(GROUPS):
        lucky = random.normal(size=(4, 1, 10)) + random.normal(scale=0.3, size=(4, 3, 10))  # regrets correlate .9
        group = [seeded(ended(dict(zip("abcd", lucky[:, k], strict=True)), f"b{k}"), seed=0) for k in range(3)]
        found = (statistic(group, "test") for statistic in (signed_ranks, improvements, average_ranks))
        wrong += any(pair.apart for one in found for pair in one.pairs)
    assert wrong <= 0.15 * GROUPS, "of three statistics together"


def test_two_data_sets_of_a_table_are_two_benchmarks_to_be_pooled_and_not_to_be_compared():
    """They had one name, so that the usual three were not pooled, and a CIFAR-10 was compared with a CIFAR-100 run."""
    finals = {label: np.linspace(0.9, 0.91, 10) for label in "ab"}
    ten, hundred = (seeded(ended(finals, "t"), seed, data=data) for seed, data in enumerate(("cifar10", "cifar100")))
    assert average_ranks([ten, hundred]).blocks == 20
    with pytest.raises(BadSetting, match=r"the same data, not cifar10 \(a\) and cifar100 \(b\)"):
        Comparison({"a": ten.histories["a"], "b": hundred.histories["b"]})


@pytest.mark.parametrize(
    ("trait", "value"),
    [("epochs", 36), ("repeats", "mean"), ("failures", 0.5), ("workers", 8), ("budget", {"evaluations": 300})],
)
def test_searches_under_different_rules_are_not_compared(trait, value):
    """30 against 300 evaluations, 4 against 36 epochs, 8 workers against 1: all were compared without a word."""
    usual = {"epochs": 4, "repeats": "draw", "failures": 0.0, "workers": 1, "budget": {"evaluations": 30}}
    (one,) = ended({"a": np.full(9, 0.9)}).histories.values()
    one = replace(one, info={**one.info, **usual})
    with pytest.raises(BadSetting, match="compared like with like"):
        Comparison({"a": one, "b": replace(one, info={**one.info, trait: value})})


@pytest.mark.slow
def test_two_and_three_runs_do_not_make_a_search_likelier_to_win():
    """Identical methods were apart in 23 to 30 % at two runs and 16 to 22 % at three, with 100 (100 to 100) %."""
    random = np.random.default_rng(0)
    for runs in (2, 3):
        groups = [improvements(ended({"a": a, "b": b})) for a, b in random.normal(size=(GROUPS, 2, runs))]
        assert not any(pair.apart for found in groups for pair in found.pairs)
    (pair,) = improvements(ended({"a": [0.9, 0.91], "b": [0.8, 0.81]})).pairs
    assert pair.probability.value == 1
    assert pair.probability.low < 0.5


def test_small_samples_have_intervals_that_cover_or_none():
    """The 95 % interval of the interquartile mean covered 68 to 71 % at three runs, and 86 to 90 % at five."""
    random = np.random.default_rng(0)
    for runs in (3, 5, 10):
        found = [
            interquartile_means(ended({"a": values})).intervals[0] for values in random.normal(size=(GROUPS, runs))
        ]
        assert sum(one.low > 0 or one.high < 0 for one in found) <= 0.08 * GROUPS


def test_ties_do_not_move_a_p_value():
    """Wilcoxon's, with ties among more than thirteen differences, erred by up to .19."""
    differences = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1.0])
    (tied,) = signed_ranks(ended({"a": differences, "b": np.zeros(14)}), "test").pairs
    assert tied.p == pytest.approx(stats.binomtest(3, 14).pvalue, abs=1e-12)
