"""The ledger: what each run has spent, and whether it may go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel
from nasbed.core.printing import Printed
from nasbed.run.settings import SearchSettings

_ROUNDING = 1e-12
"""Of a limit: so much more than it is a sum's rounding."""


@kernel
def _charge(
    spent: Any,
    limits: Any,
    going: Any,
    idle: Any,
    patience: int,
    epochs: Any,
    seconds: Any,
    paid: Any,
    timed: bool,
    clock: Any,
    stepped: Any,
) -> int:
    left = 0
    for run in range(len(going)):
        if not going[run]:
            continue
        if not stepped[run]:
            left += 1
            continue
        idle[run] += 1
        if paid[run]:
            for i, cost in enumerate((1.0, float(epochs[run]), 0.0 if timed else seconds[run], seconds[run])):
                if cost > 0:  # a training that failed may not know its time: NaN costs nothing
                    spent[run, i] += cost
                    if limits[i] < np.inf:
                        idle[run] = 0
        if timed and clock[run] > spent[run, 2]:
            spent[run, 2] = clock[run]
            if limits[2] < np.inf:
                idle[run] = 0
        for i in range(len(limits)):
            if spent[run, i] >= limits[i]:
                going[run] = False
        if idle[run] >= patience:
            going[run] = False
        left += going[run]
    return left


@dataclass(eq=False)
class Ledger(Printed):
    """Counts evaluations, epochs and seconds for every run, and closes a run whose budget is spent.

    Attributes:
        settings: What each run may spend, and its patience: a run is closed, too, after so many steps in a row that
            brought it no nearer to a limit.
        limits: Evaluations, epochs, seconds and total seconds, infinite where not limited; ``(4,)``.
        spent: The same of each run, ``(runs, 4)``.
        going: Which runs may go on, ``(runs,)``.

    Raises:
        BadSetting: When nothing is limited.
    """

    settings: SearchSettings
    limits: NDArray[np.float64] = field(init=False)
    spent: NDArray[np.float64] = field(init=False)
    going: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        given, runs = self.settings.budget.values(), self.settings.runs
        self.limits = np.array([np.inf if limit is None else limit for limit in given], np.float64)
        self.spent = np.zeros((runs, 4))
        self.going = np.ones(runs, np.bool_)
        self._idle = np.zeros(runs, np.int64)
        self._nowhere = np.zeros(runs)
        self._all, self._none = np.ones(runs, np.bool_), np.zeros(runs, np.bool_)
        self._over, self._drawn = np.zeros(runs, np.bool_), np.zeros((runs, 4))  # where evaluations may be dropped

    def charge(
        self,
        epochs: NDArray[np.int64],
        seconds: NDArray[np.float64],
        paid: NDArray[np.bool_],
        clock: NDArray[np.float64] | None = None,
        stepped: NDArray[np.bool_] | None = None,
    ) -> int:
        """Book one step, and give how many runs may go on.

        Args:
            epochs: What each run's evaluation cost, ``(runs,)``.
            seconds: Likewise.
            paid: Which runs were given an evaluation that they pay for.
            clock: Where each run's clock stands; None where trainings follow each other and clocks move by seconds.
            stepped: Which runs took a step; None for all.
        """
        timed = clock is not None
        return int(
            _charge(
                self.spent,
                self.limits,
                self.going,
                self._idle,
                self.settings.patience,
                epochs,
                seconds,
                paid,
                timed,
                self._nowhere if clock is None else clock,
                self._all if stepped is None else stepped,
            )
        )

    def overdrawn(
        self,
        epochs: NDArray[np.int64],
        seconds: NDArray[np.float64],
        paid: NDArray[np.bool_],
        clock: NDArray[np.float64] | None = None,
    ) -> NDArray[np.bool_]:
        """Say which runs' evaluations are dropped, ``(runs,)``, and close these runs: nothing after it counts either.

        Those are dropped, where the settings say so, that would end beyond a limit; one that ends at it is not.

        Args:
            epochs: As ``charge`` takes them, like the others; they are not charged here.
            seconds: Likewise.
            paid: Likewise.
            clock: Likewise.
        """
        if self.settings.overdraw == "count":
            return self._none
        took = np.where(paid & ~np.isnan(seconds), seconds, 0.0)
        self._drawn += np.stack([paid, np.where(paid, epochs, 0), took, took], axis=1)
        if clock is not None:
            self._drawn[:, 2] = clock
        # Sums of seconds round: what is over by less than that is not over.
        self._over |= np.any(self._drawn > self.limits * (1 + _ROUNDING), axis=1)
        self.going &= ~self._over
        return self._over

    def close(self, runs: NDArray[np.bool_]) -> int:
        """End some runs for another reason than their budget, and give how many may go on."""
        self.going &= ~runs
        return int(np.count_nonzero(self.going))

    def share(self) -> float:
        """Give how much of the budget the slowest run has used, from 0 to 1; for a progress bar."""
        used = np.max(self.spent / self.limits, axis=1)
        used[~self.going] = 1.0
        return float(min(used.min(), 1.0))
