"""The compiled half of NSGA-II: tournaments, and the selection of the next generation, for all runs in one call."""

from __future__ import annotations

from typing import Any

import numba

from nasbed.optimizers.multiobjective.crowding import crowding, in_order
from nasbed.optimizers.multiobjective.dominance import ranks


@numba.njit(cache=True)
def hear(members: Any, answers: Any, active: Any, front: Any, distance: Any, count: Any, bred: Any) -> None:
    """Put each run's answer into its next free place; once a generation is complete, select.

    Args:
        members: The arrays of ``objectives.Heard``: the members in the first half of the places, then their children.
        answers: One a run, in the same order.
        active: Which runs have one.
        front: The number of each member's front, ``(runs, members)``.
        distance: How crowded it is there, likewise.
        count: How many places are taken, ``(runs,)``.
        bred: Whether there are members yet, ``(runs,)``.
    """
    archs, objectives, excess, number = members
    size = archs.shape[1] // 2
    for run in range(len(count)):
        if active[run]:
            place = count[run]
            archs[run, place], objectives[run, place] = answers[0][run], answers[1][run]
            excess[run, place], number[run, place] = answers[2][run], answers[3][run]
            count[run] += 1
            if count[run] == (2 * size if bred[run] else size):
                there = count[run]
                rank = ranks(objectives[run, :there], excess[run, :there])
                apart = crowding(objectives[run, :there], rank)
                best = in_order(rank, apart)[:size]
                archs[run, :size], objectives[run, :size] = archs[run][best], objectives[run][best]
                excess[run, :size], number[run, :size] = excess[run][best], number[run][best]
                front[run], distance[run] = rank[best], apart[best]
                count[run], bred[run] = size, True


@numba.njit(cache=True)
def winners_of(front: Any, distance: Any, runs: Any, rivals: Any) -> Any:
    """Let two members compete for each parent: the better front wins, then the less crowded, then the first.

    Args:
        front: Of each run's members, ``(all runs, members)``.
        distance: Likewise.
        runs: Which runs take part, ``(n,)``.
        rivals: Places of members, ``(n, parents, 2)``.

    Returns:
        Places of members, ``(n, parents)``.
    """
    winners = rivals[:, :, 0].copy()
    for i in range(len(runs)):
        run = runs[i]
        for parent in range(winners.shape[1]):
            a, b = rivals[i, parent]
            closer = front[run, b] == front[run, a] and distance[run, b] > distance[run, a]
            if front[run, b] < front[run, a] or closer:
                winners[i, parent] = b
    return winners
