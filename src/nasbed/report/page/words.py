"""Words: how the page calls metrics and clocks, and writes numbers."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np

from nasbed.report.comparison import Comparison
from nasbed.report.statistic import Cells, Statistic
from nasbed.run.history import Clock, Metric

CLOCKS: dict[Clock, str] = {
    "evaluations": "evaluations",
    "epochs": "epochs trained",
    "seconds": "simulated time",
    "total_seconds": "training time of all workers",
    "unique": "different architectures evaluated",
}
"""What clocks are called on axes and in switches."""

_UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def metrics(comparison: Comparison) -> list[Metric]:
    """Give the metrics that any of the searches has a number for, the one that counts most first."""
    found = [metric for metric in get_args(Metric) if _known(comparison, metric)]
    wanted: list[Metric] = ["test-regret", "test", "validation"]
    first = next((metric for metric in wanted if metric in found), None)
    return ([] if first is None else [first]) + [metric for metric in found if metric != first]


def clocks(comparison: Comparison) -> list[Clock]:
    """Give the clocks that moved, that of the budget first; the time of all workers only where there were several."""
    histories = list(comparison.histories.values())
    moved = [clock for clock in CLOCKS if any(history.clock(clock)[-1].max() > 0 for history in histories)]
    if all(history.ended is None for history in histories):
        moved = [clock for clock in moved if clock != "total_seconds"]
    return sorted(moved, key=lambda clock: clock != comparison.clock)


def _known(comparison: Comparison, metric: Metric) -> bool:
    return any(not np.isnan(history.metric(metric)[-1]).all() for history in comparison.histories.values())


def axis(comparison: Comparison, metric: Metric) -> str:
    """Give what stands at an axis: the metric and its unit."""
    words = comparison.words(metric)
    if comparison.factor(metric) == 1:
        return words
    return f"{words} ({'percentage points' if metric.endswith('regret') else '%'})"


def time_unit(longest: float) -> tuple[float, str]:
    """Choose the largest unit of time of which there are at least two: its seconds and its name."""
    return next((unit for unit in _UNITS if longest >= 2 * unit[0]), _UNITS[-1])


def runs(comparison: Comparison) -> str:
    """Say how many runs there are of each search."""
    return f"{comparison.runs:,} run{'s' if comparison.runs > 1 else ''}"


def searches(found: Statistic) -> Cells:
    """Give the table of a statistic in the page's words: what programs call optimizers are its searches."""
    headers, rows = found.cells()
    return ["search" if header == "optimizer" else header for header in headers], rows


def number(value: float | None, digits: int = 2, factor: float = 1.0) -> str:
    """Write a number, and what is not known as a dash."""
    return "–" if value is None or math.isnan(value) else f"{factor * value:,.{digits}f}"


def value(comparison: Comparison, metric: Metric, given: float | None) -> str:
    """Write what a metric came to: accuracies in percent, anything else with four digits."""
    if given is None or math.isnan(given):
        return "–"
    factor = comparison.factor(metric)
    return f"{100 * given:.2f}" if factor == 100 else f"{given:.4g}"
