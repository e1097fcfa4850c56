"""Which searches are told apart: the intervals keep what they promise."""

import numpy as np
import pytest
from statsmodels.stats.weightstats import ttost_paired

from nasbed.statistics.separation import Separation
from nasbed.statistics.summary import mean_and_reach


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


def test_the_interval_is_students():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    mean, reach = mean_and_reach(values)
    assert mean == 2.5
    assert reach == pytest.approx(3.18245 * np.std(values, ddof=1) / 2, rel=1e-5)  # t(0.975, 3), from a printed table


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


def test_what_is_not_told_apart_is_within_the_least_margin_that_two_one_sided_tests_show():
    one, other = np.random.default_rng(0).normal(0.9, 0.01, (2, 40))
    separation = Separation.of({"a": one, "b": other}, "accuracy")
    (pair,) = separation.pairs
    assert ttost_paired(one, other, -pair.within, pair.within)[0] == pytest.approx(0.05, abs=1e-9)
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
