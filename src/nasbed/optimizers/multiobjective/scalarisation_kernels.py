"""The compiled half of random scalarisation: tournaments by weighted objectives, for all runs in one call."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def push(alive: Any, told: Any, answers: Any, active: Any) -> None:
    """Put each run's answer where its oldest member stood.

    Args:
        alive: The arrays of ``objectives.Heard``.
        told: How many each run has been told, ``(runs,)``.
        answers: One a run, in the same order.
        active: Which runs have one.
    """
    archs, objectives, excess, number = alive
    for run in range(len(told)):
        if active[run]:
            place = told[run] % archs.shape[1]
            archs[run, place], objectives[run, place] = answers[0][run], answers[1][run]
            excess[run, place], number[run, place] = answers[2][run], answers[3][run]
            told[run] += 1


@numba.njit(cache=True)
def extents(objectives: Any, excess: Any) -> Any:
    """Give the lowest and the highest of each objective among those that keep the limits, ``(2, objectives)``.

    Args:
        objectives: ``(members, objectives)``.
        excess: ``(members,)``.
    """
    bounds = np.zeros((2, objectives.shape[1]))
    first = True
    for i in range(len(excess)):
        if excess[i] == 0.0:
            bounds[0] = objectives[i] if first else np.minimum(bounds[0], objectives[i])
            bounds[1] = objectives[i] if first else np.maximum(bounds[1], objectives[i])
            first = False
    return bounds


@numba.njit(cache=True)
def scalarised(objectives: Any, bounds: Any, weights: Any, rho: float) -> float:
    """Give the augmented Chebyshev value of one answer; an objective in which all are alike counts 0.

    Args:
        objectives: ``(objectives,)``.
        bounds: What counts 0 and what counts 1, ``(2, objectives)``.
        weights: ``(objectives,)``.
        rho: How much the sum counts.
    """
    largest, total = 0.0, 0.0
    for i in range(len(objectives)):
        extent = bounds[1, i] - bounds[0, i]
        if extent > 0.0:
            share = weights[i] * (objectives[i] - bounds[0, i]) / extent
            largest, total = max(largest, share), total + share
    return largest + rho * total


@numba.njit(cache=True)
def winners_of(objectives: Any, excess: Any, runs: Any, rivals: Any, weights: Any, rho: float) -> Any:
    """Let members compete in each of some runs; the first of equals wins.

    Args:
        objectives: ``(all runs, members, objectives)``.
        excess: ``(all runs, members)``.
        runs: Which runs take part, ``(n,)``.
        rivals: Places of members, ``(n, sample)``.
        weights: ``(n, objectives)``.
        rho: See ``scalarised``.

    Returns:
        Places of members, ``(n,)``.
    """
    winners = rivals[:, 0].copy()
    for i in range(len(runs)):
        run = runs[i]
        bounds = extents(objectives[run], excess[run])
        least = np.inf
        for rival in rivals[i]:
            value = scalarised(objectives[run, rival], bounds, weights[i], rho) if excess[run, rival] == 0.0 else 0.0
            over = excess[run, rival] - excess[run, winners[i]]
            if over < 0.0 or (over == 0.0 and value < least):
                winners[i], least = rival, value
    return winners
