"""Rows: where a table has a pruned module, found without hashing, in Python integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.nasbench.edges import edge_mask
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.table import Table


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
        self._most = space.vertices
        self._codes = _Codes(space.operations)
        self._labellings = [len(space.operations) ** max(v - 2, 0) for v in range(space.vertices + 1)]
        self._structure, self._offsets = index.structure.data, index.offsets.data
        self._rows = rows.take(index.classes).data

    def find(self, matrix: NDArray[Any] | None, ops: Sequence[str] | None) -> int:
        """Give the row of a module.

        Returns:
            −1 when the table lacks it, or it is not of the space, or not pruned, or its entries are no integers.
        """
        if matrix is None or ops is None:
            return -1
        vertices = len(ops)
        try:
            code = self._codes[tuple(ops)]
            structure = self._structure[edge_mask(matrix, vertices, self._most)]
        except (KeyError, TypeError):
            return -1
        if not structure:
            return -1
        start = self._offsets[structure - 1]
        if self._offsets[structure] - start != self._labellings[vertices]:  # so pruning keeps fewer vertices
            return -1
        row: int = self._rows[start + code]
        return row


class _Codes(dict[tuple[str, ...], int]):
    """From the operations of a module to those between its ends read as one number; filled as they are met."""

    def __init__(self, operations: Sequence[str]) -> None:
        super().__init__()
        self._labels = {name: label for label, name in enumerate(operations)}

    def __missing__(self, ops: tuple[str, ...]) -> int:
        if len(ops) < 2 or ops[0] != INPUT or ops[-1] != OUTPUT:
            raise KeyError(ops)
        code = 0
        for op in ops[1:-1]:
            code = code * len(self._labels) + self._labels[op]
        self[ops] = code
        return code
