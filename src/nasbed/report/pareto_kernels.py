"""The compiled half of Pareto fronts: which entries of many runs are on the front, and until when."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def compared(a: Any, b: Any) -> int:
    """Say whether point a is as good as b or better in each objective, 1, or else as bad or worse, −1, or neither, 0.

    Equal points are 1. Lower is better.
    """
    better, worse = False, False
    for i in range(len(a)):
        better |= a[i] < b[i]
        worse |= a[i] > b[i]
    return (0 if better else -1) if worse else 1


@numba.njit(cache=True)
def spans(points: Any, counts: Any) -> Any:
    """Say from which step on each entry is off its run's front again.

    Args:
        points: ``(steps, runs, objectives)``, lower is better.
        counts: Which entries count, ``(steps, runs)``.

    Returns:
        ``(steps, runs)``: the step at which something better came; ``steps`` where nothing did; −1 for an entry that
        never was on the front, because something as good was there before it.
    """
    steps, runs = counts.shape
    until = np.full((steps, runs), -1)
    members = np.empty(steps, np.int64)
    for run in range(runs):
        size = 0
        for step in range(steps):
            if not counts[step, run]:
                continue
            kept, enters = 0, True
            for i in range(size):
                known = members[i]
                relation = compared(points[known, run], points[step, run])
                if relation == 1:
                    enters = False
                    break
                if relation == -1:
                    until[known, run] = step
                else:
                    members[kept] = known
                    kept += 1
            if enters:  # else nothing was removed before, since what it dominates would be dominated by a member
                members[kept] = step
                size = kept + 1
                until[step, run] = steps
    return until


@numba.njit(cache=True)
def undominated(points: Any) -> Any:
    """Say which of some points in lexicographic order no other one dominates, ``(n, objectives)`` → ``(n,)``.

    A point is dominated only by what stands before it; equal points stand or fall together.
    """
    result = np.zeros(len(points), np.bool_)
    front, size = np.empty(len(points), np.int64), 0
    for i in range(len(points)):
        if i and (points[i] == points[i - 1]).all():
            result[i] = result[i - 1]
            continue
        dominated = False
        for j in range(size - 1, -1, -1):
            if compared(points[front[j]], points[i]) == 1:
                dominated = True
                break
        if not dominated:
            result[i] = True
            front[size] = i
            size += 1
    return result
