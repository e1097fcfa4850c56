"""Figures of a comparison, fit for a paper: drawn through matplotlib's objects, no global state.

Colours are those of Okabe and Ito, which people with any common colour vision tell apart, and three more; line styles
say the same once more for print without colour. Names of any length are broken into lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.files import put, replacing
from nasbed.report.words import along, clocks, metrics, spans_much
from nasbed.run.history import Clock, History, Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.means import FEWEST
from nasbed.statistics.statistic import Interval
from nasbed.statistics.summary import FEWEST_OF_MEDIAN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMS = ("png", "svg", "pdf")
"""What figures can be written as."""

_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}

_QUICK: dict[str, dict[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 3}}}  # a tenth larger, in half the time

_COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
    *("#882255", "#999933", "#7F7F7F"),
)
COLOURS = len(_COLOURS)
"""So many are different; more begin again."""

_STYLES = ("-", (0, (5, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (1.5, 1.2)))
_SIZE = (5.4, 3.5)  # inches: a little more than a column of a two-column paper
_LINES_INSIDE = 5  # more than that, or longer names, and the legend goes below the axes
_BESIDE = 24  # letters a line of a name beside an axis
_INSIDE = 34  # letters of a name inside the axes
_LINE = 0.145  # inches of a line of text
_CAUTION = 72  # characters a line below a title
_STYLE = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "savefig.dpi": 200,
    "svg.hashsalt": "nasbed",  # the same comparison gives the same bytes
}


@contextmanager
def style() -> Iterator[None]:
    """Draw and save in the house's style, and leave matplotlib as it was."""
    with require("matplotlib", "report").rc_context(_STYLE):
        yield


@contextmanager
def drawing(height: float = _SIZE[1], width: float = _SIZE[0]) -> Iterator[tuple[Figure, Axes]]:
    """Give an empty figure, so many inches high and wide, and its axes, to be drawn in the house's style."""
    with style():
        from nasbed.report.notebook import NotebookFigure

        figure = NotebookFigure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


def course(comparison: Comparison, metric: Metric, against: Clock = "evaluations") -> Figure:
    """Draw how the incumbents' metric goes with a clock, for each search: the mean in its 95 % band.

    Of runs too few for an interval of their mean it is the median, which has one from six runs on. Where random
    search's expectation is known, it is there as a dashed line, beside means.
    """
    with drawing() as (figure, axes):
        curves = comparison.curves(metric, against)
        unit, clock = along(against, max(curve.at[-1] for curve in curves.values()))
        factor = comparison.factor(metric)
        of_means = comparison.runs >= FEWEST
        middles = [factor * (curve.mean if of_means else curve.median) for curve in curves.values()]
        logarithmic = metric.endswith("regret") and spans_much(np.concatenate(middles))
        floor = 0.5 * min(m[m > 0].min() for m in middles if (m > 0).any()) if logarithmic else -np.inf
        for i, (label, curve) in enumerate(curves.items()):
            at, (colour, line) = curve.at / unit, look(i)
            axes.plot(at, np.maximum(middles[i], floor), color=colour, linestyle=line, label=label, zorder=3)
            edges = (curve.low, curve.high) if of_means else (curve.median_low, curve.median_high)
            low, high = (np.maximum(factor * edge, floor) for edge in edges)
            axes.fill_between(at, low, high, color=colour, alpha=0.22, linewidth=0, zorder=2)
        at = next(iter(curves.values())).at
        expected = comparison.expected(metric, at, against)
        if expected is not None and of_means:
            name = reference_named(against)
            axes.plot(at / unit, factor * expected, color="0.15", linestyle="--", linewidth=0.9, label=name, zorder=4)
        if logarithmic:
            axes.set_yscale("log")
            _plain_log_ticks(axes.yaxis)
        title = _title(comparison, _drawn_of(comparison))
        axes.set_xlim(left=0)
        axes.set(xlabel=clock, ylabel=comparison.quantity(metric).axis, title=title)
        legend(figure, axes)
        return figure


def _drawn_of(comparison: Comparison) -> str:
    """Say of what lines are, and whether they have bands."""
    runs = comparison.runs_in_words
    if comparison.runs >= FEWEST:
        return f"mean of {runs} with 95 % band"
    if comparison.runs == 1:
        return runs
    return f"median of {runs}" + (" with 95 % band" if comparison.runs >= FEWEST_OF_MEDIAN else "")


def reference_named(against: Clock) -> str:
    """Say what the line of random search is along a clock."""
    return f"random search, {'expectation' if against == 'seconds' else 'exact expectation'}"


def shown(comparison: Comparison, metric: Metric | None = None, against: Clock | None = None) -> Figure:
    """Draw a comparison's course by what counts most and on the clock of its budget, if not said otherwise.

    Raises:
        BadSetting: When no training came to a result.
    """
    offered = metrics(comparison)
    if not offered:
        raise BadSetting("there is nothing to draw: no training of any search came to a result; search longer")
    return course(comparison, metric or offered[0], against or clocks(comparison)[0])


def course_of(history: History, metric: Metric | None = None, against: Clock | None = None) -> Figure:
    """Draw the course of one search likewise; by what it was told, where nothing is attached."""
    comparison = Comparison({str(history.info.get("optimizer", "search")): history})
    return shown(comparison, metric or ("validation" if history.test is None else None), against)


def outcome(comparison: Comparison, metric: Metric) -> Figure:
    """Draw what the runs of each search ended with: a dot a run, a box of quartiles, the mean with its interval."""
    finals = comparison.final(metric)
    names = beside(finals)
    with drawing(1.15 + len(finals) * max(0.62, height_of(names))) as (figure, axes):
        for i, values in enumerate(finals.values()):
            values = comparison.factor(metric) * values[~np.isnan(values)]
            if not len(values):
                continue
            colour, _ = look(i)
            axes.plot(values, i + 0.27 + _scatter(len(values)), ".", color=colour, alpha=0.3, markersize=3, mew=0)
            box = axes.boxplot(
                values,
                positions=[i - 0.12],
                orientation="horizontal",
                widths=0.26,
                showfliers=False,
                patch_artist=True,
                manage_ticks=False,
            )
            for part in (*box["whiskers"], *box["caps"], *box["medians"], *box["boxes"]):
                part.set(color=colour, linewidth=1.1)
            box["boxes"][0].set(facecolor="white")
            mean = Interval.of_mean(values)
            axes.errorbar(
                mean.value,
                i - 0.12,
                xerr=None if np.isnan(mean.low) else [[mean.value - mean.low], [mean.high - mean.value]],
                color="black",
                marker="D",
                markersize=3.2,
                capsize=2.5,
                linewidth=1.1,
                zorder=4,
            )
        axes.set_yticks(range(len(finals)), names)
        axes.set_ylim(len(finals) - 0.45, -0.55)
        axes.grid(visible=False, axis="y")
        title = _title(comparison, comparison.runs_in_words)
        axes.set(xlabel=f"final {comparison.quantity(metric).axis}", title=title)
        figure.supxlabel("dot: a run · box: quartiles · diamond: mean, with any 95 % interval", fontsize=8)
        return figure


def look(i: int) -> tuple[str, Any]:
    """Give the colour and the line style of a search by its number."""
    return _COLOURS[i % len(_COLOURS)], _STYLES[i % len(_STYLES)]


def broken(name: str, letters: int) -> str:
    """Break a name into lines, after its marks where there are any, such as ``evolution:population=10,sample=3``."""
    lines = [""]
    for piece in re.findall(r"[^\s,(:=_-]*[\s,(:=_-]*", name):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > letters:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > letters:
            lines[-1:] = lines[-1][:letters], lines[-1][letters:]
    return "\n".join(line.rstrip() for line in lines)


def beside(names: Iterable[str]) -> list[str]:
    """Break names so that they fit beside an axis."""
    return [broken(name, _BESIDE) for name in names]


def height_of(names: Iterable[str]) -> float:
    """Give the inches that the highest of some broken names takes, with room above and below."""
    return 0.15 + _LINE * max((name.count("\n") + 1 for name in names), default=1)


def legend(figure: Figure, axes: Axes) -> None:
    """Name few lines with short names inside the axes, others below, where they hide nothing."""
    if len(axes.lines) <= _LINES_INSIDE and all(len(str(line.get_label())) <= _INSIDE for line in axes.lines):
        axes.legend(loc="best")
        return
    for line in axes.lines:
        line.set_label(broken(str(line.get_label()), 2 * _INSIDE))
    lines = sum(str(line.get_label()).count("\n") + 1 for line in axes.lines)
    figure.set_figheight(_SIZE[1] + 0.17 * lines)
    figure.legend(loc="outside lower center", fontsize=8)


def _title(comparison: Comparison, what: str) -> str:
    """Name the benchmark and what is drawn, and below them what nobody should overlook."""
    below = [f"{comparison.studied} differing"] if comparison.studied else []
    below += [] if comparison.caution is None else wrap(comparison.caution, _CAUTION)
    return "\n".join([f"{comparison.benchmark} · {what}", *below])


def _plain_log_ticks(axis: Any) -> None:
    """Label a logarithmic axis with 0.5, 1, 2, 5 … rather than with powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _scatter(n: int) -> NDArray[np.float64]:
    """Spread n dots evenly over a narrow band, the same way each time (multiples of the golden ratio)."""
    return np.asarray(0.24 * (np.arange(n) * 0.6180339887498949 % 1.0) - 0.12, np.float64)


def prepared(folder: Path, forms: Sequence[str]) -> Path:
    """See that figures can be written so, make the folder if need be, and give it.

    Raises:
        BadSetting: For a form that there is not, or where no folder can be made.
    """
    for form in forms:
        if form not in FORMS:
            raise BadSetting(f"figures are {', '.join(FORMS)}, not {form!r}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"no folder can be made at {folder}: {error.strerror}; choose another place") from None
    return folder


def drawn(figure: Figure, folder: Path, name: str, forms: Sequence[str]) -> list[Path]:
    """Write a figure as ``NAME.FORM`` in a folder, in each form, and give the paths.

    It is laid out once for all forms, which takes as long as drawing it.
    """
    paths = [folder / f"{name}.{form}" for form in forms]
    with style():
        if (layout := figure.get_layout_engine()) is not None:
            layout.execute(figure)
        figure.set_layout_engine(None)  # what was laid out stays where it is
        for path, form in zip(paths, forms, strict=True):
            with replacing(path) as beside:
                figure.savefig(beside, format=form, metadata=_UNDATED.get(form, {}), **_QUICK.get(form, {}))
    return paths


def written(path: Path, text: str) -> Path:
    """Write a text, and give its path."""
    return put(path, text.encode())
