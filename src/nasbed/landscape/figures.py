"""Figures of a landscape, in the style of ``report.figures``, and the folder of all that is known of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nasbed.landscape.study import LandscapeStudy
from nasbed.report.figures import drawing, drawn, prepared, written
from nasbed.report.latex import comma_separated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = (3.4, 5.0)  # inches, high and wide: a column of a two-column paper, and somewhat more
_BLUE, _ORANGE = "#0072B2", "#D55E00"


def forgetting(study: LandscapeStudy) -> Figure:
    """Draw the autocorrelation of a random walk, beside that of a walk that forgets the same share in each step."""
    with drawing(*_SIZE) as (figure, axes):
        lags = np.arange(len(study.walks.rho))
        axes.plot(lags, study.walks.rho, "o-", color=_BLUE, label="exact, of the whole space")
        if np.isfinite(study.walks.length):
            axes.plot(
                lags, study.walks.rho[1] ** lags, "--", color="0.4", linewidth=1, label="ρ(1) to the power of the lag"
            )
            axes.legend(loc="best")
        axes.set(
            xlabel="steps of the random walk",
            ylabel="autocorrelation",
            title=_title(study, f"correlation length {study.walks.length:.2f}"),
        )
        return figure


def approach(study: LandscapeStudy) -> Figure:
    """Draw all values by the number of moves to the best, as a histogram at each distance, with the mean."""
    with drawing(*_SIZE) as (figure, axes):
        away = study.distance.distances
        some = away >= 0
        values = study.landscape.factor * study.landscape.values[some]
        away = away[some]
        low = np.quantile(values, 0.005)  # what failed to learn would squeeze all others
        edges = (np.arange(away.max() + 2) - 0.5, np.linspace(min(low, values.max() - 1e-9), values.max(), 80))
        counts = np.histogram2d(away, np.maximum(values, low), edges)[0]
        shares = np.where(counts > 0, counts / np.maximum(counts.max(axis=1, keepdims=True), 1), np.nan)
        axes.pcolormesh(*edges, shares.T, cmap="Blues", vmin=-0.2)
        means = [values[away == d].mean() for d in np.unique(away)]
        axes.plot(np.unique(away), means, "D-", color=_ORANGE, markersize=4, linewidth=1, label="mean")
        axes.legend(loc="lower left")
        axes.set(
            xlabel="moves to the best",
            ylabel=_axis(study),
            title=_title(study, f"fitness–distance correlation {study.distance.pearson:.2f}"),
        )
        return figure


def basins(study: LandscapeStudy) -> Figure:
    """Draw each local optimum by its value and by the share of starts that end there."""
    with drawing(*_SIZE) as (figure, axes):
        optima = study.optima
        values = study.landscape.factor * study.landscape.values[optima.optima]
        starts = len(study.landscape.order)
        for climbing, name, mark, colour in (
            (optima.best_improvement, "best improvement", "o", _BLUE),
            (optima.first_improvement, "first improvement", "^", _ORANGE),
        ):
            axes.scatter(values, 100 * climbing.basins / starts, s=22, marker=mark, color=colour, alpha=0.6, label=name)
        axes.set_yscale("log")
        axes.legend(loc="best")
        axes.set(
            xlabel=_axis(study), ylabel="starts that end there, %", title=_title(study, f"{len(values):,} local optima")
        )
        return figure


def ways_up(study: LandscapeStudy) -> Figure:
    """Draw which share of the neighbours is better, by how good an architecture is among all."""
    with drawing(*_SIZE) as (figure, axes):
        places, shares = study.surroundings.by_quantile(study.landscape)
        axes.plot(100 * places, 100 * shares, "o-", color=_BLUE)
        axes.plot([0, 100], [100, 0], "--", color="0.4", linewidth=1, label="if neighbours were drawn at random")
        axes.legend(loc="best")
        axes.set(
            xlabel="architectures, the worst first, %",
            ylabel="neighbours that are better, %",
            title=_title(study, "ways up"),
        )
        return figure


def _title(study: LandscapeStudy, what: str) -> str:
    return f"{study.landscape.name} · {what}"


def _axis(study: LandscapeStudy) -> str:
    return study.landscape.what + (" (%)" if study.landscape.factor == 100 else "")


def save(study: LandscapeStudy, folder: Path) -> list[Path]:
    """Write everything; see ``LandscapeStudy.save``."""
    forms = ("png", "svg")
    prepared(folder, forms)
    paths = []
    figures = {"autocorrelation": forgetting, "fitness-distance": approach, "basins": basins, "ways-up": ways_up}
    for name, draw in figures.items():
        paths += drawn(draw(study), folder, name, forms)
    paths.append(written(folder / "optima.csv", comma_separated(study)))
    paths.append(written(folder / "landscape.json", json.dumps(study.as_dict(), indent=2) + "\n"))
    return paths
