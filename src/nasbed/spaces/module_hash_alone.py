"""The published hash of one module at a time, exact to the bit: its vertices are the lanes of MD5.

``module_hash_kernels`` hashes many modules, those of one structure beside each other. Here the texts of one round, one
a vertex, go through MD5 together; they differ in length, so each lane's digest is taken after its own last block.

References: module_hash.py; RFC 1321 for MD5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import heavy_kernel
from nasbed.spaces.module_hash_kernels import _START, LANES, _compress

_BLOCKS = 5  # the list of seven digests has 252 characters
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_BAR, _OPEN, _CLOSE, _QUOTE, _COMMA, _SPACE, _END, _LEFT, _RIGHT, _MINUS, _ZERO = np.frombuffer(
    b"|[]', \x80()-0", np.uint8
)


@heavy_kernel
def hash_alone(count: int, mask: int, labels: int) -> tuple[int, int]:
    """Return the digest of a pruned module as two numbers of 64 bits, its first half first.

    Args:
        count: Vertices, seven at most.
        mask: Edges x→y in bit ``x + y(y−1)/2``.
        labels: The operation of vertex v, below ten, in the four bits from ``4v``; nothing at both ends.
    """
    text = np.zeros((LANES, 64 * _BLOCKS), np.uint8)
    lengths, order = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    digests, spelled = np.zeros((LANES, 16), np.uint8), np.zeros((LANES, 32), np.uint8)
    sources, targets = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    for y in range(1, count):
        for x in range(y):
            there = mask >> x + y * (y - 1) // 2 & 1
            sources[y] |= there << x
            targets[x] |= there << y
    for v in range(count):
        lengths[v] = _first_text(text[v], v, count, sources[v], targets[v], labels >> 4 * v & 15)
    _digest_and_sort(text, lengths, count, digests, spelled, order)
    for _ in range(count):
        for v in range(count):
            at = 0
            for k in range(2 * count + 1):
                u = order[k % count] if k < 2 * count else v
                around = sources[v] if k < count else targets[v] if k < 2 * count else 1 << v
                if k == count or k == 2 * count:
                    text[v, at] = _BAR
                    at += 1
                if around >> u & 1:
                    for i in range(32):
                        text[v, at + i] = spelled[u, i]
                    at += 32
            lengths[v] = at
        _digest_and_sort(text, lengths, count, digests, spelled, order)
    for k in range(count):
        at = 36 * k
        text[0, at] = _OPEN if k == 0 else _SPACE
        text[0, at + 1] = text[0, at + 34] = _QUOTE
        for i in range(32):
            text[0, at + 2 + i] = spelled[order[k], i]
        text[0, at + 35] = _CLOSE if k == count - 1 else _COMMA
    lengths[0] = 36 * count
    _digest_and_sort(text, lengths, 1, digests, spelled, order)
    return _number(digests[0], 0), _number(digests[0], 8)


@heavy_kernel
def _first_text(text: Any, v: Any, count: Any, sources: Any, targets: Any, label: Any) -> Any:
    """Write what a vertex begins with, ``(out-degree, in-degree, label)``; return how long that is."""
    leaving = arriving = 0
    for u in range(count):
        leaving += targets >> u & 1
        arriving += sources >> u & 1
    text[0], text[1], text[2], text[3] = _LEFT, _ZERO + leaving, _COMMA, _SPACE
    text[4], text[5], text[6] = _ZERO + arriving, _COMMA, _SPACE
    at = 7
    if v == 0 or v == count - 1:
        text[at] = _MINUS
        at, label = 8, 1 if v == 0 else 2
    text[at], text[at + 1] = _ZERO + label, _RIGHT
    return at + 2


@heavy_kernel
def _digest_and_sort(text: Any, lengths: Any, lanes: Any, digests: Any, spelled: Any, order: Any) -> None:
    """Hash a text of each lane, spell the digests in hexadecimal, and put the lanes in ascending order of them."""
    words, state = np.zeros((16 * _BLOCKS, LANES), np.uint32), np.zeros((4, LANES), np.uint32)
    most = 0
    for v in range(lanes):
        length = lengths[v]
        blocks = (length + 8) // 64 + 1
        most = max(most, blocks)
        text[v, length] = _END
        for i in range(length + 1, 64 * blocks):
            text[v, i] = 0
        text[v, 64 * blocks - 8], text[v, 64 * blocks - 7] = length << 3 & 255, length >> 5
        for i in range(16 * blocks):
            word = np.uint32(0)
            for j in range(4):
                word |= np.uint32(text[v, 4 * i + j]) << np.uint32(8 * j)
            words[i, v] = word
        for i in range(4):
            state[i, v] = _START[i]
    for block in range(most):
        _compress(state, words, block)
        for v in range(lanes):
            if (lengths[v] + 8) // 64 == block:
                for i in range(16):
                    digests[v, i] = state[i // 4, v] >> np.uint32(8 * (i % 4)) & np.uint32(255)
    for v in range(lanes):
        for i in range(16):
            spelled[v, 2 * i], spelled[v, 2 * i + 1] = _HEX[digests[v, i] >> 4], _HEX[digests[v, i] & 15]
        k = v
        while k > 0 and _is_less(digests[v], digests[order[k - 1]]):
            order[k] = order[k - 1]
            k -= 1
        order[k] = v


@heavy_kernel
def _is_less(one: Any, other: Any) -> Any:
    """Say whether a digest comes before another."""
    for i in range(16):
        if one[i] != other[i]:
            return one[i] < other[i]
    return False


@heavy_kernel
def _number(digest: Any, start: Any) -> Any:
    """Read eight bytes as a number, the highest first."""
    number = np.uint64(0)
    for i in range(8):
        number = number << np.uint64(8) | np.uint64(digest[start + i])
    return number
