"""Edge masks: an adjacency matrix as one Python integer.

Edge x→y (x < y) is bit ``x + y(y−1)/2``, as in ``nasbed.spaces``. A look-up of one module takes fewer microseconds than
NumPy needs to be asked anything, so a matrix leaves NumPy once, as bytes, and all else is arithmetic.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WIDTHS = {np.dtype(kind): np.dtype(kind).itemsize for kind in "?bBhHiIlLqQ"}
"""Bytes of an entry, for the types whose entries are integers in this machine's order of bytes."""


def edge_mask(matrix: NDArray[Any]) -> int | None:
    """Pack a square matrix; None if any entry is not the integer 0 or 1, or one is not above the diagonal."""
    width = _WIDTHS.get(matrix.dtype)
    if width is None:
        return None
    forbidden, lowest, edges = _layout(len(matrix), width)
    raw = matrix.tobytes()
    if int.from_bytes(raw, sys.byteorder) & forbidden:
        return None
    return sum(compress(edges, raw[lowest::width]))


@lru_cache(maxsize=256)
def _layout(vertices: int, width: int) -> tuple[int, int, tuple[int, ...]]:
    """Say which bits no matrix may have, read as one integer; its lowest byte of an entry; the bit of each entry."""
    lowest = 0 if sys.byteorder == "little" else width - 1
    edges = [1 << x + y * (y - 1) // 2 if x < y else 0 for x in range(vertices) for y in range(vertices)]
    full = bytearray(len(edges) * width)
    full[lowest::width] = bytes(map(bool, edges))
    allowed = int.from_bytes(full, sys.byteorder)
    return allowed ^ ((1 << 8 * len(full)) - 1), lowest, tuple(edges)


def kept_vertices(mask: int, vertices: int) -> list[int] | None:
    """Give the vertices on a path from the first to the last, ascending; None when there is no such path."""
    steps = _steps(vertices)
    ahead, behind = 1, 1 << vertices >> 1
    for start, _, vertex in steps:
        if mask >> start & ahead:
            ahead |= vertex
    if vertices < 2 or not ahead & behind:
        return None
    for start, lower, vertex in reversed(steps):
        if behind & vertex:
            behind |= mask >> start & lower
    kept = ahead & behind
    return [v for v in range(vertices) if kept >> v & 1]


@lru_cache(maxsize=256)
def _steps(vertices: int) -> tuple[tuple[int, int, int], ...]:
    """For each vertex but the first: where its predecessors begin, all lower vertices, and itself, as bits."""
    return tuple((y * (y - 1) // 2, (1 << y) - 1, 1 << y) for y in range(1, vertices))


def output_moved(mask: int, vertices: int, most: int) -> int:
    """Renumber the last of ``vertices`` vertices as the last of ``most``."""
    inner = (vertices - 1) * (vertices - 2) // 2
    return mask & ((1 << inner) - 1) | mask >> inner << (most - 1) * (most - 2) // 2
