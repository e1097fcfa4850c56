"""Fronts: trade-offs between accuracy and costs, where a study has several objectives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.report.page.bands import points
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Figure, Section, Switch, Table, View, shown
from nasbed.report.page.progress import band, dots, legend, line, logarithmic
from nasbed.report.words import CLOCKS, GIVEN, along, clocks, number, with_interval
from nasbed.run.history import Clock
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.pareto_comparison import TradeOffs, trade_offs

_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "triangle-down", "star")


def fronts(comparison: Comparison, benchmark: Benchmark | None = None) -> Section | None:
    """Draw the fronts and how their hypervolume grew; None where accuracy is the only objective.

    Args:
        comparison: The searches.
        benchmark: The one that they were played on, which knows what accuracies are in the mean and what the exact
            front is; without it, fronts are drawn as they were heard, beside that of all searches together.
    """
    if not all(history.objectives and history.costs is not None for history in comparison.histories.values()):
        return None
    try:
        found = trade_offs(comparison, benchmark)
    except BadSetting:  # where nothing was found, or all of it is alike, there is no front
        return None
    return Section("fronts", "Trade-offs", [_fronts(found, comparison), _regret(found, comparison), _summary(found)])


def _best(found: TradeOffs) -> str:
    return "the exact front of the benchmark" if found.exact else "the front of all searches together"


def _judged(found: TradeOffs, comparison: Comparison) -> str:
    words = comparison.words(found.judge)
    return f"{words} as heard" if found.judge == "validation" and not words.endswith(" as heard") else words


def _fronts(found: TradeOffs, comparison: Comparison) -> Figure:
    names = found.objectives[1:]
    best = _best(found)
    drawn = "a line" if len(names) == 1 else "small dots"
    return Figure(
        "fronts",
        f"{_judged(found, comparison).capitalize()} against {' and '.join(names)}: of each search the front of the run "
        f"with the median hypervolume, and as {drawn} {best}, {len(found.best.values):,} architectures.",
        {name: _front(found, comparison, i + 1) for i, name in enumerate(names)},
        [Switch("cost", {name: name for name in names})],
        {"x": False},
        [*legend(comparison), (best, -1)],
        400,
        _SYMBOLS,
    )


def _front(found: TradeOffs, comparison: Comparison, cost: int) -> View:
    factor = comparison.factor("validation")
    flat = len(found.objectives) == 2
    values = found.best.values[np.argsort(found.best.values[:, cost], kind="stable")]
    data: list[dict[str, Any]] = [
        {
            "x": numbers(values[:, cost]),
            "y": numbers(factor * values[:, 0]),
            "mode": "lines" if flat else "markers",
            "line": {"color": "@ink", "width": 1.2, "dash": "dash", "shape": "hv"},
            "marker": {"color": "@faint", "size": 4},
            "legendgroup": "-1",
            "name": shown(_best(found)),
        }
    ]
    for i, label in enumerate(comparison.histories):
        _, archs, held = found.middle(label)
        marker = {"color": f"@{i}", "size": 8, "symbol": _SYMBOLS[i % len(_SYMBOLS)]}
        text = [shown(comparison.histories[label].space.format(arch)) for arch in archs]
        mine = {"legendgroup": str(i), "name": shown(label), "text": text}
        hover = "%{x}, %{y}<br>%{text}<extra></extra>"
        data.append(dots(held[:, cost], factor * held[:, 0], marker, **mine, hovertemplate=hover))
    unit = " (%)" if factor == 100 else ""
    layout = {"xaxis": {"title": found.objectives[cost]}, "yaxis": {"title": f"{_judged(found, comparison)}{unit}"}}
    return View(data, layout)


def _regret(found: TradeOffs, comparison: Comparison) -> Figure:
    offered = clocks(comparison)
    views: dict[str, View] = {clock: _lacking(found, comparison, clock) for clock in offered}
    ideal, reference = (", ".join(f"{x:.4g}" for x in ends) for ends in (found.scale.ideal, found.scale.reference))
    return Figure(
        "hypervolume",
        f"How much of the hypervolume of {_best(found)} the fronts of {comparison.runs_in_words} still lack: mean with "
        f"its 95 % interval. {GIVEN} Volume is that of {', '.join(found.objectives)} "
        f"between {ideal} and {reference}.",
        views,
        [Switch("clock", {clock: CLOCKS[clock] for clock in offered})],
        {"x": False, "y": logarithmic(next(iter(views.values())))},
        legend(comparison),
    )


def _lacking(found: TradeOffs, comparison: Comparison, clock: Clock) -> View:
    ends = [points(history, clock) for history in comparison.histories.values()]
    at: NDArray[np.float64] = min(ends, key=lambda one: float(one[-1]))
    unit, title = along(clock, float(at[-1]))
    where = numbers(at / unit)
    data: list[dict[str, Any]] = []
    for i, (label, curve) in enumerate(found.curves(clock, at).items()):
        data += [*band(where, 100 * curve.low, 100 * curve.high, i), line(where, 100 * curve.mean, i, label)]
    return View(data, {"xaxis": {"title": title}, "yaxis": {"title": "hypervolume lacking (%)"}})


def _summary(found: TradeOffs) -> Table:
    rows = []
    for row in found.summary():
        mean = with_interval(row, "hypervolume")
        median, q1, q3 = (number(row[f"hypervolume_{name}"], 2, 100) for name in ("median", "q1", "q3"))
        rows.append([row["optimizer"], mean, median, f"{q1} to {q3}", number(row["front"], 1)])
    caption = f"Share of the hypervolume of {_best(found)} at the end, and how many architectures a front has."
    return Table(["search", "hypervolume, mean (%)", "median (%)", "quartiles (%)", "on the front"], rows, caption)
