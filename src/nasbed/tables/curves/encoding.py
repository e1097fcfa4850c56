"""Encodings of curves: how the numbers of published trainings are stored so that every double comes back bit for bit.

A published accuracy is a mean over batches of 256 images, each a percentage in single precision: of all but the last
batch, whose size is no power of two, that is exact. So an accuracy is two counts, of what was right and of what was
right in the last batch, and is stored as both in four bytes, or in two where the last batch loses nothing. What is no
such mean is stored as float32 where that is exact, and as float64 where it is not; a curve that is level is stored as
one number.

``ABSENT``, a NaN of its own, stands for what a file does not have; a NaN that it does have stays one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ABSENT = np.uint64(0x7FFC000000000000)

ABSENT = _ABSENT.view(np.float64)
"""What stands where a file has no number: a NaN whose mark single precision keeps too."""

BATCH = 256
"""Images a batch in the published trainings; https://arxiv.org/abs/2001.00326, table 1."""

IMAGES = (3000, 5000, 6000, 10_000, 25_000, 50_000, 151_700)
"""Of how many images the published accuracies are: parts and wholes of CIFAR and ImageNet16-120."""

_FEW = 4096  # numbers that mostly tell what does not fit


@dataclass(frozen=True)
class CurveEncoding:
    """How stored numbers become float64.

    Attributes:
        kind: ``"percent"``, ``"float32"`` or ``"float64"``.
        images: Of a percentage: how many images it is of.
        level: Whether one number is stored for all epochs of a training.
    """

    kind: str
    images: int = 0
    level: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give the fields that say something, JSON-able."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the stored numbers."""
        if self.kind == "percent":
            return np.dtype("<u2" if self.short else "<i4")
        return np.dtype("<f4" if self.kind == "float32" else "<f8")

    @cached_property
    def lost(self) -> Floats:
        """What rounding the last batch's percentage adds to the sum over all images, each value once, ascending."""
        last = self.images % BATCH
        right = np.arange(last + 1)
        rounded = right.astype(np.float32) * np.float32(100.0 / max(last, 1))
        return np.unique(rounded.astype(np.float64) * last - 100.0 * right)

    @property
    def short(self) -> bool:
        """Whether a percentage is one count, in two bytes."""
        return len(self.lost) == 1 and self.images < 2**16 - 2

    @property
    def _special(self) -> tuple[int, int]:
        """The numbers that stand for ABSENT and for NaN."""
        return (2**16 - 1, 2**16 - 2) if self.short else (-1, -2)

    def decode(self, stored: NDArray[Any]) -> Floats:
        """Give the doubles of stored numbers, of any shape; a level curve stays one number."""
        if self.kind != "percent":
            return stored.astype(np.float64)
        right, lost = (stored, 0.0) if self.short else (stored >> 8, self.lost.take(stored & 255, mode="clip"))
        values: Floats = (100.0 * right + lost) / self.images
        absent, nan = self._special
        values[stored == absent] = ABSENT
        values[stored == nan] = np.nan
        return values

    def encode(self, values: Floats) -> NDArray[Any] | None:
        """Store numbers; None where that would not be exact."""
        with np.errstate(over="ignore", invalid="ignore"):
            stored = self._counts(values) if self.kind == "percent" else values.astype(self.dtype)
        return stored if np.array_equal(bits(self.decode(stored)), bits(values)) else None

    def _counts(self, values: Floats) -> NDArray[Any]:
        right = np.rint(values * (self.images / 100.0))
        fits = (right >= 0) & (right <= self.images)
        right = np.where(fits, right, 0.0)
        stored = right.astype(np.int64)
        if not self.short:
            between = (self.lost[1:] + self.lost[:-1]) / 2
            stored = stored << 8 | np.searchsorted(between, values * self.images - 100.0 * right)
        absent, nan = self._special
        stored = np.where(fits, stored, np.where(is_absent(values), absent, nan))
        return stored.astype(self.dtype)


def bits(values: Floats) -> NDArray[np.uint64]:
    """Look at doubles as bit patterns, in which NaN equals itself and ABSENT does not equal NaN."""
    return np.ascontiguousarray(values, np.float64).view(np.uint64)


def is_absent(values: Floats) -> NDArray[np.bool_]:
    """Say where the file had no number."""
    found: NDArray[np.bool_] = (np.asarray(values, np.float64)[..., None].view(np.uint64) == _ABSENT)[..., 0]
    return found


def encode_curves(values: Floats, percent: bool) -> tuple[NDArray[Any], CurveEncoding]:
    """Store numbers as small as is exact.

    Args:
        values: ``(…, epochs)``, ABSENT where there is none.
        percent: Whether they may be percentages of images.
    """
    level = values.ndim > 2 and values.shape[-1] > 1 and bool((bits(values) == bits(values)[..., :1]).all())
    if level:
        values = values[..., 0]
    values = np.ascontiguousarray(values)
    some = values[~np.isnan(values)][:_FEW]
    for images in IMAGES if percent else ():
        encoding = CurveEncoding("percent", images, level)
        stored = encoding.encode(values) if encoding.encode(some) is not None else None
        if stored is not None:
            return stored, encoding
    encoding = CurveEncoding("float32", 0, level)
    stored = encoding.encode(values) if encoding.encode(some) is not None else None
    return (values, CurveEncoding("float64", 0, level)) if stored is None else (stored, encoding)
