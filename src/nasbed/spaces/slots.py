"""Slots: the decisions of a row, which of them count, and the way through them that a row takes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs, Decision
from nasbed.core.rows import mixed

State = Any
"""What decides which later slots count, hashable."""


class Slots(ABC):
    """The decisions of a row, those on which others depend first."""

    slots: tuple[Decision, ...]

    @property
    @abstractmethod
    def is_conditional(self) -> bool:
        """Whether some slot depends on others."""

    @abstractmethod
    def marked(self, rows: Archs) -> NDArray[np.int8]:
        """Return rows as columns, ``(decisions, n)``, with −1 for what is inactive; values must be in range."""

    @property
    @abstractmethod
    def start(self) -> tuple[int, Hashable]:
        """The first slot that counts, and what is known before it."""

    @abstractmethod
    def following(self, slot: int, state: State) -> Sequence[tuple[int, Hashable]]:
        """Return for each value of a slot the next one that counts, and what is known before that.

        Behind the last slot comes one that is not there: their number.
        """

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """How many values each has."""
        return np.array([len(slot.values) for slot in self.slots], np.int64)

    def inside(self, rows: Archs) -> NDArray[np.bool_]:
        """Say which rows keep every decision within its bounds, ``(n,)``."""
        return np.asarray((rows.view(np.uint8) < self.cardinalities).all(axis=1))

    def active(self, rows: Archs) -> NDArray[np.bool_]:
        """Say which slots count in each row, ``(n, decisions)``."""
        return np.asarray(self.marked(rows).T >= 0)

    def canonical(self, rows: Archs) -> Archs:
        """Return rows with 0 in what does not count."""
        return np.ascontiguousarray(np.maximum(self.marked(rows), 0).T) if self.is_conditional else rows

    @cached_property
    def _weights(self) -> list[tuple[slice, NDArray[np.int64]]]:
        """Slots whose values make one number of 63 bits, and what each counts in it."""
        found, start, total = list[tuple[slice, NDArray[np.int64]]](), 0, 1
        counts = self.cardinalities.tolist()
        for slot, count in enumerate([*counts, 2**63]):
            if total * count > 2**63 - 1:
                weights = [math.prod(counts[one + 1 : slot]) for one in range(start, slot)]
                found.append((slice(start, slot), np.array(weights, np.int64)))
                start, total = slot, 1
            total *= count
        return found

    def keys(self, rows: Archs) -> NDArray[np.uint64]:
        """Return a number for each canonical row, ``(n,)``; up to 63 bits of values, different ones differ for sure."""
        keys = np.zeros(len(rows), np.uint64)
        for slots, weights in self._weights:
            keys = mixed(keys ^ (rows[:, slots] @ weights).astype(np.uint64))
        return keys


def columns_of(rows: Archs) -> NDArray[np.int8]:
    """Return a copy of rows, ``(n, decisions)``, column by column."""
    columns = np.ascontiguousarray(rows.T)
    return columns.copy() if np.shares_memory(columns, rows) else columns
