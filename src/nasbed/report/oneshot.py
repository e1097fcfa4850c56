"""Figures of a one-shot search: its parameters, its derived architecture, entropy, and what a table says of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.core.files import slug
from nasbed.oneshot.course import Course
from nasbed.report.figures import COLOURS, broken, drawing, drawn, look, prepared

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMED = 45  # rows beside a heat map that are named one by one; of more, only where a decision begins
_LETTERS = 34  # of a name beside an axis
_ROW, _EDGES = 0.16, 1.4  # inches of a row, and of what is above and below
_FEW = 0.13  # inches of a row where few are named


def save(course: Course, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Write the figures that there are, each in each form, and give the paths.

    Raises:
        BadSetting: For a form that there is not, or where no folder can be made.
        MissingExtra: When matplotlib is not installed.
    """
    prepared(folder, forms)
    return [path for name, figure in figures(course) for path in drawn(figure, folder, name, forms)]


def figures(course: Course) -> Iterator[tuple[str, Figure]]:
    """Draw what can be drawn, each with its name."""
    if course.moments and course.moments[-1].alphas:
        yield "alphas", alphas(course)
    if any(moment.row for moment in course.moments):
        yield "derived", derived(course)
    if course.moments:
        yield "losses", losses(course)
    if course.measured:
        yield "table", looked_up(course)
    if course.ranked is not None:
        for name in course.ranked.known:
            yield f"supernet-{slug(name, 'table')}", against(course, name)


def heat(course: Course) -> tuple[NDArray[np.float64], list[str], list[int]]:
    """Return chances over epochs ``(values, epochs)``, a name for each row, and where each decision begins."""
    rows, names, starts = list[NDArray[np.float64]](), list[str](), list[int]()
    for decision, values in course.decisions:
        chances = course.alphas(decision)
        if not chances.size:
            continue
        starts.append(len(names))
        extra = [""] * (chances.shape[1] - len(values))  # where an edge may be nothing
        names += [f"{decision} = {value or 'nothing'}" for value in [*extra, *values]]
        rows.append(chances.T)
    return np.concatenate(rows), names, starts


def alphas(course: Course) -> Figure:
    """Draw the chances of each value of each decision after each epoch, as a map of heat."""
    chances, names, starts = heat(course)
    high = len(names) * (_ROW if len(names) <= _NAMED else 0.45 * _FEW)
    with drawing(_EDGES + high, 6.2) as (figure, axes):
        shown = axes.imshow(
            chances,
            aspect="auto",
            cmap="viridis",
            interpolation="nearest",
            extent=(0.5, chances.shape[1] + 0.5, len(names) - 0.5, -0.5),
        )
        ticks = range(len(names)) if len(names) <= _NAMED else starts
        labels = [names[i] if len(names) <= _NAMED else names[i].partition(" = ")[0] for i in ticks]
        axes.set_yticks(list(ticks), [broken(label, _LETTERS) for label in labels], fontsize=6.5)
        for start in starts[1:]:
            axes.axhline(start - 0.5, color="white", linewidth=1.2)
        axes.grid(visible=False)
        whole_epochs(axes.xaxis)
        axes.set(xlabel="epoch", title=f"{course.method}, {course.data}: chances of values")
        figure.colorbar(shown, ax=axes, label="softmax of the parameters", shrink=min(1.0, 3 / high) if high > 3 else 1)
        return figure


def strip(course: Course) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return which value each decision has after each epoch, ``(decisions, epochs)``, −1 where it does not count.

    Numbers are those of the values' names, which follow, and then the decisions' names.
    """
    there = [moment for moment in course.moments if moment.row]
    rows = np.array([moment.row for moment in there], np.int8)
    active = course.space.active(rows)
    words = list(dict.fromkeys(value for _, values in course.decisions for value in values))
    found = np.full((len(course.decisions), len(there)), -1, np.int64)
    for i, (_, values) in enumerate(course.decisions):
        numbers = np.array([words.index(value) for value in values])
        found[i] = np.where(active[:, i], numbers[rows[:, i]], -1)
    return found, words, [name for name, _ in course.decisions]


def derived(course: Course) -> Figure:
    """Draw the value that each decision of the derived architecture has after each epoch, a colour a value."""
    chosen, words, names = strip(course)
    used = sorted(set(chosen.ravel().tolist()) - {-1})
    epochs = [moment.epoch for moment in course.moments if moment.row]
    height = _EDGES + len(names) * (_ROW if len(names) <= _NAMED else _FEW) + 0.2 * ((len(used) + 2) // 3)
    with drawing(height, 6.2) as (figure, axes):
        from matplotlib.colors import ListedColormap
        from matplotlib.patches import Patch

        colours = colours_of(len(used))
        places = np.full(len(words) + 1, np.nan)
        places[used] = np.arange(len(used))
        axes.imshow(
            np.ma.masked_invalid(places[chosen]),
            aspect="auto",
            cmap=ListedColormap(colours or ["white"]),
            vmin=-0.5,
            vmax=max(len(used), 1) - 0.5,
            interpolation="nearest",
            extent=(epochs[0] - 0.5, epochs[-1] + 0.5, len(names) - 0.5, -0.5),
        )
        axes.set_yticks(range(len(names)), [broken(name, _LETTERS) for name in names], fontsize=6.5)
        for i in range(1, len(names)):
            axes.axhline(i - 0.5, color="white", linewidth=0.8)
        axes.grid(visible=False)
        whole_epochs(axes.xaxis)
        axes.set(xlabel="epoch", title=f"{course.method}, {course.data}: derived architecture")
        patches = [Patch(color=colour, label=words[i]) for colour, i in zip(colours, used, strict=True)]
        figure.legend(handles=patches, loc="outside lower center", ncols=3, fontsize=7)
        return figure


def colours_of(count: int) -> list[Any]:
    """Return so many different colours: the house's, as far as they reach, else some along a rainbow."""
    if count <= COLOURS:
        return [look(i)[0] for i in range(count)]
    from matplotlib import colormaps

    return list(colormaps["turbo"](np.linspace(0.03, 0.97, count)))


def losses(course: Course) -> Figure:
    """Draw losses, entropy and skips after each epoch, each as far as there is one."""
    epochs = [moment.epoch for moment in course.moments]
    skips = [moment.skips for moment in course.moments]
    with drawing() as (figure, axes):
        for i, (name, values) in enumerate(course.lines.items()):
            if any(value is not None for value in values):
                colour, style = look(i)
                numbers = [np.nan if value is None else value for value in values]
                axes.plot(epochs, numbers, color=colour, linestyle=style, label=name, marker="." if one(epochs) else "")
        if any(count is not None for count in skips) and not one(epochs):
            beside, (colour, style) = axes.twinx(), look(3)
            numbers = [np.nan if count is None else count for count in skips]
            beside.step(epochs, numbers, where="mid", color=colour, linestyle=style, linewidth=1.1)
            beside.set_ylabel("skips in the derived architecture", color=colour)
            beside.set_ylim(-0.2, len(course.decisions) + 0.2)
            beside.grid(visible=False)
            beside.spines["right"].set_visible(True)
            whole_epochs(beside.yaxis)
        whole_epochs(axes.xaxis)
        axes.set(xlabel="epoch", title=f"{course.method}, {course.data}")
        axes.legend(loc="best")
        return figure


def looked_up(course: Course) -> Figure:
    """Draw what a table has of the derived architecture after each epoch."""
    there = [moment for moment in course.moments if moment.known]
    epochs = [moment.epoch for moment in there]
    with drawing() as (figure, axes):
        for i, name in enumerate(course.measured):
            colour, style = look(i)
            values = [moment.known[name] for moment in there]
            axes.plot(epochs, values, color=colour, linestyle=style, label=name, marker="." if one(epochs) else "")
        whole_epochs(axes.xaxis)
        axes.set(
            xlabel="epoch",
            ylabel="looked up in the table",
            title=f"{course.method}, {course.data}: derived architecture",
        )
        figure.legend(loc="outside lower center", fontsize=8)
        return figure


def against(course: Course, name: str) -> Figure:
    """Draw architectures by inherited weights and by one measurement of a table."""
    ranked = course.ranked
    assert ranked is not None
    inherited, known = np.array(ranked.inherited), np.array(ranked.known[name])
    with drawing(3.9, 4.2) as (figure, axes):
        axes.scatter(100 * inherited, known, s=14, alpha=0.7, color=look(0)[0], linewidths=0)
        title = f"{course.method}, {course.data}: {len(known)} architectures"
        axes.set(
            xlabel="with inherited weights, validation (%)",
            ylabel=broken(name, _LETTERS),
            title=f"{title}\nSpearman ρ {agreement(inherited, known)}",
        )
        return figure


def dots(groups: Mapping[str, Sequence[float]], label: str, title: str) -> Figure:
    """Draw values side by side: a dot each, a diamond for the mean, a row for each group."""
    with drawing(1.3 + 0.34 * len(groups)) as (figure, axes):
        for row, values in enumerate(groups.values()):
            there = [value for value in values if not np.isnan(value)]
            axes.plot(there, [row] * len(there), ".", color=look(0)[0], alpha=0.6, markersize=7)
            if there:
                axes.plot([np.mean(there)], [row], "D", color=look(1)[0], markersize=4, zorder=4)
        axes.set_yticks(range(len(groups)), [broken(name, _LETTERS) for name in groups])
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set(xlabel=label, title=title)
        figure.supxlabel("dot: a seed · diamond: mean", fontsize=8)
        return figure


def agreement(inherited: NDArray[np.float64], known: NDArray[np.float64]) -> str:
    """Return Spearman's rank correlation as text; a dash where one of both is the same for all."""
    there = ~np.isnan(known)
    if there.sum() < 3 or np.ptp(inherited[there]) == 0 or np.ptp(known[there]) == 0:
        return "–"
    stats = require("scipy.stats", "report")
    return f"{stats.spearmanr(inherited[there], known[there]).statistic:.3f}"


def one(epochs: Sequence[int]) -> bool:
    """Say whether there is but one epoch, which a line does not show."""
    return len(epochs) == 1


def whole_epochs(axis: object) -> None:
    """Let an axis have whole numbers alone."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))  # type: ignore[attr-defined]
