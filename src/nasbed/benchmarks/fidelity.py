"""A fidelity of a table: what may be answered at one budget, and what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.tables.column import Column, Layer, Measurement, mean_of
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import Stored

if TYPE_CHECKING:
    from types import ModuleType

    from nasbed.core.rng import Streams

_PLAIN = Encoding("float64")
_CUMULATIVE = "training_time"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(eq=False)
class Fidelity:
    """What may be answered at one budget.

    Attributes:
        told: What a search is told.
        at: After which epoch of it; None for the last.
        rows: How many the table has.
        failed: Whether a missing training has failed, and is paid for.
        test: What a report is told; None for nothing.
        time: What training took, up to each epoch; or epoch by epoch, with what one validation takes.
    """

    told: Measurement
    at: int | None
    rows: int
    failed: bool
    test: Measurement | None
    time: tuple[Measurement, ...]

    @cached_property
    def value(self) -> Layer:
        """Where the values are."""
        return self.told.layer(self.at)

    @cached_property
    def is_timed(self) -> bool:
        """Whether the table has what training took up to each epoch."""
        return bool(self.time) and self.time[0].metric == _CUMULATIVE

    @cached_property
    def seconds(self) -> Layer:
        """Where the times are: in a column, or in what was added up."""
        if self.is_timed:
            return self.time[0].layer(self.at)
        seconds = np.full((self.rows, self.value.seeds), np.nan)
        if self.time:
            seconds = self.time[0].until(None, self.at)
            for one in self.time[1:]:
                if self.at in one.epochs:
                    seconds = seconds + one.values(None, epoch=self.at)
        made = Column("seconds", self.told.measure, _PLAIN, lambda: Stored(seconds))
        return Layer(made, 0, seconds.shape[1], 1, seconds.shape[1])

    @cached_property
    def seeds(self) -> tuple[Integers, Integers]:
        """How many seeds each row has, ``(rows,)``, and which come first, ``(rows, seeds)``; or that of all rows."""
        width = self.value.seeds
        if self.has_all:
            return np.array([width]), np.arange(width)[None]
        there = ~np.isnan(self.value.values())
        return there.sum(axis=1), np.argsort(~there, axis=1, kind="stable")

    @cached_property
    def strides(self) -> list[tuple[Integers, int, int]]:
        """Where values and times lie; see ``_strides``."""
        return _strides([self])

    @property
    def has_all(self) -> bool:
        """Whether each row has each seed, or counts as if it had."""
        return self.failed or self.value.column.whole

    def mean(self, rows: Integers) -> tuple[Floats, Floats]:
        """Return the mean value and time of some rows over the seeds that they have."""
        value, seconds = self.value.values(rows), self.seconds.values(rows)
        paid = seconds if self.failed else np.where(np.isnan(value), np.nan, seconds)
        return mean_of(value), mean_of(paid)

    def tested(self, rows: Integers | None) -> Floats:
        """Return the mean test value of some rows or of all; NaN where there is none."""
        if self.test is None or (self.at is not None and self.at not in self.test.epochs):
            return np.full(self.rows if rows is None else len(rows), np.nan)
        return self.test.mean(rows, self.at)


def are_together(fidelities: Sequence[Fidelity]) -> bool:
    """Say whether the values of all lie in one column, and their times in another, with all seeds."""
    first = fidelities[0].value.column
    return all(one.has_all and one.is_timed and one.value.column is first for one in fidelities)


def drawn(
    fidelities: Sequence[Fidelity], budget: Integers, index: Integers, row_of: Integers, streams: Streams
) -> tuple[Floats, Floats] | None:
    """Draw a seed for each architecture; return its values and times, NaN where it has none.

    Args:
        fidelities: One, or several that are together.
        budget: Number of each architecture's fidelity, ``(n,)``, or of the one that all have, ``(1,)``.
        index: Numbers of the architectures, ``(n,)``; −1 for what is none.
        row_of: The row of each number, −1 where there is none and at the end; empty where they are the same.
        streams: One an architecture; 1 word.

    Returns:
        None where an architecture has no row.
    """
    first = fidelities[0]
    places = np.empty(len(index), np.int64), np.empty(len(index), np.int64)
    told, paid = first.strides if len(fidelities) == 1 else _strides(fidelities)
    state = streams.keys, streams.positions
    if not _kernels().draw(index, row_of, budget, state, first.seeds, told, paid, places):
        return None
    columns = first.value.column, first.seconds.column
    if first.has_all or (places[0] >= 0).all():
        return columns[0].at(places[0]), columns[1].at(places[1])
    there = places[0] >= 0
    found = np.full(len(index), np.nan), np.full(len(index), np.nan)
    for values, column, place in zip(found, columns, places, strict=True):
        values[there] = column.at(place[there])
    return found


def _strides(fidelities: Sequence[Fidelity]) -> list[tuple[Integers, int, int]]:
    """Return, for values and times, the place of each fidelity's first number, and the distance of rows and seeds."""
    layers = [one.value for one in fidelities], [one.seconds for one in fidelities]
    return [(np.array([one.offset for one in some], np.int64), some[0].row, some[0].seed) for some in layers]


@cache
def _kernels() -> ModuleType:
    """Return the compiled loops, imported when first needed."""
    from nasbed.benchmarks import drawing_kernels

    return drawing_kernels
