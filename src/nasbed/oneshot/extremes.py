"""Extremes: the smallest and the largest architecture of a space, by the parameters of their networks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.nets.blueprint import Blueprint


@lru_cache(maxsize=8)
def extremes(blueprint: Blueprint) -> tuple[Archs, Archs]:
    """Return the architectures with the fewest and the most parameters, canonical.

    They are found decision by decision, from the first values and from the last, until no other value of one decision
    has fewer, or more.
    """
    space = blueprint.space
    highs = np.asarray(space.cardinalities, np.int64) - 1
    return _climbed(blueprint, np.zeros_like(highs), -1), _climbed(blueprint, highs, 1)


def _climbed(blueprint: Blueprint, start: NDArray[np.int64], sign: int) -> Archs:
    space = blueprint.space
    row = np.asarray(start, np.int8)
    if not space.valid(row[None])[0]:
        row = space.sample(Streams.from_seed(0, 1))[0]
    row = space.canonical(row[None])[0]
    while True:
        before = row
        for slot in range(space.decisions):
            rows = np.repeat(row[None], int(space.cardinalities[slot]), axis=0)
            rows[:, slot] = np.arange(len(rows))
            rows = np.concatenate([row[None], rows[space.valid(rows)]])  # of equals the first: it stays as it is
            row = space.canonical(rows)[int(np.argmax(sign * blueprint.parameters(rows)))]
        if np.array_equal(row, before):
            return np.asarray(row, np.int8)
