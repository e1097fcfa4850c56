"""Crowding: how far apart an answer's neighbours on its front are, so that fronts stay spread out.

Reference: Deb et al., IEEE Transactions on Evolutionary Computation 6(2), 2002, section III-B
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def crowding(objectives: Any, rank: Any) -> Any:
    """Give the crowding distance of each answer on its front.

    It is the distance between the next lower and the next higher value in each objective, as a share of the front's
    extent, summed. The ends of a front are infinitely far from others. An objective in which all of a front are alike
    does not count; in the paper it would put two of them, whichever, infinitely far away. Of equal values, the first
    row counts as the lower.

    Args:
        objectives: ``(n, objectives)``, finite.
        rank: The number of each one's front, ``(n,)``.

    Returns:
        ``(n,)``.
    """
    distance = np.zeros(len(rank))
    for front in range(rank.max() + 1):
        members = np.flatnonzero(rank == front)
        for i in range(objectives.shape[1]):
            values = objectives[members, i]
            order = np.argsort(values, kind="mergesort")
            extent = values[order[-1]] - values[order[0]]
            if extent > 0.0:
                distance[members[order[0]]] = distance[members[order[-1]]] = np.inf
                for j in range(1, len(order) - 1):
                    distance[members[order[j]]] += (values[order[j + 1]] - values[order[j - 1]]) / extent
    return distance


@numba.njit(cache=True)
def in_order(rank: Any, distance: Any) -> Any:
    """Order answers by front and, within one, the least crowded first; the first row of equals first, ``(n,)``."""
    widest = np.argsort(-distance, kind="mergesort")
    return widest[np.argsort(rank[widest], kind="mergesort")]
