"""Fitness–distance correlation: whether what is better is nearer to the best.

Distance is the number of moves to the nearest of the best, over architectures that have a value: in a product space the
number of decisions that differ, else the shortest way of edits. Values are to be as high as can be, so a correlation of
−1 leads straight to the best and one of 1 away from it.

Reference: Jones and Forrest, "Fitness Distance Correlation as a Measure of Problem Difficulty for Genetic Algorithms",
ICGA 1995
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.landscape import kernels
from nasbed.landscape.landscape import Landscape
from nasbed.report.statistic import known


@dataclass(frozen=True, eq=False)
class FitnessDistance:
    """How values go with the distance to the best.

    Attributes:
        distances: Moves from each architecture to the nearest of the best, ``(size,)``; −1 where no way leads there.
        pearson: The correlation; NaN where values or distances are all equal.
        spearman: The same of ranks.
    """

    distances: NDArray[np.int64]
    pearson: float
    spearman: float

    @classmethod
    def of(cls, landscape: Landscape) -> FitnessDistance:
        """Measure all distances."""
        graph = landscape.neighbourhood
        found = kernels.distances(landscape.values, graph.offsets, graph.near, landscape.best)
        some = found >= 0
        values, away = landscape.values[some], found[some].astype(np.float64)
        if len(np.unique(away)) < 2 or len(np.unique(values)) < 2:
            return cls(found, np.nan, np.nan)
        rank = require("scipy.stats", "report").rankdata
        return cls(found, _correlation(values, away), _correlation(rank(values), rank(away)))

    def as_dict(self) -> dict[str, Any]:
        """Give it JSON-able, with how many architectures have no way to the best."""
        return {
            "pearson": known(self.pearson),
            "spearman": known(self.spearman),
            "farthest": int(self.distances.max()),
            "mean_distance": float(self.distances[self.distances >= 0].mean()),
        }


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one, other)[0, 1])
