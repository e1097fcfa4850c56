"""The probability of improvement: Mann and Whitney's, its interval, over benchmarks."""

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import ended
from scipy.stats import mannwhitneyu

from nasbed.statistics.improvement import improvements, probability_of_improvement

few = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=12).map(np.array)


@given(few, few)
def test_it_is_mann_and_whitneys_u_over_the_pairs_and_turns_with_them(one, other):
    found = probability_of_improvement(one, other)
    assert found == pytest.approx(np.mean([(x > y) + (x == y) / 2 for x in one for y in other]))
    assert found == pytest.approx(1 - probability_of_improvement(other, one))
    if len(np.unique([*one, *other])) > 1:
        assert found == pytest.approx(mannwhitneyu(one, other).statistic / len(one) / len(other))


def test_the_interval_is_that_of_a_plain_bootstrap():
    random = np.random.default_rng(0)
    a, b = random.normal(0, 1, 40), random.normal(0.5, 1, 60)
    (pair,) = improvements(ended({"a": [*a, *[np.nan] * 20], "b": b}), resamples=4000).pairs
    drawn = [probability_of_improvement(random.choice(b, 60), random.choice(a, 40)) for _ in range(4000)]
    assert (pair.better, pair.worse) == ("b", "a")
    assert pair.probability.value == pytest.approx(probability_of_improvement(b, a))
    np.testing.assert_allclose(pair.probability[1:], np.quantile(drawn, [0.025, 0.975]), atol=0.01)


def test_over_benchmarks_it_is_the_mean():
    one, two = ended({"a": [1.0, 1.0], "b": [0.0, 0.0]}, "one"), ended({"a": [0.0, 1.0], "b": [0.5, 0.5]}, "two")
    (pair,) = improvements([one, two]).pairs
    assert pair.probability.value == 0.75
    (turned,) = improvements([one, two], "test-regret").pairs
    assert (turned.better, turned.probability) == ("a", pair.probability)


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
