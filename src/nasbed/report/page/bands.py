"""Bands: a number for many runs with how sure or how wide it is, at points of a clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.run.history import Clock, History, Metric
from nasbed.statistics.summary import CONFIDENCE, Curve, horizon, mean_and_reach, on_both_scales

POINTS = 70  # of a curve, along a linear and along a logarithmic axis each

STATISTICS = {
    "mean": "mean, 95 % interval",
    "middle": "interquartile mean, 95 % interval",
    "median": "median, quartiles",
}
"""What can be said of many runs, in the words of switches."""


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
    middle, around = interquartile_mean_and_reach(values)
    return {
        "mean": Band(found.mean, found.low, found.high),
        "middle": Band(middle, middle - around, middle + around),
        "median": Band(found.median, found.q1, found.q3),
    }


def interquartile_mean_and_reach(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the interquartile mean over the first axis, and how far its 95 % interval reaches to either side.

    The interval is that of Tukey and McLaughlin, from the winsorised deviation: at hundreds of points of a curve, the
    bootstrap would take minutes to say the same.

    NaN where any value is, or where there is none; the reach of a single value is NaN.

    Reference: Tukey and McLaughlin, "Less Vulnerable Confidence and Significance Procedures for Location Based on a
    Single Sample", Sankhyā A 25, 1963
    """
    n = len(values)
    if n < 2:
        return mean_and_reach(values)
    cut = n // 4
    ordered = np.sort(values, axis=0)
    middle = ordered[cut : n - cut].mean(axis=0)
    winsorised = np.clip(ordered, ordered[cut], ordered[n - cut - 1]).std(axis=0, ddof=1)
    quantile = float(require("scipy.special", "report").stdtrit(n - 2 * cut - 1, 0.5 + CONFIDENCE / 2))
    reach = quantile * winsorised / ((1 - 2 * cut / n) * np.sqrt(n))
    hidden = np.isnan(values).any(axis=0)
    return np.where(hidden, np.nan, middle), np.where(hidden, np.nan, reach)
