"""Measures of a landscape: what neighbours are like, how soon walks forget, whether better is nearer to the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.printing import Printed
from nasbed.landscape import kernels
from nasbed.landscape.landscape import Landscape
from nasbed.statistics.statistic import known

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


@dataclass(frozen=True, eq=False)
class FitnessDistance(Printed):
    """The fitness–distance correlation: whether what is better is nearer to the best.

    Distance is the number of moves to the nearest of the best, over architectures that have a value: in a product space
    the number of decisions that differ, else the shortest way of edits. Values are to be as high as can be, so a
    correlation of −1 leads straight to the best and one of 1 away from it.

    Reference: Jones and Forrest, "Fitness Distance Correlation as a Measure of Problem Difficulty for Genetic
    Algorithms", ICGA 1995

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


@dataclass(frozen=True, eq=False)
class Surroundings(Printed):
    """What the neighbours of each architecture are like.

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


@dataclass(frozen=True, eq=False)
class Autocorrelation(Printed):
    """The autocorrelation of values along a random walk: how soon a walk forgets how good its architectures were.

    That at lag k is of values k steps apart on an endless walk. On a whole space it needs no walk: a walk passes each
    architecture as often as it has neighbours, and what it meets k steps later is k means over neighbours. The
    correlation length is −1 / ln |ρ(1)|, in steps.

    References: Weinberger, "Correlated and Uncorrelated Fitness Landscapes and How to Tell the Difference", Biological
    Cybernetics 63, 1990; Stadler, "Landscapes and their correlation functions", Journal of Mathematical Chemistry 20,
    1996

    Attributes:
        rho: At lags 0, 1, 2 …; NaN where all values are equal.
    """

    rho: NDArray[np.float64]

    @classmethod
    def of(cls, landscape: Landscape, lags: int = 10) -> Autocorrelation:
        """Give it exactly, up to a lag.

        Raises:
            BadSetting: When there is less than one lag.
        """
        if lags < 1:
            raise BadSetting(f"an autocorrelation has at least 1 lag, not {lags}")
        graph = landscape.neighbourhood
        degree = kernels.around(landscape.values, graph.offsets, graph.near, 0.0)[0].astype(np.float64)
        if not degree.any():
            return cls(np.full(lags + 1, np.nan))
        weight = degree / degree.sum()
        centred = np.where(landscape.there, landscape.values, 0.0)
        centred = np.where(landscape.there, centred - weight @ centred, 0.0)
        variance = float(weight @ centred**2)
        if variance == 0:
            return cls(np.full(lags + 1, np.nan))
        steps = require("scipy.sparse", "report").csr_array((np.ones(len(graph.near)), graph.near, graph.offsets))
        rho, later = [1.0], centred
        for _ in range(lags):  # each time the mean over neighbours; what is not there stays 0 and adds nothing
            later = np.divide(steps @ later, degree, out=later.copy(), where=degree > 0)
            rho.append(float(weight @ (centred * later)) / variance)
        return cls(np.array(rho))

    @property
    def length(self) -> float:
        """The correlation length in steps; infinite where a step changes nothing, 0 where it forgets everything."""
        first = abs(float(self.rho[1]))
        if np.isnan(first):
            return np.nan
        return 0.0 if first == 0 else np.inf if first >= 1 else float(-1 / np.log(first))

    def as_dict(self) -> dict[str, Any]:
        """Give it JSON-able."""
        return {"rho": [known(x) for x in self.rho], "length": known(self.length)}


def random_walks(landscape: Landscape, streams: Streams, steps: int) -> NDArray[np.int64]:
    """Walk at random, each stream by itself, from an even start; ``1 + steps`` words.

    Returns:
        The numbers of the architectures passed, ``(walks, steps + 1)``.
    """
    starts = landscape.order[streams.integers(len(landscape.order))[:, 0]]
    graph = landscape.neighbourhood
    path: NDArray[np.int64] = kernels.walk(
        landscape.values, graph.offsets, graph.near, starts, streams.keys, streams.positions, steps
    )
    return path
