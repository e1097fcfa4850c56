"""Reader: what a table has of single modules, read from its mapped columns without a call of NumPy's for a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.made import Made
from nasbed.compat.nasbench.edges import edge_mask
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.column import Column
from nasbed.tables.encoding import Encoding
from nasbed.tables.table import Table

_PACKED_SHIFT = 12

_PACKED = 1 << _PACKED_SHIFT


Starts = Made[np.dtype[Any], Made[bytes, int]]
"""Where the rows of a structure begin, by the type of a matrix and then by its bytes."""


Statistics = dict[str, Any]
Training = tuple[float, float, float, float]
"""Seconds, then accuracies, in the order of ``MEASURED``."""

_SHIFT = 11
_CHUNK = 1 << _SHIFT
"""Rows whose numbers are compared with their checksums together, when one of them is first asked for."""

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
        self._columns = columns = [table.column(name) for name in needed]
        self._is_compared = bytearray(-(-len(table) // _CHUNK))
        halfway, final = columns[:4], columns[4:]

        budgets, repeats = table.modules.trainings
        self._repeats, self._trainings = repeats, len(budgets) * repeats
        self._starts = {epochs: i * repeats for i, epochs in enumerate(budgets)}
        self._halfway, self._final = _one_training(halfway), _one_training(final)
        self._seconds, self._whole = _several(final[0], repeats), final[0].whole
        self._packed = _Packed(columns, len(table), self._trainings)

        self.modules = Modules(table, space)

    def training(self, row: int, epochs: int, repeat: int, halfway: bool) -> Training:
        """Give time and accuracies of one training.

        Raises:
            NotInTable: A ``KeyError``: when the table has no training of the module with so many epochs.
            IndexError: When it has fewer repeats.
        """
        start = self._starts.get(epochs)
        if not self._is_compared[row >> _SHIFT]:
            self._compare(row)
        if start is not None and repeat < self._repeats:
            start += row * self._trainings
            if self._whole or not _unknown(sum(self._seconds(start))):
                return (self._halfway if halfway else self._final)(start + repeat)
        trainings = self.computed(row).get(epochs)
        if trainings is None:
            raise NotInTable(f"{self.table.path.name} has no training of this module with {epochs} epochs")
        a, b, c, d = (trainings[repeat][f"{'halfway' if halfway else 'final'}_{name}"] for name in MEASURED)
        return a, b, c, d

    def _compare(self, row: int) -> None:
        """Compare the numbers of a row, and of those around it, with their checksums."""
        start = row >> _SHIFT << _SHIFT
        for column in self._columns:
            column.unseen.part(start, min(start + _CHUNK, len(self.table)))
        self._is_compared[row >> _SHIFT] = True

    def fixed(self, row: int) -> Statistics:
        """Give what does not depend on training, in new objects."""
        matrix, operations, parameters = self.modules[row]
        return {"module_adjacency": matrix, "module_operations": operations, "trainable_parameters": parameters}

    def computed(self, row: int) -> dict[int, list[Statistics]]:
        """Give what training gave, by budget a list of repeats; those that the table lacks are left out."""
        trainings: list[Statistics] = []
        # The attributes of an object are a dictionary that shares its keys, which is made in two thirds of the time.
        for numbers in self._packed[row]:
            one = _Training()
            (
                one.halfway_training_time,
                one.halfway_train_accuracy,
                one.halfway_validation_accuracy,
                one.halfway_test_accuracy,
                one.final_training_time,
                one.final_train_accuracy,
                one.final_validation_accuracy,
                one.final_test_accuracy,
            ) = numbers
            trainings.append(one.__dict__)
        repeats = self._repeats
        computed = {epochs: trainings[start : start + repeats] for epochs, start in self._starts.items()}
        # Times are measured in every training.
        if not self._whole and any(_unknown(training["final_training_time"]) for training in trainings):
            there = {
                epochs: [training for training in some if not all(map(_unknown, training.values()))]
                for epochs, some in computed.items()
            }
            computed = {epochs: some for epochs, some in there.items() if some}
        return computed


class _Training:
    """What the published interface says of a training."""

    halfway_training_time: float
    halfway_train_accuracy: float
    halfway_validation_accuracy: float
    halfway_test_accuracy: float
    final_training_time: float
    final_train_accuracy: float
    final_validation_accuracy: float
    final_test_accuracy: float


class _Packed:
    """The numbers of all trainings of a module side by side, put there for many rows when one of them is asked for.

    Args:
        columns: Of which each training has a number.
        rows: How many modules there are.
        trainings: Of each.
    """

    def __init__(self, columns: Sequence[Column], rows: int, trainings: int) -> None:
        self._columns, self._rows = columns, rows
        encodings = [column.encoding for column in columns]
        narrow = all(each.kind == "float32" or (each.kind == "count" and each.single) for each in encodings)
        # A row that nobody asks for takes no memory.
        self._numbers = np.empty((rows, trainings, len(columns)), np.float32 if narrow else np.float64)
        record = Struct(f"{trainings * len(columns)}{self._numbers.dtype.char}")
        self._unpack, self._flat, self._size = record.unpack_from, _flat(self._numbers), record.size
        self._is_there = bytearray(-(-rows // _CHUNK))

    def __getitem__(self, row: int) -> Iterator[tuple[float, ...]]:
        """Return the numbers of each training."""
        if not self._is_there[row >> _SHIFT]:
            self._pack(row >> _SHIFT)
        return zip(*[iter(self._unpack(self._flat, row * self._size))] * len(self._columns), strict=True)

    def _pack(self, chunk: int) -> None:
        start, stop = chunk << _SHIFT, min((chunk + 1) << _SHIFT, self._rows)
        for i, column in enumerate(self._columns):
            stored = column.unseen.part(start, stop)
            self._numbers[start:stop, :, i] = column.encoding.decode(stored).reshape(stop - start, -1)
        self._is_there[chunk] = True


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _one_training(columns: Sequence[Column]) -> Callable[[int], Training]:
    """Read the time and three accuracies of one training, by its place in the flat columns."""
    seconds, b, c, d = (_flat(column.unseen.array) for column in columns)
    counts = [_accuracies(column.encoding) for column in columns[1:] if column.encoding.kind == "count"]
    if len(counts) == 3:
        train, validation, test = counts
        return lambda place: (seconds[place], train[b[place]], validation[c[place]], test[d[place]])
    read_train, read_validation, read_test = (_decoded(column, 1) for column in columns[1:])
    return lambda place: (seconds[place], read_train(place)[0], read_validation(place)[0], read_test(place)[0])


def _several(column: Column, numbers: int) -> Callable[[int], tuple[Any, ...]]:
    """Read some stored numbers at once, by the place of the first in the flat column."""
    stored = _flat(column.unseen.array)
    unpack, width = Struct(f"{numbers}{stored.format}").unpack_from, stored.itemsize
    return lambda place: unpack(stored, place * width)


def _decoded(column: Column, numbers: int) -> Callable[[int], Sequence[float]]:
    """Read some numbers at once, counts as what they stand for."""
    read = _several(column, numbers)
    if column.encoding.kind != "count":
        return read
    accuracies = _accuracies(column.encoding)
    return lambda place: [accuracies[count] for count in read(place)]


@lru_cache(maxsize=16)
def _accuracies(encoding: Encoding) -> list[float]:
    """Give what each count stands for, once for all columns of an encoding."""
    values: list[float] = encoding.accuracies.tolist()
    return values


def _flat(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).data


def _unknown(value: float) -> bool:
    return value != value


class RowFinder:
    """Looks modules up one by one through the tables of ``nasbed.spaces.nasbench101_index``.

    Args:
        table: A table whose space numbers its modules.
        space: Its space.
    """

    def __init__(self, table: Table, space: NASBench101) -> None:
        index = space.module_index
        rows = np.full(index.size, -1, np.int32)
        rows[table.modules.classes] = np.arange(len(table), dtype=np.int32)
        self._rows = rows.take(index.classes).data
        self._structure, self._offsets = index.structure.data, index.offsets.data
        self._most, self._labels = space.vertices, {name: label for label, name in enumerate(space.operations)}
        self._starts: list[Starts] = [Made(partial(self._of_type, v)) for v in range(space.vertices + 1)]
        self._codes: Made[tuple[str, ...], tuple[int, Starts]] = Made(self._code)

    def find(self, matrix: NDArray[Any], ops: Sequence[str]) -> int:
        """Give the row of a module.

        Returns:
            −1 when the table lacks it, or it is not of the space, or not pruned, or its entries are no integers.
        """
        try:
            code, starts = self._codes[tuple(ops)]
            row: int = self._rows[starts[matrix.dtype][matrix.tobytes()] + code]
        except (KeyError, TypeError):
            return -1
        return row

    def _code(self, ops: tuple[str, ...]) -> tuple[int, Starts]:
        """Read the operations between the ends as one number; give with it where matrices of that size are found."""
        if not 2 <= len(ops) <= self._most or ops[0] != INPUT or ops[-1] != OUTPUT:
            raise KeyError(ops)
        code = 0
        for op in ops[1:-1]:
            code = code * len(self._labels) + self._labels[op]
        return code, self._starts[len(ops)]

    def _of_type(self, vertices: int, kind: np.dtype[Any]) -> Made[bytes, int]:
        return Made(lambda raw: self._start(raw, vertices, kind))

    def _start(self, raw: bytes, vertices: int, kind: np.dtype[Any]) -> int:
        """Give the place of a structure's first row; the others follow in the order of their codes."""
        structure = self._structure[edge_mask(raw, vertices, kind, self._most)]
        if not structure:
            raise KeyError(raw)
        start: int = self._offsets[structure - 1]
        if self._offsets[structure] - start != len(self._labels) ** (vertices - 2):  # so pruning keeps fewer vertices
            raise KeyError(raw)
        return start


class Modules:
    """Gives modules by their rows.

    Args:
        table: The table.
        space: Its space.
    """

    def __init__(self, table: Table, space: NASBench101) -> None:
        self._edges = space.edge_count
        self._columns = [table.file.stored(name) for name in ("arch", "vertices", "trainable_parameters")]
        parameters = self._columns[-1].array
        # The edges as bits, then how many vertices; the labels, then how many vertices; the parameters.
        self._first, self._second = -(-self._edges // 8) + 1, space.vertices - 1
        record = Struct(f"={self._first}s{self._second}s{'i' if parameters.itemsize == 4 else 'q'}")
        self._packed = np.empty((len(table), record.size), np.uint8)
        self._unpack, self._flat, self._size = record.unpack_from, self._packed.reshape(-1).data, record.size
        self._is_packed = bytearray(-(-len(table) // _PACKED))
        self._matrices: Made[bytes, NDArray[np.int8]] = Made(lambda raw: _matrix(raw, self._edges, space.vertices))
        self._operations: Made[bytes, list[str]] = Made(lambda raw: _operations(raw, space.operations))

    def __getitem__(self, row: int) -> tuple[NDArray[np.int8], list[str], int]:
        """Give matrix, operations and trainable parameters of a module, in new objects."""
        if not self._is_packed[row >> _PACKED_SHIFT]:
            self._pack(row >> _PACKED_SHIFT)
        edges, labels, parameters = self._unpack(self._flat, row * self._size)
        return self._matrices[edges].copy(), self._operations[labels].copy(), parameters

    def _pack(self, chunk: int) -> None:
        start, stop = chunk << _PACKED_SHIFT, (chunk + 1) << _PACKED_SHIFT
        archs, *numbers = [column.part(start, stop) for column in self._columns]
        vertices, parameters = (values[:, None].view(np.uint8) for values in numbers)
        bits = np.packbits(archs[:, : self._edges].astype(bool), axis=1, bitorder="little")
        labels = archs[:, self._edges :].view(np.uint8)
        self._packed[start:stop] = np.concatenate([bits, vertices, labels, vertices, parameters], axis=1)
        self._is_packed[chunk] = True


def _matrix(raw: bytes, edges: int, most: int) -> NDArray[np.int8]:
    """Unpack a matrix; the output is the last of ``most`` vertices among the bits."""
    vertices = raw[-1]
    x, y = np.indices((vertices, vertices))
    column = np.where(y == vertices - 1, most - 1, y)
    places = np.where(x < y, x + column * (column - 1) // 2, edges)
    bits = np.unpackbits(np.frombuffer(raw[:-1], np.uint8), count=edges, bitorder="little")
    found: NDArray[np.int8] = np.append(bits, 0).astype(np.int8).take(places)
    return found


def _operations(raw: bytes, names: Sequence[str]) -> list[str]:
    return [INPUT, *[names[label] for label in raw[: raw[-1] - 2]], OUTPUT]
