"""Hearing: what each run is told of its proposal, be it trained, known or dropped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Evaluations, Trials
from nasbed.run.answers import Answers
from nasbed.run.duplicates import Duplicates, Known
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
    """

    evaluations: Evaluations
    told: NDArray[np.bool_]
    tellings: int
    fresh: NDArray[np.bool_]
    known: NDArray[np.int64] | None


class Hearing:
    """Has proposals answered, and remembers what each run has paid for.

    Args:
        answers: Where answers come from.
        recorder: What takes the trials down, in the order of asking.
        duplicates: What a proposal costs that was paid for before; see ``search``.
    """

    def __init__(self, answers: Answers, recorder: Recorder, duplicates: Duplicates) -> None:
        self._answers, self._recorder, self._duplicates = answers, recorder, duplicates
        self._memory = None if duplicates == "pay" else Known(answers, recorder.runs)

    def of(self, trials: Trials, playing: NDArray[np.bool_], count: int) -> Heard:
        """Have the trials answered that the recorder takes down next, and take them down.

        Args:
            trials: One a run.
            playing: Which runs propose something, ``(runs,)``.
            count: How many.
        """
        number, answers = self._recorder.steps, self._answers
        known, fresh, fresh_count = None, playing, count
        if self._memory is not None:
            known = self._memory.met(trials, number, playing)
            fresh = playing & (known < 0)
            fresh_count = int(np.count_nonzero(fresh))
        evaluations = answers.to(trials, number, fresh, fresh_count)
        told, told_count, took = playing, count, evaluations.seconds
        if known is not None and self._duplicates == "skip":
            told, told_count = fresh, fresh_count
        elif known is not None:
            again = playing & (known >= 0)
            if fresh_count < count:
                evaluations, took = self._recorder.repeated(evaluations, known, again)
                answers.repeat(number, known, again)
        if answers.aims:
            evaluations = answers.weighed(trials.archs, evaluations, told, took)
        self._recorder.record(trials, evaluations, told, fresh)
        return Heard(evaluations, told, told_count, fresh, known)
