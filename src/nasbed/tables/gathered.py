"""What is read of TFRecords: room for a batch of them, numbers kept in few bytes, and the places of trainings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.readers.tfrecord import VALUES, VERTICES_AT_MOST, number_repeats
from nasbed.tables.encoding import LIKELY_IMAGES, Encoding

_NARROW = (Encoding("float16"), Encoding("count", LIKELY_IMAGES[0], single=True), Encoding("float32"))
_ACCURACIES = _NARROW[1].accuracies.astype(np.float32)
_FEW = 64  # numbers that mostly tell what does not fit

BATCH = 2**15
"""Records that are read at once."""


class Batch:
    """Room for what the kernel reads of some records, in the kernel's order; the last five arrays are of modules."""

    def __init__(self) -> None:
        self.places = np.zeros((BATCH, 2), np.int64)
        self.usual = np.zeros(BATCH, np.bool_)
        self.epochs = np.zeros(BATCH, np.int32)
        self.values = np.zeros((VALUES, BATCH + 8), np.uint64)[:, :BATCH]  # not all in one set of the cache
        self.module = np.zeros(BATCH, np.int32)
        self.hashes = np.zeros((BATCH, 16), np.uint8)
        self.vertices = np.zeros(BATCH, np.int8)
        self.masks = np.zeros(BATCH, np.uint64)
        self.labels = np.full((BATCH, VERTICES_AT_MOST - 2), -1, np.int8)
        self.parameters = np.zeros(BATCH, np.int64)

    @property
    def arrays(self) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
        """Those of records and those of modules."""
        every = tuple(vars(self).values())
        return every[:5], every[5:]


def narrowed(values: NDArray[np.float64]) -> NDArray[Any]:
    """Copy doubles, ``(n,)``, into the narrowest array that ``widened`` undoes to the bit."""
    for encoding in _NARROW:
        if encoding.encode(values[:_FEW]) is not None and (found := encoding.encode(values)) is not None:
            return found
    return values.copy()


def widened(found: NDArray[Any]) -> NDArray[np.float32] | NDArray[np.float64]:
    """Give the numbers as floats, single ones where those hold them; uint16 are counts of correct images."""
    if found.dtype == np.uint16:
        return _ACCURACIES.take(found)
    return found if found.dtype == np.float64 else found.astype(np.float32)


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
    slot += np.multiply(group, repeats, dtype=slot.dtype)
    return slot, repeats, bool((counts == repeats).all())
