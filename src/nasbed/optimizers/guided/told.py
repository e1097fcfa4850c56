"""What each run of a guided search was told, and what it waits for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.state import Stateful


class Told(Stateful):
    """Architectures of many runs with what was measured, in the order of telling.

    Args:
        runs: How many runs.
        decisions: Of an architecture.
        costs: How many costs each answer has; as many as the first, where none are said.
    """

    kept = ("_archs", "_values", "_seconds", "_costs", "counts")

    def __init__(self, runs: int, decisions: int, costs: int = 0) -> None:
        self._archs = np.zeros((runs, 16, decisions), np.int8)
        self._values, self._seconds = np.zeros((2, runs, 16))
        self._costs = np.zeros((runs, 16, costs))
        self.counts = np.zeros(runs, np.int64)
        """How many answers each run learns from, ``(runs,)``."""

    def add(
        self,
        rows: NDArray[np.int64],
        archs: Archs,
        values: NDArray[np.float64],
        seconds: NDArray[np.float64],
        costs: NDArray[np.float64],
    ) -> None:
        """Take an answer in some runs, ``(n,)`` all, and ``(n, costs)``."""
        if not self.counts.any() and costs.shape[1] != self._costs.shape[2]:
            self._costs = np.zeros((*self._values.shape, costs.shape[1]))
        if len(rows) and self.counts[rows].max() == self._values.shape[1]:
            for name in ("_archs", "_values", "_seconds", "_costs"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)], axis=1))
        at = self.counts[rows]
        self._archs[rows, at], self._values[rows, at], self._seconds[rows, at] = archs, values, seconds
        self._costs[rows, at] = costs
        self.counts[rows] += 1

    def of(self, run: int) -> tuple[Archs, NDArray[np.float64], NDArray[np.float64]]:
        """Return one run's architectures, values and seconds, ``(n, …)`` all."""
        some = slice(int(self.counts[run]))
        return self._archs[run, some], self._values[run, some], self._seconds[run, some]

    @property
    def objectives(self) -> int:
        """How many costs each answer has."""
        return int(self._costs.shape[2])

    def costs_of(self, run: int) -> NDArray[np.float64]:
        """Return one run's costs, ``(n, costs)``."""
        return self._costs[run, : int(self.counts[run])]


class Rows(Stateful):
    """A short list of numbered rows for each run, in the order in which they came.

    Args:
        runs: How many runs.
        decisions: Of an architecture.
    """

    kept = ("_archs", "_numbers", "_counts")

    def __init__(self, runs: int, decisions: int) -> None:
        self._archs = np.zeros((runs, 4, decisions), np.int8)
        self._numbers = np.full((runs, 4), -1)
        self._counts = np.zeros(runs, np.int64)

    def of(self, run: int) -> Archs:
        """Return one run's rows, ``(n, decisions)``."""
        return self._archs[run, : self._counts[run]]

    def add(self, run: int, number: int, arch: Archs) -> None:
        """Put a row at the end of one run's list."""
        at = int(self._counts[run])
        if at == self._numbers.shape[1]:
            self._archs = np.concatenate([self._archs, np.zeros_like(self._archs)], axis=1)
            self._numbers = np.concatenate([self._numbers, np.full_like(self._numbers, -1)], axis=1)
        self._archs[run, at], self._numbers[run, at] = arch, number
        self._counts[run] += 1

    def remove(self, run: int, number: int) -> None:
        """Take the row with a number off one run's list, if it is there."""
        n = int(self._counts[run])
        kept = self._numbers[run, :n] != number
        left = int(kept.sum())
        self._archs[run, :left], self._numbers[run, :left] = self._archs[run, :n][kept], self._numbers[run, :n][kept]
        self._numbers[run, left:] = -1
        self._archs[run, left:] = 0
        self._counts[run] = left

    def shift(self, run: int) -> Archs:
        """Take the first row off one run's list and return it, ``(decisions,)``."""
        first: Archs = self._archs[run, 0].copy()
        self.remove(run, int(self._numbers[run, 0]))
        return first


class Names(Stateful):
    """The names of all architectures that each run knows, each once.

    Args:
        runs: How many runs.
    """

    kept = ("_names", "_counts")

    def __init__(self, runs: int) -> None:
        self._names = np.zeros((runs, 16), np.uint64)
        self._counts = np.zeros(runs, np.int64)

    def of(self, run: int) -> NDArray[np.uint64]:
        """Return what one run knows, ``(n,)``."""
        return self._names[run, : self._counts[run]]

    def add(self, run: int, name: np.uint64) -> None:
        """Let one run know another, if it does not know it yet."""
        at = int(self._counts[run])
        if (self._names[run, :at] == name).any():
            return
        if at == self._names.shape[1]:
            self._names = np.concatenate([self._names, np.zeros_like(self._names)], axis=1)
        self._names[run, at] = name
        self._counts[run] += 1
