"""Counting agreements of signs, compiled: signs are packed to bits, and bits that differ are counted.

A batch of 128 has 8,128 pairs of images, and each pair is compared in hundreds of thousands of places; as bits, 64
places are one exclusive or and one count of ones.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def pack_signs(values: Any, words: Any) -> None:
    """Write a bit for each value, 1 where it is positive; the bits that no value has are 0.

    Value k·n + i of a row of n words is bit k of its word i: neighbours go to neighbours, so that a processor packs
    several at a time.

    Args:
        values: ``(rows, features)``.
        words: To be written, ``(rows, ⌈features / 64⌉)``, unsigned 64-bit.
    """
    rows, features = values.shape
    count = words.shape[1]
    for row in range(rows):
        packed = words[row]
        packed[:] = 0
        for k in range(64):
            bit = np.uint64(1) << np.uint64(k)
            start = k * count
            for i in range(min(count, features - start)):
                packed[i] |= bit if values[row, start + i] > 0 else np.uint64(0)


@numba.njit(cache=True)
def ones_in(word: Any) -> Any:
    """Count the ones of a 64-bit word, in the steps that LLVM knows and makes one instruction of."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@numba.njit(cache=True)
def count_differences(words: Any, differences: Any) -> None:
    """Write in how many bits each two rows differ.

    Args:
        words: ``(rows, words)``, unsigned 64-bit.
        differences: To be written, ``(rows, rows)``, 64-bit whole numbers.
    """
    rows, count = words.shape
    for a in range(rows):
        differences[a, a] = 0
        for b in range(a):
            differ = np.uint64(0)
            for i in range(count):
                differ += ones_in(words[a, i] ^ words[b, i])
            differences[a, b] = differences[b, a] = np.int64(differ)
