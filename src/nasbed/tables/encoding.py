"""Encodings: how numbers are stored so that every double comes back bit for bit.

An accuracy is a count of correct images, in two bytes, where that is exact for every value of a column. Published
percentages are means over batches of 256 images, each in single precision: of all but the last batch, whose size is no
power of two, that is exact, so that such an accuracy is two counts, of what was right and of what was right in the last
batch: four bytes, or two where the last batch loses nothing. What is neither is stored as float32 where that is exact,
and as float64 where it is not; curves that are level are stored as one number for all epochs. Columns that are seldom
read are *cold*: their bytes are shuffled (all first bytes, then all second ones, …) and compressed with zstd.

``ABSENT``, a NaN of its own, stands for what a source does not have; a NaN that it does have stays one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.readers.names import ABSENT

_ZSTD = pa.Codec("zstd", compression_level=3)  # higher ones gain one percent in three times the time
_ABSENT = ABSENT.view(np.uint64)

MISSING = np.uint16(65535)
"""The count that stands for NaN."""

LIKELY_IMAGES = (9984, 10000)
"""How many images published fractions are of: 39 batches of 256, or all of CIFAR-10's test images."""

BATCH = 256
"""Images a batch in the published trainings; https://arxiv.org/abs/2001.00326, table 1."""

IMAGES = (3000, 5000, 6000, 10_000, 25_000, 50_000, 151_700)
"""Of how many images published percentages are: parts and wholes of CIFAR and ImageNet16-120."""

_NONE = np.array([-1, -2])
"""Stand for ABSENT and for NaN in percentages; in two bytes, the two highest numbers do."""

_FEW = 4096  # numbers that mostly show what does not fit
_STEP = 2**16

Floats = NDArray[np.float64] | NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """How the stored numbers of a column become float64.

    Attributes:
        kind: ``"count"`` of images, a fraction; ``"percent"`` of images; ``"float32"``; ``"float64"``; ``"float16"``,
            in memory alone; or ``"text"``: a JSON list of strings and nulls, cold.
        images: Of a count or a percentage: how many images it is of.
        single: Of a count: whether the fraction is rounded to float32 before it is widened.
        level: Whether one number is stored for all epochs of a training.
    """

    kind: str
    images: int = 0
    single: bool = False
    level: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that say something, JSON-able."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the stored numbers."""
        if self.kind == "percent" and not self._short:
            return np.dtype("<i4")
        return np.dtype({"float16": "<f2", "float32": "<f4", "float64": "<f8"}.get(self.kind, "<u2"))

    @cached_property
    def accuracies(self) -> NDArray[np.float64]:
        """The double that each count stands for, ``(65536,)``."""
        values = np.arange(2**16) / float(self.images or 1)
        if self.single:
            values = values.astype(np.float32).astype(np.float64)
        values[MISSING] = np.nan
        return values

    @cached_property
    def _lost(self) -> NDArray[np.float64]:
        """What rounding the last batch's percentage adds to the sum over all images, each value once, ascending."""
        last = self.images % BATCH
        right = np.arange(last + 1)
        rounded = right.astype(np.float32) * np.float32(100.0 / max(last, 1))
        return np.unique(rounded.astype(np.float64) * last - 100.0 * right)

    @cached_property
    def _short(self) -> bool:
        """Whether a percentage is one count, in two bytes."""
        return len(self._lost) == 1 and self.images < 2**16 - 2

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Return the doubles of stored numbers, of any shape; a level curve stays one number."""
        if self.kind == "count":
            return self.accuracies.take(stored)
        if self.kind != "percent":
            return stored.astype(np.float64)
        right, lost = (stored, 0.0) if self._short else (stored >> 8, self._lost.take(stored & 255, mode="clip"))
        values: NDArray[np.float64] = np.asarray((100.0 * right + lost) / self.images)
        absent, nan = _NONE.astype(self.dtype)
        values[stored == absent] = ABSENT
        values[stored == nan] = np.nan
        return values

    def encode(self, values: Floats) -> NDArray[Any] | None:
        """Return the stored numbers, of the values' shape; None where that would not be exact."""
        flat = values.reshape(-1)
        stored = np.empty(flat.shape, self.dtype)
        for start in range(0, len(flat), _STEP):
            part = flat[start : start + _STEP].astype(np.float64)
            with np.errstate(invalid="ignore", over="ignore"):
                found = self._percentages(part) if self.kind == "percent" else self._plain(part)
            if not np.array_equal(bits(self.decode(found)), bits(part)):
                return None
            stored[start : start + _STEP] = found
        return stored.reshape(values.shape)

    def _plain(self, values: NDArray[np.float64]) -> NDArray[Any]:
        if self.kind != "count":
            return values.astype(self.dtype)
        counts = np.rint(values * (self.images or 1))
        return np.where((counts >= 0) & (counts < MISSING), counts, float(MISSING)).astype(np.uint16)

    def _percentages(self, values: NDArray[np.float64]) -> NDArray[Any]:
        right = np.rint(values * (self.images / 100.0))
        fits = (right >= 0) & (right <= self.images)
        right = np.where(fits, right, 0.0)
        stored = right.astype(np.int64)
        if not self._short:
            between = (self._lost[1:] + self._lost[:-1]) / 2
            stored = stored << 8 | np.searchsorted(between, values * self.images - 100.0 * right)
        absent, nan = _NONE
        return np.where(fits, stored, np.where(is_absent(values), absent, nan)).astype(self.dtype)


def encode(values: Floats, unit: str = "", level: bool = False) -> tuple[NDArray[Any], Encoding]:
    """Store numbers as small as is exact.

    Args:
        values: Of any shape; float32 is taken as the doubles that it widens to. NaN or ABSENT where there is none.
        unit: ``"fraction"`` or ``"percent"`` for what may be counts of images.
        level: Whether the last axis may be stored as one number, where all along it are equal.
    """
    level = level and values.shape[-1] > 1 and bool((bits(values) == bits(values)[..., :1]).all())
    if level:
        values = values[..., 0]
    some = values.reshape(-1)[:_FEW]
    for encoding in _candidates(some, unit, level):
        if encoding.encode(some) is not None and (stored := encoding.encode(values)) is not None:
            return stored, encoding
    return values.astype(np.float64), Encoding("float64", level=level)


def _candidates(some: Floats, unit: str, level: bool) -> Iterator[Encoding]:
    """Give the encodings that may be exact, the smallest first."""
    if unit == "fraction":
        from fractions import Fraction  # which takes a while, and most only read

        yield from (Encoding("count", images, single, level) for images in LIKELY_IMAGES for single in (True, False))
        there = np.unique(some[(some >= 0) & (some <= 1)].astype(np.float64)).tolist()
        denominators = [Fraction(value).limit_denominator(10000).denominator for value in there]
        images = int(np.lcm.reduce(np.array(denominators, np.int64), initial=1))  # one that overflows is not exact
        yield from (Encoding("count", images, single, level) for single in (True, False))
    if unit == "percent":
        yield from (Encoding("percent", images, level=level) for images in IMAGES)
    yield Encoding("float32", level=level)


def bits(values: Floats) -> NDArray[np.uint64]:
    """Look at doubles as bit patterns, in which NaN equals itself, and neither ABSENT nor −0 equal NaN and 0."""
    return np.ascontiguousarray(values, np.float64).view(np.uint64)


def is_absent(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say where the source had no number."""
    return np.equal(bits(values), _ABSENT)


def compress(stored: NDArray[Any]) -> bytes:
    """Shuffle the bytes of numbers and compress them; of texts and Nones a JSON list, behind its length."""
    if stored.dtype == object:
        text = json.dumps(stored.reshape(-1).tolist()).encode()
        return len(text).to_bytes(8, "little") + bytes(_ZSTD.compress(text, asbytes=True))
    width = stored.dtype.itemsize
    shuffled = np.ascontiguousarray(np.ascontiguousarray(stored).reshape(-1).view(np.uint8).reshape(-1, width).T)
    return bytes(_ZSTD.compress(pa.py_buffer(shuffled), asbytes=True))


def decompress(block: Any, encoding: Encoding, shape: tuple[int, ...]) -> NDArray[Any]:
    """Undo ``compress``; texts are as many as there are, ``(n,)``."""
    if encoding.kind == "text":
        size = int.from_bytes(block[:8], "little")
        return np.array(json.loads(pa.decompress(block[8:], size, "zstd", asbytes=True)), object)
    width, count = encoding.dtype.itemsize, math.prod(shape)
    shuffled = np.frombuffer(pa.decompress(block, count * width, "zstd"), np.uint8).reshape(width, count)
    return np.ascontiguousarray(shuffled.T).view(encoding.dtype).reshape(shape)
