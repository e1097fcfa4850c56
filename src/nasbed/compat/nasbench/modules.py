"""Modules: matrix, operations and parameters of a table's rows, packed so that a row is one look into memory.

The table has them in three columns; three places far from each other take longer to reach than all else that is done
with them. They are packed some thousand rows at a time, when one of them is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.made import Made
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table

_SHIFT = 12
_CHUNK = 1 << _SHIFT


class Modules:
    """Gives modules by their rows.

    Args:
        table: The table.
        space: Its space.
    """

    def __init__(self, table: Table, space: NASBench101) -> None:
        self._table, self._edges = table, space.edge_count
        parameters = table.trainable_parameters
        # The edges as bits, then how many vertices; the labels, then how many vertices; the parameters.
        self._first, self._second = -(-self._edges // 8) + 1, space.vertices - 1
        record = Struct(f"={self._first}s{self._second}s{'i' if parameters.itemsize == 4 else 'q'}")
        self._packed = np.zeros((len(table), record.size), np.uint8)
        self._unpack, self._flat, self._size = record.unpack_from, self._packed.reshape(-1).data, record.size
        self._is_packed = bytearray(-(-len(table) // _CHUNK))
        self._matrices: Made[bytes, NDArray[np.int8]] = Made(lambda raw: _matrix(raw, self._edges, space.vertices))
        self._operations: Made[bytes, list[str]] = Made(lambda raw: _operations(raw, space.operations))

    def __getitem__(self, row: int) -> tuple[NDArray[np.int8], list[str], int]:
        """Give matrix, operations and trainable parameters of a module, in new objects."""
        if not self._is_packed[row >> _SHIFT]:
            self._pack(row >> _SHIFT)
        edges, labels, parameters = self._unpack(self._flat, row * self._size)
        return self._matrices[edges].copy(), self._operations[labels].copy(), parameters

    def _pack(self, chunk: int) -> None:
        rows = slice(chunk << _SHIFT, (chunk + 1) << _SHIFT)
        archs, vertices = self._table.archs[rows], self._table.vertices[rows, None].view(np.uint8)
        parameters = np.ascontiguousarray(self._table.trainable_parameters[rows, None]).view(np.uint8)
        bits = np.packbits(archs[:, : self._edges].astype(bool), axis=1, bitorder="little")
        labels = archs[:, self._edges :].view(np.uint8)
        self._packed[rows] = np.concatenate([bits, vertices, labels, vertices, parameters], axis=1)
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
