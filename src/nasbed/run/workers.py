"""Workers: trainings side by side on simulated time, an event clock for each run.

A run has so many workers. Each trains what the optimizer proposed when the worker was free; what its training takes
is known from the benchmark, so that nobody waits for it. Asynchronously, a worker that is done tells its answer and
takes the next trial at once. Synchronously, all workers take a trial each and the answers are told, in the order in
which the trainings ended, once the last is done. The clock of a run says when the training ended that it was told of
last. One worker does what a search without workers does.

All runs take their steps together. What a run is asked and told depends on that run alone: as long as it may go on,
the optimizer's n-th call of ``ask`` is its n-th trial, whatever others do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials
from nasbed.run.hearing import Hearing, asked, drop
from nasbed.run.ledger import Ledger
from nasbed.run.watching import Watch

_TOLD = ("archs", "value", "seconds", "epochs", "tried", "paid", "fidelity", "costs", "excess")
"""What an optimizer is told of a trial, by the recorder's columns; whose child it was it knows itself."""


@kernel
def _occupy(ends: Any, numbers: Any, out: Any, taking: Any, end: Any, number: int) -> None:
    """Give each run's trial to its first free worker."""
    for run in range(len(out)):
        if taking[run]:
            worker = 0
            while numbers[run, worker] >= 0:
                worker += 1
            ends[run, worker], numbers[run, worker] = end[run], number
            out[run] += 1


@kernel
def _release(ends: Any, numbers: Any, out: Any, leaving: Any, ended: Any, number: Any) -> None:
    """Free the worker that is done first in each run; of those done at one time, the one that began first."""
    for run in range(len(out)):
        number[run] = -1
        if leaving[run]:
            first = -1
            for worker in range(numbers.shape[1]):
                if numbers[run, worker] >= 0 and (
                    first < 0
                    or ends[run, worker] < ends[run, first]
                    or (ends[run, worker] == ends[run, first] and numbers[run, worker] < numbers[run, first])
                ):
                    first = worker
            number[run], ended[run] = numbers[run, first], ends[run, first]
            numbers[run, first] = -1
            out[run] -= 1


class SideBySide:
    """Joins an optimizer to answers that come when simulated trainings end.

    Args:
        optimizer: The method, started.
        hearing: Where answers come from. A repeated one waits for the training that it is from; what is refused takes
            no worker, and is told of at once.
        ledger: What each run may spend.
    """

    def __init__(self, optimizer: Optimizer, hearing: Hearing, ledger: Ledger) -> None:
        self.optimizer, self.ledger, self.recorder = optimizer, ledger, hearing.recorder
        self.runs, settings = optimizer.runs, ledger.settings
        self.workers = settings.workers or 1
        self.out = np.zeros(self.runs, np.int64)
        """How many of each run's workers have a trial."""
        self.clock = np.zeros(self.runs)
        """When each run was told last, in seconds."""
        self.told: list[NDArray[np.int64]] = []
        """By step, the number of the trial that each run was told of; −1 for none."""
        self.ended: list[NDArray[np.float64]] = []
        """By step, when it ended."""
        self._crew = np.zeros((self.runs, self.workers)), np.full((self.runs, self.workers), -1)
        self._hearing, self._together = hearing, settings.scheduling == "synchronous"
        self._none = np.zeros(self.runs, np.bool_)
        self._reserved = np.zeros((self.runs, 2))  # evaluations and epochs that are out and will be charged
        self._ends: list[NDArray[np.float64]] = []  # of each trial
        self._limits = ledger.limits[:2]

    def ask(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Ask for a trial a run and give it to a worker; say which runs took one, and which were refused theirs.

        Runs that have no budget left once all that is out is paid for ask no more.
        """
        left = np.all(self.ledger.spent[:, :2] + self._reserved < self._limits, axis=1)
        if not self.ledger.close(~left):
            return self._none, self._none
        asking = self.ledger.going.copy()
        number = self.recorder.steps
        trials = asked(self.optimizer)
        taking = asking if trials.active is None else asking & trials.active
        heard = self._hearing.of(trials, taking, int(np.count_nonzero(taking)))
        epochs, seconds = heard.evaluations.epochs, heard.evaluations.seconds
        ends = self.clock + np.where(seconds > 0, seconds, 0.0)  # an unknown time is none
        if heard.known is not None:
            self._wait(ends, heard.known, heard.told & (heard.known >= 0))
            self._ends.append(ends)
        self._reserved[:, 0] += heard.fresh
        self._reserved[:, 1] += heard.fresh * epochs
        refused = self._none if heard.refused is None else heard.refused
        taking = taking & ~refused
        _occupy(*self._crew, self.out, taking, ends, number)
        drop(self.optimizer, trials, ~asking)
        return taking, refused

    def _wait(self, ends: NDArray[np.float64], known: NDArray[np.int64], again: NDArray[np.bool_]) -> None:
        """Let answers that are repeated come no earlier than the training ends whose they are."""
        for run in np.flatnonzero(again).tolist():
            ends[run] = max(ends[run], self._ends[known[run]][run])

    def tell(self, leaving: NDArray[np.bool_], refused: NDArray[np.bool_] | None = None) -> None:
        """Tell the optimizer of the training that ends next in each of some runs, and charge it.

        Args:
            leaving: Which runs, ``(runs,)``.
            refused: Which others are told that their latest trial was refused.
        """
        number, ended = np.empty(self.runs, np.int64), np.zeros(self.runs)
        _release(*self._crew, self.out, leaving, ended, number)
        np.maximum(self.clock, ended, out=self.clock, where=leaving)
        if refused is not None:
            number[refused], ended[refused] = self.recorder.steps - 1, self.clock[refused]
            leaving = leaving | refused
        row = self.recorder.taken(np.maximum(number, 0), _TOLD)
        paid = row["paid"] & leaving
        seconds, epochs = row["seconds"], row["epochs"]
        over = self.ledger.overdrawn(epochs, seconds, paid, self.clock)
        told = row["tried"] & leaving & ~over
        self.told.append(np.where(over, -1, number))
        self.ended.append(np.where(over, 0.0, ended))
        self._reserved[:, 0] -= paid
        self._reserved[:, 1] -= paid * epochs
        self.ledger.charge(epochs, seconds, paid, self.clock, leaving)
        active = None if told.all() else told
        trials = Trials(row["archs"], row.get("fidelity"), active, number)
        self.optimizer.tell(trials, Evaluations(row["value"], seconds, epochs, row.get("costs"), row.get("excess")))
        drop(self.optimizer, trials._replace(active=leaving), ~told)

    def to_the_end(self, watch: Watch) -> None:
        """Play all runs to their ends."""
        # Where limits refuse, a run asks until its round is full, so that rounds of different runs drift apart.
        in_step = self._together and not self._hearing.costing.refuses
        while self._round() if in_step else self._event():
            watch.step()

    def course(self, first: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return which trial each run was told of at each step from ``first`` on, and when that ended.

        Both ``(steps, runs)``; −1 where a run took no step.
        """
        shape = -1, self.runs
        told, ended = self.told[first:], self.ended[first:]
        return np.array(told, np.int64).reshape(shape), np.array(ended, np.float64).reshape(shape)

    def _event(self) -> bool:
        """Fill a worker of each run that has one free, then tell each run without one; False when all is over.

        Such a run is told of the trial that ends first or, where its workers wait for each other, of all its trials.
        """
        out = self.out
        taking, refused = self.ask()
        self.ledger.close((out == 0) & ~refused)  # nothing more to propose
        leaving = (out > 0) & ((out == self.workers) | ~(taking | refused))
        while leaving.any() or refused.any():
            self.tell(leaving, refused)
            leaving, refused = leaving & self._together & (out > 0), self._none
        return bool(out.any() or self.ledger.going.any())

    def _round(self) -> bool:
        """Fill all workers, then tell each run of all its trials; False when all is over."""
        out = self.out
        unsupported = self._none
        for _ in range(self.workers):
            refused = self.ask()[1]
            if refused.any():
                self.tell(self._none, refused)
                unsupported = unsupported | refused
        self.ledger.close((out == 0) & ~unsupported)
        while out.any():
            self.tell(out > 0)
        return bool(self.ledger.going.any())
