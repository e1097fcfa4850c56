"""Equivalence and the runs that a difference needs: statsmodels' figures, and what too few runs cannot show."""

import json

import numpy as np
import pytest
from made_runs import comparison, ended
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from nasbed.core.errors import BadSetting
from nasbed.statistics import equivalences, runs_needed
from nasbed.statistics.ranks_signed import holm

RANDOM = np.random.default_rng(0)
FINALS = {label: RANDOM.normal(mean, 0.004, 60) for label, mean in (("a", 0.9), ("b", 0.9005), ("c", 0.92))}


def test_the_p_values_are_statsmodels_corrected_by_holm():
    found = equivalences(ended(FINALS), margin=0.005)
    p = [ttost_paired(FINALS[one], FINALS[other], -0.005, 0.005)[0] for one, other in ("ab", "ac", "bc")]
    np.testing.assert_allclose([pair.p for pair in found.pairs], p, rtol=0, atol=1e-12)
    np.testing.assert_allclose([pair.corrected for pair in found.pairs], holm(p), rtol=0, atol=1e-12)
    assert [pair.equivalent for pair in found.pairs] == [True, False, False]
    assert "within ± 0.5 points of each other with 95 %: a and b; not shown to be" in found.sentence()


def test_two_searches_are_equal_where_their_interval_is_within_the_margin():
    for margin in (0.0005, 0.001, 0.002, 0.0023, 0.004):
        (pair,) = equivalences(ended({"a": FINALS["a"], "b": FINALS["b"]}), margin=margin).pairs
        assert (max(-pair.difference.low, pair.difference.high) < margin) == pair.equivalent


def test_searches_that_are_not_told_apart_need_not_be_equal():
    wide = {"a": RANDOM.normal(0.9, 0.05, 20), "b": RANDOM.normal(0.9, 0.05, 20)}
    made = ended(wide)
    assert not made.separated().pairs[0].apart
    assert not equivalences(made).pairs[0].equivalent


def test_too_few_runs_show_nothing_equal():
    found = equivalences(ended({"a": FINALS["a"][:9], "b": FINALS["a"][:9] + 1e-9}))
    assert not found.pairs[0].equivalent
    assert "9 runs are too few to show that searches are equal; give 50 or more." in found.sentence()


def test_a_margin_is_positive_and_given_for_what_is_no_accuracy():
    with pytest.raises(BadSetting, match="positive number"):
        equivalences(ended(FINALS), margin=0)
    with pytest.raises(BadSetting, match="give one comparison, not those of made, other"):
        equivalences([ended(FINALS), ended(FINALS, "other")], margin=0.01)
    other = comparison({"a": [[0.1]], "b": [[0.2]]})
    for one in other.histories.values():
        one.info["benchmark"].update(measure="error", tested="error")
    with pytest.raises(BadSetting, match="give the margin"):
        equivalences(other)


def test_what_students_tests_call_equal_is_not_where_the_skewed_interval_says_otherwise():
    """Most runs differ by little, and few by much, so that the mean may well be beyond the margin."""
    differences = np.append(np.linspace(-0.0005, 0.0005, 58), [-0.004, -0.012])
    (pair,) = equivalences(ended({"a": 0.9 + differences, "b": np.full(60, 0.9)}), margin=0.001).pairs
    assert pair.corrected < 0.05 < pair.adjusted
    assert pair.difference.low < -0.001
    assert not pair.equivalent


@pytest.mark.parametrize("difference", [0.001, 0.004, 0.02])
def test_the_runs_needed_are_the_fewest_with_statsmodels_power(difference):
    (pair,) = runs_needed(ended({"a": FINALS["a"], "b": FINALS["b"]}), difference, power=0.9).pairs
    power = [TTestPower().power(difference / pair.deviation, n, 0.05) for n in (pair.runs - 1, pair.runs)]
    assert power[0] < 0.9 <= power[1]


def test_more_pairs_need_more_runs():
    two, three = (runs_needed(ended({k: FINALS[k] for k in labels}), 0.001).pairs[0].runs for labels in ("ab", "abc"))
    assert two < three


def test_what_cannot_be_said_is_said():
    for find in (equivalences, runs_needed):
        for finals, said in (
            ({"a": [0.5, 0.6]}, "one search"),
            ({"a": [0.5], "b": [0.4]}, "1 run is too few"),
            ({"a": [np.nan], "b": [np.nan]}, "0 runs are too few"),
        ):
            found = find(ended(finals))
            assert said in found.sentence()
            json.dumps(found.as_dict(), allow_nan=False)
            found.cells()
    with pytest.raises(BadSetting, match="power is a chance"):
        runs_needed(ended(FINALS), power=1.0)
