"""The inner loops of selection: ranks that are drawn in each of some runs, from the words of their streams."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.core.rng import below, unit, word_at
from nasbed.optimizers.worth import OVER


@numba.njit(cache=True)
def some(keys: Any, positions: Any, rows: Any, members: int, selected: int) -> Any:
    """Shuffle as far as needed; a word for each."""
    chosen = np.empty((len(rows), selected), np.int64)
    order = np.empty(members, np.int64)
    for i in range(len(rows)):
        run = rows[i]
        order[:] = np.arange(members)
        for k in range(selected):
            other = k + below(word_at(keys[run], positions[run]), members - k)
            positions[run] += 1
            order[k], order[other] = order[other], order[k]
        chosen[i] = order[:selected]
    return chosen


@numba.njit(cache=True)
def tournament(keys: Any, positions: Any, rows: Any, members: int, size: int, selected: int, distinct: bool) -> Any:
    """Draw ``size`` members, a word for each, and give the best of them in order."""
    chosen = np.empty((len(rows), selected), np.int64)
    drawn = np.zeros(members, np.int64)  # how often each was drawn
    for i in range(len(rows)):
        run = rows[i]
        drawn[:] = 0
        for k in range(size):
            bound = members - size + k + 1 if distinct else members
            rival = below(word_at(keys[run], positions[run] + k), bound)
            if distinct and drawn[rival]:
                rival = bound - 1  # Floyd's way to draw different ones: it could not be drawn before
            drawn[rival] += 1
        positions[run] += size
        rank, taken = 0, 0
        while taken < selected:
            if drawn[rank]:
                drawn[rank] -= 1
                chosen[i, taken] = rank
                taken += 1
            else:
                rank += 1
    return chosen


@numba.njit(cache=True)
def greedy(keys: Any, positions: Any, rows: Any, members: int, epsilon: float, selected: int) -> Any:
    """Give the best, or with chance epsilon anybody; 2 words each, whether they are needed or not."""
    chosen = np.empty((len(rows), selected), np.int64)
    for i in range(len(rows)):
        run = rows[i]
        for k in range(selected):
            chosen[i, k] = 0
            if unit(word_at(keys[run], positions[run])) < epsilon:
                chosen[i, k] = below(word_at(keys[run], positions[run] + 1), members)
            positions[run] += 2
    return chosen


@numba.njit(cache=True)
def roulette(keys: Any, positions: Any, rows: Any, values: Any, from_worst: bool, selected: int) -> Any:
    """Spin a wheel with a slot for each value, a word a ball; where all slots are empty, all have the same."""
    members = values.shape[1]
    chosen = np.empty((len(rows), selected), np.int64)
    ends = np.empty(members)  # where each one's slot of the wheel ends
    for i in range(len(rows)):
        run = rows[i]
        least = 0.0
        if from_worst:
            for rank in range(members):
                if values[run, rank] > OVER:
                    least = values[run, rank]
        total = 0.0
        for rank in range(members):
            total += max(values[run, rank] - least, 0.0)
            ends[rank] = total
        for k in range(selected):
            word = word_at(keys[run], positions[run])
            positions[run] += 1
            rank = below(word, members)
            if total > 0:
                ball = unit(word) * total
                rank = 0
                while ball >= ends[rank]:
                    rank += 1
            chosen[i, k] = rank
    return chosen


@numba.njit(cache=True)
def by_rank(keys: Any, positions: Any, rows: Any, ends: Any, selected: int) -> Any:
    """Draw from chances that are the same in all runs, given as their sums; a word each."""
    chosen = np.empty((len(rows), selected), np.int64)
    for i in range(len(rows)):
        run = rows[i]
        for k in range(selected):
            ball = unit(word_at(keys[run], positions[run]))
            positions[run] += 1
            rank = 0
            while rank < len(ends) - 1 and ball >= ends[rank]:
                rank += 1
            chosen[i, k] = rank
    return chosen
