"""Interquartile means: the middle half, over benchmarks, and what cannot be said."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import ended
from scipy.stats import trim_mean

from nasbed.core.errors import BadSetting
from nasbed.statistics.interquartile import interquartile_mean, interquartile_means


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50))
def test_it_is_scipys_mean_trimmed_by_a_quarter_on_either_side(values):
    assert interquartile_mean(np.array(values)) == pytest.approx(trim_mean(values, 0.25), abs=1e-9)


def test_a_lost_run_or_a_lucky_one_does_not_move_it():
    assert interquartile_mean(np.array([0.0, 0.5, 0.6, 0.7, 0.8, 99.0, 0.6, 0.6])) == pytest.approx(0.625)
    assert interquartile_mean(np.array([[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]])).tolist() == [2.5, 2.5]


def test_runs_on_all_benchmarks_count_and_labels_are_those_they_share():
    one = ended({"a": [0.1, 0.2, 0.3, 0.4, 0.25], "b": [0.5] * 5, "c": [0.9] * 5}, "one")
    two = ended({"b": [0.6] * 5, "a": [0.5, 0.6, 0.7, 0.8, 0.65]}, "two")
    found = interquartile_means([one, two])
    assert found.labels == ("a", "b")
    assert found.runs == (10, 10)
    assert found.intervals[0].value == pytest.approx(0.45)
    assert found.medians == (pytest.approx(0.45), pytest.approx(0.55))
    assert found.where == "one, two"
    assert "b has the best interquartile mean of test accuracy on one, two: 55.00 (5" in found.sentence()


def test_the_best_regret_is_the_lowest():
    found = interquartile_means(ended({"a": [0.5, 0.6], "b": [0.9, 0.8]}), "test-regret")
    assert found.rows()[1]["interquartile_mean"] == pytest.approx(0.15)
    assert "b has the best" in found.sentence()
    assert " points" in found.sentence()


def test_failed_runs_are_counted_as_lost():
    rows = interquartile_means(ended({"a": [np.nan, 0.5, 0.5], "b": [np.nan] * 3})).rows()
    assert [(row["runs"], row["lost"]) for row in rows] == [(2, 1), (0, 3)]
    assert rows[1]["interquartile_mean"] is None


def test_what_cannot_be_said_is_said():
    alone = interquartile_means(ended({"a": [0.5]}))
    assert "one run, which has no interval" in alone.sentence()
    nothing = interquartile_means(ended({"a": [np.nan, np.nan]}))
    assert nothing.missing
    assert nothing.sentence().startswith(nothing.missing)
    for found in (alone, nothing):
        json.dumps(found.as_dict(), allow_nan=False)
        assert len(found.frame()) == 1


def test_too_few_runs_have_no_interval_and_the_sentence_says_how_many_would():
    found = interquartile_means(ended({"a": [0.5, 0.6, 0.7], "b": [0.1, 0.2, 0.3]}))
    assert np.isnan(found.intervals[0].low)
    assert found.sentence().endswith("3 runs are too few to give it an interval; give 9 or more.")


def test_of_several_benchmarks_the_sentence_says_what_each_needs():
    found = interquartile_means([ended({"a": [0.5, 0.6, 0.7]}, name) for name in ("one", "two", "three")])
    assert np.isnan(found.intervals[0].low)
    assert found.sentence().endswith("takes 5 runs on each, or 9 that go together.")


def test_comparisons_that_cannot_be_taken_together_are_refused():
    one = ended({"a": [0.5]}, "one")
    for wrong, why in (
        ([], "there is no comparison"),
        ([one, one], "of one benchmark"),
        ([one, ended({"b": [0.5]}, "two")], "no search in common"),
    ):
        with pytest.raises(BadSetting, match=why):
            interquartile_means(wrong)
    with pytest.raises(BadSetting, match="a metric is one of"):
        interquartile_means(one, "accuracy")
