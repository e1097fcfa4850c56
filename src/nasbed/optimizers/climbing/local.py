"""Local search: go to a neighbour that is better; where none is, start elsewhere.

Reference: White, Nolen and Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021,
https://arxiv.org/abs/2005.02960; for tabu Glover, "Tabu Search, Part I", ORSA Journal on Computing 1(3), 1989
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count, Natural
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.seen import Seen
from nasbed.core.space import Space
from nasbed.core.state import Stateful
from nasbed.optimizers.climbing.local_starts import Starts
from nasbed.optimizers.worth import worth

_LONG_AGO = -(2**62)
_KNOWN_STARTS = 100  # in a row, after which a run proposes what it knows


@dataclass(eq=False)
class LocalSearch(Optimizer):
    """Hill climbing with random restarts.

    The neighbours of where a run stands are tried in random order. By first improvement, the first that is strictly
    better is where it stands next; by best improvement, all are tried and the best of them is, if it is strictly
    better. Where none is, the run starts again from a random architecture. It proposes what it knows again, so it is
    usually played with ``duplicates="free"``, which goes by the space's key, or told to remember.

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
        remember: Whether a run goes by what it was answered before, and does not propose again what it has proposed, or
            what has the same index in the space; by the key, where a space has no index. Answers that are late or that
            failed are passed over.
    """

    kept = (
        *("_starts", "_memory", "_centre", "_value", "_order", "_next", "_since"),
        *("_best", "_best_value", "_moved", "_changed", "_record", "_record_at"),
    )

    improvement: Literal["first", "best"] = "first"
    restarts: Natural | None = None
    tabu: Natural = 0
    patience: Count = 10
    remember: bool = False

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
        self._memory = Memory(self.space, self.runs)
        self._record = np.full(self.runs, -np.inf)  # the best since the start
        self._record_at = np.zeros(self.runs, np.int64)  # at which move

    # ── what to try next ──────────────────────────────────────────────────────────────────────────────────────

    def ask(self) -> Trials:
        """Propose each run's next valid neighbour, or a fresh start where there is none left."""
        archs, ended = self._centre.copy(), np.zeros(self.runs, np.bool_)
        looking = np.arange(self.runs)
        for _ in range(_KNOWN_STARTS):
            ended[self._look(looking, archs)] = True
            starting = looking[self._starts.starting[looking]]
            if len(starting):
                archs[starting] = self.streams.drawing(starting, self.space.sample)
            looking = self._recalled_starts(starting, archs) if self.remember else starting[:0]
            if not len(looking):
                break
        return self._starts.trials(archs, ~ended if ended.any() else None)

    def _look(self, rows: NDArray[np.int64], archs: Archs) -> NDArray[np.int64]:
        """Write the next neighbour of some runs, or let them start; give the runs that may not start again."""
        ended = [rows[:0]]
        while len(rows):
            exhausted = rows[self._next[rows] == self._order.shape[1]]
            if len(exhausted):
                staying = self._staying(exhausted)
                ended.append(self._starts.begin(staying))
                rows = np.setdiff1d(rows, staying, assume_unique=True)
                continue
            move = self._order[rows, self._next[rows]]
            near = self.space.moved(self._centre[rows], move)
            self._next[rows] += 1
            allowed = self.space.valid(near)
            if self.tabu:
                allowed &= ~self._is_tabu(rows, move)
            if self.remember:
                allowed[allowed] = ~self._recalled(rows[allowed], near[allowed])
            archs[rows[allowed]] = near[allowed]
            rows = rows[~allowed]
        return np.concatenate(ended)

    def _recalled(self, rows: NDArray[np.int64], near: Archs) -> NDArray[np.bool_]:
        """Go by what is known of neighbours; say which are known."""
        known, values = self._memory.meet(rows, near, self._starts.asked)
        told = ~np.isnan(values)
        at_once = told & (values > self._value[rows]) & (self.improvement == "first")
        noted = told & ~at_once & (values > self._best_value[rows])
        self._best[rows[noted]], self._best_value[rows[noted]] = near[noted], values[noted]
        if at_once.any():
            self._stand(rows[at_once], near[at_once], values[at_once])
        return known

    def _recalled_starts(self, rows: NDArray[np.int64], archs: Archs) -> NDArray[np.int64]:
        """Stand on fresh starts that are known, or let the run draw another; give the runs that go on so."""
        known, values = self._memory.meet(rows, archs[rows], self._starts.asked)
        told = rows[~np.isnan(values)]
        if len(told):
            self._begin(told, archs[told], values[~np.isnan(values)])
            archs[told] = self._centre[told]
        return rows[known]

    def _staying(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Go to the best neighbour in those of some runs that have tried all; give the runs that have none to go to."""
        going = self._best_value[rows] > self._value[rows]
        if self.tabu:
            hopeful = self._moved[rows] - self._record_at[rows] < self.patience
            going |= hopeful & (self._best_value[rows] > -np.inf) & ~self._starts.starting[rows]
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
        if self.remember:
            self._memory.note(numbers, heard, useful)
        rows = np.flatnonzero(start)
        if len(rows):
            self._begin(rows, trials.archs[rows], heard[rows])
        rows = np.flatnonzero(at_once & ~start)
        if len(rows):
            self._stand(rows, trials.archs[rows], heard[rows])

    def _begin(self, rows: NDArray[np.int64], archs: Archs, values: NDArray[np.float64]) -> None:
        """Let some runs stand on fresh starts: no decision is tabu, and there is no best to compare with."""
        self._record[rows] = -np.inf
        self._stand(rows, archs, values)
        self._changed[rows] = _LONG_AGO

    def _stand(self, rows: NDArray[np.int64], archs: Archs, values: NDArray[np.float64]) -> None:
        """Let some runs stand somewhere, with all neighbours before them."""
        if self.tabu:
            self._note(rows, archs, values)
        self._centre[rows], self._value[rows] = archs, values
        self._next[rows], self._since[rows], self._best_value[rows] = 0, self._starts.asked, -np.inf
        self._order[rows] = self.streams.drawing(rows, lambda streams: streams.permutation(self._order.shape[1]))
        self._starts.begun(rows)

    def _note(self, rows: NDArray[np.int64], archs: Archs, values: NDArray[np.float64]) -> None:
        """Note what changes by a move, and whether it leads to a new best."""
        self._moved[rows] += 1
        changed = archs != self._centre[rows]
        self._changed[rows] = np.where(changed, self._moved[rows, None], self._changed[rows])
        record = rows[values > self._record[rows]]
        self._record[rows] = np.maximum(values, self._record[rows])
        self._record_at[record] = self._moved[record]


class Memory(Stateful):
    """Remembers by what tables have rows for: ``space.index``, or ``space.key`` where a space does not number them.

    Args:
        space: Where architectures are from.
        runs: How many runs.
    """

    kept = ("_seen", "_values")

    def __init__(self, space: Space, runs: int) -> None:
        self._space, self._seen = space, Seen(runs)
        self._values = np.full((64, runs), np.nan)  # by trial; NaN for what failed or is not answered yet

    def meet(self, rows: NDArray[np.int64], archs: Archs, number: int) -> tuple[NDArray[np.bool_], Any]:
        """Look one architecture up in each of some runs, and remember what is new as trial ``number``.

        Returns:
            Which are known, and their values, NaN where those are not known or the training failed; ``(n,)`` both.
        """
        keys, wanted = np.zeros(self._values.shape[1], np.uint64), np.zeros(self._values.shape[1], np.bool_)
        numbered = self._space.is_enumerable
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
