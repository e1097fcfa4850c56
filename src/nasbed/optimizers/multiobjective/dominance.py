"""Domination: which of two answers is better in every respect, and the layers that this sorts many into.

Objectives are to be kept low. An answer that keeps the limits dominates one that does not; of two that do not, the one
that is less over them dominates, whatever else they are.

Reference: Deb, Pratap, Agarwal and Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2), 2002, https://doi.org/10.1109/4235.996017, sections III-A and VI
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def dominates(objectives: Any, excess: Any, a: int, b: int) -> bool:
    """Say whether answer a dominates answer b.

    Args:
        objectives: ``(n, objectives)``.
        excess: By how much each is over the limits, ``(n,)``; 0 for what keeps them.
        a: A row.
        b: Another.
    """
    if excess[a] != excess[b]:
        return bool(excess[a] < excess[b])
    if excess[a] > 0.0:
        return False
    better = False
    for i in range(objectives.shape[1]):
        if objectives[a, i] > objectives[b, i]:
            return False
        better |= objectives[a, i] < objectives[b, i]
    return better


@numba.njit(cache=True)
def ranks(objectives: Any, excess: Any) -> Any:
    """Sort answers into fronts: 0 for those that none dominates, 1 for those that only these dominate, and so on.

    Args:
        objectives: ``(n, objectives)``.
        excess: ``(n,)``.

    Returns:
        The number of each one's front, ``(n,)``.
    """
    n = len(excess)
    rank, above = np.full(n, -1), np.zeros(n, np.int64)
    below = np.zeros((n, n), np.bool_)
    for a in range(n):
        for b in range(n):
            if dominates(objectives, excess, a, b):
                below[a, b] = True
                above[b] += 1
    sorted_out, front = 0, 0
    while sorted_out < n:
        begin = sorted_out
        for a in range(n):
            if rank[a] < 0 and above[a] == 0:
                rank[a] = front
                sorted_out += 1
        for a in range(n):
            if rank[a] == front:
                for b in range(n):
                    above[b] -= below[a, b]
        front += 1
        assert sorted_out > begin  # domination has no circles
    return rank
