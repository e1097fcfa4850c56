"""Interquartile means along a clock: how the middle half of the runs goes, in its bootstrap band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.report.bootstrap import draws
from nasbed.report.comparison import Comparison
from nasbed.report.interquartile import interquartile_mean
from nasbed.report.summary import CONFIDENCE, horizon
from nasbed.run.history import Clock, History, Metric

POINTS = 60
"""Where a curve is asked for when no points are given; each costs as many bootstraps as a table's row."""

RESAMPLES = 500
"""Of a curve; fewer than of a table, since a band is looked at and not read off."""


@dataclass(frozen=True, eq=False)
class InterquartileCurve:
    """The interquartile mean of one search's runs at points of a clock; all arrays are ``(points,)``.

    As in ``report.summary.Curve``, runs that never find anything do not count, and before the last of the others has
    its first result everything is NaN.

    Attributes:
        at: The points.
        value: The interquartile mean.
        low: Lower end of its 95 % bootstrap interval; NaN of a single run.
        high: Its upper end.
    """

    at: NDArray[np.float64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def interquartile_curves(
    comparison: Comparison,
    metric: Metric = "validation",
    against: Clock = "evaluations",
    at: NDArray[np.float64] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, InterquartileCurve]:
    """Give the curve of each search.

    Args:
        comparison: The searches.
        metric: What to read of the incumbents.
        against: Which clock.
        at: Points of the clock; None for ``POINTS`` up to the end of the first run whose budget was spent.
        resamples: Of the bootstrap; the same runs are drawn at all points, so that bands are smooth.
        seed: Of the bootstrap.
    """
    if resamples < 1:
        raise BadSetting(f"a bootstrap draws at least once, not {resamples} times")
    return {
        label: _curve(history, metric, against, _points(history, against) if at is None else at, resamples, seed)
        for label, history in comparison.histories.items()
    }


def _points(history: History, against: Clock) -> NDArray[np.float64]:
    """Spread points evenly; counts are whole."""
    end = horizon(history, against)
    if against in ("evaluations", "unique"):
        return np.unique(np.rint(np.linspace(1, max(end, 1), POINTS)))
    return np.linspace(0, end, POINTS + 1)[1:]


def _curve(
    history: History, metric: Metric, against: Clock, at: NDArray[np.float64], resamples: int, seed: int
) -> InterquartileCurve:
    points, values = history.curve(metric, against, at)
    values = values[~np.isnan(history.metric(metric)[-1])]
    value, low, high = np.full((3, len(points)), np.nan)
    if not len(values):
        return InterquartileCurve(points, value, low, high)
    known = ~np.isnan(values).any(axis=0)
    value[known] = interquartile_mean(values[:, known].T)
    if len(values) > 1:
        drawn = draws(np.random.default_rng(seed), resamples, len(values))
        ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
        for point in np.flatnonzero(known):
            low[point], high[point] = np.quantile(interquartile_mean(values[drawn, point]), ends)
    return InterquartileCurve(points, value, low, high)
