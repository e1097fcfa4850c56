"""A column of a table: what was measured of every architecture, decoded when asked for; and a measurement: what one
recipe on one data set gave on one split, for every architecture, seed and epoch, in one column or several.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NotInTable
from nasbed.core.printing import Card, Printed
from nasbed.readers.measure import MEAN
from nasbed.readers.measure import Measure as Measure
from nasbed.readers.measure import Seed as Seed
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import Stored

Rows = NDArray[np.integer[Any]]

_BULK = 256
"""From so many rows on, an epoch is decoded for all rows, and kept."""
_KEPT = 8  # of those


@dataclass(frozen=True, eq=False)
class Column(Printed):
    """Numbers of every row, ``(n, *measure.shape)``.

    Attributes:
        name: The column's name in its file.
        measure: What the numbers are.
        encoding: How they are stored.
        load: Gives the stored numbers, as they lie in the file, or decompressed.
        whole: Whether it is known that no number is missing.
    """

    name: str
    measure: Measure
    encoding: Encoding
    load: Callable[[], Stored]
    whole: bool = False

    @cached_property
    def unseen(self) -> Stored:
        """The numbers as they are stored, of which only those are known to be whole that were compared."""
        return self.load()

    @property
    def stored(self) -> NDArray[Any]:
        """The numbers as they are stored, compared with their checksums; of level curves one for all epochs."""
        return self.unseen.whole()

    @cached_property
    def _flat(self) -> Stored:
        return Stored(self.unseen.array.reshape(-1), self.unseen.body, self.unseen.start)

    def values(self, rows: Rows | None = None) -> NDArray[np.float64]:
        """Return values as doubles, NaN where one is missing, ``(n, *measure.shape)``.

        Args:
            rows: Which rows; None for all.
        """
        found = self.encoding.decode(self.stored if rows is None else self.unseen.rows(rows))
        if self.encoding.level:
            return np.broadcast_to(found[..., None], (*found.shape, len(self.measure.epochs)))
        return found

    def at(self, places: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Return the values at places of the flat stored array, of the places' shape."""
        return self.encoding.decode(self._flat.rows(places))

    def until(self, epoch: int, rows: Rows | None = None) -> NDArray[np.float64]:
        """Return the sum of the values of the epochs up to and with one, given by its position, ``(n, seeds)``.

        Summed one after the other from the first, as the published interface of NATS-Bench does, which rounding makes
        another number than a product.
        """
        one = self.layer().values(rows)
        total = one.copy()
        for place in range(1, epoch + 1):
            total += one if self.encoding.level else self.layer(epoch=place).values(rows)
        return total

    def layer(self, recipe: int = 0, epoch: int = 0) -> Layer:
        """Return the numbers of all seeds for one recipe after one epoch, both given by their positions."""
        shape = self.measure.shape[:-1] if self.encoding.level else self.measure.shape
        steps = [math.prod(shape[place + 1 :]) for place in range(len(shape))]
        strides = dict(zip(self.measure.axes, steps, strict=False))
        offset = strides.get("recipe", 0) * recipe + strides.get("epoch", 0) * epoch
        seeds = len(self.measure.seeds) if "seed" in strides else 1
        return Layer(self, offset, math.prod(shape), strides.get("seed", 0), seeds)


class Layer(NamedTuple):
    """The numbers of every row and seed for one recipe after one epoch, as places of a flat column.

    Attributes:
        column: The column.
        offset: The place of the first row's first seed.
        row: How far rows are apart.
        seed: How far seeds are apart.
        seeds: How many there are.
    """

    column: Column
    offset: int
    row: int
    seed: int
    seeds: int

    def values(self, rows: Rows | None = None) -> NDArray[np.float64]:
        """Return the values of some rows, or of all, ``(n, seeds)``."""
        if rows is not None:
            return self.column.at(rows[:, None] * self.row + (self.offset + self.seed * np.arange(self.seeds)))
        stored = self.column.stored.reshape(-1, self.row)
        stop = self.offset + (self.seeds - 1) * self.seed + 1
        return self.column.encoding.decode(stored[:, self.offset : stop : max(self.seed, 1)])


@dataclass(frozen=True, eq=False)
class Measurement(Printed):
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

    def __getattr__(self, name: str) -> Any:
        """Return ``name``, ``unit``, ``role``, ``goal``, ``metric``, ``split``, ``data``, … of the measure."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.measure, name)

    def _card(self) -> Card:
        of = self.measure
        facts = {
            "split": of.split or "no images",
            "unit": of.unit or None,
            "good": {"max": "high", "min": "low"}[of.goal],
            "role": of.role,
            "seeds": list(self.seeds) or "one number for all",
            "epochs": self.after or None,
            "meaning": of.meaning or None,
        }
        return Card(f"Measurement {of.name}", facts=facts)

    @property
    def factor(self) -> float:
        """What numbers are multiplied by where people read them: 100 for shares, which are told in percent, else 1."""
        return 100.0 if self.measure.unit == "fraction" else 1.0

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
            raise NotInTable(f"{self.name} has no seed {seed!r}; it has: {', '.join(map(str, self.measure.seeds))}")
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
            return self._read(rows, epoch, mean)
        whole = self._of_all(epoch, mean)
        return whole.copy() if rows is None else whole.take(rows, axis=0)

    @cached_property
    def _of_all(self) -> Callable[[int, bool], NDArray[np.float64]]:
        return lru_cache(_KEPT)(partial(self._read, None))

    def _read(self, rows: Rows | None, epoch: int, mean: bool) -> NDArray[np.float64]:
        """Read the values after one epoch; of several measurements of one training, their mean."""
        column, *place = self.columns[epoch]
        repeated = "repeat" in column.measure.axes
        values = mean_of(column.values(rows)) if repeated else column.layer(*place).values(rows)
        return mean_of(values) if mean else values


def spelled(epochs: tuple[int, ...]) -> str:
    """Say which epochs there are: ``1 to 200``, or ``4, 12, 36``."""
    if len(epochs) > 2 and len(epochs) == epochs[-1] - epochs[0] + 1:
        return f"{epochs[0]} to {epochs[-1]}"
    return ", ".join(map(str, epochs))


def mean_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the last axis, what is missing left out; NaN where all is."""
    there = ~np.isnan(values)
    count = there.sum(axis=-1)
    total = np.where(there, values, 0.0).sum(axis=-1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean
