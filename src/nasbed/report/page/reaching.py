"""Reaching: how many runs get how near to the best there is, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import SHORT, Figure, Section, Switch, Table, View
from nasbed.report.page.progress import legend, line
from nasbed.report.words import CLOCKS, along, clocks, searches
from nasbed.run.history import Clock
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.summary import on_both_scales
from nasbed.statistics.targets import Targets, times_to_targets

_STEPS = 200  # of a curve; a screen shows no more
_LOWEST_TOP = 10.0  # percent: an axis ends there or higher
_ALL = "all"


def reaching(comparison: Comparison) -> Section | None:
    """Draw the shares of runs that reached targets; None where nobody knows the best there is."""
    offered = clocks(comparison)
    found = {clock: times_to_targets(comparison, against=clock) for clock in offered}
    first = next(iter(found.values()), None)
    if first is None or first.missing:
        return None
    names = {str(i): f"{first.quantity.words} ≤ {first.shown(target)}" for i, target in enumerate(first.targets)}
    views = {
        f"{name}|{clock}": _view(targets, comparison, None if name == _ALL else int(name), clock)
        for name in (_ALL, *names)
        for clock, targets in found.items()
    }
    figure = Figure(
        "targets",
        f"The share of {comparison.runs_in_words} of each search whose incumbent was as good as a target by then; for "
        f"all targets together, of pairs of a run and a target. Targets: {first.quantity.words} of at most "
        f"{', '.join(first.shown(target) for target in first.targets)}. Runs that never reach one count.",
        views,
        [
            Switch("target", {_ALL: "all targets together", **names}),
            Switch("clock", {clock: CLOCKS[clock] for clock in offered}),
        ],
        {"x": False},
        legend(comparison),
        360,
    )
    headers, rows = searches(first.cells())
    caption = (
        "How many runs reached each target, with Clopper and Pearson's 95 % interval; when half of all runs had; and "
        "the expected running time: all that was spent, over the number of successes."
    )
    folded = "All targets" if len(rows) > SHORT else ""
    return Section("reaching", "Time to target", [first.sentence(), figure, Table(headers, rows, caption, folded)])


def _view(targets: Targets, comparison: Comparison, number: int | None, clock: Clock) -> View:
    unit, title = along(clock, targets.until)
    data: list[dict[str, Any]] = []
    highest = _LOWEST_TOP
    for i, label in enumerate(comparison.histories):
        at, share = _fewer(*targets.ecdf(label, number), targets.until)
        highest = max(highest, 110 * float(share[-1]))
        data.append(line(numbers(at / unit), 100 * share, i, label, "hv"))
    vertical = {"title": "reached (%)", "range": [-0.02 * highest, min(highest, 102)]}
    return View(data, {"xaxis": {"title": title}, "yaxis": vertical})


def _fewer(
    at: NDArray[np.float64], share: NDArray[np.float64], until: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Thin a curve of many steps out: what it has come to by the end of each of many small spans."""
    if len(at) <= _STEPS:
        return at, share
    grid = np.union1d(0.0, on_both_scales(until / 1000, until, _STEPS // 2))
    return grid, share[np.searchsorted(at, grid, side="right") - 1]
