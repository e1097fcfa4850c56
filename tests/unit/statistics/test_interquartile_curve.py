"""Interquartile means along a clock are those of a table at each point."""

import numpy as np
import pytest
from made_runs import comparison

from nasbed import compare
from nasbed.core.errors import BadSetting
from nasbed.report import statistics_figures as figures
from nasbed.statistics.interquartile import POINTS, interquartile_curves, interquartile_means


def test_the_last_point_is_the_tables(landscape):
    real = compare(["random", "local"], landscape, runs=30, evaluations=100)
    table = interquartile_means(real, "test", resamples=500, seed=3)
    curves = interquartile_curves(real, "test", resamples=500, seed=3)
    for interval, curve in zip(table.intervals, curves.values(), strict=True):
        assert len(curve.at) == POINTS
        assert curve.at[-1] == 100
        assert (curve.value[-1], curve.low[-1], curve.high[-1]) == pytest.approx(interval)
        assert ((curve.low <= curve.value) & (curve.value <= curve.high)).all()
    heard = interquartile_curves(real)["random"].value
    assert (np.diff(heard) >= 0).all()


def test_lost_runs_do_not_count_and_one_run_has_no_band():
    nan = np.nan
    made = comparison({"a": [[nan, 0.5, 0.6], [nan] * 3], "b": [[0.1, 0.2, 0.3], [nan] * 3], "c": [[nan] * 3] * 2})
    curves = interquartile_curves(made)
    np.testing.assert_array_equal(curves["a"].value, [nan, 0.5, 0.6])
    np.testing.assert_array_equal(curves["b"].value, [0.1, 0.2, 0.3])
    assert np.isnan(curves["b"].low).all()
    assert np.isnan(curves["c"].value).all()
    with pytest.raises(BadSetting, match="at least once"):
        interquartile_curves(made, resamples=0)


def test_lines_of_the_figure_are_the_curves(landscape):
    real = compare(["random", "local"], landscape, runs=9, evaluations=20)
    axes = figures.interquartile_course(real, "test-regret", "seconds").axes[0]
    for line, curve in zip(axes.lines, interquartile_curves(real, "test-regret", "seconds").values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), 100 * curve.value)
    assert axes.get_ylabel() == "test regret (percentage points)"
