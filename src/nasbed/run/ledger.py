"""The ledger: what each run has spent, and whether it may go on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting


@dataclass(frozen=True)
class Budget:
    """How much one run may spend; it stops at whichever limit it reaches first.

    The evaluation that reaches a limit is finished and counted, so a run can overdraw seconds and epochs by one
    evaluation at most.

    Attributes:
        evaluations: Trained architectures.
        epochs: Epochs trained, all together.
        seconds: On the run's clock, simulated or measured.
        total_seconds: Training time, of all workers together; the same as ``seconds`` where there is one.

    Raises:
        BadSetting: When no limit is given, or one is not positive.
    """

    evaluations: int | None = None
    epochs: int | None = None
    seconds: float | None = None
    total_seconds: float | None = None

    def __post_init__(self) -> None:
        given = {name: limit for name, limit in asdict(self).items() if limit is not None}
        if not given:
            raise BadSetting("a search needs a budget: give evaluations, epochs or seconds, or several of them")
        for name, limit in given.items():
            if not limit > 0:
                raise BadSetting(f"a budget of {limit} {name} allows nothing; give a positive number")

    @property
    def limits(self) -> NDArray[np.float64]:
        """Evaluations, epochs, seconds and total seconds, infinite where not limited; ``(4,)``."""
        given = (self.evaluations, self.epochs, self.seconds, self.total_seconds)
        return np.array([np.inf if limit is None else limit for limit in given], np.float64)


@numba.njit(cache=True)
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
class Ledger:
    """Counts evaluations, epochs and seconds for every run, and closes a run whose budget is spent.

    Attributes:
        budget: What each run may spend.
        runs: How many runs.
        patience: A run is closed, too, after so many steps in a row that brought it no nearer to a limit.
        spent: Evaluations, epochs, seconds and total seconds of each run, ``(runs, 4)``.
        going: Which runs may go on, ``(runs,)``.
    """

    budget: Budget
    runs: int
    patience: int = 10_000
    spent: NDArray[np.float64] = field(init=False)
    going: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise BadSetting(f"patience must be at least 1 step, not {self.patience}")
        self.spent = np.zeros((self.runs, 4))
        self.going = np.ones(self.runs, np.bool_)
        self._idle = np.zeros(self.runs, np.int64)
        self._limits = self.budget.limits
        self._nowhere = np.zeros(self.runs)
        self._all = np.ones(self.runs, np.bool_)

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
                self._limits,
                self.going,
                self._idle,
                self.patience,
                epochs,
                seconds,
                paid,
                timed,
                self._nowhere if clock is None else clock,
                self._all if stepped is None else stepped,
            )
        )

    def close(self, runs: NDArray[np.bool_]) -> int:
        """End some runs for another reason than their budget, and give how many may go on."""
        self.going &= ~runs
        return int(np.count_nonzero(self.going))

    def share(self) -> float:
        """Give how much of the budget the slowest run has used, from 0 to 1; for a progress bar."""
        used = np.max(self.spent / self._limits, axis=1)
        used[~self.going] = 1.0
        return float(min(used.min(), 1.0))
