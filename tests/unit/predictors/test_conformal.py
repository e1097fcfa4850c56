"""Conformal intervals hold what is measured as often as they say, also where a predictor is far too sure."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, UnknownName

SPACE = nasbed.space("transnas-micro")
ORDER = np.random.default_rng(0).permutation(4096)
ROWS = SPACE.enumerate()[ORDER]
VALUES = (SPACE.simplify(ROWS) == 3).sum(axis=1) + np.random.default_rng(1).normal(0, 0.5, 4096)


def made(**settings):
    return nasbed.predictor("conformal", SPACE, **settings)


@pytest.mark.slow_where("gp", "extra-trees")
@pytest.mark.parametrize("predictor", ["gp", "extra-trees:trees=10", "bayesian-ridge"])
def test_intervals_hold_as_often_as_they_say(predictor):
    """The mean over fits, each of which calibrates on 40, with the error of so few."""
    held = []
    for seed in range(10):
        part = np.random.default_rng(seed).permutation(4096)[:200]
        low, high = made(predictor=predictor, seed=seed).fit(ROWS[part], VALUES[part]).interval(ROWS, 0.8)
        held.append(np.mean((low <= VALUES) & (high >= VALUES)))
    assert abs(np.mean(held) - 0.8) < 0.06


def test_a_higher_level_is_wider():
    predictor = made().fit(ROWS[:150], VALUES[:150])
    intervals = [predictor.interval(ROWS[150:200], level) for level in (0.5, 0.8, 0.95)]
    widths = [high - low for low, high in intervals]
    assert (widths[0] <= widths[1]).all()
    assert (widths[1] <= widths[2]).all()
    mean, deviation = predictor.predict(ROWS[150:200])
    assert ((intervals[1][0] <= mean) & (mean <= intervals[1][1])).all()
    assert (deviation >= 0).all()


def test_where_too_few_calibrate_the_interval_is_everything():
    low, high = made().fit(ROWS[:20], VALUES[:20]).interval(ROWS[:3], 0.9)
    assert np.isneginf(low).all()
    assert np.isposinf(high).all()


def test_what_is_no_level_or_predictor_is_refused():
    with pytest.raises(BadSetting, match="above 0 and below 1"):
        made().fit(ROWS[:50], VALUES[:50]).interval(ROWS, 1.0)
    with pytest.raises(BadSetting, match="learned nothing"):
        made().interval(ROWS)
    with pytest.raises(UnknownName, match="gpp"):
        made(predictor="gpp")
