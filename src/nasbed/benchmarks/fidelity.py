"""Budgets: which a benchmark is asked for, and the fidelity of a table, which is what it answers at one budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.tables.column import Column, Layer, Measurement, mean_of, spelled
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import Stored
from nasbed.tables.table import Table

if TYPE_CHECKING:
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
        epochs: What it is asked for by, ``(1,)``.
        table: Where it is from.
        test: What a report is told; None for nothing.
        time: What training took, up to each epoch; or epoch by epoch, with what one validation takes.
    """

    told: Measurement
    at: int | None
    epochs: Integers
    table: Table
    test: Measurement | None
    time: tuple[Measurement, ...]

    @cached_property
    def value(self) -> Layer:
        """Where the values are."""
        return self.told.layer(self.at)

    @cached_property
    def seconds(self) -> Layer:
        """Where the times are: in a column, or in what was added up."""
        if self.time and self.time[0].metric == _CUMULATIVE:
            return self.time[0].layer(self.at)
        seconds = np.full((len(self.table), self.value.seeds), np.nan)
        if self.time:
            seconds = self.time[0].until(None, self.at)
            for one in self.time[1:]:
                if self.at in one.epochs:
                    seconds = seconds + one.values(None, epoch=self.at)
        made = Column("seconds", self.told.measure, _PLAIN, lambda: Stored(seconds))
        return Layer(made, 0, seconds.shape[1], 1, seconds.shape[1])

    @cached_property
    def seeds(self) -> Integers:
        """How many seeds each row has, at least 1, and which come first, ``(rows, 1 + seeds)``; or that of all rows."""
        width = self.value.seeds
        if self.has_all:
            return np.array([[width, *range(width)]])
        missing = np.isnan(self.value.values())
        count = np.maximum(width - missing.sum(axis=1), 1)
        return np.column_stack([count, np.argsort(missing, axis=1, kind="stable")])

    @cached_property
    def layout(self) -> Integers:
        """Of values and of times: place of the first number, distance of rows, of seeds; ``(2, 3)``."""
        return np.array([(one.offset, one.row, one.seed) for one in (self.value, self.seconds)])

    @cached_property
    def has_all(self) -> bool:
        """Whether each row has each seed, or counts as if it had: a training that has failed, and is paid for."""
        return self.value.column.whole or self.table.metadata.get("failed", False)

    def mean(self, rows: Integers) -> tuple[Floats, Floats]:
        """Return the mean value and time of some rows over the seeds that they have."""
        value = self.value.values(rows)
        return self.told.measure.told(mean_of(value)), mean_of(self.paid(value, self.seconds.values(rows)))

    def paid(self, value: Floats, seconds: Floats) -> Floats:
        """Return what trainings took, NaN where there was none."""
        return seconds if self.has_all else np.where(np.isnan(value), np.nan, seconds)

    def outcomes(self, rows: Integers) -> Floats:
        """Return the values of the seeds of some rows, each as often as makes all of them equally likely."""
        values: Floats = self.told.measure.told(self.value.values(rows))
        seeds = self.seeds
        if len(seeds) == 1:
            return values
        width = math.lcm(*range(1, values.shape[1] + 1))
        first = np.take_along_axis(values, seeds[rows, 1:], axis=1)
        return np.take_along_axis(first, np.arange(width) * seeds[rows, :1] // width, axis=1)

    def tested(self, rows: Integers | None) -> Floats:
        """Return the mean test value of some rows or of all; NaN where there is none."""
        if self.test is None or (self.at is not None and self.at not in self.test.epochs):
            return np.full(len(self.table) if rows is None else len(rows), np.nan)
        tests: Floats = self.test.measure.told(self.test.mean(rows, self.at))
        return tests

    @cached_property
    def best(self) -> tuple[float, float]:
        """The best mean value and the best mean test value; NaN where there are none."""
        values = self.told.measure.told(mean_of(self.value.values()))
        return float(np.fmax.reduce(values)), float(np.fmax.reduce(self.tested(None)))


def asked_of(
    benchmark: Benchmark, epochs: Integers | int | None, count: int, streams: Streams | None = None, hint: str = ""
) -> Sequence[int]:
    """Return the budgets that some architectures are asked for, each once; the last where none is given.

    Raises:
        BadSetting: When there are neither as many epochs as architectures nor one for all, or not as many streams.
        NotInTable: When some are no budget, with what there is, and a hint.
    """
    if streams is not None and len(streams) != count:
        raise BadSetting(f"{count} architectures need as many streams to draw from, not {len(streams)}")
    if epochs is None:
        return benchmark.budgets[-1:]
    if np.shape(epochs) not in ((), (count,)):
        raise BadSetting(f"{count} architectures need one number of epochs each, or one for all")
    asked = sorted(set(np.ravel(epochs).tolist()))
    for one in asked:
        if one not in benchmark.budgets:
            has = spelled(benchmark.budgets)
            raise NotInTable(f"{benchmark.name} has no results at {one!r} epochs; it has {has}{hint}")
    return asked
