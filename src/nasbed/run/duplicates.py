"""Duplicates: what a proposal costs that its run has paid for before."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Trials
from nasbed.core.seen import Seen
from nasbed.run.answers import Answers

Duplicates = Literal["pay", "free", "skip"]


def check_duplicates(duplicates: str) -> None:
    """Refuse a policy that there is not.

    Raises:
        BadSetting: With those that there are.
    """
    if duplicates not in get_args(Duplicates):
        raise BadSetting(f"duplicates are treated as one of {', '.join(get_args(Duplicates))}, not {duplicates!r}")


class Known:
    """Which trainings each run has paid for.

    Args:
        answers: Whom the runs ask.
        runs: How many.
    """

    def __init__(self, answers: Answers, runs: int) -> None:
        self._space, self._usual, self._seen = answers.benchmark.space, answers.usual, Seen(runs)

    def met(self, trials: Trials, number: int, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Give the number under which each run paid for its proposal before, −1 where it is new; remember the new.

        Args:
            trials: One a run.
            number: What new ones are remembered with.
            wanted: Runs that take part, ``(runs,)``.
        """
        keys = self._space.key(trials.archs)
        if trials.epochs is not None:  # those of the study itself are mixed in as nothing, as where none are named
            keys = keys ^ ((trials.epochs - self._usual).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        return self._seen.meet(keys, number, wanted)
