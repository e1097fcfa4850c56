"""Mating pool: the parents that were selected together, until each has had its turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.optimizers.evolving.population import Population
from nasbed.optimizers.evolving.selection import Selection


class MatingPool:
    """Gives parents one by one, and selects the next when all have had their turn.

    Parents stay in the pool when they leave the population, so what was selected together breeds together, however
    many answers come between.

    Args:
        runs: How many pools.
        selected: How many parents are selected together.
        decisions: Of an architecture.
    """

    def __init__(self, runs: int, selected: int, decisions: int) -> None:
        self._archs = np.zeros((runs, selected, decisions), np.int8)
        self._numbers = np.full((runs, selected), -1)
        self._next = np.full(runs, selected)

    def draw(
        self, population: Population, selection: Selection, streams: Streams, rows: NDArray[np.int64]
    ) -> tuple[Archs, NDArray[np.int64]]:
        """Give the next parent in some runs, and which trial it was: ``(n, decisions)`` and ``(n,)``."""
        selected = self._archs.shape[1]
        empty = rows if selected == 1 else rows[self._next[rows] == selected]
        if len(empty):
            ranks = selection.ranks(population.values, streams, empty)
            archs, numbers = population.archs(empty, ranks), population.numbers[empty[:, None], ranks]
            if selected == 1:
                return archs[:, 0], numbers[:, 0]
            self._archs[empty], self._numbers[empty], self._next[empty] = archs, numbers, 0
        turn = self._next[rows]
        self._next[rows] += 1
        return self._archs[rows, turn], self._numbers[rows, turn]

    def state_dict(self) -> dict[str, Any]:
        """Give copies of all arrays."""
        return {name: array.copy() for name, array in vars(self).items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        for name, array in vars(self).items():
            array[:] = state[name]
