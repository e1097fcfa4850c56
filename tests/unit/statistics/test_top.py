"""The top: SciPy's weighted τ, and what a score finds of the best."""

import numpy as np
import pytest
from scipy import stats

from nasbed.core.errors import BadSetting
from nasbed.scores.scores import Scores
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics import correlate
from nasbed.statistics.top import top_of, weighted_tau
from nasbed.statistics.truth import Truth

RANDOM = np.random.default_rng(0)
SPACE = NASBench101(vertices=5)


def test_the_weighted_tau_is_scipys_with_ties_or_without():
    for x, y in (RANDOM.normal(size=(2, 90)), RANDOM.integers(0, 9, (2, 90)) * 1.0):
        assert weighted_tau(x, y) == pytest.approx(stats.weightedtau(x, y).statistic, abs=1e-12)


def test_a_score_that_fails_ranks_below_all():
    x, y = RANDOM.normal(size=(2, 30))
    lowest = np.where(x < 0, x.min() - 1, x)
    assert weighted_tau(np.where(x < 0, -np.inf, x), y) == pytest.approx(weighted_tau(lowest, y), abs=1e-12)


def test_order_at_the_top_counts_more_than_order_at_the_bottom():
    worth = np.arange(50.0)
    top, bottom = worth.copy(), worth.copy()
    top[-2:], bottom[:2] = top[-2:][::-1], bottom[:2][::-1]
    assert stats.kendalltau(top, worth).statistic == pytest.approx(stats.kendalltau(bottom, worth).statistic)
    assert weighted_tau(top, worth) < weighted_tau(bottom, worth)


def test_the_top_by_hand():
    worth = np.arange(20.0)
    scores = worth.copy()
    scores[[19, 0]] = scores[[0, 19]]  # the best is taken for the worst
    found = top_of(scores, worth, 0.2)
    assert (found.k, found.precision, found.rank) == (4, 0.75, 2)


def test_of_equal_scores_each_is_as_likely_to_be_taken():
    for scores in RANDOM.integers(0, 3, (5, 10)) * 1.0:
        worth = RANDOM.permutation(np.arange(10.0))
        best = np.argsort(-worth)[:3]
        taken = [np.lexsort((RANDOM.random(10), -scores))[:3] for _ in range(2000)]
        assert top_of(scores, worth, 0.3).precision == pytest.approx(np.isin(taken, best).mean(), abs=0.03)


def test_a_correlation_tells_of_the_top_in_rows_sentence_table_and_figure():
    x = RANDOM.normal(size=200)
    scores = Scores(SPACE, SPACE.enumerate()[:200], {"naswot": x}, np.ones(200))
    found = correlate(scores, Truth("t", "accuracy", x + RANDOM.normal(size=200)), resamples=40, top=(0.001, 0.05, 0.2))
    agreement = found.agreements["naswot"]
    assert [top.share for top in agreement.top] == [0.05, 0.2]
    row = next(row for row in found.summary() if row["proxy"] == "naswot")
    assert row["top_5_percent"] == agreement.top[0].precision
    assert row["weighted_kendall"] == agreement.weighted
    assert "of the best 20 %" in found.sentence()
    assert found.sentence()[:40] in repr(found)
    assert found.plot().axes
    with pytest.raises(BadSetting, match="share between 0 and 1"):
        correlate(scores, found.truth, top=(5,))


def test_too_few_networks_have_no_interval():
    x, y = RANDOM.normal(size=(2, 8))
    scores = Scores(SPACE, SPACE.enumerate()[:8], {"naswot": x}, np.ones(8))
    found = correlate(scores, Truth("t", "accuracy", y), resamples=40)
    assert np.isnan(found.agreements["naswot"].kendall.low)
    assert "8 networks are too few to give it an interval; give 9 or more." in found.sentence()
