"""Rows: where a table has a pruned module, found without hashing, in Python integers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.edges import edge_mask
from nasbed.compat.nasbench.made import Made
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table

Starts = Made[np.dtype[Any], Made[bytes, int]]
"""Where the rows of a structure begin, by the type of a matrix and then by its bytes."""


class RowFinder:
    """Looks modules up one by one through the tables of ``nasbed.spaces.nasbench101_index``.

    Args:
        table: A table whose space numbers its modules.
        space: Its space.
    """

    def __init__(self, table: Table, space: NASBench101) -> None:
        index = space.module_index
        rows = np.full(index.size, -1, np.int32)
        rows[table.classes] = np.arange(len(table), dtype=np.int32)
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
