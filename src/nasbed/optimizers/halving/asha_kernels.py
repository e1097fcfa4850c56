"""The loops over runs that keep the rungs of asynchronous successive halving in order."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def promotable(eta: int, order: Any, there: Any, told: Any, first: Any, promoted: Any) -> Any:
    """Give, and mark, each run's trial to promote: the best of the highest rung that has one; −1 for none.

    One of ``eta`` answers of a rung is promoted; ``first`` is the place of its best trial that is not yet.
    """
    runs, rungs = told.shape
    chosen = np.full(runs, -1)
    for run in range(runs):
        for rung in range(rungs - 1, -1, -1):
            place = first[run, rung]
            if place < min(told[run, rung] // eta, there[run, rung]):
                chosen[run] = order[run, rung, place]
                promoted[run, chosen[run]] = True
                while place < there[run, rung] and promoted[run, order[run, rung, place]]:
                    place += 1
                first[run, rung] = place
                break
    return chosen


@numba.njit(cache=True)
def _insert(order: Any, there: int, values: Any, trial: int) -> Any:
    """Put a trial into its place in a rung, best first and after its equals, and give the place."""
    low, high = 0, there
    while low < high:
        middle = (low + high) // 2
        if values[order[middle]] >= values[trial]:
            low = middle + 1
        else:
            high = middle
    for i in range(there, low, -1):
        order[i] = order[i - 1]
    order[low] = trial
    return low


@numba.njit(cache=True)
def hear(
    number: Any,
    value: Any,
    active: Any,
    rung: Any,
    values: Any,
    answered: Any,
    order: Any,
    there: Any,
    told: Any,
    first: Any,
) -> Any:
    """Put each run's answer into its rung; give its place there, −1 for one that has none.

    What failed is counted and has no place; what no run waits for, or was trained at the last rung, is not counted.
    """
    place = np.full(len(number), -1)
    for run in range(len(number)):
        trial = number[run]
        if not active[run] or trial < 0 or trial >= rung.shape[1] or rung[run, trial] < 0 or answered[run, trial]:
            continue
        answered[run, trial] = True
        values[run, trial] = value[run]
        r = rung[run, trial]
        if r == told.shape[1]:
            continue
        told[run, r] += 1
        if not np.isnan(value[run]):
            place[run] = _insert(order[run, r], there[run, r], values[run], trial)
            first[run, r] = min(first[run, r], place[run])
            there[run, r] += 1
    return place


@numba.njit(cache=True)
def line_up(eta: int, number: Any, place: Any, rung: Any, told: Any, line: Any, ends: Any) -> None:
    """Let each run's trial go on if it is among the best at its rung so far: it waits at the end of a line."""
    for run in range(len(place)):
        if place[run] >= 0 and place[run] < -(-told[run, rung[run, number[run]]] // eta):
            line[run, ends[run, 1]] = number[run]
            ends[run, 1] += 1


@numba.njit(cache=True)
def next_in_line(line: Any, ends: Any) -> Any:
    """Give each run the trial that has waited longest, −1 for none."""
    chosen = np.full(len(line), -1)
    for run in range(len(line)):
        if ends[run, 0] < ends[run, 1]:
            chosen[run] = line[run, ends[run, 0]]
            ends[run, 0] += 1
    return chosen
