"""Breeding: what methods have in common that draw at random until they have parents, and breed from then on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.novelty import Names, Novelty

RIVALS = 10
"""How many members compete to be a parent where nothing else is said, as in NAS-Bench-101's example notebook."""


def rivals(name: str, given: int | None, population: int, distinct: bool) -> int:
    """Return how many members compete: what is given, else ``RIVALS`` or, of different ones, all that there are.

    Raises:
        BadSetting: When more different ones are given than a population has, with what to give.
    """
    if given is None:
        return min(RIVALS, population) if distinct else RIVALS
    if distinct and given > population:
        raise BadSetting(
            f"{name}={given} different ones cannot be drawn of population={population}; give {name}={population} or "
            "less, or distinct=False, which may draw one twice"
        )
    return given


class Breeder(Optimizer):
    """Proposes random architectures, then children; on request none that its run knows.

    A subclass begins a search with ``_begin`` and says which runs have parents and how they breed.

    Attributes:
        unique: Whether a run never proposes what it knows already.
    """

    unique: bool

    def _begin(self, names: Names, tries: int) -> None:
        """Know nothing.

        Args:
            names: What tells architectures apart.
            tries: How often a child that is known is bred anew.
        """
        self._known = Novelty(self.runs, self.space, names)
        self._breedings, self._asked = tries, 0

    @abstractmethod
    def _grown_up(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which of some runs have parents."""

    @abstractmethod
    def _breed(self, rows: NDArray[np.int64], archs: Archs, parents: NDArray[np.int64]) -> None:
        """Write a child of each of some runs into ``archs``, and its parents' numbers into ``parents``."""

    def ask(self) -> Trials:
        """Sample at random until there are parents, then breed."""
        archs = np.empty((self.runs, self.space.decisions), np.int8)
        number, parents = np.full(self.runs, self._asked), np.full((self.runs, 2), -1)
        self._asked += 1
        self._propose(np.arange(self.runs), archs, parents)
        active = self._made_new(archs, parents) if self.unique else None
        return Trials(archs, active=active, number=number, parents=parents)

    def _propose(self, rows: NDArray[np.int64], archs: Archs, parents: NDArray[np.int64]) -> None:
        """Write a proposal of each of some runs, and whose child it is."""
        grown_up = self._grown_up(rows)
        if not grown_up.all():
            young = rows[~grown_up]
            archs[young], parents[young] = self._drawn(young, self.space.sample), -1
            rows = rows[grown_up]
        if len(rows):
            self._breed(rows, archs, parents)

    def _made_new(self, archs: Archs, parents: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Replace proposals that their runs know; say who has one, None for all."""

        def breed(rows: NDArray[np.int64]) -> None:
            self._propose(rows, archs, parents)

        return self._known.make_new(archs, parents, self.streams, breed, self._breedings)

    def _drawn(self, rows: NDArray[np.int64], draw: Callable[[Streams], Any]) -> Any:
        """Draw in some runs, without copying streams where it is all of them."""
        return draw(self.streams) if len(rows) == self.runs else self.streams.drawing(rows, draw)
