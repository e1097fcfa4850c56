"""Pieces of a published file, taken apart on all cores and given in their order.

One thread reads and finds out where records end, which their lengths say; some take the records apart, each those of a
piece; and one computes the SHA-256 of the whole.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import RawIOBase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.executor import usable_cores
from nasbed.readers import tfrecord as kernels
from nasbed.tables.encoding import LIKELY_IMAGES, Encoding

CHUNK = 2**23
"""Bytes that are read at once."""

BATCH = 2**15
"""Records that are taken apart at once; so many of the usual size are more than ``CHUNK`` bytes."""

Names = tuple[NDArray[np.uint8], NDArray[np.int64]]
Taken = tuple[tuple[int, int, int, int], list[NDArray[Any]] | None]

_THREADS_AT_MOST = 8  # one that reads cannot feed more
_NARROW = (Encoding("float16"), Encoding("count", LIKELY_IMAGES[0], single=True), Encoding("float32"))
_ACCURACIES = _NARROW[1].accuracies.astype(np.float32)
_FEW = 64  # numbers that mostly tell what does not fit


class Batch:
    """Room for what the kernel reads of some records, in the kernel's order; the last five arrays are of modules."""

    def __init__(self) -> None:
        self.places = np.zeros((BATCH, 2), np.int64)
        self.usual = np.zeros(BATCH, np.bool_)
        self.epochs = np.zeros(BATCH, np.int32)
        self.values = np.zeros((kernels.VALUES, BATCH + 8), np.uint64)[:, :BATCH]  # not all in one set of the cache
        self.module = np.zeros(BATCH, np.int32)
        self.hashes = np.zeros((BATCH, 16), np.uint8)
        self.vertices = np.zeros(BATCH, np.int8)
        self.masks = np.zeros(BATCH, np.uint64)
        self.labels = np.full((BATCH, kernels.VERTICES_AT_MOST - 2), -1, np.int8)
        self.parameters = np.zeros(BATCH, np.int64)

    @property
    def arrays(self) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
        """Those of records and those of modules."""
        every = tuple(vars(self).values())
        return every[:5], every[5:]

    def columns(self, count: int) -> list[NDArray[Any]]:
        """Copy the doubles of the first records, as narrow as they can be, an array each."""
        return [narrowed(values) for values in self.values[:, :count].view(np.float64)]


class Piece:
    """Some whole records of a file, and what the kernel makes of the first ``BATCH`` of them.

    Attributes:
        batch: What it makes, once ``taken`` has a result.
        buffer: The bytes.
        offset: Where in the file the first of them is.
        stop: Where in the buffer the last record ends.
        taken: What the kernel returns, and the columns of these records, unless some have another layout.
        hashed: The parts of the buffer that the SHA-256 is still to be told of.
    """

    def __init__(self) -> None:
        self.batch, self.buffer = Batch(), np.empty(2 * CHUNK, np.uint8)
        self.offset = self.stop = 0
        self.taken: Future[Taken]
        self.hashed: list[Future[None]] = []

    def take(self, names: Names) -> Taken:
        """Let the kernel have the records."""
        found = kernels.read_records(self.buffer, 0, self.stop, names, *self.batch.arrays)
        return found, self.batch.columns(found[0]) if self.batch.usual[: found[0]].all() else None


class Pieces:
    """Goes through a file, once; a piece is filled anew after the next was asked for.

    Args:
        file: What is read.
        names: The operations; those that are appended are known to later pieces.

    Attributes:
        offset: How far the file was read, in whole records.
        left: How many bytes come after these; at the end, those of a record that was cut off.
        digest: The SHA-256 of what was read.
    """

    def __init__(self, file: RawIOBase, names: Sequence[str]) -> None:
        self.file, self.names = file, names
        self.offset = self.left = 0
        self.digest = hashlib.sha256()
        self._rest = np.empty(0, np.uint8)

    def __iter__(self) -> Iterator[Piece]:
        cores = min(usable_cores(), _THREADS_AT_MOST)
        free, waiting, is_over = [Piece() for _ in range(cores + 1)], deque[Piece](), False
        with ThreadPoolExecutor(1) as hashing, ThreadPoolExecutor(cores) as taking:
            while waiting or not is_over:
                while free and not is_over:
                    is_over = not self._fill(free[-1], hashing)
                    if not is_over:
                        waiting.append(free.pop())
                        waiting[-1].taken = taking.submit(waiting[-1].take, joined(self.names))
                if waiting:
                    piece = waiting.popleft()
                    yield piece
                    for hashed in piece.hashed:
                        hashed.result()
                    free.append(piece)

    def _fill(self, piece: Piece, hashing: ThreadPoolExecutor) -> bool:
        """Read until there are whole records, or say that the file ended before."""
        piece.offset, piece.hashed = self.offset, []
        filled, fresh = len(self._rest), 1
        piece.stop = 0
        while fresh and not piece.stop:
            if len(piece.buffer) < filled + CHUNK:
                piece.buffer = np.concatenate([piece.buffer[:filled], np.empty(filled + CHUNK, np.uint8)])
            if not piece.hashed:
                piece.buffer[:filled] = self._rest
            fresh = self.file.readinto(piece.buffer.data[filled : filled + CHUNK]) or 0
            piece.hashed.append(hashing.submit(self.digest.update, piece.buffer.data[filled : filled + fresh]))
            filled += fresh
            piece.stop = int(kernels.whole_records(piece.buffer, 0, filled))
        self._rest = piece.buffer[piece.stop : filled].copy()
        self.offset, self.left = self.offset + piece.stop, len(self._rest)
        return piece.stop > 0


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


def joined(names: Sequence[str]) -> Names:
    """Give names as the kernels take them: their bytes, and where each ends."""
    texts = [name.encode() for name in names]
    return np.frombuffer(b"".join(texts), np.uint8), np.cumsum([len(text) for text in texts])
