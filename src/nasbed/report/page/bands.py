"""Bands: a number for many runs with how sure or how wide it is, at points of a clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.run.history import Clock, History, Metric
from nasbed.statistics.bootstrap import interquartile_band
from nasbed.statistics.means import FEWEST
from nasbed.statistics.summary import Curve, horizon, on_both_scales

POINTS = 70  # of a curve, along a linear and along a logarithmic axis each

STATISTICS = {
    "mean": "mean, 95 % interval",
    "middle": "interquartile mean, 95 % interval",
    "median": "median, 95 % interval",
    "quartiles": "median, quartiles",
}
"""What can be said of many runs, in the words of switches."""


def offered_of(runs: int) -> dict[str, str]:
    """Return what is said of so many runs, that first which is shown at first: of few runs the mean has no interval."""
    first = "mean" if runs >= FEWEST else "median"
    return {name: STATISTICS[name] for name in sorted(STATISTICS, key=lambda name: name != first)}


@dataclass(frozen=True, eq=False)
class Band:
    """A line between two others, ``(points,)`` each."""

    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def below(self, best: float) -> Band:
        """Give by how much it is below something: the regret of an accuracy."""
        return Band(best - self.middle, best - self.high, best - self.low)


def points(history: History, clock: Clock) -> NDArray[np.float64]:
    """Choose points of a clock that show a curve as well along a linear as along a logarithmic axis."""
    end = horizon(history, clock)
    if end <= 0:
        return np.ones(1)
    if clock in ("evaluations", "unique", "epochs"):
        return np.unique(np.round(on_both_scales(1.0, end, POINTS)))
    return on_both_scales(end / 500, end, POINTS)


def bands(history: History, metric: Metric, clock: Clock, at: NDArray[np.float64]) -> dict[str, Band]:
    """Give every statistic of the incumbents at points of a clock; NaN before every run that counts has one."""
    values = history.curve(metric, clock, at)[1]
    values = values[~np.isnan(history.metric(metric)[-1])]
    found = Curve.of(at, values)
    return {
        "mean": Band(found.mean, found.low, found.high),
        "middle": Band(*interquartile_band(values)),
        "median": Band(found.median, found.median_low, found.median_high),
        "quartiles": Band(found.median, found.q1, found.q3),
    }
