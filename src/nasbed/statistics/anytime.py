"""Anytime performance: the area under the regret curve, which rewards what is found early.

The area is that of each run's own steps, exactly, over the length of the axis: the mean regret along the way. On a
linear axis every evaluation or second counts alike; on a logarithmic one every doubling does, so that the beginning
counts more. Which axis it was is part of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.run.history import Clock, Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.selected import naming_failed_runs, regret_metric
from nasbed.statistics.statistic import Column, Interval, Quantity, Statistic, headed, known, no_interval
from nasbed.statistics.summary import first_time, horizon

Axis = Literal["linear", "log"]


@dataclass(frozen=True, eq=False)
class AnytimeAreas(Statistic):
    """The mean regret along the way of each search.

    Attributes:
        areas: One a run, ``(runs,)`` for each label; without those in which every training failed.
        lost: How many those were.
        means: Mean over runs with its 95 % interval where ``means`` gives one.
        start: Where on the clock it begins: when every run of every search had a result.
        end: Where it ends: when the first run's budget was spent.
        quantity: What was measured.
        against: Along which clock.
        axis: ``"linear"`` or ``"log"``.
    """

    areas: dict[str, NDArray[np.float64]]
    lost: dict[str, int]
    means: dict[str, Interval]
    start: float
    end: float
    quantity: Quantity
    against: Clock
    axis: Axis
    figure: ClassVar[str] = "areas"

    def facts(self) -> dict[str, Any]:
        """Say what was measured, along which axis, from where to where."""
        return {
            "metric": self.quantity.words,
            "against": self.against,
            "axis": self.axis,
            "start": known(self.start),
            "end": known(self.end),
        }

    def columns(self) -> list[Column]:
        """Return ``optimizer, runs, lost, area``."""
        header = f"mean {self.quantity.words} along {self.against}, {self.axis} axis"
        return [
            Column("optimizer", "optimizer", list(self.areas)),
            Column("runs", "runs", [len(areas) for areas in self.areas.values()]),
            Column("lost", "", list(self.lost.values())),
            Column("area", headed(header, self.quantity.unit), list(self.means.values()), self.quantity.write),
        ]

    def finding(self) -> str:
        """Say which search was best along the way."""
        quantity = self.quantity
        best = quantity.best({label: mean.value for label, mean in self.means.items()})
        return (
            f"Along the way, {self.start:g} to {self.end:g} {self.against} on a {self.axis} axis, {best} has the best "
            f"mean {quantity.words}: {quantity.write(self.means[best])}{quantity.unit}."
            f"{no_interval(min(filter(None, map(len, self.areas.values()))), list(self.means.values()))}"
        )


@naming_failed_runs
def anytime_areas(
    comparison: Comparison, metric: Metric | None = None, against: Clock | None = None, axis: Axis = "log"
) -> AnytimeAreas:
    """Give each search's area under its regret curve, over the length of the axis.

    Args:
        comparison: The searches.
        metric: What is summed up; None for the regret of the test accuracy where it is known, else of the validation.
        against: Along which clock; None for that of the budget.
        axis: Whether evaluations (or what else the clock counts) or doublings of them count alike.
    """
    if axis not in get_args(Axis):
        raise BadSetting(f"an axis is {' or '.join(get_args(Axis))}, not {axis!r}")
    read, against = metric or regret_metric(comparison), against or comparison.clock
    quantity, histories = comparison.quantity(read or "test-regret"), comparison.histories
    values = {label: history.metric(read) for label, history in histories.items()} if read else {}
    found = {label: ~np.isnan(value[-1]) for label, value in values.items()}
    if any(some.any() for some in found.values()):
        firsts = (
            first_time(~np.isnan(values[label]), histories[label].clock(against))[found[label]] for label in found
        )
        start = float(max(first.max(initial=0) for first in firsts))
        end = min(horizon(history, against) for history in histories.values())
        missing = _no_room(start, end, against, axis)
    else:
        missing = "No run found anything: there is no area." if read else no_optimum(comparison)
    if missing:
        start, end, areas = np.nan, np.nan, dict.fromkeys(histories, np.empty(0))
    else:
        areas = {
            label: _areas(histories[label].clock(against)[:, some], values[label][:, some], start, end, against, axis)
            for label, some in found.items()
        }
    lost = {label: history.runs - len(areas[label]) for label, history in histories.items()}
    means = {label: Interval.of_mean(some) for label, some in areas.items()}
    return AnytimeAreas(areas, lost, means, start, end, quantity, against, axis, missing=missing)


def no_optimum(comparison: Comparison) -> str:
    """Say that there is no regret."""
    return f"Nobody knows the optimum of {comparison.benchmark}, so there is no regret; name another metric."


def _no_room(start: float, end: float, against: Clock, axis: Axis) -> str | None:
    """Say why there is no area between two points of a clock; None where there is one."""
    if start <= 0 and axis == "log":
        why = f"Some run has its first result at 0 {against}, which a logarithmic axis does not have"
    elif not start < end:
        why = f"Before every run has a result, at {start:g} {against}, a budget is spent, at {end:g}"
    else:
        return None
    return f"{why}: there is no area."


def _areas(
    clock: NDArray[np.float64], values: NDArray[np.float64], start: float, end: float, against: Clock, axis: Axis
) -> NDArray[np.float64]:
    """Weigh what each run had after each step, ``(steps, runs)``, with how long it had that.

    What is counted holds until the next is counted: evaluation n from n to n + 1, the last as long as the others.
    """
    stop = end + 1 if against in ("evaluations", "unique") else end
    edges = np.vstack([np.clip(clock, start, stop), np.full((1, clock.shape[1]), stop)])
    if axis == "log":
        edges = np.log(edges)
    widths = np.diff(edges, axis=0)
    total = np.where(widths > 0, widths * values, 0.0).sum(axis=0)
    mean: NDArray[np.float64] = total / (edges[-1] - (np.log(start) if axis == "log" else start))
    return mean
