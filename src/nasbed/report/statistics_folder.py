"""The statistics of a comparison in its folder: a figure and three tables of each, for a paper and for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbed.report import statistics_figures as draw
from nasbed.report.anytime import anytime_areas
from nasbed.report.comparison import Comparison
from nasbed.report.drawn import drawn, written
from nasbed.report.improvement import improvements
from nasbed.report.interquartile import interquartile_means
from nasbed.report.latex import comma_separated, latex, markdown
from nasbed.report.ranks import average_ranks
from nasbed.report.ranks_signed import signed_ranks
from nasbed.report.statistic import Statistic
from nasbed.report.targets import times_to_targets
from nasbed.report.winners_curse import winners_curse

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class _Kept:
    """One statistic: how it is found, and how it is drawn where it is."""

    name: str
    find: Callable[[Comparison], Statistic]
    draw: Callable[[Any], Figure] | None


_KEPT = (
    _Kept("interquartile-means", interquartile_means, draw.interquartile),
    _Kept("areas", anytime_areas, draw.areas),
    _Kept("ranks", average_ranks, draw.critical_difference),
    _Kept("improvement", improvements, draw.improvement),
    _Kept("signed-ranks", signed_ranks, None),
    _Kept("targets", times_to_targets, draw.reached),
    _Kept("winners-curse", winners_curse, draw.curse),
)


def save_statistics(comparison: Comparison, folder: Path, forms: Sequence[str]) -> Iterator[Path]:
    """Write what there is of each statistic, and give the paths of ``NAME.csv``, ``.md``, ``.tex`` and its figures.

    Args:
        comparison: Of what.
        folder: Where to; it must exist.
        forms: Of the figures.
    """
    for kept in _KEPT:
        found = kept.find(comparison)
        if found.missing:
            continue
        yield written(folder / f"{kept.name}.csv", comma_separated(found))
        yield written(folder / f"{kept.name}.md", f"{markdown(found)}\n{found.sentence()}\n")
        yield written(folder / f"{kept.name}.tex", latex(found, label=f"tab:{kept.name}"))
        if kept.draw is not None:
            yield from drawn(kept.draw(found), folder, kept.name, forms)
