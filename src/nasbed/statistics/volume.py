"""Hypervolume, and the fronts that it measures: how much of the space of objectives points dominate, up to a reference.

Of two objectives it is an area, which a sweep adds up; of three or more pymoo measures it. All objectives here are to
be kept low; what is not better than the reference in every objective counts for nothing.

Reference: Zitzler and Thiele, "Multiobjective Evolutionary Algorithms: A Comparative Case Study and the Strength
Pareto Approach", IEEE Transactions on Evolutionary Computation 3(4), 1999
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.compiled import heavy_kernel, stable_order
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require


@heavy_kernel
def area(points: Any, x_limit: float, y_limit: float) -> float:
    """Give the area that points, ``(n, 2)``, dominate below the limits; NaN dominates nothing."""
    total, lowest = 0.0, y_limit
    for i in stable_order(points[:, 0]):
        x, y = points[i]
        if x < x_limit and y < lowest:
            total += (x_limit - x) * (lowest - y)
            lowest = y
    return total


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Give the volume that points dominate below a reference point.

    Args:
        points: ``(n, objectives)``, lower is better; NaN dominates nothing.
        reference: ``(objectives,)``.

    Raises:
        BadSetting: When the shapes do not fit.
        MissingExtra: For three or more objectives, when pymoo is not installed.

    >>> hypervolume([[0.0, 0.5], [0.5, 0.0]], [1.0, 1.0])
    0.75
    """
    rows, limit = np.asarray(points, np.float64), np.asarray(reference, np.float64)
    if rows.ndim != 2 or limit.shape != rows.shape[1:]:
        raise BadSetting(f"points are (n, objectives) and the reference one of them, not {rows.shape}, {limit.shape}")
    if len(limit) == 2:
        return float(area(rows, *limit.tolist()))
    rows = rows[(rows < limit).all(axis=1)]  # which leaves NaN out, too
    if len(limit) == 1:
        return float((limit - rows).max(initial=0.0))
    if not len(rows):
        return 0.0
    return float(require("pymoo.indicators.hv", "pymoo").HV(ref_point=limit)(rows))


def hypervolumes_along(
    until: NDArray[np.int64], points: NDArray[np.float64], reference: ArrayLike
) -> NDArray[np.float64]:
    """Give the hypervolume of each run's front after each of its steps, ``(steps, runs)``.

    Args:
        until: From which step on each entry is no longer on the front of its run, −1 where it never is,
            ``(steps, runs)``.
        points: ``(steps, runs, objectives)``, lower is better.
        reference: ``(objectives,)``.
    """
    changes = until >= 0  # the steps at which a front becomes another one
    volumes = np.zeros(until.shape)
    for step, run in np.argwhere(changes):
        there = np.flatnonzero(until[: step + 1, run] > step)
        volumes[step, run] = hypervolume(points[there, run], reference)
    latest = np.maximum.accumulate(np.where(changes, np.arange(len(until))[:, None], 0), axis=0)
    return np.take_along_axis(volumes, latest, axis=0)


@heavy_kernel
def compared(a: Any, b: Any) -> int:
    """Say whether point a is as good as b or better in each objective, 1, or else as bad or worse, −1, or neither, 0.

    Equal points are 1. Lower is better.
    """
    better, worse = False, False
    for i in range(len(a)):
        better |= a[i] < b[i]
        worse |= a[i] > b[i]
    return (0 if better else -1) if worse else 1


@heavy_kernel
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


@heavy_kernel
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
