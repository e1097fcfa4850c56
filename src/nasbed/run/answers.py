"""Answers: what a benchmark says to the trials of many runs, and what that costs each of them.

A training that goes on with an earlier one is the same training: the same repeat of a table is read further on, and
the run pays for what lies between. Trainings that fail by chance are added here, so that neither benchmarks nor
optimizers need to know of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.run.settings import SearchSettings


class Answers:
    """Asks a benchmark for many runs.

    Args:
        benchmark: Whom.
        settings: Under which the runs are played.
    """

    def __init__(self, benchmark: Benchmark, settings: SearchSettings) -> None:
        self.benchmark, self.settings, self.runs = benchmark, settings, settings.runs
        self.usual = settings.fidelity(benchmark)
        self._draws = settings.streams("answers") if settings.repeats == "draw" else None
        self._fates = settings.streams("failures") if settings.failures else None
        self._trainings = _Trainings(self.runs)

    def to(self, trials: Trials, number: int, fresh: NDArray[np.bool_], count: int) -> Evaluations:
        """Answer the fresh trials alone; other rows are NaN and cost nothing.

        Args:
            trials: One a run.
            number: Of these trials, counted from 0.
            fresh: Which rows are trained, ``(runs,)``.
            count: How many.
        """
        if trials.epochs is None or not self.benchmark.continues:
            self._check_alone(trials, fresh)
            heard = self._asked(trials, fresh, count)
        else:
            heard = self._continued(trials, number, fresh)
        if self._fates is not None:
            heard = self._failed(heard, number, fresh)
        return heard

    def _check_alone(self, trials: Trials, fresh: NDArray[np.bool_]) -> None:
        if trials.continues is not None and (trials.continues[fresh] >= 0).any():
            raise BadSetting(
                f"{self.benchmark.name} has separate trainings for its budgets, and none goes on with another; "
                "use continuation='restart'"
            )

    def _asked(self, trials: Trials, fresh: NDArray[np.bool_], count: int) -> Evaluations:
        """Ask about trainings that begin anew."""
        wanted = self.settings.epochs if trials.epochs is None else trials.epochs
        if count == self.runs:
            return self.benchmark.query(trials.archs, wanted, self._draws)
        return self._asked_of(trials.archs, wanted, np.flatnonzero(fresh), None)

    def _asked_of(
        self,
        archs: Archs,
        wanted: NDArray[np.int64] | int | None,
        rows: NDArray[np.int64],
        begun: NDArray[np.int64] | None,
    ) -> Evaluations:
        """Ask about some rows; the others are NaN and cost nothing.

        Args:
            archs: ``(runs, decisions)``.
            wanted: Epochs of each run, or of all.
            rows: Which runs, ``(n,)``.
            begun: Where each of them began to draw, −1 for where its stream stands, ``(n,)``: a training that goes on
                draws the same again, and moves no stream. None where all begin anew.
        """
        result = Evaluations(np.full(self.runs, np.nan), np.zeros(self.runs), np.zeros(self.runs, np.int64))
        if not len(rows):
            return result
        anew = np.ones(len(rows), np.bool_) if begun is None else begun < 0
        some = None if self._draws is None else self._draws.take(rows)
        if some is not None and begun is not None:
            some.positions[~anew] = begun[~anew]
        part = self.benchmark.query(archs[rows], wanted[rows] if isinstance(wanted, np.ndarray) else wanted, some)
        if self._draws is not None and some is not None:
            self._draws.positions[rows[anew]] = some.positions[anew]
        result.value[rows], result.seconds[rows], result.epochs[rows] = part[:3]
        return result

    def _continued(self, trials: Trials, number: int, fresh: NDArray[np.bool_]) -> Evaluations:
        """Ask about trainings some of which go on with earlier ones: the same draws, less what was paid before."""
        rows, known = np.flatnonzero(fresh), self._trainings
        known.make_room(number)
        earlier = np.full(self.runs, -1) if trials.continues is None else np.where(fresh, trials.continues, -1)
        going_on = rows[earlier[rows] >= 0]
        begun = np.full(self.runs, -1)
        begun[going_on] = known.begun[earlier[going_on], going_on]
        stood = np.zeros(self.runs, np.int64) if self._draws is None else self._draws.positions.copy()
        result = self._asked_of(trials.archs, trials.epochs, rows, begun[rows])
        begun = np.where(begun < 0, stood, begun)
        known.remember(number, begun, result)
        result.seconds[going_on] -= known.seconds[earlier[going_on], going_on]
        result.epochs[going_on] -= known.epochs[earlier[going_on], going_on]
        if (result.epochs[going_on] <= 0).any():
            raise BadSetting("a trial goes on with one that was trained for as many epochs or more")
        return result

    def _failed(self, heard: Evaluations, number: int, fresh: NDArray[np.bool_]) -> Evaluations:
        """Let some of them fail; 2 words. What has failed cannot be gone on with: who tries begins anew."""
        assert self._fates is not None
        fate, moment = self._fates.uniform(2).T
        failed = fresh & (fate < self.settings.failures)
        self._trainings.forget(number, failed)
        return heard._replace(
            value=np.where(failed, np.nan, heard.value),
            seconds=np.where(failed, heard.seconds * moment, heard.seconds),
            epochs=np.where(failed, np.ceil(heard.epochs * moment).astype(np.int64), heard.epochs),
        )

    def repeat(self, number: int, known: NDArray[np.int64], again: NDArray[np.bool_]) -> None:
        """Take trial ``number`` of some runs for the training that an earlier trial began."""
        self._trainings.repeat(number, known, again)


@dataclass(eq=False)
class _Trainings:
    """What is known of each training that may be gone on with, by trial and run.

    Attributes:
        runs: How many runs.
        begun: Where the run's stream of draws stood when it began.
        seconds: What it has cost, from its beginning.
        epochs: How far it is.
    """

    runs: int

    def __post_init__(self) -> None:
        self.begun, self.epochs = (np.zeros((0, self.runs), np.int64) for _ in range(2))
        self.seconds = np.zeros((0, self.runs))

    def remember(self, number: int, begun: NDArray[np.int64], heard: Evaluations) -> None:
        """Keep what trial ``number`` has come to in each run; what failed costs as if it had never begun."""
        there = ~np.isnan(heard.value)
        self.begun[number] = begun
        self.seconds[number] = np.where(there, np.nan_to_num(heard.seconds), 0.0)
        self.epochs[number] = np.where(there, heard.epochs, 0)

    def repeat(self, number: int, known: NDArray[np.int64], again: NDArray[np.bool_]) -> None:
        """Let trial ``number`` be what trial ``known`` is, in some runs; ``(runs,)`` each."""
        if not len(self.begun):
            return  # of a method whose trainings none goes on with
        self.make_room(number)
        runs = np.flatnonzero(again & (known < len(self.begun)))
        for column in (self.begun, self.epochs, self.seconds):
            column[number, runs] = column[known[runs], runs]

    def make_room(self, number: int) -> None:
        """Have a place for trial ``number``; what was not remembered costs as if it had never begun."""
        if number >= len(self.begun):
            for name in ("begun", "epochs", "seconds"):
                old = getattr(self, name)
                wider = np.zeros((max(64, 2 * number), self.runs), old.dtype)
                wider[: len(old)] = old
                setattr(self, name, wider)

    def forget(self, number: int, failed: NDArray[np.bool_]) -> None:
        """Take trial ``number`` as never begun in the runs where it failed."""
        if number < len(self.begun):
            self.seconds[number, failed], self.epochs[number, failed] = 0.0, 0
