"""The compiled loop behind the probability of improvement and its bootstrap."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def probabilities(one: Any, other: Any, levels: int, ones: Any, others: Any) -> Any:
    """Give, for each row of drawn runs, how likely one drawn run of the first is better than one of the second.

    Args:
        one: Rank of each run of the first search among the different values there are, ``(runs,)``.
        other: The same of the second.
        levels: How many different values there are.
        ones: Drawn runs of the first, ``(draws, runs)``.
        others: Drawn runs of the second, ``(draws, runs)``.
    """
    result = np.empty(len(ones))
    below = np.empty(levels)
    for draw in range(len(ones)):
        below[:] = 0.0
        for k in range(others.shape[1]):
            below[other[others[draw, k]]] += 1.0
        under = 0.0
        for level in range(levels):
            count = below[level]
            below[level] = under + count / 2  # of equals half count as worse
            under += count
        wins = 0.0
        for k in range(ones.shape[1]):
            wins += below[one[ones[draw, k]]]
        result[draw] = wins / (ones.shape[1] * others.shape[1])
    return result
