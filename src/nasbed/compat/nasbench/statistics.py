"""Statistics of single modules, read from a table's mapped columns as the published dictionaries have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.column import Column
from nasbed.tables.encoding import Encoding
from nasbed.tables.table import Table

Read = Callable[[int], float]
Statistics = dict[str, Any]

MEASURED = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
_CHUNK = 4096


class Reader:
    """Reads single modules, one number or all of them, without a call of NumPy's for a number.

    Args:
        table: The table.
        space: Its space.

    Raises:
        BadSetting: When the table lacks a column that the published interface reports.
    """

    def __init__(self, table: Table, space: NASBench101) -> None:
        needed = [f"{prefix}{name}" for prefix in ("halfway_", "") for name in MEASURED]
        missing = [name for name in needed if name not in table.columns]
        if missing:
            raise BadSetting(f"{table.path.name} has no {', '.join(missing)}; the published interface reports them")
        self.table = table
        self.budgets, self.repeats = table.budgets, table.repeats
        self._columns = [_open(table.column(name)) for name in needed]
        self._halfway = [_one(column) for column in self._columns[:4]]
        self._final = [_one(column) for column in self._columns[4:]]
        self._seconds = self._columns[4][0]
        self._budgets = {epochs: i for i, epochs in enumerate(table.budgets)}
        self._archs, self._width = _flat(table.archs), space.decisions
        self._vertices, self._parameters = _flat(table.vertices), _flat(table.trainable_parameters)
        self._most, self._operations = space.vertices, space.operations

    def training(self, row: int, epochs: int, repeat: int, halfway: bool) -> list[float]:
        """Give time and accuracies of one training, in the order of ``MEASURED``.

        Raises:
            NotInTable: A ``KeyError``: when the table has no training of the module with so many epochs.
            IndexError: When it has fewer repeats.
        """
        budget, repeats = self._budgets.get(epochs, -1), self.repeats
        start = (row * len(self.budgets) + budget) * repeats
        seconds = self._seconds[start : start + repeats].tolist()
        if budget >= 0 and repeat < repeats and not _unknown(sum(seconds)):
            return [read(start + repeat) for read in (self._halfway if halfway else self._final)]
        trainings = self.computed(row).get(epochs)
        if trainings is None:
            raise NotInTable(f"{self.table.path.name} has no training of this module with {epochs} epochs")
        prefix = "halfway" if halfway else "final"
        return [trainings[repeat][f"{prefix}_{name}"] for name in MEASURED]

    def fixed(self, row: int) -> Statistics:
        """Give what does not depend on training, in new objects."""
        vertices, width = self._vertices[row], self._width
        places, first = _places(vertices, self._most)
        arch = self._archs[row * width : row * width + width].tobytes() + b"\0"
        names = self._operations
        return {
            "module_adjacency": np.frombuffer(arch, np.int8).take(places),
            "module_operations": [INPUT, *[names[op] for op in arch[first : first + vertices - 2]], OUTPUT],
            "trainable_parameters": self._parameters[row],
        }

    def computed(self, row: int) -> dict[int, list[Statistics]]:
        """Give what training gave, by budget a list of repeats; those that the table lacks are left out."""
        width = len(self.budgets) * self.repeats
        start = row * width
        columns = [_several(column, start, start + width) for column in self._columns]
        repeats = [
            {
                "halfway_training_time": a,
                "halfway_train_accuracy": b,
                "halfway_validation_accuracy": c,
                "halfway_test_accuracy": d,
                "final_training_time": e,
                "final_train_accuracy": f,
                "final_validation_accuracy": g,
                "final_test_accuracy": h,
            }
            for a, b, c, d, e, f, g, h in zip(*columns, strict=True)
        ]
        each = self.repeats
        computed = {epochs: repeats[i * each : (i + 1) * each] for i, epochs in enumerate(self.budgets)}
        if _unknown(sum(columns[4])):  # times are measured in every training
            there = {
                epochs: [training for training in some if not all(map(_unknown, training.values()))]
                for epochs, some in computed.items()
            }
            computed = {epochs: some for epochs, some in there.items() if some}
        return computed


class FixedStatistics(Mapping[str, Statistics]):
    """From a module's hash to what does not depend on training; in the order of the file, read when asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, module_hash: str) -> Statistics:
        return self._reader.fixed(self._reader.table.row_of_hash(module_hash))

    def __iter__(self) -> Iterator[str]:
        return _hashes(self._reader.table.hashes)

    def __len__(self) -> int:
        return len(self._reader.table)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} modules)"


class ComputedStatistics(Mapping[str, dict[int, list[Statistics]]]):
    """From a module's hash to what training gave, by budget and repeat; in the order of the file, read when asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, module_hash: str) -> dict[int, list[Statistics]]:
        return self._reader.computed(self._reader.table.row_of_hash(module_hash))

    def __iter__(self) -> Iterator[str]:
        return _hashes(self._reader.table.hashes)

    def __len__(self) -> int:
        return len(self._reader.table)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} modules)"


_Opened = tuple[memoryview, memoryview | None]
"""The stored numbers, flat, and what each stands for if they are counts."""


def _open(column: Column) -> _Opened:
    return _flat(column.stored), _accuracies(column.encoding) if column.encoding.kind == "count" else None


@lru_cache(maxsize=16)
def _accuracies(encoding: Encoding) -> memoryview:
    """Give what each count stands for, once for all columns of an encoding: half a megabyte is best kept in caches."""
    return encoding.accuracies.data


def _flat(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).data


def _one(column: _Opened) -> Read:
    stored, accuracies = column
    return stored.__getitem__ if accuracies is None else lambda place: accuracies[stored[place]]


def _several(column: _Opened, start: int, stop: int) -> list[float]:
    stored, accuracies = column
    found: list[Any] = stored[start:stop].tolist()
    return found if accuracies is None else list(map(accuracies.__getitem__, found))


def _unknown(value: float) -> bool:
    return value != value


@lru_cache(maxsize=64)
def _places(vertices: int, most: int) -> tuple[NDArray[np.intp], int]:
    """Say where a row with a zero behind it has each entry of the matrix, and where its operations begin."""
    x, y = np.indices((vertices, vertices))
    column = np.where(y == vertices - 1, most - 1, y)  # the output is the last of all vertices
    return np.where(x < y, x + column * (column - 1) // 2, -1), most * (most - 1) // 2


def _hashes(hashes: NDArray[np.uint8]) -> Iterator[str]:
    for start in range(0, len(hashes), _CHUNK):
        text = hashes[start : start + _CHUNK].tobytes().hex()
        yield from (text[i : i + 32] for i in range(0, len(text), 32))
