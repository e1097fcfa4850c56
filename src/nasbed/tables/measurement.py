"""A measurement: what one recipe on one data set gave on one split, for every architecture, seed and epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NotInTable
from nasbed.tables.column import MEAN, Column, Layer, Measure, Rows, Seed, mean_of

_BULK = 256
"""From so many rows on, an epoch is decoded for all rows, and kept."""
_KEPT = 8  # of those


@dataclass(frozen=True, eq=False)
class Measurement:
    """Named numbers over architectures, seeds and epochs.

    Rows are given as architectures, ``(n, decisions)``, as row numbers of the table, ``(n,)``, or as None for all rows.

    Attributes:
        measure: What the numbers are; of one recipe.
        columns: After which epoch they are read where: a column, with the positions of recipe and epoch.
        rows: Finds row numbers.
    """

    measure: Measure
    columns: Mapping[int, tuple[Column, int, int]]
    rows: Callable[[Any], Rows | None]
    _kept: dict[tuple[int, bool], NDArray[np.float64]] = field(default_factory=dict, repr=False)

    def __getattr__(self, name: str) -> Any:
        """Return ``name``, ``unit``, ``role``, ``goal``, ``metric``, ``split``, ``data``, … of the measure."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.measure, name)

    @property
    def recipe(self) -> str:
        """The recipe; empty where there is none."""
        return self.measure.recipes[0] if self.measure.recipes else ""

    @property
    def seeds(self) -> tuple[Seed, ...]:
        """The seeds; none where there is but one number for all of them. Not every architecture need have each."""
        return () if self.measure.seeds == (MEAN,) else self.measure.seeds

    @property
    def after(self) -> str:
        """After how many epochs it was measured, in words."""
        return spelled(self.epochs)

    def values(self, rows: Any = None, seed: Seed | None = None, epoch: int | None = None) -> NDArray[np.float64]:
        """Return what was measured; NaN where it was not.

        Args:
            rows: Which architectures.
            seed: Of one training; None for all.
            epoch: After which; None for the last.

        Returns:
            ``(n,)`` with a seed, else ``(n, seeds)``; ``(n, 1)`` where there is but the mean.

        Raises:
            NotInTable: For an architecture, a seed or an epoch that the table does not have.
        """
        found = self._values(self.rows(rows), self._epoch(epoch), mean=False)
        if seed is None:
            return found
        if seed not in self.measure.seeds:
            has = f"the seeds {', '.join(map(str, self.seeds))}" if self.seeds else "but the mean over seeds"
            raise NotInTable(f"{self.name} has no seed {seed!r}; it has {has}")
        one: NDArray[np.float64] = found[:, self.measure.seeds.index(seed)]
        return one

    def mean(self, rows: Any = None, epoch: int | None = None) -> NDArray[np.float64]:
        """Return the mean over the seeds that there are, ``(n,)``; see ``values``."""
        return self._values(self.rows(rows), self._epoch(epoch), mean=True)

    def curve(self, rows: Any = None) -> NDArray[np.float64]:
        """Return everything, ``(n, seeds, epochs)``; see ``values``."""
        where = self.rows(rows)
        return np.stack([self._values(where, epoch, mean=False) for epoch in self.columns], axis=2)

    def until(self, rows: Any = None, epoch: int | None = None) -> NDArray[np.float64]:
        """Return the sum over the epochs up to one, ``(n, seeds)``, of what is measured for each epoch.

        Summed one after the other from the first, as the published interface of NATS-Bench does.
        """
        where, last = self.rows(rows), self._epoch(epoch)
        (column,) = {column for column, _, _ in self.columns.values()}
        return column.until(list(self.columns).index(last), where)

    def layer(self, epoch: int | None = None) -> Layer:
        """Return the places of its numbers after one epoch; None for the last."""
        column, recipe, place = self.columns[self._epoch(epoch)]
        return column.layer(recipe, place)

    def _epoch(self, epoch: int | None) -> int:
        if epoch is None:
            return [*self.columns][-1]
        if epoch not in self.columns:
            raise NotInTable(f"{self.name} was not measured after {epoch} epochs; it was after {self.after}")
        return epoch

    def _values(self, rows: Rows | None, epoch: int, mean: bool) -> NDArray[np.float64]:
        if rows is not None and len(rows) < _BULK:
            return _read(*self.columns[epoch], rows, mean)
        if (epoch, mean) not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[epoch, mean] = _read(*self.columns[epoch], None, mean)
        whole = self._kept[epoch, mean]
        return whole.copy() if rows is None else whole.take(rows, axis=0)


def _read(column: Column, recipe: int, epoch: int, rows: Rows | None, mean: bool) -> NDArray[np.float64]:
    """Read the values of one layer; of several measurements of one training, their mean."""
    if "repeat" in column.measure.axes:
        values = mean_of(column.values(rows))
    else:
        values = column.layer(recipe, epoch).values(rows)
    return mean_of(values) if mean else values


def spelled(epochs: tuple[int, ...]) -> str:
    """Say which epochs there are: ``1 to 200``, or ``4, 12, 36``."""
    if len(epochs) > 2 and len(epochs) == epochs[-1] - epochs[0] + 1:
        return f"{epochs[0]} to {epochs[-1]}"
    return ", ".join(map(str, epochs))
