"""One-shot searches on a page: a chapter each, made of its course."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.oneshot.course import Course, Moment
from nasbed.report.oneshot import agreement, heat
from nasbed.report.page.chapters import Chapter
from nasbed.report.page.encoding import numbers
from nasbed.report.page.parts import SHORT, Code, Drawing, Drawings, Figure, Section, Table, View, shown
from nasbed.report.page.progress import DASHES
from nasbed.report.page.ranking import named_rows

_DRAWN = 4  # architectures, of those that were derived one after the other


def chapter(course: Course, number: int, is_only: bool) -> Chapter:
    """Write the chapter of a search.

    Args:
        course: Of the search.
        number: Of the chapter on its page.
        is_only: Whether there is no other one, so that it needs no heading.

    Raises:
        BadSetting: When no epoch has ended yet.
    """
    if not course.moments:
        raise BadSetting(f"the search {course.method} on {course.data} has no epoch yet that could be reported")
    last, space = course.moments[-1], course.described["name"]
    found = last.architecture or "nothing yet"
    known = "".join(f"; {name} of it is {value:.2f}" for name, value in last.known.items())
    sections = (_alphas(course), _derived(course), _losses(course), _table(course), _supernet(course), _origin(course))
    return Chapter(
        "" if is_only else f"{course.method} on {space} and {course.data}, seed {course.seed}",
        f"o{number}",
        f"{course.method} on {space} and {course.data} derived {found} after {last.epoch} of {course.epochs} epochs"
        f"{known}.",
        "" if last.skips is None else f"{last.skips} of its decisions chose to pass on what they read.",
        ["It is one search with one seed; another seed may find something else."],
        None,
        [section for section in sections if section is not None],
    )


def _alphas(course: Course) -> Section | None:
    if not course.moments[-1].alphas:
        return None
    chances, names, _ = heat(course)
    trace = {
        "type": "heatmap",
        "z": [numbers(row) for row in chances],
        "x": [moment.epoch for moment in course.moments],
        "y": list(range(len(names))),
        "colorscale": [[0, "@ground"], [1, "@0"]],
        "hovertemplate": "epoch %{x}: %{z}<extra></extra>",
    }
    figure = Figure(
        "chances",
        "Softmax of the architecture parameters after each epoch, a row for each value of each decision.",
        {"": View([trace], {"xaxis": {"title": "epoch"}, "yaxis": named_rows([shown(name) for name in names])})},
        height=110,
    )
    return Section("alphas", "Architecture parameters over time", [figure])


def _derived(course: Course) -> Section | None:
    """Draw what was derived, where it changed."""
    changes = list(_changes(course.moments))
    if not changes:
        return None
    space, kept = course.space, [*changes[:1], *changes[1:][1 - _DRAWN :]]
    drawings = [
        Drawing(
            space.graph(np.array(first.row, np.int8)).svg(),
            f"epochs {first.epoch} to {last.epoch}" if last.epoch > first.epoch else f"epoch {first.epoch}",
            [f"{name}: {value:.2f}" for name, value in first.known.items()],
            first.architecture,
        )
        for first, last in kept
    ]
    times = len(changes) - 1
    said = f"It changed {'once' if times == 1 else f'{times} times'}." if times else "It did not change."
    more = "" if len(kept) == len(changes) else f" Drawn are the first and the last {_DRAWN - 1}."
    return Section("derived", "Derived architecture over time", [said + more, Drawings(drawings)])


def _changes(moments: Sequence[Moment]) -> Iterator[tuple[Moment, Moment]]:
    """Give the first and the last epoch of each stretch with one architecture."""
    there = [moment for moment in moments if moment.row]
    first = 0
    for i in range(1, len(there) + 1):
        if i == len(there) or list(there[i].row) != list(there[first].row):
            yield there[first], there[i - 1]
            first = i


def _losses(course: Course) -> Section:
    epochs = [moment.epoch for moment in course.moments]
    lines: dict[str, Sequence[float | None]] = {**course.lines, "skips": [moment.skips for moment in course.moments]}
    there = {name: values for name, values in lines.items() if any(value is not None for value in values)}
    figure = Figure(
        "losses",
        "After each epoch: mean losses of its steps, the mean entropy of the decisions' chances, and how many "
        "decisions of the derived architecture pass on what they read.",
        {"": View([_line(epochs, values, i) for i, values in enumerate(there.values())], _EPOCHS)},
        legend=[(name, i) for i, name in enumerate(there)],
    )
    headers = ["epoch", *there, *course.measured, "architecture"]
    rows = [
        [
            str(moment.epoch),
            *(_text(values[i]) for values in there.values()),
            *(_text(moment.known.get(name)) for name in course.measured),
            moment.architecture or "–",
        ]
        for i, moment in enumerate(course.moments)
    ]
    return Section("losses", "Losses, entropy and skips", [figure, Table(headers, rows, folded=_folded(rows))])


_EPOCHS = {"xaxis": {"title": "epoch"}, "yaxis": {"title": "value"}}


def _line(epochs: Sequence[int], values: Sequence[float | None], i: int) -> dict[str, Any]:
    return {
        "x": list(epochs),
        "y": numbers([np.nan if value is None else value for value in values]),
        "mode": "lines+markers" if len(epochs) == 1 else "lines",
        "line": {"color": f"@{i}", "dash": DASHES[i % len(DASHES)]},
        "legendgroup": str(i),
        "hovertemplate": "epoch %{x}: %{y}<extra></extra>",
    }


def _table(course: Course) -> Section | None:
    """Draw what a table has of what was derived."""
    there = [moment for moment in course.moments if moment.known]
    if not there:
        return None
    epochs = [moment.epoch for moment in there]
    lines = [_line(epochs, [moment.known[name] for moment in there], i) for i, name in enumerate(course.measured)]
    figure = Figure(
        "table",
        "What the table has of the architecture that was derived after each epoch, means over seeds.",
        {"": View(lines, {**_EPOCHS, "yaxis": {"title": "looked up"}})},
        legend=[(name, i) for i, name in enumerate(course.measured)],
    )
    better = [
        f"Of all architectures of the table, {100 * share:.1f} % are worse than the last one by {name}."
        for name, share in there[-1].better.items()
    ]
    return Section("table", "Looked up in a table", [figure, *better])


def _supernet(course: Course) -> Section | None:
    """Draw architectures by inherited weights and by a table."""
    if course.ranked is None:
        return None
    inherited = np.array(course.ranked.inherited)
    parts = []
    for i, (name, values) in enumerate(course.ranked.known.items()):
        known = np.array(values, np.float64)
        dots = {
            "x": numbers(100 * inherited),
            "y": numbers(known),
            "mode": "markers",
            "marker": {"color": f"@{i}", "size": 6, "opacity": 0.7},
            "hovertemplate": "%{x} %, %{y}<extra></extra>",
        }
        axes = {"xaxis": {"title": "with inherited weights, validation (%)"}, "yaxis": {"title": name}}
        said = f"{len(known)} architectures drawn evenly. Spearman's rank correlation is {agreement(inherited, known)}."
        parts.append(Figure(f"supernet{i}", said, {"": View([dots], axes)}))
    return Section("supernet", "Supernet against table", parts)


def _origin(course: Course) -> Section:
    plan = json.dumps(course.plan, indent=2, ensure_ascii=False)
    facts = [
        ["method", course.method],
        ["space", course.described["name"]],
        ["data", course.data],
        ["epochs", str(course.epochs)],
        ["seed", str(course.seed)],
    ]
    return Section("origin", "What was run", [Table(["", ""], facts), Code(plan, "All settings, as JSON")])


def _text(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _folded(rows: Sequence[Sequence[str]]) -> str:
    return f"All {len(rows)} epochs" if len(rows) > SHORT else ""
