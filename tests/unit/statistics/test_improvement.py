"""The probability of improvement: Mann and Whitney's, its test, its interval, over benchmarks."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import ended
from scipy.optimize import brentq
from scipy.stats import mannwhitneyu
from scipy.stats import t as student

from nasbed.statistics.improvement import improvements, probability_of_improvement
from nasbed.statistics.ranks_signed import holm

few = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=12).map(np.array)


@given(few, few)
def test_it_is_mann_and_whitneys_u_over_the_pairs_and_turns_with_them(one, other):
    found = probability_of_improvement(one, other)
    assert found == pytest.approx(np.mean([(x > y) + (x == y) / 2 for x in one for y in other]))
    assert found == pytest.approx(1 - probability_of_improvement(other, one))
    if len(np.unique([*one, *other])) > 1:
        assert found == pytest.approx(mannwhitneyu(one, other).statistic / len(one) / len(other))


def test_the_interval_is_newcombes_fifth_with_students_quantile():
    random = np.random.default_rng(0)
    a, b = random.normal(0, 1, 10), random.normal(0.5, 1, 12)
    (pair,) = improvements(ended({"a": [*a, np.nan, np.nan], "b": b})).pairs
    quantile, shared = student.ppf(0.975, 20), (10 + 12) / 2 - 1

    def off(p):
        variance = p * (1 - p) / 120 * (1 + shared * ((1 - p) / (2 - p) + p / (1 + p)))
        return (pair.probability.value - p) ** 2 - quantile**2 * variance

    assert (pair.better, pair.worse) == ("b", "a")
    assert pair.probability.value == pytest.approx(probability_of_improvement(b, a))
    assert pair.probability.low == pytest.approx(brentq(off, 1e-9, pair.probability.value))
    assert pair.probability.high == pytest.approx(brentq(off, pair.probability.value, 1 - 1e-9))


def test_the_test_is_exact_for_few_runs_and_scipys_approximation_for_many():
    for runs, method in ((9, "exact"), (300, "asymptotic")):
        a, b, c = np.random.default_rng(runs).normal([[0.0], [0.2], [0.4]], 1, (3, runs))
        found = improvements(ended({"a": a, "b": b, "c": c}))
        p = [mannwhitneyu(*pair, method=method).pvalue for pair in ((a, b), (a, c), (b, c))]
        np.testing.assert_allclose([pair.p for pair in found.pairs], p, rtol=0, atol=1e-12)
        np.testing.assert_allclose([pair.corrected for pair in found.pairs], holm(p), rtol=0, atol=1e-12)


def test_two_runs_tell_nothing_apart_however_clear_they_look():
    found = improvements(ended({"a": [0.1, 0.2], "b": [0.8, 0.9]}))
    (pair,) = found.pairs
    assert not pair.apart
    assert pair.probability.value == 1
    assert pair.probability.low < 0.5
    assert "2 runs are too few to tell any of 2 searches apart by it; give 4 or more." in found.sentence()


def test_below_ten_runs_the_sentence_says_what_cannot_be_told():
    said = improvements(ended({"a": np.arange(5) / 10, "b": np.arange(5) / 10})).sentence()
    assert "5 runs are few: only large differences are told apart" in said
    assert "few" not in improvements(ended({"a": np.arange(10) / 10, "b": np.arange(10) / 10})).sentence()


def test_over_benchmarks_it_is_the_mean():
    one, two = ended({"a": [1.0, 1.0], "b": [0.0, 0.0]}, "one"), ended({"a": [0.0, 1.0], "b": [0.5, 0.5]}, "two")
    (pair,) = improvements([one, two]).pairs
    assert pair.probability.value == 0.75
    (turned,) = improvements([one, two], "test-regret").pairs
    assert (turned.better, turned.probability) == ("a", pair.probability)


def test_effects_have_vargha_and_delaneys_words():
    def size(share):
        ones = np.repeat([1.0, 0.0], [round(100 * share), round(100 * (1 - share))])
        return improvements(ended({"a": ones, "b": np.full(100, 0.5)})).pairs[0].size

    assert [size(share) for share in (0.5, 0.57, 0.65, 0.72)] == ["negligible", "small", "medium", "large"]


def test_the_matrix_has_both_directions():
    matrix = improvements(ended({"a": [0.1, 0.2], "b": [0.3, 0.4], "c": [0.1, 0.2]})).matrix()
    np.testing.assert_array_equal(matrix, [[np.nan, 0, 0.5], [1, np.nan, 1], [0.5, 0, np.nan]])


def test_what_cannot_be_said_is_said():
    for finals, said in (
        ({"a": [0.5, 0.6]}, "one search"),
        ({"a": [np.nan], "b": [np.nan]}, "nothing to compare"),
        ({"a": [0.5], "b": [0.4]}, "of no pair is it surely more than half"),
    ):
        found = improvements(ended(finals))
        assert said in found.sentence()
        json.dumps(found.as_dict(), allow_nan=False)
        found.cells()


@pytest.mark.slow
def test_ten_searches_of_five_hundred_runs_take_a_moment():
    random = np.random.default_rng(0)
    many = ended({str(k): random.normal(size=500) for k in range(10)})
    start = time.process_time()
    improvements(many)
    assert time.process_time() - start < 10  # 0.7 s on an idle core
