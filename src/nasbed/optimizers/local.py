"""Local search: go to a neighbour that is better; where none is, start elsewhere.

Reference: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021,
https://arxiv.org/abs/2005.02960; for tabu Glover, "Tabu Search, Part I", ORSA Journal on Computing 1(3), 1989
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.optimizers.local_starts import Starts
from nasbed.optimizers.worth import worth

_LONG_AGO = -(2**62)


@dataclass(eq=False)
class LocalSearch(Optimizer):
    """Hill climbing with random restarts.

    The neighbours of where a run stands are tried in random order. By first improvement, the first that is strictly
    better is where it stands next; by best improvement, all are tried and the best of them is, if it is strictly
    better. Where none is, the run starts again from a random architecture. It proposes what it knows again, so it is
    usually played with ``duplicates="free"``.

    A tabu search does not start again at once: where no neighbour is better it goes to the best of them all the same,
    and what it has decided stays as it is for a while, so that it does not come straight back. It starts again when it
    has found nothing better than the best since its start for too many moves; else it would soon go round in circles.

    With several trials out at a time no run waits: when all neighbours have been asked for, those that were told of by
    then count. A late answer that is better than where the run stands is gone to all the same, and the first start that
    is answered is where it stands.

    Attributes:
        improvement: ``"first"`` or ``"best"``.
        restarts: How often a run may start again, after which it has nothing to propose; None for as often as it
            likes. A start whose training fails does not count.
        tabu: For so many moves a decision that was changed is not changed again; 0 for no tabu.
        patience: After so many moves in a row without a new best a tabu search starts again.
    """

    improvement: str = "first"
    restarts: int | None = None
    tabu: int = 0
    patience: int = 10

    def __post_init__(self) -> None:
        if self.improvement not in ("first", "best"):
            raise BadSetting(f"improvement is 'first' or 'best', not {self.improvement!r}")
        if self.restarts is not None and (not isinstance(self.restarts, int) or self.restarts < 0):
            raise BadSetting(f"restarts are a number from 0, or None for no limit, not {self.restarts!r}")
        if self.tabu < 0:
            raise BadSetting(f"tabu is a number of moves from 0, not {self.tabu}")
        if self.patience < 1:
            raise BadSetting(f"patience is a number of moves from 1, not {self.patience}")

    def reset(self) -> None:
        """Stand nowhere."""
        moves, decisions = len(self.space.moves), self.space.decisions
        if self.tabu >= decisions:
            raise BadSetting(f"with tabu={self.tabu} all of {decisions} decisions could be tabu; give less than those")
        self._starts = Starts(self.runs, decisions, self.restarts)
        self._centre = np.zeros((self.runs, decisions), np.int8)
        self._value = np.full(self.runs, -np.inf)
        self._order = np.zeros((self.runs, moves), np.int64)
        self._next = np.full(self.runs, moves, np.int64)
        self._since = np.zeros(self.runs, np.int64)  # number of the first trial since the run stands there
        self._best = np.zeros((self.runs, decisions), np.int8)  # of the neighbours told of, where that is waited for
        self._best_value = np.full(self.runs, -np.inf)
        self._moved = np.zeros(self.runs, np.int64)  # how often a run has moved
        self._changed = np.full((self.runs, decisions), _LONG_AGO)  # at which of these moves, since the start
        self._record = np.full(self.runs, -np.inf)  # the best since the start
        self._record_at = np.zeros(self.runs, np.int64)  # at which move

    # ── what to try next ──────────────────────────────────────────────────────────────────────────────────────

    def ask(self) -> Trials:
        """Propose each run's next valid neighbour, or a fresh start where there is none left."""
        archs, ended = self._centre.copy(), np.zeros(self.runs, np.bool_)
        looking = np.arange(self.runs)
        while len(looking):
            exhausted = looking[self._next[looking] == self._order.shape[1]]
            if len(exhausted):
                staying = self._staying(exhausted)
                ended[self._starts.begin(staying)] = True
                looking = np.setdiff1d(looking, staying, assume_unique=True)
                continue
            move = self._order[looking, self._next[looking]]
            near = self.space.moved(self._centre[looking], move)
            self._next[looking] += 1
            allowed = self.space.valid(near)
            if self.tabu:
                allowed &= ~self._is_tabu(looking, move)
            archs[looking[allowed]] = near[allowed]
            looking = looking[~allowed]
        starting = np.flatnonzero(self._starts.starting)
        if len(starting):
            archs[starting] = self.streams.drawing(starting, self.space.sample)
        return self._starts.trials(archs, ~ended if ended.any() else None)

    def _staying(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Go to the best neighbour in those of some runs that have tried all; give the runs that have none to go to."""
        going = self._best_value[rows] > self._value[rows]
        if self.tabu:
            going |= (self._best_value[rows] > -np.inf) & (self._moved[rows] - self._record_at[rows] < self.patience)
        going &= ~self._starts.starting[rows]
        there = rows[going]
        if len(there):
            self._stand(there, self._best[there], self._best_value[there])
        return rows[~going]

    def _is_tabu(self, rows: NDArray[np.int64], moves: NDArray[np.int64]) -> NDArray[np.bool_]:
        decisions = self.space.moves[moves, 0]
        tabu: NDArray[np.bool_] = self._moved[rows] - self._changed[rows, decisions] < self.tabu
        return tabu

    # ── what came of it ───────────────────────────────────────────────────────────────────────────────────────

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Stand on what is better, with its neighbours in a new order; a failed training is never better."""
        heard, numbers = worth(evaluations), self._starts.numbers(trials)
        useful = ~np.isnan(heard)
        if trials.active is not None:
            useful &= trials.active
        start, better = useful & self._starts.among(numbers), heard > self._value
        at_once = start | (useful & better) if self.improvement == "first" else start
        if self.improvement == "best" or self.tabu:
            near = numbers >= self._since
            noted = np.flatnonzero(useful & ~at_once & (near | better) & (heard > self._best_value))
            self._best[noted], self._best_value[noted] = trials.archs[noted], heard[noted]
        if start.any():
            self._changed[start], self._record[start] = _LONG_AGO, -np.inf
        rows = np.flatnonzero(at_once)
        if len(rows):
            self._stand(rows, trials.archs[rows], heard[rows], ~start[rows])

    def _stand(
        self,
        rows: NDArray[np.int64],
        archs: Archs,
        values: NDArray[np.float64],
        moving: bool | NDArray[np.bool_] = True,
    ) -> None:
        """Let some runs stand somewhere, with all neighbours before them; those that do not move there start there."""
        if self.tabu:
            self._note(rows, archs, values, moving)
        self._centre[rows], self._value[rows] = archs, values
        self._next[rows], self._since[rows], self._best_value[rows] = 0, self._starts.asked, -np.inf
        self._order[rows] = self.streams.drawing(rows, lambda streams: streams.permutation(self._order.shape[1]))
        self._starts.begun(rows)

    def _note(
        self, rows: NDArray[np.int64], archs: Archs, values: NDArray[np.float64], moving: bool | NDArray[np.bool_]
    ) -> None:
        """Note what changes, and when there is a new best."""
        self._moved[rows] += 1
        changed = (archs != self._centre[rows]) & np.reshape(moving, (-1, 1))
        self._changed[rows] = np.where(changed, self._moved[rows, None], self._changed[rows])
        record = rows[values > self._record[rows]]
        self._record[rows] = np.maximum(values, self._record[rows])
        self._record_at[record] = self._moved[record]

    def state(self) -> dict[str, Any]:
        """Give where each run stands, which neighbours it has left and what it knows of the others."""
        return {"starts": self._starts.state_dict(), **{name: getattr(self, name).copy() for name in _STATE}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Stand there again."""
        self._starts.load_state_dict(state["starts"])
        for name in _STATE:
            getattr(self, name)[:] = state[name]


_STATE = (
    "_centre",
    "_value",
    "_order",
    "_next",
    "_since",
    "_best",
    "_best_value",
    "_moved",
    "_changed",
    "_record",
    "_record_at",
)
