"""Helpers of arrays of architectures and of what is known of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import InvalidArchitecture, in_a_line
from nasbed.core.records import Archs

T = TypeVar("T")


def once(keys: NDArray[Any], make: Callable[[NDArray[np.int64]], list[T]]) -> list[T]:
    """Return what is made of many, once of all that have the same key.

    Args:
        keys: One each, ``(n,)``.
        make: Makes it of the first of each key, given by their positions.
    """
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    made = make(first)
    return [made[one] for one in which.tolist()]


def whole(numbers: NDArray[np.float64]) -> NDArray[Any]:
    """Return counts as whole numbers, where all are known."""
    return numbers.astype(np.int64) if np.isfinite(numbers).all() else numbers


def as_int8(archs: ArrayLike) -> Archs:
    """Copy what is not yet an int8 array in C's order; a number that would become another one is refused."""
    try:
        given = np.ascontiguousarray(archs)
        with np.errstate(invalid="ignore"):
            rows = given.astype(np.int8)
        same = np.array_equal(rows, given)
    except (TypeError, ValueError):
        same = False
    if not same:
        said = "decisions are an array of whole numbers from 0 to 127, as space.parse makes of text"
        raise InvalidArchitecture(f"{said}, not {in_a_line(archs)}")
    return rows


def mixed(numbers: NDArray[np.integer[Any]]) -> NDArray[np.uint64]:
    """Spread numbers over 64 bits, different ones differently.

    Reference: the finaliser of SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    OOPSLA 2014.
    """
    x = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)
