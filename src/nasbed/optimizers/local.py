"""Local search: go to the first neighbour that is better; where none is, start elsewhere.

Reference: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021,
https://arxiv.org/abs/2005.02960
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials


@dataclass(eq=False)
class LocalSearch(Optimizer):
    """First-improvement hill climbing with random restarts.

    The neighbours of where a run stands are tried in random order; the first that is strictly better is where it
    stands next. After the last one it starts again from a random architecture. It proposes what it knows again, so
    it is usually played with ``duplicates="free"``. With several trials out at a time, the first start that is answered
    is where a run stands.
    """

    def reset(self) -> None:
        """Stand nowhere."""
        moves = len(self.space.moves)
        self._centre = np.zeros((self.runs, self.space.decisions), np.int8)
        self._value = np.full(self.runs, -np.inf)
        self._order = np.zeros((self.runs, moves), np.int64)
        self._next = np.full(self.runs, moves, np.int64)  # all neighbours tried: start somewhere
        self._starting = np.ones(self.runs, np.bool_)
        self._out = np.zeros(self.runs, np.int64)  # trials that were asked and not told

    def ask(self) -> Trials:
        """Propose each run's next valid neighbour, or a fresh start where there is none left."""
        archs = self._centre.copy()
        moves = self._order.shape[1]
        self._starting[:] = self._next == moves
        looking = np.flatnonzero(~self._starting)
        while len(looking):
            near = self.space.moved(self._centre[looking], self._order[looking, self._next[looking]])
            self._next[looking] += 1
            valid = self.space.valid(near)
            archs[looking[valid]] = near[valid]
            looking = looking[~valid]
            exhausted = self._next[looking] == moves
            self._starting[looking[exhausted]] = True
            looking = looking[~exhausted]
        starting = np.flatnonzero(self._starting)
        if len(starting):
            archs[starting] = self.streams.drawing(starting, self.space.sample)
        self._out += 1
        return Trials(archs)

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Stand on what is better, with its neighbours in a new order; a failed training is never better."""
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        heard = evaluations.value
        self._out -= active
        better = active & ~np.isnan(heard) & (self._is_start(trials) | (heard > self._value))
        rows = np.flatnonzero(better)
        if len(rows):
            self._centre[rows], self._value[rows], self._next[rows] = trials.archs[rows], heard[rows], 0
            self._order[rows] = self.streams.drawing(rows, lambda streams: streams.permutation(self._order.shape[1]))
            self._starting[rows] = False

    def _is_start(self, trials: Trials) -> NDArray[np.bool_]:
        """Say whose trial is a fresh start, which need not be better than where the run stood."""
        start = self._starting.copy()
        doubtful = np.flatnonzero(start & (self._out > 0))  # it may be a late answer about a neighbour
        if len(doubtful):
            start[doubtful] = (trials.archs[doubtful] != self._centre[doubtful]).sum(axis=1) != 1
        return start

    def state(self) -> dict[str, Any]:
        """Give where each run stands and which neighbours it has left."""
        return {name: getattr(self, name).copy() for name in _STATE}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Stand there again."""
        for name in _STATE:
            getattr(self, name)[:] = state[name]


_STATE = ("_centre", "_value", "_order", "_next", "_starting", "_out")
