"""Progress: how good the incumbents are along a clock, with every choice of metric, clock and statistic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.report.comparison import Comparison
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Figure, Section, Switch, View, shown
from nasbed.report.page.words import CLOCKS, axis, metrics, runs, time_unit
from nasbed.report.summary import Curve, curve, horizon
from nasbed.run.history import Clock, History, Metric

POINTS = 80  # of a curve, along a linear and along a logarithmic axis each
_LOG_FROM = 4.0  # means that span more than this factor are first shown on a logarithmic scale
_DASHES = ("solid", "dash", "dashdot", "dot")
_REFERENCE = "random search, exact expectation"
_STATISTICS = {"mean": ("mean", "low", "high"), "median": ("median", "q1", "q3")}
_SWITCHED = {"mean": "mean, 95 % interval", "median": "median, quartiles"}


def progress(comparison: Comparison) -> Section | None:
    """Draw the curves of all searches; None where nothing was ever found."""
    chosen = metrics(comparison)
    if not chosen:
        return None
    clocks = _clocks(comparison)
    views: dict[str, View] = {}
    for clock in clocks:
        base = {metric: _curves(comparison, metric, clock) for metric in chosen if not metric.endswith("regret")}
        for metric in chosen:
            lines = base[metric] if metric in base else _regrets(comparison, metric, base)
            for statistic in _STATISTICS:
                views[f"{metric}|{clock}|{statistic}"] = _view(comparison, lines, metric, clock, statistic)
    views = {f"{m}|{c}|{s}": views[f"{m}|{c}|{s}"] for m in chosen for c in clocks for s in _STATISTICS}
    reference = comparison.reference is not None
    figure = Figure(
        "curves",
        f"The incumbent of {runs(comparison)} of each search on {comparison.benchmark}: the mean with its 95 % "
        "confidence interval (Student's t), or the median with the quartiles of the runs."
        + (" Dashed: what random search comes to in the mean over endless runs, exactly." if reference else ""),
        views,
        [
            Switch("metric", {metric: comparison.words(metric) for metric in chosen}),
            Switch("clock", {clock: CLOCKS[clock] for clock in clocks}),
            Switch("of the runs", {name: _SWITCHED[name] for name in _STATISTICS}),
        ],
        {"x": False, "y": chosen[0].endswith("regret") and _spans_much(views)},
        [*((label, i) for i, label in enumerate(comparison.histories)), *([(_REFERENCE, -1)] if reference else [])],
        420,
    )
    return Section("progress", "Progress", [figure])


def _clocks(comparison: Comparison) -> list[Clock]:
    """Give the clocks that moved; the time of all workers only where there were several."""
    histories = list(comparison.histories.values())
    moved = [clock for clock in CLOCKS if any(history.clock(clock)[-1].max() > 0 for history in histories)]
    if all(history.ended is None for history in histories):
        moved = [clock for clock in moved if clock != "total_seconds"]
    return moved


def _curves(comparison: Comparison, metric: Metric, clock: Clock) -> dict[str, Curve]:
    return {
        label: curve(history, metric, clock, points(history, clock)) for label, history in comparison.histories.items()
    }


def _regrets(comparison: Comparison, metric: Metric, base: dict[Metric, dict[str, Curve]]) -> dict[str, Curve]:
    """Turn curves of an accuracy into those of its regret."""
    of_validation = metric == "validation-regret"
    lines = base["mean-validation" if of_validation else "test"]
    return {
        label: _regret(line, comparison.histories[label].optimum[0 if of_validation else 1])
        for label, line in lines.items()
    }


def _regret(line: Curve, best: float) -> Curve:
    return Curve(
        line.at, best - line.mean, best - line.high, best - line.low, best - line.q3, best - line.median, best - line.q1
    )


def points(history: History, clock: Clock) -> NDArray[np.float64]:
    """Choose points of a clock that show a curve as well along a linear as along a logarithmic axis."""
    end = horizon(history, clock)
    if end <= 0:
        return np.array([max(end, 1.0)])
    counts = clock in ("evaluations", "unique")
    first = 1.0 if counts else end / 200
    both = np.concatenate([np.geomspace(first, end, POINTS), np.linspace(first, end, POINTS)])
    return np.unique(np.round(both) if counts else both)


def _view(comparison: Comparison, lines: dict[str, Curve], metric: Metric, clock: Clock, statistic: str) -> View:
    factor = comparison.factor(metric)
    timed = clock.endswith("seconds")
    unit, unit_name = time_unit(max(line.at[-1] for line in lines.values())) if timed else (1.0, "")
    data: list[dict[str, Any]] = []
    for i, (label, line) in enumerate(lines.items()):
        middle, low, high = (factor * getattr(line, name) for name in _STATISTICS[statistic])
        at = numbers(line.at / unit)
        data += [_edge(at, low, i, None), _edge(at, high, i, "tonexty")]
        data.append(_line(at, middle, i, label))
    expected = _expected(comparison, metric, next(iter(lines.values())).at) if clock == "evaluations" else None
    if expected is not None and statistic == "mean":
        data.append(
            {
                "x": numbers(next(iter(lines.values())).at),
                "y": numbers(factor * expected),
                "mode": "lines",
                "name": _REFERENCE,
                "legendgroup": "-1",
                "line": {"color": "@ink", "width": 1.2, "dash": "dash"},
            }
        )
    title = f"{CLOCKS[clock]} ({unit_name})" if timed else CLOCKS[clock]
    return View(data, {"xaxis": {"title": title}, "yaxis": {"title": axis(comparison, metric)}})


def _edge(at: list[Any], values: NDArray[np.float64], i: int, fill: str | None) -> dict[str, Any]:
    """Give one edge of a band; the upper one fills down to the lower one, which stands before it."""
    trace: dict[str, Any] = {
        "x": at,
        "y": numbers(values),
        "mode": "lines",
        "line": {"width": 0, "color": f"@{i}"},
        "hoverinfo": "skip",
        "legendgroup": str(i),
    }
    return trace if fill is None else trace | {"fill": fill, "fillcolor": f"@{i}/0.18"}


def _line(at: list[Any], values: NDArray[np.float64], i: int, label: str) -> dict[str, Any]:
    return {
        "x": at,
        "y": numbers(values),
        "mode": "lines" if len(at) > 1 else "markers",
        "name": shown(label),
        "legendgroup": str(i),
        "line": {"color": f"@{i}", "width": 2, "dash": _DASHES[i % len(_DASHES)]},
        "marker": {"color": f"@{i}"},
    }


def _expected(comparison: Comparison, metric: Metric, at: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Give random search's exact course for those metrics that have one."""
    reference = comparison.reference
    if reference is None or metric not in ("validation", "test", "test-regret"):
        return None
    if metric == "validation":
        return reference.validation_after(at)
    test = reference.test_after(at)
    return test if metric == "test" else comparison.optimum[1] - test


def _spans_much(views: dict[str, View]) -> bool:
    """Say whether the lines of the first view span a large factor."""
    lines = next(iter(views.values())).data[2::3]
    positive = [y for line in lines for y in line["y"] if y is not None and y > 0]
    return bool(positive) and max(positive) > _LOG_FROM * min(positive)
