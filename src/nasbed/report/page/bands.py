"""Bands: a number for many runs with how sure or how wide it is, at points of a clock."""

from __future__ import annotations

from collections.abc import Sequence
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


def bands(
    history: History, metrics: Sequence[Metric], clock: Clock, at: NDArray[np.float64]
) -> dict[Metric, dict[str, Band]]:
    """Give every statistic of the incumbents, by metrics, at points of a clock; NaN until all runs that count have one.

    Metrics that are known of the same runs are summarised in one go, which takes half the time.
    """
    read = [history.metric(metric) for metric in metrics]
    values = history.at(at, clock, np.stack(read, axis=-1))
    counting = ~np.isnan([one[-1] for one in read])
    found: dict[Metric, dict[str, Band]] = {}
    for alike in np.unique(counting, axis=0):
        some = np.flatnonzero((counting == alike).all(axis=1))
        flat = values[alike][:, :, some].reshape(alike.sum(), len(at) * len(some))
        curve = Curve.of(np.repeat(at, len(some)), flat)
        made = {
            "mean": (curve.mean, curve.low, curve.high),
            "middle": interquartile_band(flat),
            "median": (curve.median, curve.median_low, curve.median_high),
            "quartiles": (curve.median, curve.q1, curve.q3),
        }
        for place, which in enumerate(some.tolist()):
            found[metrics[which]] = {
                name: Band(*(line[place :: len(some)] for line in lines)) for name, lines in made.items()
            }
    return found
