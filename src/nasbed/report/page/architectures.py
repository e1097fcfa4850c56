"""Architectures: the best that the searches ended with, drawn, and where the winner comes from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import Drawing, Drawings, Figure, Part, Section, Table, View, shown
from nasbed.report.page.progress import dots
from nasbed.report.words import value, winner
from nasbed.run.history import History, Metric
from nasbed.statistics.comparison import Comparison

_DRAWN = 6

_LISTED = 30

_CHANGES = 4  # that are named one by one

_SHOWN = 6


@dataclass(frozen=True)
class Chosen:
    """An architecture that runs ended with.

    Attributes:
        arch: One row, ``(decisions,)``.
        worth: What it is ranked by: its mean validation, or what was heard where no mean is known.
        test: Its mean test accuracy; NaN where nobody knows it.
        times: How many runs of each search ended with it.
    """

    arch: Archs
    worth: float
    test: float
    times: dict[str, int]


def architectures(comparison: Comparison) -> Section | None:
    """Draw the best; None where nothing was found."""
    metric, best = chosen(comparison)
    if not best:
        return None
    space = next(iter(comparison.histories.values())).space
    drawings = [
        Drawing(
            space.graph(one.arch).svg(),
            f"{comparison.words(metric)} {value(comparison, metric, one.worth)}"
            + ("" if np.isnan(one.test) else f" · test {value(comparison, 'test', one.test)}"),
            [f"{label}: {_times(count, comparison.histories[label].runs)}" for label, count in one.times.items()],
            space.format(one.arch),
        )
        for one in best
    ]
    told = "" if np.isnan(best[0].test) else f"; the {comparison.words('test')} is told and not used"
    sentence = (
        f"Ranked by {comparison.words(metric)}, which is what a search may choose by{told}. Below each stands which "
        "searches ended with it, and in how many of their runs. What the output does not depend on is dashed."
    )
    return Section("architectures", "Best architectures", [sentence, Drawings(drawings)])


def chosen(comparison: Comparison) -> tuple[Metric, list[Chosen]]:
    """Give the best architectures that runs ended with, equal ones once, and what they are ranked by."""
    metric: Metric = "mean-validation"
    if all(np.isnan(values).all() for values in comparison.final(metric).values()):
        metric = "validation"
    found: dict[int, Chosen] = {}
    for label, history in comparison.histories.items():
        worth, tests = history.metric(metric)[-1], history.metric("test")[-1]
        keys = history.space.key(history.best)
        for run in np.flatnonzero(~np.isnan(worth)):
            key = int(keys[run])
            known = found.get(key)
            times = {} if known is None else known.times
            times[label] = times.get(label, 0) + 1
            if known is None or worth[run] > known.worth:
                found[key] = Chosen(history.best[run], float(worth[run]), float(tests[run]), times)
    return metric, sorted(found.values(), key=lambda one: -one.worth)[:_SHOWN]


def _times(count: int, runs: int) -> str:
    return f"{count:,} of {runs:,} run{'s' if runs > 1 else ''}"


def lineage(comparison: Comparison) -> Section | None:
    """Draw how the winner's best run came to what it chose; None where nothing was found."""
    label = winner(comparison)
    if label is None:
        return None
    history = comparison.histories[label]
    run = int(np.nanargmax(history.best_value))
    number = run + int(history.info.get("first_run") or 0)
    if history.parents is not None:
        steps, line = history.lineage(run), main_line(history, run)
        earlier = len(steps) - 1
        said = (
            f"Of all runs of {label}, run {number:,} heard the highest value. What it chose descends from "
            f"{earlier:,} earlier trial{'' if earlier == 1 else 's'}; the table follows the line from each to its "
            "better parent."
        )
    else:
        steps = line = [int(step) for step in np.unique(history.incumbents[:, run]) if step >= 0]
        said = (
            f"{label} says of no trial that it was bred from another. These are the incumbents of the run that heard "
            f"the highest value, run {number:,}, one after the other."
        )
    parts: list[Part] = [said, _figure(comparison, label, run, steps)]
    if len(line) > 1:
        parts.append(_changes(comparison, history, run, line))
    parts.append(Drawings([_drawing(comparison, history, run, line[at]) for at in _spread(len(line))]))
    return Section("lineage", "Lineage of the winner", parts)


def main_line(history: History, run: int) -> list[int]:
    """Give the steps from a founder to the last incumbent, from each trial to the better of its parents that are known.

    Args:
        history: Of a method that breeds.
        run: Which run, counted from 0.
    """
    steps = history.lineage(run)
    line = steps[-1:]
    while parents := _parents(history, run, line[0], steps):
        line.insert(0, max(parents, key=lambda step: (np.nan_to_num(history.value[step, run], nan=-np.inf), -step)))
    return line


def change(space: Space, parent: Archs, child: Archs) -> str:
    """Say in words what differs between two architectures, each ``(decisions,)``, as their graphs show it."""
    before, after = space.graph(parent), space.graph(child)
    if before.isomorphic(after):
        return "nothing that the output depends on"
    if before.vertices != after.vertices:
        old, new = Counter(before.labels), Counter(after.labels)
        said = [f"{before.vertices} → {after.vertices} vertices", f"{len(before.edges)} → {len(after.edges)} edges"]
        said += [f"{_often(count)}{name} added" for name, count in (new - old).items()]
        said += [f"{_often(count)}{name} removed" for name, count in (old - new).items()]
    else:
        pairs = enumerate(zip(before.labels, after.labels, strict=True))
        said = [f"vertex {v}: {one} → {other}" for v, (one, other) in pairs if one != other]
        said += [f"edge {u}→{v} added" for u, v in sorted(set(after.edges) - set(before.edges))]
        said += [f"edge {u}→{v} removed" for u, v in sorted(set(before.edges) - set(after.edges))]
    return ", ".join(said) if len(said) <= _CHANGES else f"{', '.join(said[:_CHANGES])} and {len(said) - _CHANGES} more"


def _often(count: int) -> str:
    return "" if count == 1 else f"{count} × "


def _parents(history: History, run: int, step: int, among: list[int]) -> list[int]:
    """Give the steps of a trial's parents, as far as they were told before."""
    assert history.parents is not None
    places = {_number(history, run, other): other for other in among if other != step}
    return [places[int(parent)] for parent in history.parents[step, run] if int(parent) in places]


def _number(history: History, run: int, step: int) -> int:
    """Give which trial of its run an entry is."""
    return step if history.number is None else int(history.number[step, run])


def _figure(comparison: Comparison, label: str, run: int, steps: list[int]) -> Figure:
    history, i = comparison.histories[label], list(comparison.histories).index(label)
    factor = comparison.factor("validation")
    tried = np.flatnonzero(history.tried[:, run])
    values = factor * history.value[:, run]
    if history.parents is not None:
        pairs = [(parent, step) for step in steps for parent in _parents(history, run, step, steps)]
        kind = "its ancestors, each joined to its parents"
    else:
        pairs, kind = list(pairwise(steps)), "its incumbents in turn"
    ends: list[int | None] = [end for pair in pairs for end in (*pair, None)]
    chosen = {"color": f"@{i}", "size": [8] * (len(steps) - 1) + [14], "line": {"color": "@paper", "width": 1}}
    data: list[dict[str, Any]] = [
        dots(
            tried + 1,
            values[tried],
            {"color": "@faint/0.55", "size": 4},
            hovertemplate="trial %{x}: %{y}<extra></extra>",
        ),
        {
            "x": [None if end is None else end + 1 for end in ends],
            "y": [None if end is None else numbers([values[end]])[0] for end in ends],
            "mode": "lines",
            "line": {"color": f"@{i}", "width": 1.5},
            "hoverinfo": "skip",
        },
        dots(
            np.array(steps) + 1,
            values[steps],
            chosen,
            text=[shown(history.space.format(history.archs[step, run])) for step in steps],
            hovertemplate="trial %{x}: %{y}<br>%{text}<extra></extra>",
        ),
    ]
    return Figure(
        "tree",
        f"Every trial of one run of {label}, by what was heard of it (grey); in colour {kind}; the large dot is what "
        "the run chose.",
        {"": View(data, {"xaxis": {"title": "trial"}, "yaxis": {"title": comparison.quantity("validation").axis}})},
        height=320,
        key=[("dot", "a trial"), ("circle", "an ancestor" if history.parents is not None else "an incumbent")],
    )


def _changes(comparison: Comparison, history: History, run: int, line: list[int]) -> Table:
    """Tabulate what changed along a line, the latest of it where it is long."""
    first = max(len(line) - 1 - _LISTED, 0)
    rows = [
        [
            f"{step + 1:,}",
            value(comparison, "validation", float(history.value[step, run])),
            change(history.space, history.archs[before, run], history.archs[step, run]),
        ]
        for before, step in pairwise(line[first:])
    ]
    unit = " (%)" if comparison.factor("validation") == 100 else ""
    since = "the incumbent before" if history.parents is None else "its parent"
    caption = f"What each trial on the line has that {since} has not." + (
        f" The first {first:,} changes are left out." if first else ""
    )
    return Table(["trial", f"{comparison.words('validation')}, heard{unit}", "change"], rows, caption)


def _spread(count: int) -> list[int]:
    """Choose a few places along a line: the first, the last and some between, evenly."""
    return sorted({round(at) for at in np.linspace(0, count - 1, min(count, _DRAWN))})


def _drawing(comparison: Comparison, history: History, run: int, step: int) -> Drawing:
    arch = history.archs[step, run]
    unit = " %" if comparison.factor("validation") == 100 else ""
    return Drawing(
        history.space.graph(arch).svg(),
        f"trial {step + 1:,}: {value(comparison, 'validation', float(history.value[step, run]))}{unit}",
        [],
        history.space.format(arch),
    )
