"""Progress: how good the incumbents are along a clock, with every choice of metric, clock and statistic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.report.figures import reference_named
from nasbed.report.page.bands import Band, bands, offered_of, points
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Figure, Part, Section, Switch, Table, View, shown
from nasbed.report.words import CLOCKS, GIVEN, along, clocks, metrics, spans_much
from nasbed.run.history import Clock, Metric
from nasbed.statistics.anytime import anytime_areas
from nasbed.statistics.comparison import Comparison

DASHES = ("solid", "dash", "dashdot", "dot")
_REPLACED = (
    " What was trained for more epochs takes the place of anything trained for fewer, so that the curve of a search "
    "with several lengths of training may step back."
)
_EXPECTED = (
    " Dashed, for means along evaluations, epochs and time: what random search comes to in the mean over endless runs, "
    "exactly along evaluations and epochs."
)
_REFERENCE = "random search, expectation"
_Lines = dict[str, tuple[NDArray[np.float64], dict[str, Band]]]
"""Of each search: points of the clock, and what the runs had come to there, by statistic."""


def progress(comparison: Comparison) -> Section | None:
    """Draw the curves of all searches; None where nothing was ever found."""
    chosen, offered = metrics(comparison), clocks(comparison)
    if not chosen:
        return None
    lines = {clock: _lines(comparison, chosen, clock) for clock in offered}
    views = {
        f"{metric}|{clock}|{statistic}": _view(comparison, lines[clock][metric], metric, clock, statistic)
        for metric in chosen
        for clock in offered
        for statistic in offered_of(comparison.runs)
    }
    reference = comparison.reference is not None
    figure = Figure(
        "curves",
        f"The incumbent of {comparison.runs_in_words} of each search on {comparison.benchmark}: the mean with its 95 % "
        "confidence interval, the interquartile mean with that of the bootstrap, from nine runs on, or the median with "
        "that of two runs by their order, from six runs on, or with the quartiles of the runs. A curve begins where "
        f"every run that ever has a result has one. {GIVEN}"
        + (_REPLACED if any(one.fidelity is not None for one in comparison.histories.values()) else "")
        + (_EXPECTED if reference else ""),
        views,
        [
            Switch("metric", {metric: comparison.words(metric) for metric in chosen}),
            Switch("clock", {clock: CLOCKS[clock] for clock in offered}),
            Switch("of the runs", offered_of(comparison.runs)),
        ],
        {"x": False, "y": chosen[0].endswith("regret") and logarithmic(next(iter(views.values())))},
        [*legend(comparison), *([(_REFERENCE, -1)] if reference else [])],
        420,
    )
    return Section("progress", "Progress", [figure, *_areas(comparison)])


def legend(comparison: Comparison) -> list[tuple[str, int]]:
    """Give the searches with their numbers."""
    return [(label, i) for i, label in enumerate(comparison.histories)]


def band(at: list[Any], low: NDArray[np.float64], high: NDArray[np.float64], i: int) -> list[dict[str, Any]]:
    """Give the traces of a band of one search: two for each stretch on which there is one."""
    edge: dict[str, Any] = {
        "x": at,
        "mode": "lines",
        "line": {"width": 0, "color": f"@{i}"},
        "hoverinfo": "skip",
        "legendgroup": str(i),
    }
    filled = {"fill": "tonexty", "fillcolor": f"@{i}/0.18"}
    there = np.flatnonzero(~np.isnan(low))
    stretches = np.split(there, np.flatnonzero(np.diff(there) > 1) + 1) if len(there) else []
    found = []
    for part in stretches:
        whole = slice(part[0], part[-1] + 1)
        lower, upper = ({**edge, "x": at[whole], "y": numbers(end[whole])} for end in (low, high))
        found += [lower, {**upper, **filled}]
    return found


def dots(x: ArrayLike, y: ArrayLike, marker: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Give the trace of some marks."""
    return {"x": numbers(x), "y": numbers(y), "mode": "markers", "marker": marker, **more}


def line(at: list[Any], values: NDArray[np.float64], i: int, label: str, shape: str = "linear") -> dict[str, Any]:
    """Give the trace of a line of one search."""
    return {
        "x": at,
        "y": numbers(values),
        "mode": "lines" if len(at) > 1 else "markers",
        "name": shown(label),
        "legendgroup": str(i),
        "line": {"color": f"@{i}", "width": 2, "dash": DASHES[i % len(DASHES)], "shape": shape},
        "marker": {"color": f"@{i}"},
    }


_ACCURACIES: dict[Metric, Metric] = {"test-regret": "test", "validation-regret": "mean-validation"}
"""What a regret is the best one's less."""


def _lines(comparison: Comparison, chosen: list[Metric], clock: Clock) -> dict[Metric, _Lines]:
    """Read the curves of all metrics; a regret's are those of its accuracy, turned."""
    found: dict[Metric, _Lines] = {metric: {} for metric in chosen}
    accuracies = {metric: _ACCURACIES.get(metric, metric) for metric in chosen}
    for label, history in comparison.histories.items():
        at = points(history, clock)
        read = bands(history, list(dict.fromkeys(accuracies.values())), clock, at)
        for metric, accuracy in accuracies.items():
            best = history.optimum[1 if metric == "test-regret" else 0]
            turned = {name: one.below(best) if metric != accuracy else one for name, one in read[accuracy].items()}
            found[metric][label] = at, turned
    return found


def _view(comparison: Comparison, lines: _Lines, metric: Metric, clock: Clock, statistic: str) -> View:
    factor = comparison.factor(metric)
    unit, title = along(clock, max(at[-1] for at, _ in lines.values()))
    data: list[dict[str, Any]] = []
    for i, (label, (at, found)) in enumerate(lines.items()):
        one, where = found[statistic], numbers(at / unit)
        data += [*band(where, factor * one.low, factor * one.high, i), line(where, factor * one.middle, i, label)]
    farthest = max((at for at, _ in lines.values()), key=lambda at: at[-1])
    expected = comparison.expected(metric, farthest, clock) if statistic == "mean" else None
    if expected is not None:
        data.append(
            {
                "x": numbers(farthest / unit),
                "y": numbers(factor * expected),
                "mode": "lines",
                "name": reference_named(clock),
                "legendgroup": "-1",
                "line": {"color": "@ink", "width": 1.2, "dash": "dash"},
            }
        )
    return View(data, {"xaxis": {"title": title}, "yaxis": {"title": comparison.quantity(metric).axis}})


def logarithmic(view: View) -> bool:
    """Say whether lines are to be shown on a logarithmic scale at first."""
    return spans_much([y for trace in view.data if "name" in trace for y in trace["y"] if y is not None])


def _areas(comparison: Comparison) -> list[Part]:
    """Tabulate the areas under the regret curves, where there is a regret."""
    by_log, by_linear = anytime_areas(comparison, axis="log"), anytime_areas(comparison, axis="linear")
    clock = by_log.against.replace("total_seconds", "seconds of all workers")
    one = clock.replace("evaluations", "evaluation").replace("epochs", "epoch").replace("seconds", "second")
    rows = [[label, *by_log.cells()[1][i][2:], *by_linear.cells()[1][i][2:]] for i, label in enumerate(by_log.areas)]
    words, unit = by_log.quantity.words, by_log.quantity.unit
    unit = f" ({unit.strip()})" if unit else ""
    caption = (
        f"Mean {words} along the way, {by_log.start:,.6g} to {by_log.end:,.6g} {clock}, with the 95 % interval "
        "over runs: the area under the curve over the length of its axis. By doublings the beginning counts more."
    )
    headers = ["search", f"every doubling counts alike{unit}", f"every {one} counts alike{unit}"]
    return [Table(headers, rows, caption)]
