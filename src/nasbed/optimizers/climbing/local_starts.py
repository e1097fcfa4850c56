"""Fresh starts: which trials of a run are the beginning of a walk and which a step of it.

Trials have numbers, so a run needs to remember one of them: from which number on it has been asking for fresh starts.
When one of these is answered the walk begins there, and what else is out is a step again, which must prove itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs, Trials
from nasbed.core.state import Stateful

_NEVER = np.iinfo(np.int64).max


class Starts(Stateful):
    """Knows the fresh starts of all runs; at first each has to start.

    Args:
        runs: How many runs.
        decisions: Of an architecture.
        restarts: How often a run may begin anew; None for as often as it likes.
    """

    kept = ("asked", "_first", "_used", "_latest")

    def __init__(self, runs: int, decisions: int, restarts: int | None) -> None:
        self.asked = 0
        """How many trials have been asked for in each run."""
        self._restarts = restarts
        self._first = np.zeros(runs, np.int64)  # number from which on trials are fresh starts
        self._used = np.zeros(runs, np.int64)  # restarts
        self._latest = np.zeros((runs, decisions), np.int8)  # what was asked for last

    @property
    def starting(self) -> NDArray[np.bool_]:
        """Which runs ask for fresh starts until one is answered, ``(runs,)``."""
        starting: NDArray[np.bool_] = self._first != _NEVER
        return starting

    def begin(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Let those of some runs that may begin anew do so from the next trial on; give those that may not."""
        rows = rows[~self.starting[rows]]
        may = np.full(len(rows), True) if self._restarts is None else self._used[rows] < self._restarts
        self._first[rows[may]] = self.asked
        self._used[rows[may]] += 1
        return rows[~may]

    def begun(self, rows: NDArray[np.int64]) -> None:
        """Note that some runs stand somewhere."""
        self._first[rows] = _NEVER

    def trials(self, archs: Archs, active: NDArray[np.bool_] | None = None) -> Trials:
        """Number what is asked for."""
        number = np.full(len(archs), self.asked)
        self.asked += 1
        self._latest[:] = archs
        return Trials(archs, active=active, number=number)

    def numbers(self, trials: Trials) -> NDArray[np.int64]:
        """Give which trials these are, ``(runs,)``; −1 for strangers.

        What comes back without a number is the latest trial, if its architecture is that one's.
        """
        if trials.number is not None:
            return trials.number
        return np.where((trials.archs == self._latest).all(axis=1), self.asked - 1, -1)

    def among(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which of one trial a run are fresh starts."""
        return numbers >= self._first
