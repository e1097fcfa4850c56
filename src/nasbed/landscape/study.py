"""A landscape looked over: neighbours, optima, walks and distances, in numbers and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.registry import reports
from nasbed.landscape.landscape import Landscape
from nasbed.landscape.measures import Autocorrelation, FitnessDistance, Surroundings
from nasbed.landscape.optima import LocalOptima
from nasbed.statistics.statistic import Cells, Statistic, decimals, number

_NAMED_AT_MOST = 20  # optima that people are shown


@dataclass(frozen=True, eq=False)
class LandscapeStudy(Statistic):
    """What there is to know of a landscape.

    Attributes:
        landscape: Of which.
        surroundings: What neighbours are like.
        optima: Where hill climbing ends.
        walks: How soon random walks forget.
        distance: Whether better is nearer to the best.
    """

    landscape: Landscape
    surroundings: Surroundings
    optima: LocalOptima
    walks: Autocorrelation
    distance: FitnessDistance

    def facts(self) -> dict[str, Any]:
        """Give everything but the single optima, JSON-able; shares in [0, 1], distances and lengths in moves."""
        landscape = self.landscape
        return {
            "benchmark": landscape.name,
            "space": landscape.space.name,
            "values": landscape.what,
            "architectures": len(landscape.values),
            "without_value": int((~landscape.there).sum()),
            "best": float(np.nanmax(landscape.values)),
            "best_architectures": int(landscape.best.sum()),
            "neighbourhood": self.surroundings.as_dict(),
            "local_optima": self.optima.as_dict(),
            "random_walk": self.walks.as_dict(),
            "fitness_distance": self.distance.as_dict(),
            "warnings": list(landscape.warnings),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Give a row for each local optimum, the best first; basins as shares of all starts."""
        space, starts = self.landscape.space, len(self.landscape.order)
        archs = space.archs_of(self.optima.optima)
        return [
            {
                "index": int(index),
                "architecture": space.format(archs[i]),
                "value": float(self.landscape.values[index]),
                "strict": bool(self.optima.strict[i]),
                "distance": int(self.distance.distances[index]),
                "basin_best_improvement": float(self.optima.best_improvement.basins[i]) / starts,
                "basin_first_improvement": float(self.optima.first_improvement.basins[i]) / starts,
            }
            for i, index in enumerate(self.optima.optima)
        ]

    def cells(self) -> Cells:
        """Give the best of the optima for people."""
        headers = ["index", self.landscape.what, "moves to the best", "basin, best %", "basin, first %", "architecture"]
        return headers, [
            [
                str(row["index"]),
                number(row["value"], self.landscape.factor, decimals(self.landscape.factor)),
                "–" if row["distance"] < 0 else str(row["distance"]),
                number(row["basin_best_improvement"], 100, 1),
                number(row["basin_first_improvement"], 100, 1),
                row["architecture"],
            ]
            for row in self.rows()[:_NAMED_AT_MOST]
        ]

    def finding(self) -> str:
        """Say how hard it is to climb here."""
        optima, first = self.optima, self.optima.first_improvement
        count = len(optima.optima)
        said = f"{self.landscape.name}, {self.landscape.what}: {len(self.landscape.order):,} architectures with "
        said += f"{count:,} local optim{'a' if count > 1 else 'um'}; "
        said += f"{100 * optima.best_improvement.success:.1f} % of the starts climb to the best there is by best and "
        said += (
            f"{100 * first.success:.1f} % by first improvement, after {first.evaluations:.0f} evaluations on average. "
        )
        if not self.surroundings.degree.any():
            return said + "No two of them are neighbours, so there is nothing to climb."
        if np.isnan(self.walks.length):
            return said + "All architectures are worth the same."
        said += f"A random walk forgets in {self.walks.length:.1f} steps (ρ(1) = {self.walks.rho[1]:.2f})"
        return said + f"; value and distance to the best correlate by {number(self.distance.pearson)}."

    def save(self, folder: str | Path) -> list[Path]:
        """Write figures, the optima as CSV and everything as JSON into a folder, and give the files' paths."""
        written: list[Path] = reports["landscape"](self, Path(folder))
        return written


def study(landscape: Landscape, lags: int = 10, tolerance: float = 0.0) -> LandscapeStudy:
    """Look a landscape over.

    Args:
        landscape: Which.
        lags: Of the autocorrelation, at most.
        tolerance: Values of neighbours that differ by no more count as neutral.
    """
    return LandscapeStudy(
        landscape,
        Surroundings.of(landscape, tolerance),
        LocalOptima.of(landscape),
        Autocorrelation.of(landscape, lags),
        FitnessDistance.of(landscape),
    )
