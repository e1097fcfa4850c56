"""ASHA: successive halving that promotes what is good enough now, and never waits for a rung to be complete.

Reference: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020,
https://arxiv.org/abs/1810.05934
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nasbed.core.bounds import Count
from nasbed.core.compiled import kernel
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials
from nasbed.optimizers.halving.fidelity import Continuation, Eta, rungs
from nasbed.optimizers.worth import worth

Kind = Literal["promotion", "stopping"]

_FIRST = 64  # trials there is room for; then twice as many, and so on


_BY_TRIAL = {
    "_archs": 0,
    "_rung": -1,
    "_values": np.nan,
    "_answered": False,
    "_promoted": False,
    "_order": -1,
    "_line": -1,
}
"""The arrays that have a place for each trial, and what stands there before it is asked for."""


@dataclass(eq=False)
class ASHA(Optimizer):
    """Asynchronous successive halving of random architectures.

    Promotion (Algorithm 2 of the paper): from the highest rung that has one, a free worker takes the best trial that
    is among the best ⌊n/η⌋ of the n answers there and was not promoted before; where no rung has one, a new
    architecture begins at the first.

    Stopping (as in Syne Tune, Salinas et al., AutoML 2022): a trial goes on at once if it is among the best ⌈n/η⌉ of
    the n answers at its rung so far, its own included; else it is over for good.

    A failed trial counts as an answer and is never promoted. Answers to what the search did not ask for are ignored:
    their trainings are not its own to go on with.

    Attributes:
        min_epochs: No rung is shorter; None for the benchmark's smallest budget.
        max_epochs: The last rung is here; None for the benchmark's largest budget.
        eta: Each rung is so many times as long as the one before, and promotes one of so many. The paper's
            experiments have 4.
        continuation: ``"restart"`` trains what was promoted anew, which every table can answer. ``"resume"`` goes on
            with the training of the rung before and pays for the epochs between, where the benchmark can.
        kind: ``"promotion"``, or ``"stopping"``, which can only resume.
    """

    kept = ("_asked", "_there", "_told", "_first", "_ends", *_BY_TRIAL)

    min_epochs: Count | None = None
    max_epochs: Count | None = None
    eta: Eta = 3
    continuation: Continuation = "restart"
    kind: Kind = "promotion"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind == "stopping" and self.continuation == "restart":
            raise BadSetting(
                "what ASHA does not stop goes on with its training, so kind='stopping' needs continuation='resume'; "
                "kind='promotion' can restart"
            )

    def reset(self) -> None:
        """Begin with empty rungs."""
        self.rungs = rungs(self.budgets, self.min_epochs, self.max_epochs, self.eta)
        self._epochs = np.array(self.rungs)
        self._asked = 0
        below = len(self.rungs) - 1  # rungs from which one is promoted
        self._there, self._told, self._first = np.zeros((3, self.runs, below), np.int64)
        self._ends = np.zeros((self.runs, 2), np.int64)
        self._archs = np.zeros((self.runs, _FIRST, self.space.decisions), np.int8)
        self._rung = np.full((self.runs, _FIRST), -1, np.int8)
        self._values = np.full((self.runs, _FIRST), np.nan)
        self._answered, self._promoted = np.zeros((2, self.runs, _FIRST), np.bool_)
        self._order = np.full((self.runs, below, _FIRST), -1, np.int32)
        self._line = np.full((self.runs, _FIRST), -1, np.int32)

    def ask(self) -> Trials:
        """Propose what goes up a rung, or a random architecture where nothing does."""
        number = self._asked
        if number == self._rung.shape[1]:
            self._widen()
        if self.kind == "stopping":
            earlier = next_in_line(self._line, self._ends)
        else:
            earlier = promotable(self.eta, self._order, self._there, self._told, self._first, self._promoted)
        going_up, runs = earlier >= 0, np.arange(self.runs)
        archs = self._archs[runs, earlier]  # a copy; rows without an earlier trial are drawn
        fresh = np.flatnonzero(~going_up)
        if len(fresh):
            archs[fresh] = self.streams.drawing(fresh, self.space.sample)
        rung = np.where(going_up, self._rung[runs, earlier] + 1, 0)
        self._archs[:, number], self._rung[:, number] = archs, rung
        self._asked += 1
        continues = earlier if self.continuation == "resume" else None
        return Trials(archs, self._epochs[rung], number=np.full(self.runs, number), continues=continues)

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Put the answers into their rungs, in the order of what they are worth."""
        if trials.number is None:
            return
        number = trials.number
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        place = hear(
            number,
            worth(evaluations),
            active,
            self._rung,
            self._values,
            self._answered,
            self._order,
            self._there,
            self._told,
            self._first,
        )
        if self.kind == "stopping":
            line_up(self.eta, number, place, self._rung, self._told, self._line, self._ends)

    def _widen(self) -> None:
        """Make room for twice as many trials."""
        for name, empty in _BY_TRIAL.items():
            old = getattr(self, name)
            axis = 2 if name == "_order" else 1
            setattr(self, name, np.concatenate([old, np.full_like(old, empty)], axis=axis))


@kernel
def promotable(eta: int, order: Any, there: Any, told: Any, first: Any, promoted: Any) -> Any:
    """Give, and mark, each run's trial to promote: the best of the highest rung that has one; −1 for none.

    One of ``eta`` answers of a rung is promoted; ``first`` is the place of its best trial that is not yet.
    """
    runs, rungs = told.shape
    chosen = np.full(runs, -1)
    for run in range(runs):
        for rung in range(rungs - 1, -1, -1):
            place = first[run, rung]
            if place < min(told[run, rung] // eta, there[run, rung]):
                chosen[run] = order[run, rung, place]
                promoted[run, chosen[run]] = True
                while place < there[run, rung] and promoted[run, order[run, rung, place]]:
                    place += 1
                first[run, rung] = place
                break
    return chosen


@kernel
def _insert(order: Any, there: int, values: Any, trial: int) -> Any:
    """Put a trial into its place in a rung, best first and after its equals, and give the place."""
    low, high = 0, there
    while low < high:
        middle = (low + high) // 2
        if values[order[middle]] >= values[trial]:
            low = middle + 1
        else:
            high = middle
    for i in range(there, low, -1):
        order[i] = order[i - 1]
    order[low] = trial
    return low


@kernel
def hear(
    number: Any,
    value: Any,
    active: Any,
    rung: Any,
    values: Any,
    answered: Any,
    order: Any,
    there: Any,
    told: Any,
    first: Any,
) -> Any:
    """Put each run's answer into its rung; give its place there, −1 for one that has none.

    What failed is counted and has no place; what no run waits for, or was trained at the last rung, is not counted.
    """
    place = np.full(len(number), -1)
    for run in range(len(number)):
        trial = number[run]
        if not active[run] or trial < 0 or trial >= rung.shape[1] or rung[run, trial] < 0 or answered[run, trial]:
            continue
        answered[run, trial] = True
        values[run, trial] = value[run]
        r = rung[run, trial]
        if r == told.shape[1]:
            continue
        told[run, r] += 1
        if not np.isnan(value[run]):
            place[run] = _insert(order[run, r], there[run, r], values[run], trial)
            first[run, r] = min(first[run, r], place[run])
            there[run, r] += 1
    return place


@kernel
def line_up(eta: int, number: Any, place: Any, rung: Any, told: Any, line: Any, ends: Any) -> None:
    """Let each run's trial go on if it is among the best at its rung so far: it waits at the end of a line."""
    for run in range(len(place)):
        if place[run] >= 0 and place[run] < -(-told[run, rung[run, number[run]]] // eta):
            line[run, ends[run, 1]] = number[run]
            ends[run, 1] += 1


@kernel
def next_in_line(line: Any, ends: Any) -> Any:
    """Give each run the trial that has waited longest, −1 for none."""
    chosen = np.full(len(line), -1)
    for run in range(len(line)):
        if ends[run, 0] < ends[run, 1]:
            chosen[run] = line[run, ends[run, 0]]
            ends[run, 0] += 1
    return chosen
