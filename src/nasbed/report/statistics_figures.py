"""Figures of a comparison's statistics, in the style of ``report.figures``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.report.figures import beside, drawing, height_of, legend, look
from nasbed.statistics.anytime import AnytimeAreas
from nasbed.statistics.curse import WinnersCurse
from nasbed.statistics.equivalence import Equivalences
from nasbed.statistics.fresh import FreshSeed
from nasbed.statistics.improvement import Improvements
from nasbed.statistics.interquartile import InterquartileMeans
from nasbed.statistics.needed import RunsNeeded
from nasbed.statistics.pareto_comparison import TradeOffs
from nasbed.statistics.profiles import OptimalityGaps, PerformanceProfiles
from nasbed.statistics.ranks import AverageRanks
from nasbed.statistics.ranks_signed import SignedRanks
from nasbed.statistics.relative import RelativeImprovements
from nasbed.statistics.separation import Separation
from nasbed.statistics.statistic import Interval, Statistic, in_brackets
from nasbed.statistics.targets import Targets

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 5.4  # inches
_LETTER = 0.075  # inches of a letter, no less
_BAR = 0.07  # inches between two bars of a diagram of ranks
_CAPTION = 72  # letters of a line below an axis
_CELL = 0.62  # inches of a pair in a matrix


def interquartile(found: InterquartileMeans) -> Figure:
    """Draw the interquartile mean of each search with its bootstrap interval."""
    _there(found)
    axis = f"interquartile mean of {found.quantity.axis}"
    return _intervals(found.labels, found.intervals, found.quantity.factor, axis, found.where)


def gaps(found: OptimalityGaps) -> Figure:
    """Draw by how much each search stays below the goal, with the interval of the mean."""
    _there(found)
    axis = f"optimality gap of {found.quantity.words}{in_brackets(found.quantity.difference_unit)}"
    return _intervals(found.labels, found.intervals, found.quantity.factor, axis, f"goal {found.goals_in_words}")


def relative(found: RelativeImprovements) -> Figure:
    """Draw by how much better than random search each search is; than random architectures where that is not known."""
    _there(found)
    over, what = found.over_search, "random search of the same budget"
    if np.isnan(found.search):
        over, what = found.over_draw, "the average random architecture"
    figure = _intervals(found.labels, over, 100, f"better than {what} (%)", f"{found.quantity.words}, {found.where}")
    return _with_line(figure, 0)


def separation(found: Separation) -> Figure:
    """Draw by how much each search is better than each other, with the intervals that hold together."""
    _there(found)
    names = [f"{pair.better} over {pair.worse}" for pair in found.pairs]
    axis = f"difference in {found.metric}{in_brackets(found.unit)}"
    figure = _intervals(names, [pair.interval for pair in found.pairs], found.factor, axis, f"{found.runs} paired runs")
    return _with_line(figure, 0)


def equivalence(found: Equivalences) -> Figure:
    """Draw the difference of each pair with its interval, which is within the margin where they are shown equal."""
    _there(found)
    names = [f"{pair.one} less {pair.other}" for pair in found.pairs]
    factor, axis = (
        found.quantity.factor,
        f"difference in {found.quantity.words}{in_brackets(found.quantity.difference_unit)}",
    )
    intervals = [pair.difference for pair in found.pairs]
    figure = _intervals(names, intervals, factor, axis, f"{found.runs} paired runs")
    return _with_line(figure, -factor * found.margin, factor * found.margin)


def signed(found: SignedRanks) -> Figure:
    """Draw the effect of each pair, filled where it is told apart."""
    _there(found)
    names = [f"{pair.better} over {pair.worse}" for pair in found.pairs]
    with _rows(names) as (figure, axes):
        for i, pair in enumerate(found.pairs):
            face = look(0)[0] if pair.apart else "white"
            axes.plot(pair.effect, i, "o", color=look(0)[0], markerfacecolor=face, markersize=6)
        axes.set(
            xlim=(-0.05, 1.05),
            xlabel=fill(f"share of the ranks in favour less that against, {found.words}, paired {found.of}", _CAPTION),
        )
        axes.set_title("filled: told apart (Wilcoxon, Holm)")
        return figure


def fresh(found: FreshSeed) -> Figure:
    """Draw the difference of each pair under both seeds, filled where it is told apart."""
    _there(found)
    with _rows([f"{pair.better} over {pair.worse}" for pair in found.pairs]) as (figure, axes):
        for place, (seed, mark) in enumerate(zip(found.seeds, "os", strict=True)):
            colour = look(place)[0]
            for i, pair in enumerate(found.pairs):
                face = colour if pair.apart[place] else "white"
                value, height = found.factor * (pair.first, pair.second)[place], i + 0.16 * (place - 0.5)
                label = f"seed {seed}" if i == 0 else None
                axes.plot(value, height, mark, color=colour, markerfacecolor=face, markersize=6, label=label)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(xlabel=fill(f"difference in {found.metric}{in_brackets(found.unit)}", _CAPTION))
        axes.set_title("filled: told apart")
        axes.legend()
        return figure


def needed(found: RunsNeeded) -> Figure:
    """Draw how many runs each pair of searches needs."""
    _there(found)
    with _rows([f"{pair.one} and {pair.other}" for pair in found.pairs]) as (figure, axes):
        axes.barh(range(len(found.pairs)), [pair.runs or 0 for pair in found.pairs], height=0.5, color=look(0)[0])
        for i, pair in enumerate(found.pairs):
            text = "not known" if pair.runs is None else f"{pair.runs:,}"
            axes.annotate(text, (pair.runs or 0, i), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
        axes.margins(x=0.15)
        size = f"{found.quantity.factor * found.difference:.4g}{found.quantity.difference_unit}"
        axes.set(xlabel=f"runs that tell {size} apart in {100 * found.power:g} % of studies", title=found.where)
        return figure


def profiles(found: PerformanceProfiles) -> Figure:
    """Draw the share of each search's runs that is better than each value, in its pointwise 95 % band."""
    _there(found)
    with drawing() as (figure, axes):
        at = found.quantity.factor * found.at
        for i, label in enumerate(found.labels):
            colour, line = look(i)
            axes.plot(at, 100 * found.shares[i], color=colour, linestyle=line, label=label, zorder=3)
            axes.fill_between(at, 100 * found.low[i], 100 * found.high[i], color=colour, alpha=0.15, linewidth=0)
        if found.quantity.is_regret:
            axes.invert_xaxis()
        axes.set(ylim=(-2, 102), xlabel=found.quantity.axis, ylabel="runs that are better, %", title=found.where)
        legend(figure, axes)
        return figure


def shares(found: TradeOffs) -> Figure:
    """Draw which share of the best front's hypervolume the fronts of each search have on average."""
    intervals = [Interval.of_mean(share) for share in found.shares.values()]
    best = "the exact front" if found.exact else "the front of all together"
    return _intervals(list(found.shares), intervals, 100, f"hypervolume, % of {best}", " and ".join(found.objectives))


def areas(found: AnytimeAreas) -> Figure:
    """Draw each search's mean regret along the way with its interval."""
    _there(found)
    axis = f"mean {found.quantity.words} along the way{in_brackets(found.quantity.unit)}"
    title = f"{found.start:g} to {found.end:g} {found.against}, {found.axis} axis"
    return _intervals(list(found.means), list(found.means.values()), found.quantity.factor, axis, title)


def curse(found: WinnersCurse) -> Figure:
    """Draw by how much what each search selected looked better than it is."""
    _there(found)
    other = any(not np.isnan(one.optimism_by_others.value) for one in found.curses)
    intervals = [one.optimism_by_others if other else one.optimism for one in found.curses]
    axis = f"heard less mean of {'the other' if other else 'all'} repeats{in_brackets(found.quantity.difference_unit)}"
    labels, quantity = [one.optimizer for one in found.curses], found.quantity
    figure = _intervals(labels, intervals, quantity.factor, axis, f"winner's curse, {quantity.words}")
    return _with_line(figure, 0)


def critical_difference(found: AverageRanks) -> Figure:
    """Draw Demšar's diagram: average ranks on a line, the best at the left; a bar joins those not told apart.

    The line reaches from the whole rank below the best to that above the worst.
    """
    _there(found)
    k, cliques, names = len(found.labels), found.cliques, beside(found.labels)
    low, row = _BAR * (len(cliques) + 1), height_of(names)  # inches: below the bars, and of a name
    depth = low + row * ((k + 1) // 2) + 0.05
    letters = max(len(line) for name in names for line in name.split("\n"))
    with drawing(0.9 + 0.25 + depth, max(_WIDTH, 2.6 + 2 * _LETTER * letters)) as (figure, axes):
        begin, stop = _whole_ranks(found)
        edge = 0.01 * (stop - begin)
        axes.set(xlim=(begin - 2 * edge, stop + 2 * edge), ylim=(-depth, 0.25))
        axes.set_axis_off()
        axes.plot([begin, stop], [0, 0], color="black", linewidth=1)
        for rank in range(begin, stop + 1):
            axes.plot([rank, rank], [0, 0.04], color="black", linewidth=1)
            axes.text(rank, 0.07, str(rank), ha="center", va="bottom", fontsize=8)
        for place, i in enumerate(found.order):
            left = place < (k + 1) // 2
            y = -low - row * (min(place, k - 1 - place) + 0.5)  # names go down on the left and up on the right
            _name(axes, names[i], found.ranks[i], y, begin - edge if left else stop + edge, left)
        for number, clique in enumerate(cliques):
            ranks, y = [found.ranks[found.labels.index(label)] for label in clique], -_BAR * (number + 1)
            axes.plot([min(ranks) - edge, max(ranks) + edge], [y, y], color=look(1)[0], linewidth=3.2)
        figure.suptitle(_verdict(found), fontsize=9, x=0.02, ha="left")
        return figure


def improvement(found: Improvements) -> Figure:
    """Draw how likely the search of a row ends better than that of a column."""
    _there(found)
    k = len(found.labels)
    names = beside(f"{i + 1} {label}" for i, label in enumerate(found.labels))
    with drawing(1.3 + k * max(0.6 * _CELL, height_of(names)), max(_WIDTH, 2.2 + _CELL * k)) as (figure, axes):
        matrix = found.matrix()
        axes.imshow(matrix, cmap="RdBu", vmin=0, vmax=1, aspect="auto")
        for (i, j), share in np.ndenumerate(matrix):
            if i != j and not np.isnan(share):
                colour = "white" if abs(share - 0.5) > 0.3 else "black"
                axes.text(j, i, f"{100 * share:.0f}", ha="center", va="center", color=colour)
        axes.set_xticks(range(k), [str(i + 1) for i in range(k)])
        axes.set_yticks(range(k), names)
        axes.grid(visible=False)
        caption = fill(f"by {found.words} on {found.where}; ties count half", _CAPTION)
        axes.set(title="how often the row ends better than the column, %", xlabel=caption)
        return figure


def reached(found: Targets, target: int | None = None) -> Figure:
    """Draw the share of (run, target) pairs that each search had reached, against what was spent.

    Args:
        found: When what was reached.
        target: Number of one target; None for all of them together.
    """
    _there(found)
    alone = target is not None or len(found.targets) == 1
    chosen = found.targets if target is None else found.targets[target : target + 1]
    factor, unit = found.quantity.factor, found.quantity.unit
    with drawing() as (figure, axes):
        for i, label in enumerate(found.times):
            at, shares = found.ecdf(label, target)
            colour, line = look(i)
            axes.step(at, 100 * shares, where="post", color=colour, linestyle=line, label=label)
        axes.set(
            xlim=(0, found.until),
            ylim=(0, 102),
            xlabel=found.against,
            ylabel="runs that are there, %" if alone else "targets reached, %",
            title=f"{found.quantity.words} of {', '.join(f'{factor * one:g}' for one in chosen)}{unit}",
        )
        legend(figure, axes)
        return figure


def _there(found: Statistic) -> None:
    if found.missing:
        raise BadSetting(f"there is nothing to draw: {found.missing}")


@contextmanager
def _rows(labels: Sequence[str]) -> Iterator[tuple[Figure, Axes]]:
    """Give axes with a row for each label, from the top."""
    names = beside(labels)
    with drawing(1.1 + len(labels) * max(0.34, height_of(names))) as (figure, axes):
        axes.set_yticks(range(len(labels)), names)
        axes.grid(visible=False, axis="y")
        yield figure, axes
        axes.set_ylim(len(labels) - 0.5, -0.5)


def _intervals(labels: Sequence[str], intervals: Sequence[Interval], factor: float, axis: str, title: str) -> Figure:
    """Draw a dot and an interval a row, in the order given."""
    with _rows(labels) as (figure, axes):
        for i, interval in enumerate(intervals):
            value, low, high = (factor * x for x in interval)
            reach = None if np.isnan(low) else [[value - low], [high - value]]
            axes.errorbar(value, i, xerr=reach, fmt="o", color=look(i)[0], markersize=5, capsize=3)
        given = sum(not np.isnan(interval.low) for interval in intervals)
        said = "95 % intervals" if given else "no intervals: the runs are too few, or too many of them are alike"
        axes.set(xlabel=axis, title=f"{title} · {said}")
    return figure


def _with_line(figure: Figure, *places: float) -> Figure:
    """Draw upright lines."""
    for place in places:
        figure.axes[0].axvline(place, color="0.4", linewidth=0.8)
    return figure


def _whole_ranks(found: AverageRanks) -> tuple[int, int]:
    """Give the whole ranks between which all average ranks lie."""
    begin, stop = int(np.floor(found.ranks.min())), int(np.ceil(found.ranks.max()))
    return begin, max(stop, begin + 1)


def _name(axes: Axes, name: str, rank: float, y: float, end: float, left: bool) -> None:
    """Lead from a search's rank down and to a side, and write its name there."""
    axes.plot([rank, rank, end], [0, y, y], color="0.25", linewidth=0.9)
    text, away, side = (f"{name}  {rank:.2f}", -3, "right") if left else (f"{rank:.2f}  {name}", 3, "left")
    axes.annotate(text, (end, y), (away, 0), textcoords="offset points", ha=side, va="center", fontsize=8.5)


def _verdict(found: AverageRanks) -> str:
    """Say above a diagram what was ranked, and what the tests allow to be said."""
    said = f"average rank by {found.words} over {found.blocks:,} {found.of}"
    if np.isnan(found.friedman):
        return said
    told = f"critical difference {found.critical_difference:.2f} (Nemenyi, 95 %)"
    return f"{said}\n{told}, Friedman p = {found.friedman_p:.2g}"
