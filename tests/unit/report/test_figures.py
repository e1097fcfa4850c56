"""Figures: what is drawn, on which scale, and that matplotlib is left as it was."""

import matplotlib as mpl
import numpy as np
import pytest

from nasbed import compare
from nasbed.report.figures import course, outcome


@pytest.fixture(scope="module")
def comparison(landscape):
    return compare(["random", "local"], landscape, runs=60, evaluations=120)


def axes_of(figure):
    (axes,) = figure.axes
    return axes


def lines(figure):
    return {line.get_label(): line for line in axes_of(figure).lines}


def test_a_line_is_the_mean_in_percent(comparison):
    drawn = lines(course(comparison, "test"))
    for label, curve in comparison.curves("test").items():
        np.testing.assert_allclose(drawn[label].get_ydata(), 100 * curve.mean)
        np.testing.assert_array_equal(drawn[label].get_xdata(), curve.at)


def test_the_exact_expectation_is_dashed_where_it_is_known(comparison, landscape):
    name = "random search, exact expectation"
    for metric, expected in (
        ("validation", comparison.reference.validation_after(np.arange(1, 121))),
        ("test-regret", landscape.optimum()[1] - comparison.reference.test_after(np.arange(1, 121))),
    ):
        dashed = lines(course(comparison, metric))[name]
        assert dashed.get_linestyle() == "--"
        np.testing.assert_allclose(dashed.get_ydata(), 100 * expected)
    assert name not in lines(course(comparison, "validation", "seconds"))
    assert name not in lines(course(comparison, "validation-regret"))


def test_axes_name_their_units_and_regret_over_a_wide_range_is_logarithmic(comparison):
    accuracy, regret = axes_of(course(comparison, "test")), axes_of(course(comparison, "test-regret", "seconds"))
    assert (accuracy.get_yscale(), regret.get_yscale()) == ("linear", "log")
    assert accuracy.get_ylabel() == "test accuracy (%)"
    assert regret.get_ylabel() == "test regret (percentage points)"
    assert regret.get_xlabel() in {f"simulated training time ({unit})" for unit in ("seconds", "minutes", "hours")}
    assert regret.get_title(loc="left") == "landscape · mean of 60 runs with 95 % band"


def test_of_few_runs_the_median_is_drawn_in_its_band_and_of_fewer_without(landscape):
    for runs, banded in ((20, True), (5, False)):
        few = compare(["random"], landscape, runs=runs, evaluations=20)
        axes = axes_of(course(few, "test"))
        (line,) = axes.lines
        (curve,) = few.curves("test").values()
        np.testing.assert_allclose(line.get_ydata(), 100 * curve.median)
        assert axes.get_title(loc="left") == f"landscape · median of {runs} runs" + " with 95 % band" * banded
        assert bool(sum(len(path.vertices) for path in axes.collections[0].get_paths())) == banded


def test_every_run_is_a_dot(comparison):
    dots = [line for line in axes_of(outcome(comparison, "test")).lines if line.get_marker() == "."]
    for line, values in zip(dots, comparison.final("test").values(), strict=True):
        np.testing.assert_allclose(line.get_xdata(), 100 * values)


@pytest.mark.slow
def test_no_state_of_matplotlibs_is_changed(comparison, tmp_path):
    mpl.get_backend()  # chooses one, as comparing does
    before = mpl.rcParams.copy()
    comparison.save(tmp_path)
    assert mpl.rcParams == before
