"""Random walks: how soon a walk from neighbour to neighbour forgets how good its architectures were.

The autocorrelation at lag k is that of values k steps apart on an endless random walk. On a whole space it needs no
walk: a walk passes each architecture as often as it has neighbours, and what it meets k steps later is k means over
neighbours. The correlation length is −1 / ln |ρ(1)|, in steps.

References: Weinberger, "Correlated and Uncorrelated Fitness Landscapes and How to Tell the Difference", Biological
Cybernetics 63, 1990; Stadler, "Landscapes and their correlation functions", Journal of Mathematical Chemistry 20, 1996
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.landscape import kernels
from nasbed.landscape.landscape import Landscape
from nasbed.report.statistic import known

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


@dataclass(frozen=True, eq=False)
class Autocorrelation:
    """The autocorrelation of values along a random walk.

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
        rho, later = [1.0], centred
        for _ in range(lags):
            later = kernels.after_a_step(later, landscape.values, graph.offsets, graph.near)
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
