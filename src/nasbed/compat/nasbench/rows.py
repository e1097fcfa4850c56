"""Rows: where a table has a pruned module, found without hashing, in Python integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nasbed.compat.nasbench.edges import output_moved
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
        self._labels = {name: label for label, name in enumerate(space.operations)}
        self._structure, self._interior = index.structure.data, index.interior.data
        self._offsets, self._classes, self._rows = index.offsets.data, index.classes.data, rows.data

    def find(self, mask: int, ops: Sequence[str]) -> int:
        """Give the row of a module; −1 when the table lacks it, or it is not pruned.

        Args:
            mask: Its edges.
            ops: The operations of its vertices, those between the first and the last known to the space.
        """
        vertices = len(ops)
        if not 2 <= vertices <= self._most:
            return -1
        mask = output_moved(mask, vertices, self._most)
        structure: int = self._structure[mask]
        if not structure or self._interior[mask] != (1 << vertices - 2) - 1:
            return -1
        labels, code = self._labels, 0
        for op in ops[1:-1]:
            code = code * len(labels) + labels[op]
        row: int = self._rows[self._classes[self._offsets[structure - 1] + code]]
        return row
