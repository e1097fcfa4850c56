"""Figures of a landscape, in the style of ``report.figures``, and the folder of all that is known of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.files import replacing
from nasbed.landscape.study import LandscapeStudy
from nasbed.report.figures import style
from nasbed.report.latex import comma_separated

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = (5.0, 3.4)  # inches: a column of a two-column paper, and somewhat more
_BLUE, _ORANGE = "#0072B2", "#D55E00"


def forgetting(study: LandscapeStudy) -> Figure:
    """Draw the autocorrelation of a random walk, beside that of a walk that forgets the same share in each step."""
    with style():
        figure, axes = _figure()
        lags = np.arange(len(study.walks.rho))
        axes.plot(lags, study.walks.rho, "o-", color=_BLUE, label="exact, of the whole space")
        if np.isfinite(study.walks.length):
            axes.plot(
                lags, study.walks.rho[1] ** lags, "--", color="0.4", linewidth=1, label="ρ(1) to the power of the lag"
            )
            axes.legend(loc="best")
        axes.set_xlabel("steps of the random walk")
        axes.set_ylabel("autocorrelation")
        axes.set_title(_title(study, f"correlation length {study.walks.length:.2f}"), loc="left")
        return figure


def approach(study: LandscapeStudy) -> Figure:
    """Draw all values by the number of moves to the best, as a histogram at each distance, with the mean."""
    with style():
        figure, axes = _figure()
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
        axes.set_xlabel("moves to the best")
        axes.set_ylabel(_axis(study))
        axes.set_title(_title(study, f"fitness–distance correlation {study.distance.pearson:.2f}"), loc="left")
        return figure


def basins(study: LandscapeStudy) -> Figure:
    """Draw each local optimum by its value and by the share of starts that end there."""
    with style():
        figure, axes = _figure()
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
        axes.set_xlabel(_axis(study))
        axes.set_ylabel("starts that end there, %")
        axes.set_title(_title(study, f"{len(values):,} local optima"), loc="left")
        return figure


def ways_up(study: LandscapeStudy) -> Figure:
    """Draw which share of the neighbours is better, by how good an architecture is among all."""
    with style():
        figure, axes = _figure()
        places, shares = study.surroundings.by_quantile(study.landscape)
        axes.plot(100 * places, 100 * shares, "o-", color=_BLUE)
        axes.plot([0, 100], [100, 0], "--", color="0.4", linewidth=1, label="if neighbours were drawn at random")
        axes.legend(loc="best")
        axes.set_xlabel("architectures, the worst first, %")
        axes.set_ylabel("neighbours that are better, %")
        axes.set_title(_title(study, "ways up"), loc="left")
        return figure


def _title(study: LandscapeStudy, what: str) -> str:
    return f"{study.landscape.name} · {what}"


def _axis(study: LandscapeStudy) -> str:
    return study.landscape.what + (" (%)" if study.landscape.factor == 100 else "")


def _figure() -> tuple[Figure, Axes]:
    require("matplotlib", "report")
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    return figure, figure.add_subplot()


def save(study: LandscapeStudy, folder: Path) -> list[Path]:
    """Write everything; see ``LandscapeStudy.save``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"no folder can be made at {folder}: {error.strerror}; choose another place") from None
    written = []
    figures = {"autocorrelation": forgetting, "fitness-distance": approach, "basins": basins, "ways-up": ways_up}
    for name, draw in figures.items():
        figure = draw(study)
        for form in ("png", "svg"):
            path = folder / f"{name}.{form}"
            with style(), replacing(path) as beside:
                figure.savefig(beside, format=form, metadata={"Date": None} if form == "svg" else {})
            written.append(path)
    for path, text in (
        (folder / "optima.csv", comma_separated(study)),
        (folder / "landscape.json", json.dumps(study.as_dict(), indent=2) + "\n"),
    ):
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written
