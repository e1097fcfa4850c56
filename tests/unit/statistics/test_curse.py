"""The winner's curse: what was heard against what it is worth."""

import json

import numpy as np
import pytest
from made_runs import comparison, history

import nasbed
from nasbed import compare
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.curse import winners_curse


def test_optimism_is_what_was_heard_less_what_it_is_worth():
    heard, worth = np.array([[0.8], [0.9], [0.7]]), np.array([[0.7], [0.8], [0.7]])
    (curse,) = winners_curse(Comparison({"a": history(worth, heard=heard)})).curses
    assert (curse.heard, curse.mean) == (pytest.approx(0.8), pytest.approx(2.2 / 3))
    assert curse.optimism.value == pytest.approx(0.2 / 3)
    assert np.isnan(curse.optimism.low)
    assert curse.gap.value == pytest.approx(0)
    assert np.isnan(curse.others)


def test_the_other_repeats_are_those_that_were_not_heard(landscape):
    real = compare(["random", "local"], landscape, runs=150, evaluations=30)
    found = winners_curse(real, landscape)
    for curse, past in zip(found.curses, real.histories.values(), strict=True):
        repeats = landscape.outcomes(past.best)
        others = []
        for row, heard in zip(repeats, past.best_value, strict=True):
            row = list(row)
            row.remove(heard)
            others.append(np.mean(row))
        assert curse.others == pytest.approx(np.mean(others))
        assert curse.optimism_by_others.value == pytest.approx(1.5 * curse.optimism.value)  # three repeats
        assert curse.optimism.low > 0


def test_a_search_that_hears_means_is_not_cursed(landscape):
    real = compare(["random"], landscape, runs=10, evaluations=30, repeats="mean")
    (curse,) = winners_curse(real, landscape).curses
    assert curse.optimism.value == pytest.approx(0, abs=1e-12)
    assert np.isnan(curse.others)


def test_columns_of_what_nobody_knows_are_left_out(untested):
    real = compare(["random"], untested, runs=5, evaluations=9)
    headers, rows = winners_curse(real).cells()
    assert headers == ["optimizer", "runs", "heard", "mean over repeats", "optimism"]
    assert len(rows[0]) == len(headers)


def test_what_cannot_be_said_is_said():
    for made, said in (
        (comparison({"a": [[np.nan]]}), "nothing was selected"),
        (comparison({"a": [[0.5]]}), "a 0.00"),
    ):
        found = winners_curse(made)
        assert said in found.sentence()
        json.dumps(found.as_dict(), allow_nan=False)
        found.cells()


def test_what_was_heard_of_a_shorter_training_does_not_count():
    benchmark = nasbed.benchmark("digits101")
    short = winners_curse(compare(["hyperband"], benchmark, runs=4, evaluations=3), benchmark)
    assert (short.curses[0].runs, short.sentence()) == (0, short.missing)
    whole = winners_curse(compare(["hyperband"], benchmark, runs=4, evaluations=40), benchmark)
    assert whole.curses[0].runs == 4
    assert whole.curses[0].optimism.value > 0
