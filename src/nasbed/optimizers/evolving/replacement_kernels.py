"""The inner loops of replacement: who goes and who comes, in each of some runs."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.core.rng import below, word_at


@numba.njit(cache=True)
def oldest(births: Any, rows: Any, protected: int, count: int) -> Any:
    """Mark who was told of first, but for the best few."""
    members = births.shape[1]
    leaving = np.zeros((len(rows), members), np.bool_)
    for i in range(len(rows)):
        run = rows[i]
        for _ in range(count):
            oldest = -1
            for rank in range(protected, members):
                if not leaving[i, rank] and (oldest < 0 or births[run, rank] < births[run, oldest]):
                    oldest = rank
            leaving[i, oldest] = True
    return leaving


@numba.njit(cache=True)
def anybody(keys: Any, positions: Any, rows: Any, members: int, protected: int, count: int) -> Any:
    """Mark different members, all alike, but for the best few; a word each."""
    leaving = np.zeros((len(rows), members), np.bool_)
    for i in range(len(rows)):
        run = rows[i]
        for k in range(count):  # Floyd's way to draw different ones
            last = members - count + k
            rank = protected + below(word_at(keys[run], positions[run]), last - protected + 1)
            positions[run] += 1
            leaving[i, last if leaving[i, rank] else rank] = True
    return leaving


@numba.njit(cache=True)
def plus(values: Any, newcomers: Any, rows: Any) -> Any:
    """Let the i-th best newcomer take the place of the i-th worst member, as long as it is better."""
    members, count = values.shape[1], newcomers.shape[1]
    leaving, entering = np.zeros((len(rows), members), np.bool_), np.zeros((len(rows), count), np.bool_)
    for i in range(len(rows)):
        run = rows[i]
        for gone in range(min(members, count)):
            best = -1  # of those who are not let in yet; the first of equals
            for child in range(count):
                if not entering[i, child] and (best < 0 or newcomers[run, child] > newcomers[run, best]):
                    best = child
            if not newcomers[run, best] > values[run, members - 1 - gone]:
                break
            leaving[i, members - 1 - gone] = entering[i, best] = True
    return leaving, entering


@numba.njit(cache=True)
def comma(newcomers: Any, rows: Any, count: int) -> Any:
    """Mark the best newcomers."""
    entering = np.zeros((len(rows), newcomers.shape[1]), np.bool_)
    for i in range(len(rows)):
        order = np.argsort(-newcomers[rows[i]], kind="mergesort")  # the first of equals first
        entering[i][order[:count]] = True
    return entering
