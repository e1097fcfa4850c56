"""Summary: many runs at a point, or along a curve, as mean, interval and quartiles; and what is to be said of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.core.printing import Printed
from nasbed.run.history import Clock, History, Metric
from nasbed.run.settings import points_to
from nasbed.statistics.means import CONFIDENCE, mean_with_ends

_ALIKE_EPOCHS = 1.05  # times; failed trainings alone make searches differ by less
_NAMED_AT_MOST = 6  # failed runs of a search


@dataclass(frozen=True, eq=False)
class Curve(Printed):
    """What the runs of one search had come to at points of a clock; all arrays are ``(points,)``.

    A run that never finds anything, because all its trainings fail, does not count; before the last of the others has
    its first result, everything is NaN, so that a mean is always over the same runs.

    Attributes:
        at: The points.
        mean: Mean over runs.
        low: Lower end of the 95 % confidence interval of that mean; NaN where ``means`` gives none.
        high: Its upper end.
        q1: A quarter of the runs have less.
        median: Half of the runs have less.
        q3: Three quarters of the runs have less.
        median_low: Lower end of the 95 % interval of the median: one of the runs, by their order. NaN below six runs.
        median_high: Its upper end.
    """

    at: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    q1: NDArray[np.float64]
    median: NDArray[np.float64]
    q3: NDArray[np.float64]
    median_low: NDArray[np.float64]
    median_high: NDArray[np.float64]

    @classmethod
    def of(cls, at: NDArray[np.float64], values: NDArray[np.float64]) -> Self:
        """Summarise what runs had come to at points, ``(runs, points)``."""
        mean, low, high, q1, median, q3 = spread(values)
        return cls(at, mean, low, high, q1, median, q3, *median_ends(values))


def curve(history: History, metric: Metric, against: Clock, at: NDArray[np.float64] | None = None) -> Curve:
    """Summarise the incumbents of a history along a clock.

    Args:
        history: The runs.
        metric: What to read of the incumbents.
        against: Which clock.
        at: Points of the clock; None for every count, or 200 steps of time, up to ``horizon``.
    """
    points, values = history.curve(metric, against, points_of(history, against) if at is None else at)
    return Curve.of(points, values[~np.isnan(history.metric(metric)[-1])])


def points_of(history: History, against: Clock) -> NDArray[np.float64]:
    """Give the points of a clock at which a curve is shown: every count, or 200 steps of time, up to ``horizon``."""
    return points_to(horizon(history, against), against)


def on_both_scales(first: float, end: float, count: int) -> NDArray[np.float64]:
    """Give points that show a curve as well along a linear as along a logarithmic axis, so many for each."""
    return np.unique(np.concatenate([np.geomspace(first, end, count), np.linspace(first, end, count)]))


def horizon(history: History, against: Clock) -> float:
    """Give how far along a clock every run was still at it.

    Beyond the end of the first run whose budget was spent, a mean would be over runs that had stopped as well. Runs
    that ended because there was nothing left to try do not count: they keep what they have for good.
    """
    budget = history.info["budget"]
    spent = np.zeros(history.runs, np.bool_)
    for name in get_args(Clock):
        if budget.get(name) is not None:
            spent |= history.clock(name)[-1] >= budget[name]
    ends = history.clock(against)[-1]
    return float(ends[spent].min() if spent.any() else ends.max())


def first_time(reached: NDArray[np.bool_], clock: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give when each run first had reached something, both ``(steps, runs)``; infinite where it never did."""
    step, runs = np.argmax(reached, axis=0), np.arange(reached.shape[1])
    return np.where(reached[step, runs], clock[step, runs], np.inf)


SPREAD = ("", "_low", "_high", "_q1", "_median", "_q3")
"""What stands behind a name for each of ``spread``."""


def spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give mean, low and high end of its 95 % interval, and the quartiles, over the first axis, ``(6, …)``."""
    return np.stack([*mean_with_ends(values), *quartiles(values)])


def quartiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the three quartiles over the first axis, ``(3, …)``; NaN where any value is, or where there is none."""
    if len(values) == 0:
        return np.full((3, *values.shape[1:]), np.nan)
    result: NDArray[np.float64] = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    return result


FEWEST_OF_MEDIAN = 6
"""Runs whose median has an interval: of five, all are below it or above it in 6 % of cases."""


def median_ends(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of the 95 % interval of the median over the first axis, each ``(…)``; NaN below six runs.

    They are two of the runs, by their order: how many of them are below the median is known, whatever they are like
    (the binomial distribution), so that the interval covers without any assumption. NaN where any value is.

    Reference: Conover, "Practical Nonparametric Statistics", third edition, 1999, section 3.2
    """
    n, special = len(values), require("scipy.special", "report")  # scipy.stats would take most of a second to import
    below = special.bdtr(np.arange(n), n, 0.5)  # the chance that so many runs or fewer are below the median
    place = int(np.searchsorted(below, (1 - CONFIDENCE) / 2))  # from either end; 1 is the outermost
    if place < 1:
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing
    ordered = np.sort(values, axis=0)
    hidden = np.isnan(ordered[-1])
    low, high = (np.where(hidden, np.nan, ordered[at]) for at in (place - 1, n - place))
    return low, high


# ── what is to be said of runs ────────────────────────────────────────────────────────────────────────────────────


def unequal_evaluations(histories: Mapping[str, History]) -> list[str]:
    """Say it where searches have as many evaluations each, but some of them shorter ones."""
    budgeted = all((history.info.get("budget") or {}).get("evaluations") is not None for history in histories.values())
    if not budgeted or all(history.fidelity is None for history in histories.values()):
        return []
    epochs = {label: float(history.clock("epochs")[-1].mean()) for label, history in histories.items()}
    least, most = (choose(epochs, key=lambda label: epochs[label]) for choose in (min, max))
    if epochs[most] <= _ALIKE_EPOCHS * epochs[least]:
        return []
    return [
        f"Evaluations are of different lengths: a run trained {epochs[least]:,.0f} epochs ({least}) to "
        f"{epochs[most]:,.0f} ({most}) on average; hold these searches against each other by epochs or seconds."
    ]


def failed_runs(histories: Mapping[str, History]) -> dict[str, list[int]]:
    """Return the numbers of the runs that ended without an incumbent, by search; without searches that have none."""
    found = {
        label: (np.flatnonzero((history.incumbents < 0).all(axis=0)) + int(history.info.get("first_run") or 0)).tolist()
        for label, history in histories.items()
    }
    return {label: runs for label, runs in found.items() if runs}


def failed_in_words(histories: Mapping[str, History]) -> str:
    """Say how many runs of which searches came to nothing, and which these are; nothing where there are none."""
    found = failed_runs(histories)
    if not found:
        return ""
    said = "; ".join(f"{label} {_counted(runs, histories[label].runs)}" for label, runs in found.items())
    return f"Runs in which no training came to a result, and that do not count: {said}."


def _counted(failed: list[int], runs: int) -> str:
    named = ", ".join(map(str, failed[:_NAMED_AT_MOST]))
    more = ", …" if len(failed) > _NAMED_AT_MOST else ""
    return f"{len(failed):,} of {runs:,} (run{'s' * (len(failed) > 1)} {named}{more})"
