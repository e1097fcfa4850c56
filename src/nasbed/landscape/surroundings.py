"""Surroundings: what the neighbours of an architecture are like, on average and by how good it is itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.landscape import kernels
from nasbed.landscape.landscape import Landscape
from nasbed.report.statistic import known


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The neighbours of each architecture.

    Attributes:
        degree: How many it has, ``(size,)``; 0 for what is not there.
        improving: Which share of them is better; NaN without neighbours.
        neutral: Which share of them is as good, within the tolerance.
        difference: By how much their values differ from its own, in absolute terms and on average.
        tolerance: What counts as equal.
    """

    degree: NDArray[np.int64]
    improving: NDArray[np.float64]
    neutral: NDArray[np.float64]
    difference: NDArray[np.float64]
    tolerance: float

    @classmethod
    def of(cls, landscape: Landscape, tolerance: float = 0.0) -> Surroundings:
        """Look around everywhere.

        Args:
            landscape: Where.
            tolerance: Values that differ by no more are equal; 0 for exactly equal ones.

        Raises:
            BadSetting: When the tolerance is negative or no number.
        """
        if not tolerance >= 0:
            raise BadSetting(f"a tolerance is 0 or more, not {tolerance}")
        graph = landscape.neighbourhood
        degree, better, equal, difference = kernels.around(landscape.values, graph.offsets, graph.near, tolerance)
        shares = [np.where(degree > 0, x / np.maximum(degree, 1), np.nan) for x in (better, equal, difference)]
        return cls(degree, shares[0], shares[1], shares[2], tolerance)

    def by_quantile(self, landscape: Landscape, parts: int = 20) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the mean share of better neighbours in equal parts of the ranking, the worst first.

        Returns:
            The middles of the parts, in [0, 1], and the shares, both ``(parts,)`` or fewer.
        """
        order = landscape.order[::-1]
        order = order[self.degree[order] > 0]
        pieces = [piece for piece in np.array_split(np.arange(len(order)), parts) if len(piece)]
        middles = np.array([(piece[0] + piece[-1] + 1) / 2 / len(order) for piece in pieces])
        return middles, np.array([self.improving[order[piece]].mean() for piece in pieces])

    def as_dict(self) -> dict[str, Any]:
        """Give the means, JSON-able: None where nothing has neighbours."""
        some = self.degree > 0
        values = (self.degree, self.improving, self.neutral, self.difference)
        names = ("neighbours", "improving", "neutral", "difference")
        found = {name: float(x[some].mean()) if some.any() else np.nan for name, x in zip(names, values, strict=True)}
        return {**{name: known(x) for name, x in found.items()}, "tolerance": self.tolerance}
