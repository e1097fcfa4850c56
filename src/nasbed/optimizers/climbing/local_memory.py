"""Memory: what each run has asked for, and what was answered, so that it need not ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.seen import Seen
from nasbed.core.space import Space


class Memory:
    """Remembers by what tables have rows for: ``space.index``, or ``space.key`` where a space does not number them.

    Args:
        space: Where architectures are from.
        runs: How many runs.
    """

    def __init__(self, space: Space, runs: int) -> None:
        self._space, self._seen = space, Seen(runs)
        self._values = np.full((64, runs), np.nan)  # by trial; NaN for what failed or is not answered yet

    def meet(self, rows: NDArray[np.int64], archs: Archs, number: int) -> tuple[NDArray[np.bool_], Any]:
        """Look one architecture up in each of some runs, and remember what is new as trial ``number``.

        Returns:
            Which are known, and their values, NaN where those are not known or the training failed; ``(n,)`` both.
        """
        keys, wanted = np.zeros(self._values.shape[1], np.uint64), np.zeros(self._values.shape[1], np.bool_)
        numbered = self._space.size is not None
        keys[rows] = self._space.index(archs).astype(np.uint64) if numbered else self._space.key(archs)
        wanted[rows] = True
        earlier = self._seen.meet(keys, number, wanted)[rows]
        while number >= len(self._values):
            self._values = np.concatenate([self._values, np.full_like(self._values, np.nan)])
        return earlier >= 0, np.where(earlier >= 0, self._values[earlier, rows], np.nan)

    def note(self, numbers: NDArray[np.int64], values: NDArray[np.float64], told: NDArray[np.bool_]) -> None:
        """Remember what some runs are told of trials of their own, ``(runs,)`` all."""
        rows = np.flatnonzero(told & (numbers >= 0) & (numbers < len(self._values)))
        self._values[numbers[rows], rows] = values[rows]

    def state_dict(self) -> dict[str, Any]:
        """Give copies of all that changes."""
        return {"seen": self._seen.state_dict(), "values": self._values.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self._seen.load_state_dict(state["seen"])
        self._values = np.array(state["values"])
