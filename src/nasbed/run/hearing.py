"""Hearing: what each run is told of its proposal, be it trained, known or dropped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials
from nasbed.core.seen import Seen
from nasbed.run.answers import Answers
from nasbed.run.costing import Costing
from nasbed.run.recorder import Recorder


class Heard(NamedTuple):
    """What becomes of one trial a run.

    Attributes:
        evaluations: What each run is told; NaN, at no cost, where nothing is.
        told: Which runs are told, ``(runs,)``.
        tellings: How many are.
        fresh: Which of them pay for a training of their own, ``(runs,)``.
        known: The trial whose answer is repeated or dropped, −1 where it is new, ``(runs,)``; None where nothing is
            remembered.
        refused: Which are told that a limit refuses their proposal, ``(runs,)``; None for none.
    """

    evaluations: Evaluations
    told: NDArray[np.bool_]
    tellings: int
    fresh: NDArray[np.bool_]
    known: NDArray[np.int64] | None
    refused: NDArray[np.bool_] | None


class Hearing:
    """Has proposals answered, and remembers what each run has paid for.

    Args:
        answers: Where answers come from.
        costing: What proposals cost beside training.
        recorder: What takes the trials down, in the order of asking.
    """

    def __init__(self, answers: Answers, costing: Costing, recorder: Recorder) -> None:
        self.costing, self.recorder = costing, recorder
        self._answers, self._duplicates = answers, answers.settings.duplicates
        self._seen = None if self._duplicates == "pay" else Seen(recorder.runs)  # the trainings that each has paid for

    def of(self, trials: Trials, playing: NDArray[np.bool_], count: int) -> Heard:
        """Have the trials answered that the recorder takes down next, and take them down.

        Args:
            trials: One a run.
            playing: Which runs propose something, ``(runs,)``.
            count: How many.
        """
        number, answers = self.recorder.steps, self._answers
        priced = self.costing.before(trials.archs, playing)
        refused = priced.refused if priced is not None and priced.any else None
        known, fresh, fresh_count = None, playing, count
        if refused is not None:
            fresh = playing & ~refused
            fresh_count = int(np.count_nonzero(fresh))
        if self._seen is not None:
            known = self._seen.meet(self._keys(trials), number, fresh)
            fresh = fresh & (known < 0)
            fresh_count = int(np.count_nonzero(fresh))
        evaluations = answers.to(trials, number, fresh, fresh_count)
        told, told_count, took = playing, count, evaluations.seconds
        if known is not None and self._duplicates == "skip":
            told = fresh if refused is None else fresh | refused
            told_count = int(np.count_nonzero(told))
        elif known is not None:
            again = playing & (known >= 0)
            if again.any():
                evaluations, took = self.recorder.repeated(evaluations, known, again)
                answers.repeat(number, known, again)
        evaluations = self.costing.after(priced, evaluations, told, took)
        self.recorder.record(trials, evaluations, told, fresh, None if priced is None else priced.refused)
        return Heard(evaluations, told, told_count, fresh, known, refused)

    def without(self, heard: Heard, over: NDArray[np.bool_]) -> Heard:
        """Drop what some runs were to be told of the trials that were taken down last: their budgets are spent."""
        self.recorder.drop(over)
        told = heard.told & ~over
        return heard._replace(told=told, tellings=int(np.count_nonzero(told)), fresh=heard.fresh & ~over)

    def _keys(self, trials: Trials) -> NDArray[np.uint64]:
        """Give what counts as the same training: the architecture and, unless they are the study's, the epochs."""
        keys = self._answers.benchmark.space.key(trials.archs)
        if trials.epochs is None:
            return keys
        return keys ^ ((trials.epochs - self._answers.usual).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def asked(optimizer: Optimizer) -> Trials:
    """Ask an optimizer for a trial a run.

    Raises:
        BadSetting: When it gives something else.
    """
    trials = optimizer.ask()
    if not isinstance(trials, Trials):
        raise BadSetting(
            f"the ask of {type(optimizer).__name__} gave a {type(trials).__name__}; it gives Trials, such as "
            "Trials(archs), with one row a run"
        )
    if np.shape(trials.archs) != (optimizer.runs, optimizer.space.decisions):
        raise BadSetting(
            f"the ask of {type(optimizer).__name__} gave architectures of shape {np.shape(trials.archs)}; it gives one "
            f"row a run: {(optimizer.runs, optimizer.space.decisions)}"
        )
    return trials


def drop(optimizer: Optimizer, trials: Trials, untold: NDArray[np.bool_]) -> None:
    """Say that the active ones of some trials will have no answer, so that no run, even one that is over, waits.

    Args:
        optimizer: Whose trials they are.
        trials: One a run.
        untold: Which runs are not told, ``(runs,)``.
    """
    dropped = untold if trials.active is None else trials.active & untold
    if dropped.any():
        optimizer.drop(trials._replace(active=dropped))
