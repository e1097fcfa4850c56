"""Ranking: which searches are told apart, by ranks over all runs and pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import SHORT, Figure, Part, Section, Table, View, shown
from nasbed.report.page.progress import dots
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.equivalence import equivalences
from nasbed.statistics.improvement import Improvements, improvements
from nasbed.statistics.ranks import AverageRanks, Blocks, average_ranks
from nasbed.statistics.ranks_signed import signed_ranks
from nasbed.statistics.selected import Comparisons, together

_SMALL = 6  # searches up to which pairs are written with a decimal


def ranking(comparison: Comparison) -> Section | None:
    """Draw ranks and the probabilities of improvement, and tabulate the tests; None where there is nothing to rank."""
    found = _section(comparison, "runs")
    return None if found is None else replace(found, parts=[*found.parts, *_equal(comparison)])


def _equal(comparison: Comparison) -> list[Part]:
    """Say which searches are as good as each other; nothing where values are no accuracies and have no usual margin."""
    try:
        found = equivalences(comparison)
    except BadSetting:
        return []
    if found.missing:
        return []
    caption = (
        "Two one-sided t-tests of each pair: where both are below 5 % once corrected by Holm, the two are shown to be "
        "equal to within the margin. The interval is of 90 %, as each test is of one side."
    )
    headers, rows = found.cells()
    return [found.sentence(), Table(headers, rows, caption, "All pairs" if len(rows) > SHORT else "")]


def overall(comparisons: Sequence[Comparison]) -> Section | None:
    """Do the same for several benchmarks, each of which is a block, or say why they cannot be taken together.

    None where there is one benchmark.
    """
    if len({comparison.benchmark for comparison in comparisons}) < 2:
        return None
    try:
        return _section(comparisons, "benchmarks")
    except BadSetting as error:  # no search in common, one benchmark twice, or values that do not mean the same
        return Section("ranking", "Who is better", [f"There is no ranking over all benchmarks: {error}."])


def _section(comparisons: Comparisons, blocks: Blocks) -> Section | None:
    ranks = average_ranks(comparisons, blocks=blocks)
    if ranks.missing:
        return None
    places = {label: i for i, label in enumerate(together(comparisons)[0].histories)}
    parts: list[Part] = [ranks.sentence(), _ranks(ranks, places)]
    pairs = improvements(comparisons)
    if not pairs.missing:
        headers, rows = pairs.cells()
        caption = (
            "The same with Newcombe's 95 % interval, Vargha and Delaney's word for the size of the effect, and the "
            "test of Mann and Whitney, corrected by Holm for the number of pairs."
        )
        folded = "All pairs" if len(rows) > SHORT else ""
        parts += [pairs.sentence(), _matrix(pairs), Table(headers, rows, caption, folded)]
    signed = signed_ranks(comparisons, blocks=blocks)
    if not signed.missing:
        headers, rows = signed.cells()
        caption = (
            f"Wilcoxon's signed-rank test of each pair over paired {blocks}, corrected by Holm for their number. "
            "The effect is the share of the ranks in favour of the better less that of the others."
        )
        parts += [signed.sentence(), Table(headers, rows, caption, "All pairs" if len(rows) > SHORT else "")]
    return Section("ranking", "Who is better", parts)


def _ranks(ranks: AverageRanks, places: dict[str, int]) -> Figure:
    data = [_rank(ranks, i, row, places[ranks.labels[i]]) for row, i in enumerate(ranks.order)]
    names = [ranks.labels[i] for i in ranks.order]
    said = f"Average rank by {ranks.words} over {ranks.blocks:,} {ranks.of}; 1 is best, equals share their ranks. "
    if ranks.untested is not None:
        said += "Blocks that are not independent have no critical difference."
    elif np.isnan(ranks.critical_difference):
        said += "Two searches, or one run, have no critical difference."
    else:
        said += "The bars are half of Nemenyi's critical difference long to either side"
        said += (
            ": searches whose bars do not overlap are told apart at 5 %."
            if ranks.significant
            else "; as Friedman's test finds no difference at 5 %, no two are told apart."
        )
    layout = {"xaxis": {"title": "average rank"}, "yaxis": named_rows(names)}
    half = not np.isnan(ranks.critical_difference)
    key = [("circle", "average rank" + ", ± half the critical difference" * half)]
    return Figure("ranks", said, {"": View(data, layout)}, height=120 + 40 * len(names), key=key)


def _rank(ranks: AverageRanks, i: int, row: int, place: int) -> dict[str, Any]:
    half = numbers([ranks.critical_difference / 2])[0]
    bar = {} if half is None else {"error_x": {"type": "data", "array": [half], "color": f"@{place}", "thickness": 2}}
    marker, hover = {"color": f"@{place}", "size": 10}, "average rank %{x}<extra></extra>"
    return dots([ranks.ranks[i]], [row], marker, hovertemplate=hover, **bar)


def named_rows(names: list[str]) -> dict[str, Any]:
    """Give an axis with a row for each name, from the top, without a grid; the page breaks names into lines."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [len(names) - 0.5, -0.5],
        "names": True,
        "showgrid": False,
    }


def _matrix(pairs: Improvements) -> Figure:
    matrix = 100 * pairs.matrix()
    count = len(pairs.labels)
    digits = 1 if count <= _SMALL else 0
    text = [["" if np.isnan(value) else f"{value:.{digits}f}" for value in row] for row in matrix]
    trace = {
        "type": "heatmap",
        "z": [numbers(row) for row in matrix],
        "x": list(range(count)),
        "y": list(range(count)),
        "text": text,
        "texttemplate": "%{text}",
        "customdata": [[f"{shown(one)} better than {shown(other)}" for other in pairs.labels] for one in pairs.labels],
        "hovertemplate": "%{customdata}: %{z} %<extra></extra>",
        "hoverongaps": False,
        "zmin": 0,
        "zmax": 100,
        "colorscale": [[0, "@1/0.75"], [0.5, "@paper"], [1, "@0/0.75"]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }
    across = {"tickvals": list(range(count)), "ticktext": [str(i + 1) for i in range(count)], "showgrid": False}
    layout = {
        "xaxis": {**across, "title": "than a run of"},
        "yaxis": named_rows([f"{i + 1} {label}" for i, label in enumerate(pairs.labels)]),
    }
    caption = (
        f"How likely a run of the search of a row ends better than one of the column's, in %, by {pairs.words}; equals "
        "count half. Columns are numbered like the rows."
    )
    return Figure("improvement", caption, {"": View([trace], layout)}, height=120 + 38 * count)
