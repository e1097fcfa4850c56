"""Numbers gathered batch by batch, in as few bytes as give every double back bit for bit.

What a batch holds is told by its type: uint16 are counts of correct images, floats of any width are themselves. The
batches lie in blocks of memory that the system gets back as soon as they are dropped, which small arrays on the heap
would keep from it.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.tables.encoding import LIKELY_IMAGES, Encoding

_ACCURACIES = Encoding("count", LIKELY_IMAGES[0], single=True).accuracies.astype(np.float32)
_BLOCK = 2**19  # numbers
_FEW = 64  # that mostly tell what does not fit


class Gathered:
    """A growing row of doubles."""

    def __init__(self) -> None:
        self._blocks: list[NDArray[Any]] = []
        self._filled: list[int] = []

    def append(self, values: NDArray[np.float64]) -> None:
        """Add some, at most 2¹⁹ at a time."""
        found = narrowed(values)
        if not self._blocks or self._blocks[-1].dtype != found.dtype or self._filled[-1] + len(found) > _BLOCK:
            self._blocks.append(np.frombuffer(mmap.mmap(-1, _BLOCK * found.itemsize), found.dtype))
            self._filled.append(0)
        start = self._filled[-1]
        self._blocks[-1][start : start + len(found)] = found
        self._filled[-1] += len(found)

    def take(self) -> NDArray[np.float32] | NDArray[np.float64]:
        """Give all of them, single floats where those hold every one, and drop them."""
        parts = [block[:filled] for block, filled in zip(self._blocks, self._filled, strict=True)]
        self._blocks, self._filled = [], []
        is_double = any(part.dtype == np.float64 for part in parts)
        taken: NDArray[Any] = np.empty(sum(map(len, parts)), np.float64 if is_double else np.float32)
        at = 0
        while parts:  # a block goes as soon as it has been read
            part = parts.pop(0)
            taken[at : at + len(part)] = widened(part)
            at += len(part)
        return taken


def narrowed(values: NDArray[np.float64]) -> NDArray[Any]:
    """Give the narrowest array that ``widened`` undoes, ``(n,)``."""
    for dtype in (np.float16, np.uint16, np.float32):
        found = _as(values[:_FEW], dtype)
        if _is_exact(found, values[:_FEW]):
            found = _as(values, dtype)
            if _is_exact(found, values):
                return found
    return values


def widened(found: NDArray[Any]) -> NDArray[np.float32] | NDArray[np.float64]:
    """Give the numbers as floats, single ones where those hold them."""
    if found.dtype == np.uint16:
        return _ACCURACIES.take(found)
    return found if found.dtype == np.float64 else found.astype(np.float32)


def _is_exact(found: NDArray[Any], values: NDArray[np.float64]) -> bool:
    return np.array_equal(widened(found).astype(np.float64).view(np.uint64), values.view(np.uint64))


def _as(values: NDArray[np.float64], dtype: type[np.generic]) -> NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        return (np.rint(values * LIKELY_IMAGES[0]) if dtype is np.uint16 else values).astype(dtype)
