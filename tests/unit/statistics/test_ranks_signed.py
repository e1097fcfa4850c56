"""Wilcoxon's test in paired runs, corrected by Holm."""

import json

import numpy as np
import pytest
from made_runs import ended
from scipy import stats
from statsmodels.stats.multitest import multipletests

from nasbed.statistics.ranks_signed import SignedRanks, holm, signed_ranks


@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.slow), 7, pytest.param(45, marks=pytest.mark.slow)])
def test_holm_is_statsmodels(n):
    p = np.random.default_rng(n).random(n) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_holm_by_hand_and_with_what_is_not_known():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_array_equal(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])


@pytest.mark.parametrize("digits", [1, 16], ids=["with ties", "without"])
def test_each_pair_is_scipys(digits):
    random = np.random.default_rng(0)
    means = ("a", 0), ("b", 0.6), ("c", 0.7)
    finals = {name: np.round(random.normal(mean, 1, 80), digits) for name, mean in means}
    found = SignedRanks.compared(finals)
    p = [stats.wilcoxon(finals[a], finals[b]).pvalue for a, b in ("ab", "ac", "bc")]
    np.testing.assert_allclose([pair.p for pair in found.pairs], p)
    np.testing.assert_allclose([pair.corrected for pair in found.pairs], holm(p))
    assert [(pair.better, pair.worse) for pair in found.pairs[:2]] == [("b", "a"), ("c", "a")]
    assert "told apart: b over a, c over a; not told apart:" in found.sentence()


def test_ties_among_fourteen_pairs_and_more_do_not_move_p():
    differences = np.array([1.0] * 11 + [-1.0] * 3)  # the sign test, as all ranks are equal
    (pair,) = SignedRanks.compared({"a": differences, "b": np.zeros(14)}).pairs
    assert pair.p == pytest.approx(stats.binomtest(3, 14).pvalue, abs=1e-12)


@pytest.mark.slow_where("14")
@pytest.mark.parametrize("n", [14, pytest.param(18, marks=pytest.mark.slow)])
def test_ties_are_counted_as_scipy_counts_them_sign_by_sign(n):
    differences = np.random.default_rng(n).integers(1, 4, n) * np.random.default_rng(1).choice([1, 1, -1], n) * 1.0
    (pair,) = SignedRanks.compared({"a": differences, "b": np.zeros(n)}).pairs
    every = stats.PermutationMethod(n_resamples=2**n)
    assert pair.p == pytest.approx(stats.wilcoxon(differences, method=every).pvalue, abs=1e-12)


def test_too_few_pairs_are_said_to_be():
    said = SignedRanks.compared({"a": np.arange(5.0) + 9, "b": np.arange(5.0)}).sentence()
    assert "not told apart: a and b" in said
    assert "5 runs are too few to tell a pair apart by it; give 6 or more." in said


def test_wins_losses_ties_and_effect_by_hand():
    (pair,) = SignedRanks.compared({"a": np.array([3.0, 2.0, 5.0, 1.0]), "b": np.array([1.0, 3.0, 1.0, 1.0])}).pairs
    assert (pair.better, pair.wins, pair.losses, pair.ties) == ("a", 2, 1, 1)
    assert pair.effect == pytest.approx((2 + 3 - 1) / 6)  # ranks of 2, −1 and 4


def test_searches_that_are_always_equal_are_not_told_apart():
    (pair,) = SignedRanks.compared({"a": np.full(9, 0.5), "b": np.full(9, 0.5)}).pairs
    assert (pair.p, pair.corrected, pair.ties, pair.apart) == (1.0, 1.0, 9, False)


def test_what_cannot_be_said_is_said():
    for finals, said in (
        ({"a": [0.5, 0.6]}, "one search"),
        ({"a": [np.nan, 0.5], "b": [0.5, np.nan]}, "No two searches have runs in common"),
        ({"a": [0.5], "b": [0.4]}, "one of the runs allows no statement"),
        ({"a": [0.5, 0.6], "b": [0.4, 0.7]}, "not told apart: a and b"),
    ):
        found = signed_ranks(ended(finals))
        assert said in found.sentence()
        json.dumps(found.as_dict(), allow_nan=False)
        found.cells()
