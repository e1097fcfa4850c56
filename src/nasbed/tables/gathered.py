"""What is read of TFRecords: a batch of them, and numbers gathered batch by batch, in few bytes and without loss.

What a batch holds is told by its type: uint16 are counts of correct images, floats of any width are themselves. The
batches lie in blocks of memory that the system gets back as soon as they are dropped, which small arrays on the heap
would keep from it.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.readers.tfrecord import VALUES, VERTICES_AT_MOST, number_repeats
from nasbed.tables.encoding import LIKELY_IMAGES, Encoding

_ACCURACIES = Encoding("count", LIKELY_IMAGES[0], single=True).accuracies.astype(np.float32)
BATCH = 2**15
"""Records that are read at once."""

Module = tuple[bytes, int, int, list[int], int]
"""Hash, vertices, edge mask, labels and parameters of a module that was read plainly."""

_INTERIOR = VERTICES_AT_MOST - 2
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


class Batch:
    """Room for what the kernel reads of some records."""

    def __init__(self) -> None:
        self.places = np.zeros((BATCH, 2), np.int64)
        self.usual = np.zeros(BATCH, np.bool_)
        self.epochs = np.zeros(BATCH, np.int32)
        self.values = np.zeros((VALUES, BATCH + 8), np.uint64)[:, :BATCH]  # not all in one set of the cache
        self.module = np.zeros(BATCH, np.int32)
        self.hashes = np.zeros((BATCH, 16), np.uint8)
        self.vertices = np.zeros(BATCH, np.int8)
        self.masks = np.zeros(BATCH, np.uint64)
        self.labels = np.full((BATCH, _INTERIOR), -1, np.int8)
        self.parameters = np.zeros(BATCH, np.int64)

    @property
    def arrays(self) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
        """Those of records and those of modules, in the kernel's order."""
        return (self.places, self.usual, self.epochs, self.values, self.module), self._of_modules

    @property
    def _of_modules(self) -> tuple[NDArray[Any], ...]:
        return (self.hashes, self.vertices, self.masks, self.labels, self.parameters)

    def modules(self, count: int, more: list[Module]) -> tuple[NDArray[Any], ...]:
        """Give hashes, vertices, masks, labels and parameters of the first modules, then of those read plainly."""
        found = [array[:count].copy() for array in self._of_modules]
        if more:
            digests, sides, masks, labels, parameters = zip(*more, strict=True)
            filled = np.full((len(labels), _INTERIOR), -1, np.int8)
            for i, row in enumerate(labels):
                filled[i, : len(row)] = row
            plain: tuple[NDArray[Any], ...] = (
                np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16),
                np.array(sides, np.int8),
                np.array(masks, np.uint64),
                filled,
                np.array(parameters, np.int64),
            )
            found = [np.concatenate(pair) for pair in zip(found, plain, strict=True)]
        return tuple(found)


def joined(names: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Give names as the kernels take them: their bytes, and where each ends."""
    texts = [name.encode() for name in names]
    return np.frombuffer(b"".join(texts), np.uint8), np.cumsum([len(text) for text in texts])


def slots(group: NDArray[np.int32], groups: int) -> tuple[NDArray[np.integer[Any]], int, bool]:
    """Number the repeats of each group in the order of the file.

    Returns:
        The place of each record in ``(modules, budgets, repeats)``; the most repeats; whether all groups have as many.
    """
    counts = np.zeros(groups, np.int32)
    slot = number_repeats(group, counts)
    repeats = int(counts.max())
    if groups * repeats > np.iinfo(np.int32).max:
        slot = slot.astype(np.int64)
    for start in range(0, len(slot), BATCH):
        slot[start : start + BATCH] += np.multiply(group[start : start + BATCH], repeats, dtype=slot.dtype)
    return slot, repeats, bool((counts == repeats).all())
