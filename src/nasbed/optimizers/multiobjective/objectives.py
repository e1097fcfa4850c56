"""Objectives: what methods for several of them remember of the trials that they were told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.state import Stateful
from nasbed.optimizers.worth import refused

_ARRAYS = ("archs", "objectives", "excess", "number")


@dataclass(eq=False)
class Heard(Stateful):
    """Places for answers in each of many runs; who fills them says which.

    All objectives are kept low: accuracy with its sign turned, then the study's costs. An answer without a value, or
    of which nobody knows a cost, is endlessly far over the limits, but for what these refused; its objectives are 0.

    Attributes:
        runs: How many runs.
        places: How many answers each remembers.
        decisions: Of the space.
        archs: int8, ``(runs, places, decisions)``.
        objectives: ``(runs, places, objectives)``.
        excess: By how much each is over the study's limits, ``(runs, places)``; 0 for what keeps them.
        number: Which trial of its run each was, ``(runs, places)``; −1 for what was never asked for.
    """

    kept = (*_ARRAYS, "_any")

    runs: int
    places: int
    decisions: int

    def __post_init__(self) -> None:
        shape = self.runs, self.places
        self.archs = np.zeros((*shape, self.decisions), np.int8)
        self.objectives = np.zeros((*shape, 1))
        self.excess = np.zeros(shape)
        self.number = np.full(shape, -1)
        self._any = False

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Architectures, objectives, excess and numbers, which kernels fill in place."""
        return tuple(getattr(self, name) for name in _ARRAYS)

    def answers(self, trials: Trials, evaluations: Evaluations, active: NDArray[np.bool_]) -> tuple[NDArray[Any], ...]:
        """Give one answer a run, in the form and order of ``arrays``, which have as many objectives from then on.

        Args:
            trials: What was tried.
            evaluations: What is told of it.
            active: Which rows count, ``(runs,)``.

        Raises:
            BadSetting: When earlier answers had another number of objectives.
        """
        costs = [] if evaluations.costs is None else [evaluations.costs]
        objectives = np.column_stack([-evaluations.value, *costs])
        if objectives.shape[1] != self.objectives.shape[2]:
            self._take(objectives.shape[1])
        self._any |= bool(active.any())
        known: NDArray[np.bool_] = np.all(np.isfinite(objectives), axis=1)
        excess = np.zeros(self.runs) if evaluations.excess is None else evaluations.excess
        excess = np.where((known & ~np.isnan(excess)) | refused(evaluations), excess, np.inf)
        number = np.full(self.runs, -1) if trials.number is None else trials.number
        return trials.archs, np.where(known[:, None], objectives, 0.0), excess, number

    def _take(self, objectives: int) -> None:
        """Make place for the study's objectives, which are known once the first answer is told."""
        if self._any:
            raise BadSetting(
                f"an evaluation has {objectives} objectives, those before had {self.objectives.shape[2]}; tell the "
                "costs of all of them"
            )
        self.objectives = np.zeros((self.runs, self.places, objectives))
