"""Exact p-values of rank tests: SciPy's, those of every deal counted one by one, and what ties cannot break."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nasbed.statistics.exact import fewest, improvement_p, signed_rank_p
from nasbed.statistics.improvement import probability_of_improvement

EVERY = stats.PermutationMethod(n_resamples=10**6)
tied = st.lists(st.integers(0, 4).map(float), min_size=2, max_size=5).map(np.array)


@pytest.mark.slow
@given(st.lists(st.integers(-4, 5).filter(bool).map(float), min_size=2, max_size=9).map(np.array))
def test_signed_ranks_with_ties_are_scipys_over_every_sign(differences):
    ranks = stats.rankdata(np.abs(differences))
    found = signed_rank_p(ranks, ranks[differences > 0].sum())
    assert found == pytest.approx(stats.wilcoxon(differences, method=EVERY).pvalue, abs=1e-12)


def test_signed_ranks_without_ties_are_scipys_exact_test():
    for n in (3, 14, 50):
        differences = np.random.default_rng(n).normal(0.3, 1, n)
        ranks = stats.rankdata(np.abs(differences))
        found = signed_rank_p(ranks, ranks[differences > 0].sum())
        assert found == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue, abs=1e-12)


@given(tied, tied)
def test_deals_with_ties_are_scipys_over_every_deal(one, other):
    if len(np.unique([*one, *other])) > 1:
        theirs = stats.mannwhitneyu(one, other, method=EVERY).pvalue
        assert improvement_p([(one, other)]) == pytest.approx(theirs, abs=1e-12)


def test_deals_without_ties_are_scipys_exact_test():
    random = np.random.default_rng(0)
    for n, m in ((2, 3), (8, 8), (25, 31)):
        one, other = random.normal(0.5, 1, n), random.normal(size=m)
        theirs = stats.mannwhitneyu(one, other, method="exact").pvalue
        assert improvement_p([(one, other)]) == pytest.approx(theirs, abs=1e-12)


def test_over_benchmarks_every_pair_of_deals_counts():
    strata = [(np.array([1.0, 5.0, 5.0]), np.array([0.0, 2.0])), (np.array([3.0, 4.0]), np.array([1.0, 3.0, 3.0]))]
    found = abs(_mean(strata) - 0.5)
    everything = [list(_deals(*stratum)) for stratum in strata]
    means = np.array([_mean(dealt) - 0.5 for dealt in product(*everything)])
    tails = [np.mean(sign * means >= found - 1e-12) for sign in (1, -1)]
    expected = 2 * min(tails[0] if _mean(strata) > 0.5 else tails[1], 0.5)
    assert improvement_p(strata) == pytest.approx(expected, abs=1e-12)


def _mean(strata):
    return np.mean([probability_of_improvement(*stratum) for stratum in strata])


def _deals(one, other):
    both = np.concatenate([one, other])
    for chosen in combinations(range(len(both)), len(one)):
        yield both[list(chosen)], np.delete(both, chosen)


def test_more_runs_than_can_be_counted_have_no_exact_p():
    one, other = np.random.default_rng(0).normal(size=(2, 500))
    assert improvement_p([(one, other)]) is None


def test_the_fewest_runs_are_those_whose_smallest_p_is_enough():
    assert fewest(lambda n: 2.0 ** (1 - n), 1) == 6
    assert fewest(lambda n: 2.0 ** (1 - n), 6) == 8
