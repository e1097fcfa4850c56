"""Recorder: takes a search down as it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.printing import Printed
from nasbed.core.records import Evaluations, Trials
from nasbed.core.space import Space
from nasbed.run.history import History

_FIRST = 128  # steps there is room for; then twice as many, and so on


@dataclass(eq=False)
class Recorder(Printed):
    """Takes a search down in arrays that double when they are full.

    Attributes:
        runs: How many runs.
        usual: Epochs of a trial that names none.
    """

    runs: int
    usual: int
    steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._room = _FIRST
        self._columns: dict[str, NDArray[Any]] = {}

    def _begun(self, name: str, value: Any, empty: int) -> NDArray[Any]:
        """Begin a column, which is ``empty`` before this step."""
        first = np.asarray(value)
        column = self._columns[name] = np.full((self._room, *first.shape), empty, first.dtype)
        return column

    def record(
        self,
        trials: Trials,
        heard: Evaluations,
        tried: NDArray[np.bool_],
        paid: NDArray[np.bool_],
        refused: NDArray[np.bool_] | None = None,
    ) -> None:
        """Take one step down; rows of runs that did not try anything are kept but do not count.

        Args:
            trials: What each run tried.
            heard: What it was told, or will be.
            tried: Which rows count.
            paid: Which of them were paid for.
            refused: Which of them a limit refused; None in a search where none could.
        """
        if self.steps == self._room:
            self._room *= 2
            for name, old in self._columns.items():
                self._columns[name] = np.empty((self._room, *old.shape[1:]), old.dtype)
                self._columns[name][: self.steps] = old
        for name, value, empty in (
            ("archs", trials.archs, 0),
            ("value", heard.value, 0),
            ("seconds", heard.seconds, 0),
            ("epochs", heard.epochs, 0),
            ("tried", tried, 0),
            ("paid", paid, 0),
            ("fidelity", trials.epochs, self.usual),
            ("parents", trials.parents, -1),
            ("costs", heard.costs, 0),
            ("excess", heard.excess, 0),
            ("refused", refused, 0),
        ):
            column = self._columns.get(name)
            if column is None and value is not None:
                column = self._begun(name, value, empty)
            if column is not None:
                column[self.steps] = empty if value is None else value
        self.steps += 1

    def drop(self, runs: NDArray[np.bool_]) -> None:
        """Let the last step of some runs, ``(runs,)``, not count, as if they had not tried anything."""
        self._columns["value"][self.steps - 1, runs] = np.nan
        for name in ("tried", "paid"):
            self._columns[name][self.steps - 1] &= ~runs

    def repeated(
        self, heard: Evaluations, known: NDArray[np.int64], again: NDArray[np.bool_]
    ) -> tuple[Evaluations, NDArray[np.float64]]:
        """Fill in what some runs heard at the step ``known``, at no cost, and give what those trainings took, too."""
        before = self.taken(np.maximum(known, 0), ("value", "seconds"))
        value = np.where(again, before["value"], heard.value)
        return heard._replace(value=value), np.where(again, before["seconds"], heard.seconds)

    def taken(self, steps: NDArray[np.int64], names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """Give what columns have at a step of each run, ``(runs, …)``, by name; without those that there are not."""
        place = steps * self.runs + np.arange(self.runs)
        columns = {name: self._columns[name] for name in names if name in self._columns}
        return {name: c.reshape(-1, *c.shape[2:]).take(place, axis=0) for name, c in columns.items()}

    def history(
        self,
        space: Space,
        info: Mapping[str, Any],
        told: NDArray[np.int64] | None = None,
        ended: NDArray[np.float64] | None = None,
        first: int = 0,
    ) -> History:
        """Close the book, or copy what stands in it so far.

        Args:
            space: What the architectures mean.
            info: How the history was made.
            told: Where trials were taken down as they were asked for: which of them each run was told of at each of
                its steps, ``(steps, runs)``; −1 for none. None where that was at once.
            ended: When each step ended on its run's clock, where it has one of its own, ``(steps, runs)``.
            first: The first step that is wanted; ``told`` and ``ended`` are of these steps alone.
        """
        columns = self._columns or _nothing(self.runs, space.decisions)
        if told is None or not self._columns:
            kept: dict[str, Any] = {name: column[first : self.steps].copy() for name, column in columns.items()}
        else:
            place = np.maximum(told, 0) * self.runs + np.arange(self.runs)
            kept = {name: c.reshape(-1, *c.shape[2:]).take(place, axis=0) for name, c in columns.items()}
            kept["number"] = told
            kept["tried"] &= told >= 0
            kept["paid"] &= told >= 0
        if "refused" in kept and not np.any(kept["refused"] & kept["tried"]):
            del kept["refused"]
        return History(space=space, info=dict(info), ended=ended, **kept)


def _nothing(runs: int, decisions: int) -> dict[str, NDArray[Any]]:
    """Give the columns of a search that took no step."""
    numbers, flags = np.zeros((0, runs)), np.zeros((0, runs), np.bool_)
    return {
        "archs": np.zeros((0, runs, decisions), np.int8),
        "value": numbers,
        "seconds": numbers,
        "epochs": numbers.astype(np.int64),
        "tried": flags,
        "paid": flags,
    }
