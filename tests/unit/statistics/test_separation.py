"""Which searches are told apart: the intervals keep what they promise."""

import numpy as np
import pytest

from nasbed.statistics.means import outside_p, student_reach
from nasbed.statistics.separation import Separation


@pytest.mark.slow
def test_equal_searches_are_told_apart_in_one_study_of_twenty_at_most():
    random = np.random.default_rng(0)
    studies = 2000
    wrong = 0
    for _ in range(studies):
        shared = random.normal(size=40)
        finals = {name: 0.7 * shared + random.normal(size=40) for name in "abc"}
        wrong += any(d.apart for d in Separation.of(finals, "accuracy").pairs)
    assert 0.02 * studies < wrong < 0.05 * studies + 3 * np.sqrt(0.05 * 0.95 * studies)


def test_a_difference_that_is_there_is_found_and_has_its_sign():
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.01, (3, 200))
    finals = {"worst": 0.90 + noise[0], "best": 0.93 + noise[1], "twin": 0.93 + 0.001 * noise[2] + noise[1]}
    separation = Separation.of(finals, "final test accuracy")
    pairs = {(d.better, d.worse): d for d in separation.pairs}
    assert pairs["best", "worst"].apart
    assert pairs["best", "worst"].mean == pytest.approx(0.03, abs=0.004)
    assert not all(difference.apart for difference in separation.pairs)
    sentence = separation.sentence()
    assert "told apart: best over worst (+" in sentence
    assert "not told apart: " in sentence
    assert "200 paired runs" in sentence


def test_a_difference_whose_interval_has_0_in_it_is_not_told_apart():
    """Student's test finds the difference of such skewed runs, of which it knows no better."""
    values = np.append(np.linspace(0.002, 0.02, 59), -0.16)
    (pair,) = Separation.of({"a": 0.5 + values, "b": np.full(60, 0.5)}, "accuracy").pairs
    assert values.mean() > student_reach(values)
    assert pair.interval.low < 0 < pair.interval.high
    assert not pair.apart


def test_few_runs_are_told_apart_without_an_interval_and_the_sentence_says_why():
    random = np.random.default_rng(0)
    finals = {"a": random.normal(0.9, 0.001, 10), "b": random.normal(0.5, 0.001, 10)}
    found = Separation.of(finals, "accuracy")
    assert found.pairs[0].apart
    assert np.isnan([found.pairs[0].interval.low, found.pairs[0].reach, found.pairs[0].within]).all()
    assert f"a over b (+{100 * found.pairs[0].mean:.2f} points). 10 runs are too few to give a mean" in found.sentence()


def test_identical_searches_are_not_told_apart_and_constant_ones_are():
    same = Separation.of({"a": np.full(9, 0.5), "b": np.full(9, 0.5)}, "accuracy")
    assert not same.pairs[0].apart
    different = Separation.of({"a": np.full(9, 0.5), "b": np.full(9, 0.625)}, "accuracy")
    assert different.pairs[0].apart
    assert different.pairs[0].better == "b"


def test_fewer_than_five_runs_tell_nothing_apart_and_the_sentence_says_so():
    finals = {"a": np.array([0.5, 0.51, 0.52, 0.5]), "b": np.array([0.9, 0.91, 0.92, 0.91])}
    separation = Separation.of(finals, "accuracy")
    assert not separation.pairs[0].apart
    assert "4 runs are too few to tell two searches apart; give 5 or more." in separation.sentence()


def test_a_spread_of_nothing_tells_apart_only_what_the_sign_test_does():
    for runs, apart in ((5, False), (6, True)):
        finals = {"a": np.full(runs, 0.5), "b": np.full(runs, 0.75)}
        assert Separation.of(finals, "accuracy").pairs[0].apart is apart


def test_what_is_not_told_apart_is_within_the_margin_that_their_interval_reaches():
    one, other = np.random.default_rng(0).normal(0.9, 0.01, (2, 60))
    separation = Separation.of({"a": one, "b": other}, "accuracy")
    (pair,) = separation.pairs
    assert pair.within == max(pair.interval.high, -pair.interval.low)
    assert outside_p(one - other, pair.within) == pytest.approx(0.05)
    assert f"(within ± {100 * pair.within:.2f} points of each other)" in separation.sentence()


def test_a_run_that_failed_in_one_search_counts_in_none():
    finals = {"a": np.array([0.1, np.nan, 0.3]), "b": np.array([0.2, 0.9, 0.5])}
    separation = Separation.of(finals, "accuracy")
    assert separation.runs == 2
    assert separation.pairs[0].mean == pytest.approx(0.15)
    nothing = Separation.of({"a": np.array([np.nan]), "b": np.array([0.9])}, "accuracy")
    assert not nothing.pairs[0].apart
    assert nothing.as_dict()["pairs"][0]["mean"] is None


def test_many_pairs_are_counted_rather_than_listed():
    finals = {str(k): k + np.arange(9) / 100 for k in range(5)}
    assert "told apart: 10 pairs." in Separation.of(finals, "accuracy").sentence()


def test_one_search_has_nothing_to_be_told_apart_from():
    assert "one search" in Separation.of({"a": np.ones(3)}, "accuracy").sentence()
