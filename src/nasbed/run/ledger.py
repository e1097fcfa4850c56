"""The ledger: what each run has spent, and whether it may go on."""

from __future__ import annotations

from dataclasses import dataclass, field
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
        seconds: Training time, simulated or measured.

    Raises:
        BadSetting: When no limit is given, or one is not positive.
    """

    evaluations: int | None = None
    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        limits = {"evaluations": self.evaluations, "epochs": self.epochs, "seconds": self.seconds}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if not given:
            raise BadSetting("a search needs a budget: give evaluations, epochs or seconds, or several of them")
        for name, limit in given.items():
            if not limit > 0:
                raise BadSetting(f"a budget of {limit} {name} allows nothing; give a positive number")

    @property
    def limits(self) -> NDArray[np.float64]:
        """Evaluations, epochs and seconds, infinite where not limited; ``(3,)``."""
        given = (self.evaluations, self.epochs, self.seconds)
        return np.array([np.inf if limit is None else limit for limit in given], np.float64)


@numba.njit(cache=True)
def _charge(spent: Any, limits: Any, going: Any, idle: Any, patience: int, epochs: Any, seconds: Any, paid: Any) -> int:
    left = 0
    for run in range(len(going)):
        if not going[run]:
            continue
        idle[run] += 1
        if paid[run]:
            for i, cost in enumerate((1.0, float(epochs[run]), seconds[run])):
                if cost > 0:  # a training that failed may not know its time: NaN costs nothing
                    spent[run, i] += cost
                    if limits[i] < np.inf:
                        idle[run] = 0
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
        spent: Evaluations, epochs and seconds of each run, ``(runs, 3)``.
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
        self.spent = np.zeros((self.runs, 3))
        self.going = np.ones(self.runs, np.bool_)
        self._idle = np.zeros(self.runs, np.int64)
        self._limits = self.budget.limits

    def charge(self, epochs: NDArray[np.int64], seconds: NDArray[np.float64], paid: NDArray[np.bool_]) -> int:
        """Book one step, in which the runs that pay were given an evaluation, and give how many may go on."""
        return int(_charge(self.spent, self._limits, self.going, self._idle, self.patience, epochs, seconds, paid))

    def close(self, runs: NDArray[np.bool_]) -> int:
        """End some runs for another reason than their budget, and give how many may go on."""
        self.going &= ~runs
        return int(np.count_nonzero(self.going))

    def share(self) -> float:
        """Give how much of the budget the slowest run has used, from 0 to 1; for a progress bar."""
        used = np.max(self.spent / self._limits, axis=1)
        used[~self.going] = 1.0
        return float(min(used.min(), 1.0))
