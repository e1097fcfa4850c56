"""Encodings: how a column of numbers is stored so that every double comes back bit for bit.

Accuracies are counts of correct images (two bytes), times are float32 (four), wherever that is exact for every value
of the column; else a column stays float64. What nobody reports but an export needs is *cold*: its bytes are shuffled
(all first bytes, then all second ones, …) and compressed with zstd.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_ZSTD = pa.Codec("zstd", compression_level=3)  # higher ones gain one percent in three times the time

MISSING = np.uint16(65535)
"""The count that stands for NaN."""

LIKELY_IMAGES = (9984, 10000)
"""How many images the published accuracies are fractions of: 39 batches of 256, or all of CIFAR-10's test images."""

Floats = NDArray[np.float64] | NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """How the stored numbers of a column become float64.

    Attributes:
        kind: ``"count"``, ``"float32"``, ``"float64"``, or ``"text"``: a JSON list of strings and nulls, cold.
        images: Of a count: what it is a fraction of.
        single: Of a count: whether the fraction is rounded to float32 before it is widened.
    """

    kind: str
    images: int | None = None
    single: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give the fields that say something, JSON-able."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the stored numbers."""
        return np.dtype("<u2" if self.kind == "count" else "<f4" if self.kind == "float32" else "<f8")

    @cached_property
    def accuracies(self) -> NDArray[np.float64]:
        """The double that each count stands for, ``(65536,)``."""
        values = np.arange(2**16) / float(self.images or 1)
        if self.single:
            values = values.astype(np.float32).astype(np.float64)
        values[MISSING] = np.nan
        return values

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Give the doubles of stored numbers, of any shape."""
        if self.kind == "count":
            return self.accuracies.take(stored)
        return stored.astype(np.float64)


def encode(values: Floats, accuracies: bool) -> tuple[NDArray[Any], Encoding]:
    """Store numbers as small as is exact.

    Args:
        values: Of any shape. Float32 is taken as the doubles that it widens to.
        accuracies: Whether they may be fractions of a number of images.
    """
    if accuracies:
        for encoding in _counts(values):
            stored = _as_counts(values, encoding)
            if stored is not None:
                return stored, encoding
    if values.dtype == np.float32:
        return values, Encoding("float32")
    with np.errstate(over="ignore", invalid="ignore"):
        single = values.astype(np.float32)
    if np.array_equal(_bits(single.astype(np.float64)), _bits(np.asarray(values, np.float64))):
        return single, Encoding("float32")
    return np.asarray(values, np.float64), Encoding("float64")


def _counts(values: Floats) -> list[Encoding]:
    """Give the numbers of images that the values may be fractions of, the likely ones first."""
    some = values.ravel()[:4096].astype(np.float64)
    some = np.unique(some[~np.isnan(some)])
    if not len(some):
        return [Encoding("count", LIKELY_IMAGES[0], single=True)]
    if some[0] < 0 or some[-1] > 1:
        return []
    common = 1
    for value in some.tolist():
        denominator = Fraction(value).limit_denominator(10000).denominator
        common = int(np.lcm(common, denominator))
        if common >= MISSING:
            break
    likely = (*LIKELY_IMAGES, common) if common < MISSING else LIKELY_IMAGES
    return [Encoding("count", images, single) for images in likely for single in (True, False)]


def _as_counts(values: Floats, encoding: Encoding) -> NDArray[np.uint16] | None:
    """Give the counts if all are exact, else None; the first few thousand values mostly decide."""
    flat = values.reshape(-1)
    stored = np.empty(flat.shape, np.uint16)
    step = 2**16
    for start in range(0, len(flat), step):
        part = flat[start : start + step].astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            counts = np.rint(part * (encoding.images or 1))
            fits = (counts >= 0) & (counts < MISSING)
        found = np.where(fits, counts, float(MISSING)).astype(np.uint16)
        if not np.array_equal(_bits(encoding.decode(found)), _bits(part)):
            return None
        stored[start : start + step] = found
    return stored.reshape(values.shape)


def _bits(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Look at doubles as bit patterns, in which NaN equals itself and −0 differs from 0."""
    return np.ascontiguousarray(values).view(np.uint64)


def compress(stored: NDArray[Any]) -> bytes:
    """Shuffle the bytes of numbers and compress them."""
    width = stored.dtype.itemsize
    shuffled = np.ascontiguousarray(np.ascontiguousarray(stored).reshape(-1).view(np.uint8).reshape(-1, width).T)
    compressed: bytes = _ZSTD.compress(pa.py_buffer(shuffled), asbytes=True)
    return compressed


def decompress(block: Any, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Undo ``compress``, for ``count`` numbers."""
    raw = pa.decompress(block, decompressed_size=count * dtype.itemsize, codec="zstd")
    shuffled = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, count)
    return np.ascontiguousarray(shuffled.T).reshape(-1).view(dtype)


def compress_texts(texts: NDArray[np.object_]) -> bytes:
    """Compress strings and Nones; the length of the JSON text comes first, in eight bytes."""
    text = json.dumps(texts.reshape(-1).tolist()).encode()
    compressed: bytes = _ZSTD.compress(text, asbytes=True)
    return len(text).to_bytes(8, "little") + compressed


def decompress_texts(block: Any) -> NDArray[np.object_]:
    """Undo ``compress_texts``."""
    size = int.from_bytes(block[:8], "little")
    return np.array(json.loads(pa.decompress(block[8:], decompressed_size=size, codec="zstd", asbytes=True)), object)
