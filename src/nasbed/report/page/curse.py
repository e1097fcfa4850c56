"""The winner's curse: how much better what was selected looked than it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.report.comparison import Comparison
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Figure, Section, Table, View
from nasbed.report.page.ranking import named_rows
from nasbed.report.page.words import runs, searches
from nasbed.report.winners_curse import Curse, winners_curse

_SAID = 6  # searches; of more, a table says the same better than a sentence
_NOTHING = 1e-12  # a mean of equal numbers may differ from them by rounding
_SHOWN = {"heard": ("heard", "circle"), "mean": ("mean of its trainings", "diamond"), "test": ("test", "square")}


def curse(comparison: Comparison, benchmark: Benchmark | None = None) -> Section | None:
    """Draw what was heard beside what it is worth; None where nobody knows that, or where it is the same.

    Args:
        comparison: The searches.
        benchmark: The one that they were played on, if it is to say what the other repeats were.
    """
    found = winners_curse(comparison, benchmark)
    if found.missing or not any(abs(one.optimism.value) > _NOTHING for one in found.curses):
        return None
    accuracies = found.factor == 100
    kinds = ("heard", "mean", "test") if accuracies else ("heard", "mean")
    data = [
        trace for row, one in enumerate(found.curses) for trace in _row(one, row, [*kinds], found.factor) if trace["x"]
    ]
    unit = " (%)" if accuracies else ""
    layout = {
        "xaxis": {"title": f"{'accuracy' if accuracies else found.words}{unit}"},
        "yaxis": {**named_rows([one.optimizer for one in found.curses]), "showgrid": False},
    }
    figure = Figure(
        "curse",
        f"What {runs(comparison)} of each search selected, in the mean: circle, what the search heard of it; diamond, "
        "the mean validation over all its trainings" + ("; square, its mean test accuracy." if accuracies else "."),
        {"": View(data, layout)},
        height=120 + 40 * len(found.curses),
    )
    headers, rows = searches(found)
    table = Table(headers, rows, "Differences are means over runs with 95 % intervals (Student's t).")
    said = [found.sentence()] if len(found.curses) <= _SAID else []
    return Section("curse", "The winner's curse", [*said, figure, table])


def _row(one: Curse, row: int, kinds: list[str], factor: float) -> list[dict[str, Any]]:
    values = {kind: factor * float(getattr(one, kind)) for kind in kinds}
    known = {kind: value for kind, value in values.items() if not np.isnan(value)}
    join: dict[str, Any] = {
        "x": numbers(list(known.values())),
        "y": [row] * len(known),
        "mode": "lines",
        "line": {"color": f"@{row}", "width": 2},
        "hoverinfo": "skip",
    }
    dots: list[dict[str, Any]] = [
        {
            "x": numbers([value]),
            "y": [row],
            "mode": "markers",
            "marker": {"color": f"@{row}", "symbol": _SHOWN[kind][1], "size": 10},
            "hovertemplate": f"{_SHOWN[kind][0]} %{{x}}<extra></extra>",
        }
        for kind, value in known.items()
    ]
    return [join, *dots]
