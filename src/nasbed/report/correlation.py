"""A correlation as a folder: figures, tables, and what was compared with what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.files import slug
from nasbed.report.figures import drawing, drawn, prepared, written
from nasbed.report.latex import markdown as table
from nasbed.report.words import spans_much
from nasbed.scores.scores import BESIDE
from nasbed.statistics.correlation import COEFFICIENTS, Agreement, Correlation, Search
from nasbed.statistics.statistic import Interval, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DOT, _BEST, _GREY = "#0072B2", "#D55E00", "#7a7a7a"

_MARKS = (("kendall", "o", "#0072B2"), ("spearman", "s", "#D55E00"), ("pearson", "^", "#009E73"))

_SYMBOLS = {"kendall": "Kendall τ", "spearman": "Spearman ρ", "pearson": "Pearson r"}

_SIZE = (3.7, 5.0)  # inches, high and wide: a column of a two-column paper, and somewhat more

_LOG_FROM = 30.0  # positive scores that span more than this factor are drawn on a logarithmic scale

_TAIL = 0.02  # of the scores may lie beyond the axis, on either side, where they would squeeze the others

_SQUEEZED = 0.4  # of the axis, at least, is for all but those

_LINE = 45  # letters beside an axis

_DENSE = 2000  # dots; more are drawn as pixels, which vector formats hold as well


def save(correlation: Correlation, folder: Path, forms: Sequence[str]) -> list[Path]:
    """Write everything, and give the files' paths.

    ``scatter-PROXY`` and ``overview`` in each form, the summary as CSV and Markdown, and ``correlation.json`` with what
    was scored, how, and everything that came of it. A file of an earlier correlation is replaced, any other left alone.

    Raises:
        BadSetting: For a form that there is not, or where no folder can be made.
    """
    prepared(folder, forms)
    paths = drawn(overview(correlation), folder, "overview", forms)
    for proxy in correlation.agreements:
        paths += drawn(scatter(correlation, proxy), folder, f"scatter-{slug(proxy, 'proxy')}", forms)
    paths.append(written(folder / "correlation.csv", correlation.frame().to_csv(lineterminator="\n")))
    paths.append(written(folder / "correlation.md", markdown(correlation)))
    paths.append(written(folder / "correlation.json", json.dumps(correlation.as_dict(), indent=2) + "\n"))
    return paths


def markdown(correlation: Correlation) -> str:
    """Write coefficients and best-of-N as two Markdown tables, with what they rest on below."""
    title = (
        f"# {correlation.scores.name}: scores of {len(correlation.there):,} networks of "
        f"{correlation.scores.space.name} against {correlation.truth.name}"
    )
    notes = [
        f"The truth is {correlation.truth.what}. Intervals are of 95 %: expanded percentiles of "
        f"{correlation.resamples:,} bootstrap resamples of the architectures.",
        "Best of N: mean ± standard deviation, over endless searches, of the truth of the best-scored of N "
        "architectures drawn with replacement; exact.",
        "Weighted τ counts most what happens at the top (Vigna, hyperbolic). Top: which part of so many best-scored "
        "networks are among as many best.",
        *(f"Warning: {warning}" for warning in correlation.warnings),
    ]
    tables = [table(rows(correlation)).rstrip() for rows in (coefficient_rows, search_rows)]
    return "\n\n".join([title, *tables, *notes]) + "\n"


def coefficient_rows(correlation: Correlation) -> tuple[list[str], list[list[str]]]:
    """Give the coefficients as headers and rows of text, with what is found of the widest top."""
    tops = [f"top {100 * top.share:g} %" for top in next(iter(correlation.agreements.values())).top[-1:]]
    headers = ["proxy", "Kendall τ", "weighted τ", "Spearman ρ", "Pearson r", *tops, "best-scored", "its rank"]
    return headers, [_cells(agreement) for agreement in correlation.agreements.values()]


def search_rows(correlation: Correlation) -> tuple[list[str], list[list[str]]]:
    """Give the best of N as headers and rows of text, with what chance and the truth itself come to."""
    ns = [search.n for search in correlation.perfect]
    headers = ["chosen by", *(f"best of {n:,}" for n in ns)]
    rows = [[a.proxy, *map(_search, a.searches)] for a in correlation.agreements.values()]
    chance = ["at random", *[_search(correlation.random)] * len(ns)]
    return headers, [*rows, chance, ["the truth itself", *map(_search, correlation.perfect)]]


def _cells(agreement: Agreement) -> list[str]:
    kendall, *others = (getattr(agreement, name).text(digits=3) for name in COEFFICIENTS)
    estimates = [kendall, number(agreement.weighted, digits=3), *others]
    found = [f"{100 * top.precision:.0f} %" for top in agreement.top[-1:]]
    best = agreement.best
    tied = f", first of {best.ties} alike" if best.ties > 1 else ""
    return [agreement.proxy, *estimates, *found, f"{best.truth:.4g}", f"{best.rank:,} of {agreement.n:,}{tied}"]


def _search(search: Search) -> str:
    digits = ".2f" if abs(search.mean) >= 1 else ".3g"
    return f"{search.mean:{digits}} ± {search.std:{digits}}"


def scatter(correlation: Correlation, proxy: str) -> Figure:
    """Draw every architecture by its score and its truth, the best-scored in a ring.

    Where a few scores lie far from all others, the axis leaves them out, and they are drawn as triangles at its end.
    Networks without a number as score are not drawn; the caption counts them.
    """
    with drawing(*_SIZE) as (figure, axes):
        agreement = correlation.agreements[proxy]
        x, y = correlation.scored(proxy), correlation.worth
        there = ~np.isnan(x)
        logarithmic = bool((x[there] > 0).all()) and spans_much(x[there], _LOG_FROM)
        low, high = _limits(x[there], logarithmic)
        size, faint = (11.0, 0.55) if len(x) <= 300 else (5.0, 0.4) if len(x) <= _DENSE else (2.5, 0.25)
        within = there & (x >= low) & (x <= high)
        dots: dict[str, Any] = {"color": _DOT, "linewidths": 0, "rasterized": len(x) > _DENSE, "zorder": 3}
        axes.scatter(x[within], y[within], s=size, alpha=faint, **dots)
        for outside, edge, marker in ((there & (x < low), low, "<"), (there & (x > high), high, ">")):
            axes.scatter(np.full(outside.sum(), edge), y[outside], s=size + 6, alpha=faint, marker=marker, **dots)
        if there.any():
            best = int(np.nanargmax(x))
            ring: dict[str, Any] = {"facecolors": "none", "edgecolors": _BEST, "linewidths": 1.4, "zorder": 4}
            axes.scatter([min(max(x[best], low), high)], [y[best]], s=70, **ring)
        if logarithmic:
            axes.set_xscale("log")
        kendall = "Kendall τ {:.3f} (95 %: {:.3f} to {:.3f})".format(*agreement.kendall)
        title = f"{_name(correlation)}\n{kendall}"
        axes.set(xlabel=f"{proxy} score", ylabel=_words(correlation), title=title)
        beyond = int((there & ~within).sum())
        figure.supxlabel(_caption(agreement, beyond, correlation.truth.warnings), fontsize=7.5, color=_GREY)
        return figure


def overview(correlation: Correlation) -> Figure:
    """Draw the coefficients of all proxies with their intervals, the highest τ first; params and FLOPs in grey."""
    agreements = sorted(correlation.agreements.values(), key=lambda a: np.nan_to_num(a.kendall.value, nan=-np.inf))
    with drawing(1.35 + 0.34 * len(agreements), _SIZE[1]) as (figure, axes):
        for row, agreement in enumerate(agreements):
            if agreement.proxy in BESIDE:
                axes.axhspan(row - 0.5, row + 0.5, color="0.95", zorder=0, linewidth=0)
            for offset, (name, marker, colour) in zip((0.22, 0.0, -0.22), _MARKS, strict=True):
                _interval(axes, getattr(agreement, name), row + offset, marker, colour)
        for name, marker, colour in _MARKS:
            axes.plot([], [], marker, color=colour, markersize=4, label=_SYMBOLS[name])
        axes.axvline(0, color="0.3", linewidth=0.8, zorder=1)
        axes.set_yticks(range(len(agreements)), [agreement.proxy for agreement in agreements])
        axes.set(xlabel=f"correlation with {_words(correlation)}", title=_name(correlation))
        axes.set_ylim(-0.6, len(agreements) - 0.4)
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside lower center", ncols=len(COEFFICIENTS), handletextpad=0.1)
        return figure


def _interval(axes: Axes, estimate: Interval, place: float, marker: str, colour: str) -> None:
    if np.isnan(estimate.value):
        return
    axes.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=1.3, zorder=2)
    axes.plot([estimate.value], [place], marker, color=colour, markersize=4, zorder=3)


def _limits(values: NDArray[np.float64], logarithmic: bool) -> tuple[float, float]:
    """Give between which scores dots are drawn where they lie: all, unless a few would squeeze the others."""
    if len(values) < 1 / _TAIL:
        return (values.min(), values.max()) if len(values) else (0.0, 1.0)
    scaled = np.log(values) if logarithmic else values
    ends, inner = (scaled.min(), scaled.max()), np.quantile(scaled, [_TAIL, 1 - _TAIL])
    width = inner[1] - inner[0]
    if width <= 0 or width > _SQUEEZED * (ends[1] - ends[0]):
        return values.min(), values.max()
    low, high = max(ends[0], inner[0] - 0.5 * width), min(ends[1], inner[1] + 0.5 * width)
    return (float(np.exp(low)), float(np.exp(high))) if logarithmic else (float(low), float(high))


def _name(correlation: Correlation) -> str:
    return f"{correlation.scores.space.name}, {len(correlation.there):,} architectures"


def _words(correlation: Correlation) -> str:
    """Say what the truth is, in lines that fit beside an axis."""
    truth = correlation.truth
    return fill(truth.name if truth.what in truth.name else f"{truth.what}, {truth.name}", _LINE)


def _caption(agreement: Agreement, beyond: int, warnings: Sequence[str]) -> str:
    """Say what the ring is, what is not to be seen, and what one should know of the truth."""
    best = agreement.best
    said = [f"ring: the best score, {best.truth:.4g}, rank {best.rank:,} of {agreement.n:,}"]
    said += [f"{agreement.failed:,} without a number as score"] * bool(agreement.failed)
    said += [f"{beyond:,} beyond the axis (triangles)"] * bool(beyond)
    return fill(" · ".join([*said, *warnings]), 2 * _LINE)
