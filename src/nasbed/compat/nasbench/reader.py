"""Reader: what a table has of single modules, read from its mapped columns without a call of NumPy's for a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.modules import Modules
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.column import Column
from nasbed.tables.encoding import Encoding
from nasbed.tables.table import Table

Statistics = dict[str, Any]
Training = tuple[float, float, float, float]
"""Seconds, then accuracies, in the order of ``MEASURED``."""

MEASURED = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")


class Reader:
    """Reads single modules, one training or all of them.

    Args:
        table: The table.
        space: Its space.

    Attributes:
        modules: From a row to matrix, operations and parameters.

    Raises:
        BadSetting: When the table lacks a column that the published interface reports.
    """

    def __init__(self, table: Table, space: NASBench101) -> None:
        needed = [f"{prefix}{name}" for prefix in ("halfway_", "") for name in MEASURED]
        missing = [name for name in needed if name not in table.columns]
        if missing:
            raise BadSetting(f"{table.path.name} has no {', '.join(missing)}; the published interface reports them")
        self.table = table
        columns = [table.column(name) for name in needed]
        halfway, final = columns[:4], columns[4:]

        self._repeats, self._trainings = table.repeats, len(table.budgets) * table.repeats
        self._starts = {epochs: i * table.repeats for i, epochs in enumerate(table.budgets)}
        self._halfway, self._final = _one_training(halfway), _one_training(final)
        self._seconds, self._whole = _several(final[0], table.repeats), final[0].whole
        self._all_seconds = [_several(moment[0], self._trainings) for moment in (halfway, final)]
        self._all_accuracies = [_indexed(column, self._trainings) for column in (*halfway[1:], *final[1:])]

        self.modules = Modules(table, space)

    def training(self, row: int, epochs: int, repeat: int, halfway: bool) -> Training:
        """Give time and accuracies of one training.

        Raises:
            NotInTable: A ``KeyError``: when the table has no training of the module with so many epochs.
            IndexError: When it has fewer repeats.
        """
        start = self._starts.get(epochs)
        if start is not None and repeat < self._repeats:
            start += row * self._trainings
            if self._whole or not _unknown(sum(self._seconds(start))):
                return (self._halfway if halfway else self._final)(start + repeat)
        trainings = self.computed(row).get(epochs)
        if trainings is None:
            raise NotInTable(f"{self.table.path.name} has no training of this module with {epochs} epochs")
        a, b, c, d = (trainings[repeat][f"{'halfway' if halfway else 'final'}_{name}"] for name in MEASURED)
        return a, b, c, d

    def fixed(self, row: int) -> Statistics:
        """Give what does not depend on training, in new objects."""
        matrix, operations, parameters = self.modules[row]
        return {"module_adjacency": matrix, "module_operations": operations, "trainable_parameters": parameters}

    def computed(self, row: int) -> dict[int, list[Statistics]]:
        """Give what training gave, by budget a list of repeats; those that the table lacks are left out."""
        first = row * self._trainings
        half_seconds, seconds = [read(first) for read in self._all_seconds]
        (b, half_train), (c, half_validation), (d, half_test), (f, train), (g, validation), (h, test) = [
            read(first) for read in self._all_accuracies
        ]
        trainings = [
            {
                "halfway_training_time": half_time,
                "halfway_train_accuracy": half_train[i],
                "halfway_validation_accuracy": half_validation[j],
                "halfway_test_accuracy": half_test[k],
                "final_training_time": time,
                "final_train_accuracy": train[p],
                "final_validation_accuracy": validation[q],
                "final_test_accuracy": test[r],
            }
            for half_time, i, j, k, time, p, q, r in zip(half_seconds, b, c, d, seconds, f, g, h, strict=True)
        ]
        repeats = self._repeats
        computed = {epochs: trainings[start : start + repeats] for epochs, start in self._starts.items()}
        if not self._whole and _unknown(sum(seconds)):  # times are measured in every training
            there = {
                epochs: [training for training in some if not all(map(_unknown, training.values()))]
                for epochs, some in computed.items()
            }
            computed = {epochs: some for epochs, some in there.items() if some}
        return computed


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _one_training(columns: Sequence[Column]) -> Callable[[int], Training]:
    """Read the time and three accuracies of one training, by its place in the flat columns."""
    seconds, b, c, d = (_flat(column.stored) for column in columns)
    counts = [_accuracies(column.encoding) for column in columns[1:] if column.encoding.kind == "count"]
    if len(counts) == 3:
        train, validation, test = counts
        return lambda place: (seconds[place], train[b[place]], validation[c[place]], test[d[place]])
    reads = [_indexed(column, 1) for column in columns[1:]]

    def training(place: int) -> Training:
        train, validation, test = [values[index] for (index,), values in [read(place) for read in reads]]
        return seconds[place], train, validation, test

    return training


def _several(column: Column, numbers: int) -> Callable[[int], tuple[Any, ...]]:
    """Read some stored numbers at once, by the place of the first in the flat column."""
    stored = _flat(column.stored)
    unpack, width = Struct(f"{numbers}{stored.format}").unpack_from, stored.itemsize
    return lambda place: unpack(stored, place * width)


def _indexed(column: Column, numbers: int) -> Callable[[int], tuple[Sequence[int], Sequence[float]]]:
    """Read some numbers at once, as indices and what to look them up in: counts are stored as indices."""
    read = _several(column, numbers)
    if column.encoding.kind == "count":
        accuracies = _accuracies(column.encoding)
        return lambda place: (read(place), accuracies)
    indices = range(numbers)
    return lambda place: (indices, read(place))


@lru_cache(maxsize=16)
def _accuracies(encoding: Encoding) -> list[float]:
    """Give what each count stands for, once for all columns of an encoding."""
    values: list[float] = encoding.accuracies.tolist()
    return values


def _flat(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).data


def _unknown(value: float) -> bool:
    return value != value
