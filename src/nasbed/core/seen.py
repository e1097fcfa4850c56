"""What each run has met before: a hash table of keys a run, asked and filled for all runs in one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel
from nasbed.core.state import Stateful

_NOTHING = np.int32(-1)  # the number of an empty place: any key may be met, so none can stand for emptiness


@kernel
def _slot(row: Any, numbers: Any, key: Any) -> Any:
    """Find the place of a key, or the empty place where it belongs; linear probing, capacity a power of two."""
    last = np.uint64(len(row) - 1)
    place = (key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20) & last
    while numbers[place] != _NOTHING and row[place] != key:
        place = (place + np.uint64(1)) & last
    return place


@kernel
def _meet(table: Any, values: Any, counts: Any, keys: Any, value: Any, wanted: Any, found: Any) -> None:
    for run in range(len(keys)):
        found[run] = _NOTHING
        if wanted[run]:
            place = _slot(table[run], values[run], keys[run])
            found[run] = values[run, place]
            if found[run] == _NOTHING:
                table[run, place], values[run, place] = keys[run], value
                counts[run] += 1


@kernel
def _first_new(row: Any, numbers: Any, keys: Any) -> int:
    """Give the place of the first key that is not there; −1 where all are."""
    for i in range(len(keys)):
        if numbers[_slot(row, numbers, keys[i])] == _NOTHING:
            return i
    return -1


@kernel
def _rehash(table: Any, values: Any, wider: Any, wider_values: Any) -> None:
    for run in range(len(table)):
        for i in range(table.shape[1]):
            if values[run, i] != _NOTHING:
                place = _slot(wider[run], wider_values[run], table[run, i])
                wider[run, place], wider_values[run, place] = table[run, i], values[run, i]


@dataclass(eq=False)
class Seen(Stateful):
    """For each run, keys and the number each was first met with.

    Attributes:
        runs: How many runs.
    """

    kept = ("_table", "_values", "_counts")

    runs: int
    _table: NDArray[np.uint64] = field(init=False, repr=False)
    _values: NDArray[np.int32] = field(init=False, repr=False)
    _counts: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._table = np.zeros((self.runs, 64), np.uint64)
        self._values = np.full((self.runs, 64), _NOTHING)
        self._counts = np.zeros(self.runs, np.int64)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many different keys each run has met, ``(runs,)``."""
        return self._counts

    def meet(self, keys: NDArray[np.uint64], value: int, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Look one key a run up and remember those that are new.

        Args:
            keys: ``(runs,)``.
            value: What a new key is remembered with, from 0.
            wanted: Runs that take part, ``(runs,)``; the others neither ask nor remember.

        Returns:
            What each key was remembered with, −1 where it is new or not wanted; ``(runs,)``.
        """
        self._make_room()
        found = np.empty(self.runs, np.int64)
        _meet(self._table, self._values, self._counts, keys, value, wanted, found)
        return found

    def meet_first(self, run: int, keys: NDArray[np.uint64], value: int) -> int:
        """Look many keys of one run up, and remember the first that is new; give its place, −1 where none is.

        Args:
            run: Which run.
            keys: ``(n,)``.
            value: What it is remembered with, from 0.
        """
        self._make_room()
        place: int = _first_new(self._table[run], self._values[run], keys)
        if place >= 0:
            one = slice(run, run + 1)
            rows = self._table[one], self._values[one], self._counts[one]
            _meet(*rows, keys[place : place + 1], value, np.ones(1, np.bool_), np.empty(1, np.int64))
        return place

    def _make_room(self) -> None:
        """See that a run can meet one more."""
        if 2 * (int(self._counts.max()) + 1) > self._table.shape[1]:
            self._widen()

    def _widen(self) -> None:
        wider = np.zeros((self.runs, 4 * self._table.shape[1]), np.uint64)
        values = np.full(wider.shape, _NOTHING)
        _rehash(self._table, self._values, wider, values)
        self._table, self._values = wider, values
