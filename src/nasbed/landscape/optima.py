"""Local optima: where hill climbing ends, from where, and what it costs.

An optimum is an architecture without a better neighbour. Best improvement looks at all neighbours and goes to the best;
first improvement looks at them in random order and goes to the first that is better. Of the second everything is the
exact expectation over all orders, not a sample. Starts are drawn evenly from the architectures that have a value.

Reference: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021,
https://arxiv.org/abs/2005.02960, for hill climbing on these spaces
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.printing import Printed
from nasbed.landscape import kernels
from nasbed.landscape.landscape import Landscape


@dataclass(frozen=True, eq=False)
class Climbing(Printed):
    """What comes of one way to climb.

    Attributes:
        basins: How many starts end in each optimum, of one start an architecture, ``(optima,)``.
        success: The share of starts that end in the best there is.
        steps: Moves of a climb, on average.
        evaluations: Architectures that are looked at in a climb, the start included, on average; what is looked at
            twice counts twice.
    """

    basins: NDArray[np.float64]
    success: float
    steps: float
    evaluations: float

    def as_dict(self) -> dict[str, Any]:
        """Give it JSON-able, with the largest basin as a share of all starts."""
        starts = float(self.basins.sum())
        return {
            "success": self.success,
            "steps": self.steps,
            "evaluations": self.evaluations,
            "largest_basin": float(self.basins.max()) / starts,
            "median_basin": float(np.median(self.basins)) / starts,
        }


@dataclass(frozen=True, eq=False)
class LocalOptima(Printed):
    """All local optima of a landscape.

    Attributes:
        optima: Their numbers, the best first, ``(optima,)``.
        strict: Which of them are better than every neighbour; the others have an equal one.
        best: Which of them have the highest value there is.
        peaks: How many plateaus no move leads up from; a strict optimum is one by itself.
        best_improvement: What climbing to the best neighbour comes to.
        first_improvement: What climbing to the first better neighbour comes to.
    """

    optima: NDArray[np.int64]
    strict: NDArray[np.bool_]
    best: NDArray[np.bool_]
    peaks: int
    best_improvement: Climbing
    first_improvement: Climbing

    @classmethod
    def of(cls, landscape: Landscape) -> LocalOptima:
        """Find them, and climb from everywhere."""
        values, order = landscape.values, landscape.order
        graph = (landscape.neighbourhood.offsets, landscape.neighbourhood.near)
        end, steps, cost = kernels.climb_best(values, order, *graph)
        passing, more_steps, more_cost, chance = kernels.climb_first(values, order, *graph, landscape.best)
        optima = order[end[order] == order]
        equal = kernels.around(values, *graph, 0.0)[2]
        ending = np.bincount(end[order], minlength=len(values)).astype(np.float64)

        def climbing(basins: NDArray[np.float64], *of_each_start: NDArray[Any]) -> Climbing:
            return Climbing(basins[optima], *(float(found[order].mean()) for found in of_each_start))

        return cls(
            optima,
            equal[optima] == 0,
            landscape.best[optima],
            int(kernels.peaks(values, *graph)[1]),
            climbing(ending, landscape.best[end], steps, cost),
            climbing(passing, chance, more_steps, more_cost),
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the counts and both ways to climb, JSON-able."""
        return {
            "optima": len(self.optima),
            "strict": int(self.strict.sum()),
            "peaks": self.peaks,
            "best_improvement": self.best_improvement.as_dict(),
            "first_improvement": self.first_improvement.as_dict(),
        }
