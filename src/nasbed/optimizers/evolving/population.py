"""Population: who is alive in each run, in the order of rank.

The best has rank 0. Among equals, who was told of first has the better rank, so that nothing depends on chance or on
how an array was sorted. A failed training is worth less than everything else, however bad.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel, overwrite
from nasbed.core.records import Archs
from nasbed.core.state import Stateful


@kernel
def _join(
    run: int, rank: int, values: Any, births: Any, numbers: Any, places: Any, value: float, birth: int, number: int
) -> None:
    """Let one in whose rank is at most ``rank``, which is free; its place stays that which stands there."""
    place = places[run, rank]
    while rank and values[run, rank - 1] < value:
        values[run, rank], births[run, rank] = values[run, rank - 1], births[run, rank - 1]
        numbers[run, rank], places[run, rank] = numbers[run, rank - 1], places[run, rank - 1]
        rank -= 1
    values[run, rank], births[run, rank], numbers[run, rank], places[run, rank] = value, birth, number, place


@kernel
def _leave(run: int, leaving: Any, values: Any, births: Any, numbers: Any, places: Any, freed: Any) -> int:
    """Let the others move up, with the places of those who leave behind them; give how many stay."""
    stays, leaves = 0, 0
    for rank in range(len(leaving)):
        if leaving[rank]:
            freed[leaves] = places[run, rank]
            leaves += 1
        else:
            if leaves:
                values[run, stays], births[run, stays] = values[run, rank], births[run, rank]
                numbers[run, stays], places[run, stays] = numbers[run, rank], places[run, rank]
            stays += 1
    overwrite(places[run, stays : stays + leaves], freed)
    return stays


@kernel
def _hear(
    archs: Any,
    values: Any,
    births: Any,
    numbers: Any,
    places: Any,
    alive: Any,
    told: Any,
    young_archs: Any,
    young_values: Any,
    young_numbers: Any,
    waiting: Any,
    newcomers: Any,
    heard: Any,
    number: Any,
    active: Any,
) -> int:
    """Let newcomers in while there is room, and wait in the nursery afterwards; give how many nurseries are full."""
    full = 0
    for run in range(len(alive)):
        if not active[run]:
            continue
        value = -np.inf if np.isnan(heard[run]) else heard[run]
        if alive[run] < values.shape[1]:
            rank = alive[run]
            overwrite(archs[run, places[run, rank]], newcomers[run])
            _join(run, rank, values, births, numbers, places, value, told[run], number[run])
            alive[run] += 1
            told[run] += 1
        else:
            child = waiting[run]
            overwrite(young_archs[run, child], newcomers[run])
            young_values[run, child], young_numbers[run, child] = value, number[run]
            waiting[run] += 1
            full += waiting[run] == young_values.shape[1]
    return full


@kernel
def _renew(
    archs: Any,
    values: Any,
    births: Any,
    numbers: Any,
    places: Any,
    told: Any,
    young_archs: Any,
    young_values: Any,
    young_numbers: Any,
    waiting: Any,
    rows: Any,
    leaving: Any,
    entering: Any,
) -> None:
    """Let some leave and as many newcomers in, in the order of their telling; nurseries are empty then."""
    freed = np.empty(values.shape[1], np.int64)
    for i in range(len(rows)):
        run = rows[i]
        rank = _leave(run, leaving[i], values, births, numbers, places, freed)
        for child in range(waiting[run]):
            if entering[i, child]:
                overwrite(archs[run, places[run, rank]], young_archs[run, child])
                birth, number = told[run] + child, young_numbers[run, child]
                _join(run, rank, values, births, numbers, places, young_values[run, child], birth, number)
                rank += 1
        told[run] += waiting[run]
        waiting[run] = 0


class Population(Stateful):
    """Who is alive in each run, and who has come since the last step and waits to be let in.

    Args:
        runs: How many populations.
        size: How many have room in each.
        offspring: How many newcomers make a step.
        decisions: Of an architecture.
    """

    kept = (
        *("alive", "values", "births", "numbers", "newcomers"),
        *("_places", "_archs", "_young_archs", "_young_numbers", "_waiting", "_told"),
    )

    def __init__(self, runs: int, size: int, offspring: int, decisions: int) -> None:
        self.alive = np.zeros(runs, np.int64)
        """How many there are in each run, ``(runs,)``."""
        self.values = np.full((runs, size), -np.inf)
        """What each is worth, by rank, ``(runs, size)``."""
        self.births = np.zeros((runs, size), np.int64)
        """How many the run had been told of before each, by rank, ``(runs, size)``: the oldest has the least."""
        self.numbers = np.full((runs, size), -1)
        """Which trial each is, by rank, ``(runs, size)``; −1 for one that was never asked for."""
        self.newcomers = np.full((runs, offspring), -np.inf)
        """What those who wait are worth, in the order of their telling, ``(runs, offspring)``."""
        self._places = np.tile(np.arange(size), (runs, 1))  # by rank, the row of ``archs``
        self._archs = np.zeros((runs, size, decisions), np.int8)
        self._young_archs = np.zeros((runs, offspring, decisions), np.int8)
        self._young_numbers = np.full((runs, offspring), -1)
        self._waiting = np.zeros(runs, np.int64)
        self._told = np.zeros(runs, np.int64)

    def archs(self, rows: NDArray[np.int64], ranks: NDArray[np.int64]) -> Archs:
        """Give those of some ranks in some runs, ``(n,)`` and ``(n, k)`` → ``(n, k, decisions)``."""
        runs = rows[:, None]
        return self._archs[runs, self._places[runs, ranks]]

    def hear(
        self, archs: Archs, values: NDArray[np.float64], numbers: NDArray[np.int64], active: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Take in one newcomer a run; give the runs that have enough of them for a step.

        Args:
            archs: ``(runs, decisions)``.
            values: NaN for a failed training, ``(runs,)``.
            numbers: Which trials they are, ``(runs,)``.
            active: Which runs have a newcomer, ``(runs,)``.
        """
        if _hear(*self._grown, self.alive, self._told, *self._young, archs, values, numbers, active):
            return np.flatnonzero(self._waiting == self.newcomers.shape[1])
        return _NOBODY

    def renew(self, rows: NDArray[np.int64], leaving: NDArray[np.bool_], entering: NDArray[np.bool_]) -> None:
        """Take a step in some runs.

        Args:
            rows: Which runs, ``(n,)``.
            leaving: Who leaves, by rank, ``(n, size)``.
            entering: Which newcomers take their places, as many, ``(n, offspring)``.
        """
        _renew(*self._grown, self._told, *self._young, rows, leaving, entering)

    @property
    def _grown(self) -> tuple[Any, Any, Any, Any, Any]:
        return self._archs, self.values, self.births, self.numbers, self._places

    @property
    def _young(self) -> tuple[Any, Any, Any, Any]:
        return self._young_archs, self.newcomers, self._young_numbers, self._waiting


_NOBODY = np.zeros(0, np.int64)
