"""Edges of a matrix, read as bytes and in two parts, each part understood once.

NumPy takes longer to be asked three things of a small matrix than a look-up may take in all. So a matrix leaves NumPy
once, as bytes. With at most seven vertices the first two rows have at most 11 edges and all others 10: 3,072 parts in
all, a dictionary's worth, and what a matrix says follows from its two parts in a few operations on integers.

Sets of vertices are integers here, vertex 0 the lowest bit.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.made import Made
from nasbed.compat.nasbench.lib.graph_util import is_upper_triangular
from nasbed.core.errors import InvalidArchitecture
from nasbed.spaces.nasbench101_index import VERTICES_AT_MOST

_KINDS = "?bBhHiIlLqQ"
"""NumPy's characters for types whose entries are integers in this machine's order of bytes."""


class _Part(NamedTuple):
    """Some rows of a matrix, and how they are read.

    A ``KeyError`` says that an entry is not the integer 0 or 1, or that a 1 is not above the diagonal.

    Attributes:
        rows: Which ones.
        vertices: How many the matrix has.
        width: Bytes of an entry.
        most: How many vertices a row of the space has room for.
    """

    rows: range
    vertices: int
    width: int
    most: int

    def mask_and_successors(self, raw: bytes) -> tuple[int, list[int]]:
        """Give the edges as ``nasbed.spaces`` numbers them, the output being the last of ``most``, and by row."""
        width, last = self.width, self.vertices - 1
        if len(raw) != len(self.rows) * self.vertices * width:
            raise KeyError(raw)
        entries = [int.from_bytes(raw[i : i + width], sys.byteorder) for i in range(0, len(raw), width)]
        mask, successors = 0, []
        for x in self.rows:
            row, entries = entries[: self.vertices], entries[self.vertices :]
            if max(row) > 1 or any(row[: x + 1]):
                raise KeyError(raw)
            successors.append(sum(1 << y for y in range(x + 1, self.vertices) if row[y]))
            columns = [self.most - 1 if y == last else y for y in range(self.vertices) if row[y]]
            mask += sum(1 << x + y * (y - 1) // 2 for y in columns)
        return mask, successors

    def upper(self, raw: bytes) -> tuple[int, int, int]:
        """Give what the first two rows say: edges, successors of vertex 0, successors of vertex 1."""
        mask, successors = self.mask_and_successors(raw)
        first, second = [*successors, 0, 0][:2]
        return mask, first, second

    def lower(self, raw: bytes) -> tuple[int, int, tuple[int, ...]]:
        """Give what the others say: edges, what leads to the output, what each set of vertices but 0 and 1 leads to."""
        mask, successors = self.mask_and_successors(raw)
        after = dict(zip(self.rows, successors, strict=True))
        leads = 1 << self.vertices >> 1 if self.vertices > 1 else 0
        for x in reversed(self.rows):
            leads |= bool(after[x] & leads) << x
        reached = []
        for some in range(0, 1 << self.vertices, 4):
            for x in self.rows:
                some |= after[x] * (some >> x & 1)
            reached.append(some)
        return mask, leads, tuple(reached)


_Parts = tuple[Made[bytes, tuple[int, int, int]], Made[bytes, tuple[int, int, tuple[int, ...]]], int]
"""What upper and lower parts of matrices say, by their bytes; and how many bytes the upper part has."""


@cache
def _parts(vertices: int, kind: np.dtype[Any], most: int) -> _Parts:
    """Give what the parts of matrices of a size and a type say, filled as they are met; and the upper part's bytes."""
    if vertices > min(most, VERTICES_AT_MOST) or kind.char not in _KINDS or not kind.isnative:
        raise KeyError(kind)
    first, width = min(2, vertices), kind.itemsize
    upper, lower = (_Part(rows, vertices, width, most) for rows in (range(first), range(2, vertices)))
    return Made(upper.upper), Made(lower.lower), first * vertices * width


def edge_mask(raw: bytes, vertices: int, kind: np.dtype[Any], most: int) -> int:
    """Give the edges of a matrix as ``nasbed.spaces`` numbers them when its output is the last of ``most`` vertices.

    Args:
        raw: The matrix as bytes, row by row.
        vertices: How many it has.
        kind: The type of its entries.
        most: How many vertices a row of the space has room for.

    Raises:
        KeyError: When an entry is not the integer 0 or 1, or there are more vertices, or more than seven.
    """
    upper, lower, split = _parts(vertices, kind, most)
    return upper[raw[:split]][0] | lower[raw[split:]][0]


def kept_vertices(matrix: NDArray[Any]) -> int:
    """Give the vertices on a path from the first to the last, which is what pruning keeps; 0 when there is no path.

    Raises:
        InvalidArchitecture: When the matrix is not upper triangular.
    """
    try:
        upper, lower, split = _parts(len(matrix), matrix.dtype, VERTICES_AT_MOST)
        raw = matrix.tobytes()
        _, first, second = upper[raw[:split]]
        _, leads, reached = lower[raw[split:]]
    except KeyError:
        return _kept_of_any(matrix)
    ahead = first | second if first & 2 else first
    ahead |= reached[ahead >> 2]
    if second & leads:
        leads |= 2
    return ahead & leads | 1 if first & leads else 0


def _kept_of_any(matrix: NDArray[Any]) -> int:
    """Give what pruning keeps of a matrix of any size and with any entries, those being edges that are not 0."""
    if not is_upper_triangular(matrix):
        raise InvalidArchitecture("matrix must be upper triangular, with zeros on the diagonal and below")
    last = len(matrix) - 1  # the output
    after = [sum(1 << y for y in np.flatnonzero(row).tolist()) for row in matrix]
    ahead, leads = 1, 1 << len(matrix) >> 1
    for x in range(last):
        ahead |= after[x] * (ahead >> x & 1)
    for x in reversed(range(last)):
        leads |= bool(after[x] & leads) << x
    return ahead & leads if leads & 1 and last > 0 else 0
