"""Watching: how a search stands, told to whoever follows it while it is played: a bar, a log, a program.

What is told is read from the arrays that are kept anyway, now and then and of all steps since the last time at once, so
that a search of many runs is not held up, and one that nobody follows does nothing for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.printing import Shown
from nasbed.run.history import History
from nasbed.run.incumbents import incumbents
from nasbed.run.ledger import Ledger

SECONDS_BETWEEN = 0.2
"""Between two calls of whoever follows a search that is looked up."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Some steps of a search, in the order of telling.

    Attributes:
        first: The number of the first of them in the search.
        history: They alone; nothing is attached to it.
        best: What each run had heard of its incumbent after each step, ``(steps, runs)``; NaN before there is one.
        clock: Where each run's clock stood after each step, in seconds, ``(steps, runs)``.
    """

    first: int
    history: History
    best: NDArray[np.float64]
    clock: NDArray[np.float64]


@dataclass(frozen=True)
class Status(Shown):
    """How far a search is.

    Attributes:
        evaluations: Those that were paid for and have ended, in all runs and sessions.
        failures: Those of them that failed.
        best: The best validation value that any run has heard; NaN before there is one.
        seconds: On the search's clock: the wall's, or simulated, of the run that is farthest.
        share: How much of the budget the slowest run has used, from 0 to 1.
        steps: What was told since the last call.
        search: Which of several searches that are compared it is, by its label.
    """

    evaluations: int
    failures: int
    best: float
    seconds: float
    share: float
    steps: Steps | None = field(default=None, compare=False, repr=False)
    search: str = ""


Progress = Callable[[Status], None]
"""Called now and then with how a search stands."""


class Watch:
    """Calls those who follow a search.

    Args:
        followers: They.
        part: Gives the steps from a number on, as a history without incumbents.
        ledger: What the runs have spent.
        usual: Epochs of an evaluation that names none.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        followers: Iterable[Progress],
        part: Callable[[int], History],
        ledger: Ledger,
        usual: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._followers, self._part, self._ledger, self._clock = tuple(followers), part, ledger, clock
        runs = ledger.settings.runs
        self._first = self._evaluations = self._failures = 0
        self._best, self._fidelity = np.full(runs, np.nan), np.full(runs, usual)
        self._stood, self._usual = np.zeros(runs), usual
        self._last = clock()

    def step(self) -> None:
        """Tell how the search stands, if that was not done for a while."""
        if self._followers and self._clock() - self._last >= SECONDS_BETWEEN:
            self.tell()
            self._last = self._clock()

    def tell(self, **known: Any) -> None:
        """Tell how the search stands.

        Args:
            **known: What is known better than by what the runs were told, by the names of ``Status``.
        """
        if not self._followers:
            return
        steps = self._steps(self._part(self._first))
        paid = steps.history.paid & steps.history.tried
        self._first += steps.history.steps
        self._evaluations += int(paid.sum())
        self._failures += int((paid & np.isnan(steps.history.value)).sum())
        best = float(np.fmax.reduce(self._best, initial=np.nan))
        spent = float(self._ledger.spent[:, 2].max())
        status = Status(self._evaluations, self._failures, best, spent, self._ledger.share(), steps)
        for follower in self._followers:
            follower(replace(status, **known))

    def _steps(self, history: History) -> Steps:
        """Add the incumbents and clocks, which go on from where they stood."""
        fidelity = np.full(history.value.shape, self._usual) if history.fidelity is None else history.fidelity
        value, fidelity = np.vstack([self._best, history.value]), np.vstack([self._fidelity, fidelity])
        chosen = np.maximum(incumbents(value, np.vstack([~np.isnan(self._best), history.counts]), fidelity), 0)
        best = np.take_along_axis(value, chosen, axis=0)
        clock = history.clock("seconds")
        clock = self._stood + clock if history.ended is None else np.maximum(self._stood, clock)
        self._best, self._fidelity = best[-1], np.take_along_axis(fidelity, chosen[-1:], axis=0)[0]
        self._stood = clock[-1] if len(clock) else self._stood
        return Steps(self._first, history, best[1:], clock)
