"""Figures of a predictor study: how well predictors rank by how much they know, what that costs, what they believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.report.figures import drawing, legend, look
from nasbed.statistics.prediction import LEVEL
from nasbed.studies.prediction.results import ALL, EACH, UNSEEN, PredictorResults, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLES = {ALL: "all others", UNSEEN: "unseen functions", EACH: "one for each unseen function"}
_WIDE = 3.0  # inches, a panel
_HIGH = 3.6
_MARKS = "osD^vPX*<>"


def figures(results: PredictorResults, benchmark: str) -> dict[str, Figure]:
    """Draw everything of one table, by the names of the figures."""
    found = {
        "learning": learning(results, benchmark),
        "top": top(results, benchmark),
        "calibration": calibration(results, benchmark),
    }
    if any(row.get("fit") is not None for row in results.rows(benchmark)):
        found["seconds"] = seconds(results, benchmark)
    if any(row["hours"] is not None for row in results.rows(benchmark)):
        found["cost"] = cost(results, benchmark)
    return found


def learning(results: PredictorResults, benchmark: str) -> Figure:
    """Draw τ by the number that is learned from, on each test set, with the deviation over draws and the ceiling."""
    lines, tau = results.lines(benchmark), results.ceiling(benchmark)[0]
    twins = any(row["twins"] > 0 for row in results.rows(benchmark))
    sets = [ALL, UNSEEN, EACH] if twins else [ALL]
    with drawing(_HIGH, _WIDE * len(sets) + (2.4 if len(sets) == 1 else 0)) as (figure, first):
        figure.delaxes(first)
        every = figure.subplots(1, len(sets), sharey=True, squeeze=False)[0]
        for axes, name in zip(every, sets, strict=True):
            _drawn(axes, lines, f"{name}/tau")
            if name == ALL and tau == tau:
                axes.axhline(tau, color="0.15", linestyle="--", linewidth=0.9, label="twins predict each other")
            title = _TITLES[name] if twins else f"{_TITLES[name]}: no two compute the same"
            axes.set(xlabel="architectures learned from", title=title)
            _ticks(axes, lines)
        every[0].set_ylabel("Kendall τ")
        _below(figure, every[0], benchmark, results)
        return figure


def top(results: PredictorResults, benchmark: str) -> Figure:
    """Draw the best of the ten that are predicted best, and the best that there is."""
    lines, factor = results.lines(benchmark), results.factor(benchmark, "best10")
    best = factor * float(results.examples(benchmark).values.max())
    with drawing(_HIGH) as (figure, axes):
        _drawn(axes, lines, f"{UNSEEN}/best10", factor, best)
        axes.axhline(best, color="0.15", linestyle="--", linewidth=0.9, label="the best there is")
        words = "best true value in the predicted top 10"
        axes.set(xlabel="architectures learned from", ylabel=words + (" (%)" if factor == 100 else ""))
        axes.set_title(f"{benchmark} · {_TITLES[UNSEEN]}")
        _ticks(axes, lines)
        legend(figure, axes)
        return figure


def calibration(results: PredictorResults, benchmark: str) -> Figure:
    """Draw how often 90 % intervals hold what was measured."""
    lines = results.lines(benchmark)
    with drawing(_HIGH) as (figure, axes):
        _drawn(axes, lines, f"{UNSEEN}/coverage", 100)
        axes.axhline(100 * LEVEL, color="0.15", linestyle="--", linewidth=0.9, label="as often as it says")
        axes.set(xlabel="architectures learned from", ylabel="measured within 90 % intervals (%)")
        axes.set_title(f"{benchmark} · calibration on unseen functions")
        _ticks(axes, lines)
        legend(figure, axes)
        return figure


def seconds(results: PredictorResults, benchmark: str) -> Figure:
    """Draw τ by what a predictor takes of one core, to learn and to predict a thousand."""
    with drawing(_HIGH) as (figure, axes):
        for i, (label, rows) in enumerate(results.lines(benchmark).items()):
            known = [row for row in rows if row.get("fit") is not None and row[f"{UNSEEN}/tau"] is not None]
            took = [max(row["fit"] + row["query"], 1e-4) for row in known]
            colour, style = look(i)
            at = [row[f"{UNSEEN}/tau"] for row in known]
            axes.plot(
                took, at, color=colour, linestyle=style, marker=_MARKS[i % len(_MARKS)], markersize=4, label=label
            )
        axes.set_xscale("log")
        axes.set(xlabel="seconds of one core: to learn and to predict 1,000", ylabel="Kendall τ on unseen functions")
        axes.set_title(f"{benchmark} · a point for each training size")
        legend(figure, axes)
        return figure


def cost(results: PredictorResults, benchmark: str) -> Figure:
    """Draw τ by what the trainings cost that were learned from."""
    with drawing(_HIGH) as (figure, axes):
        for i, (label, rows) in enumerate(results.lines(benchmark).items()):
            known = [row for row in rows if row["hours"] is not None and row[f"{UNSEEN}/tau"] is not None]
            colour, style = look(i)
            at = [row[f"{UNSEEN}/tau"] for row in known]
            hours = [row["hours"] for row in known]
            axes.plot(
                hours, at, color=colour, linestyle=style, marker=_MARKS[i % len(_MARKS)], markersize=4, label=label
            )
        axes.set_xscale("log")
        axes.set(
            xlabel="simulated hours: of what is learned from, and early values of all",
            ylabel="Kendall τ on unseen functions",
        )
        axes.set_title(f"{benchmark} · a point for each training size")
        legend(figure, axes)
        return figure


def _drawn(axes: Axes, lines: dict[str, list[Row]], column: str, factor: float = 1.0, most: float = np.inf) -> None:
    """Draw the means of each predictor with their deviation over draws, up to the most that there is."""
    for i, (label, rows) in enumerate(lines.items()):
        at = np.array([row["size"] for row in rows], np.float64)
        mean, sd = (factor * _numbers(rows, name) for name in (column, f"{column}/sd"))
        colour, style = look(i)
        axes.plot(at, mean, color=colour, linestyle=style, marker=_MARKS[i % len(_MARKS)], markersize=3.5, label=label)
        axes.fill_between(at, mean - sd, np.minimum(mean + sd, most), color=colour, alpha=0.12, linewidth=0)


def _numbers(rows: list[Row], name: str) -> Any:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)


def _ticks(axes: Axes, lines: dict[str, list[Row]]) -> None:
    """Label the sizes that were tried, on a logarithmic axis."""
    from matplotlib.ticker import NullLocator

    sizes = sorted({int(row["size"]) for rows in lines.values() for row in rows})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())


def _below(figure: Figure, axes: Axes, benchmark: str, results: PredictorResults) -> None:
    """Put the legend below all panels, and what is drawn above."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)), fontsize=8)
    draws = results.study.draws
    drawn = f"mean of {draws} draws, band ± their deviation" if draws > 1 else "one draw"
    figure.suptitle(f"{benchmark} · {drawn}", x=0.02, ha="left", fontsize=9.5)
