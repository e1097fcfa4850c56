"""Importance: how much of what architectures are worth each decision explains by itself.

The share of variance between the values of one decision is epsilon squared: eta squared less what chance alone gives.

Reference: Kelley, An unbiased correlation ratio measure, PNAS 21 (1935), https://doi.org/10.1073/pnas.21.9.554
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import SHORT, Figure, Section, Table, View
from nasbed.report.page.ranking import named_rows
from nasbed.run.history import History
from nasbed.statistics.comparison import Comparison

FEWEST = 50
"""Different architectures; of fewer, the share of a decision of several values is mostly chance."""

_INACTIVE = -1


def importance(comparison: Comparison) -> Section | None:
    """Draw the share of each decision; None where decisions have no meaning of their own, or too little was tried."""
    space = next(iter(comparison.histories.values())).space
    if all(slot.name == f"decision{place}" for place, slot in enumerate(space.slots)):  # as they are without a name
        return None
    archs, heard = _distinct(list(comparison.histories.values()))
    if len(heard) < FEWEST or np.ptp(heard) == 0:
        return None
    chosen = np.where(space.active(archs), archs, _INACTIVE)
    shares = np.array([explained(column, heard) for column in chosen.T])
    order = np.argsort(-shares, kind="stable")
    rows = [
        [space.slots[i].name, f"{100 * shares[i]:.1f}", *_best(chosen[:, i], heard, space.slots[i].values)]
        for i in order
    ]
    caption = (
        f"Which share of the variance of {comparison.words('validation')} each decision explains by itself, over the "
        f"{len(heard):,} different architectures that all searches together tried. Shares need not add up to 100 %: "
        "what decisions do only together is in none, and what searches choose together is in several."
    )
    drawn = order[:SHORT]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": numbers(100 * shares[drawn]),
        "y": list(range(len(drawn))),
        "marker": {"color": "@0"},
        "hovertemplate": "%{x} %<extra></extra>",
    }
    layout = {
        "xaxis": {"title": "explained (%)", "rangemode": "tozero"},
        "yaxis": named_rows([rows[i][0] for i in range(len(drawn))]),
    }
    figure = Figure("importance", caption, {"": View([bars], layout)}, height=110 + 26 * len(drawn))
    headers = ["decision", "explained (%)", "best value", "tried with it"]
    said = "The best value is the one whose architectures were heard to be best on average."
    return Section("importance", "Which decisions matter", [figure, Table(headers, rows, said, "All decisions")])


def explained(groups: NDArray[np.int8], values: NDArray[np.float64]) -> float:
    """Return which share of the variance of values lies between groups, ``(n,)`` each; 0 where chance gives as much."""
    _, which = np.unique(groups, return_inverse=True)
    counts = np.bincount(which)
    means = np.bincount(which, values) / counts
    within = float(((values - means[which]) ** 2).sum()) / max(len(values) - len(counts), 1)
    return max(1.0 - within / float(values.var(ddof=1)), 0.0) if len(counts) > 1 else 0.0


def _best(groups: NDArray[np.int8], heard: NDArray[np.float64], values: tuple[object, ...]) -> list[str]:
    """Return the value whose architectures are best on average, and how many have it."""
    there = np.unique(groups[groups != _INACTIVE])
    if not len(there):
        return ["–", "0"]
    best = max(there.tolist(), key=lambda value: float(heard[groups == value].mean()))
    return [str(values[best]), f"{int((groups == best).sum()):,}"]


def _distinct(histories: list[History]) -> tuple[Archs, NDArray[np.float64]]:
    """Return the different architectures that were tried, and the mean of what was heard of each at its longest."""
    archs, values, longest = [], [], []
    for history in histories:
        where = history.tried & ~np.isnan(history.value)
        archs.append(history.archs[where])
        values.append(history.value[where])
        longest.append(np.zeros(int(where.sum())) if history.fidelity is None else history.fidelity[where])
    rows, heard, epochs = np.concatenate(archs), np.concatenate(values), np.concatenate(longest)
    full = epochs == epochs.max(initial=0)
    rows, heard = rows[full], heard[full]
    if not len(rows):
        return rows, heard
    _, first, which = np.unique(histories[0].space.key(rows), return_index=True, return_inverse=True)
    return rows[first], np.bincount(which, heard) / np.bincount(which)
