"""The published hash of many modules at once, exact to the bit.

MD5 has no shortcut, so the gain is in its lanes: modules of one structure feed it texts of the same lengths, only
their colours differ, and so sixteen labellings of a structure go through every step of MD5 together. Written
straight, with one lane a loop turn, the compiler makes vector instructions of it.

References: module_hash.py; RFC 1321 for MD5.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from nasbed.spaces.nasbench101_kernels import ONE, into

LANES = 16
_HEX_WORDS = 8  # a digest as text: 32 characters
_MOST_WORDS = 112  # the longest text, the list of eleven digests, fills seven blocks
_K = np.floor(np.abs(np.sin(np.arange(1, 65))) * 2.0**32).astype(np.uint32)
_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], np.uint32)


def hash_modules(counts: NDArray[np.int8], masks: NDArray[np.uint64], labels: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Give the published MD5 digest of each pruned module, ``(n, 16)``.

    Args:
        counts: Vertices of each, ``(n,)``.
        masks: Edges x→y in bit ``x + y(y−1)/2``, ``(n,)``.
        labels: Operations of the interior vertices, anything beyond them, ``(n, interior)``.
    """
    order = np.lexsort((masks, counts))
    result = np.empty((len(counts), 4), np.uint32)
    first_colours = _first_colours(int(counts.max(initial=2)), int(labels.max(initial=0)))
    _hash_ordered(counts, masks, labels, order, first_colours, result)
    return result.view(np.uint8)


def _first_colours(vertices: int, highest: int) -> NDArray[np.uint32]:
    """Give the digests that refinement starts from, ``[out-degree, in-degree, label + 2]``, as four words."""
    shape = (vertices, vertices, highest + 3)
    digests = b"".join(
        hashlib.md5(str((leaving, arriving, label - 2)).encode(), usedforsecurity=False).digest()
        for leaving, arriving, label in np.ndindex(*shape)
    )
    return np.frombuffer(digests, "<u4").reshape(*shape, 4).astype(np.uint32)


@numba.njit(cache=True)
def _turn(x: Any, n: int, b: Any) -> Any:
    """End a step: rotate to the left and add."""
    x = np.uint32(x)
    return np.uint32(np.uint32(np.uint32(x << np.uint32(n)) | np.uint32(x >> np.uint32(32 - n))) + b)


@numba.njit(cache=True)
def _compress(state: Any, words: Any, block: int) -> None:
    """Take one block of each lane into its state.

    Args:
        state: ``(4, LANES)`` uint32.
        words: The texts, ``(words, LANES)`` uint32.
        block: Which sixteen words.
    """
    x = words[16 * block : 16 * block + 16]
    for lane in range(LANES):
        a, b, c, d = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
        for i in range(0, 16, 4):
            a = _turn(a + (d ^ (b & (c ^ d))) + x[i, lane] + _K[i], 7, b)
            d = _turn(d + (c ^ (a & (b ^ c))) + x[i + 1, lane] + _K[i + 1], 12, a)
            c = _turn(c + (b ^ (d & (a ^ b))) + x[i + 2, lane] + _K[i + 2], 17, d)
            b = _turn(b + (a ^ (c & (d ^ a))) + x[i + 3, lane] + _K[i + 3], 22, c)
        for i in range(0, 16, 4):
            a = _turn(a + (c ^ (d & (b ^ c))) + x[(5 * i + 1) % 16, lane] + _K[16 + i], 5, b)
            d = _turn(d + (b ^ (c & (a ^ b))) + x[(5 * i + 6) % 16, lane] + _K[17 + i], 9, a)
            c = _turn(c + (a ^ (b & (d ^ a))) + x[(5 * i + 11) % 16, lane] + _K[18 + i], 14, d)
            b = _turn(b + (d ^ (a & (c ^ d))) + x[(5 * i) % 16, lane] + _K[19 + i], 20, c)
        for i in range(0, 16, 4):
            a = _turn(a + (b ^ c ^ d) + x[(3 * i + 5) % 16, lane] + _K[32 + i], 4, b)
            d = _turn(d + (a ^ b ^ c) + x[(3 * i + 8) % 16, lane] + _K[33 + i], 11, a)
            c = _turn(c + (d ^ a ^ b) + x[(3 * i + 11) % 16, lane] + _K[34 + i], 16, d)
            b = _turn(b + (c ^ d ^ a) + x[(3 * i + 14) % 16, lane] + _K[35 + i], 23, c)
        for i in range(0, 16, 4):
            a = _turn(a + (c ^ (b | ~d)) + x[(7 * i) % 16, lane] + _K[48 + i], 6, b)
            d = _turn(d + (b ^ (a | ~c)) + x[(7 * i + 7) % 16, lane] + _K[49 + i], 10, a)
            c = _turn(c + (a ^ (d | ~b)) + x[(7 * i + 14) % 16, lane] + _K[50 + i], 15, d)
            b = _turn(b + (d ^ (c | ~a)) + x[(7 * i + 5) % 16, lane] + _K[51 + i], 21, c)
        state[0, lane] += a
        state[1, lane] += b
        state[2, lane] += c
        state[3, lane] += d


@numba.njit(cache=True)
def _digest(words: Any, length: int, state: Any) -> None:
    """Hash a text of each lane, all of ``length`` bytes; the bytes after it must be zero."""
    words[length // 4] |= np.uint32(0x80 << 8 * (length % 4))
    blocks = (length + 8) // 64 + 1
    words[16 * blocks - 2] = np.uint32(8 * length)
    for i in range(4):
        state[i] = _START[i]
    for block in range(blocks):
        _compress(state, words, block)


@numba.njit(cache=True)
def _append(words: Any, at: int, texts: Any, vertex: Any) -> int:
    """Write the digest of a vertex of each lane, as text, at a byte; give where it ends.

    Args:
        words: ``(words, LANES)``, zero from there on.
        at: Where, in bytes.
        texts: ``(vertices, 8, LANES)``.
        vertex: Which vertex in each lane, ``(LANES,)``.
    """
    word, shift = at // 4, np.uint32(8 * (at % 4))
    for i in range(_HEX_WORDS):
        for lane in range(LANES):
            text = np.uint64(texts[vertex[lane], i, lane]) << np.uint64(shift)
            words[word + i, lane] |= np.uint32(text)
            words[word + i + 1, lane] |= np.uint32(text >> np.uint64(32))
    return at + 32


@numba.njit(cache=True)
def _hex(x: Any) -> Any:
    """Spell the two bytes in the low half of a word: four characters in a word."""
    x = np.uint32(x)
    digits = np.uint32((x & 0xF0) >> 4 | (x & 0x0F) << 8 | (x & 0xF000) << 4 | (x & 0x0F00) << 16)
    letters = np.uint32((digits + np.uint32(0x06060606)) >> np.uint32(4)) & np.uint32(0x01010101)
    return np.uint32(digits + np.uint32(0x30303030) + letters * np.uint32(39))


@numba.njit(cache=True)
def _swapped(x: Any) -> Any:
    """Turn the bytes of a word around: digests compare as their texts do."""
    x = np.uint32(x)
    return np.uint32(x >> 24 | (x >> 8 & 0xFF00) | (x << 8 & 0xFF0000) | (x << 24 & 0xFF000000))


@numba.njit(cache=True)
def _spell(colours: Any, count: int, texts: Any, ranks: Any, order: Any) -> None:
    """Write each colour as text, and each lane's vertices in the order of their colours, ``order[rank, lane]``."""
    for v in range(count):
        for i in range(4):
            for lane in range(LANES):
                texts[v, 2 * i, lane] = _hex(colours[v, i, lane])
                texts[v, 2 * i + 1, lane] = _hex(colours[v, i, lane] >> np.uint32(16))
        for half in range(2):
            for lane in range(LANES):
                high, low = _swapped(colours[v, 2 * half, lane]), _swapped(colours[v, 2 * half + 1, lane])
                ranks[v, half, lane] = np.uint64(high) << np.uint64(32) | np.uint64(low)
    for lane in range(LANES):
        for v in range(count):
            i = v
            high, low = ranks[v, 0, lane], ranks[v, 1, lane]
            while i > 0:
                u = order[i - 1, lane]
                if ranks[u, 0, lane] < high or (ranks[u, 0, lane] == high and ranks[u, 1, lane] <= low):
                    break
                order[i, lane] = u
                i -= 1
            order[i, lane] = v


@numba.njit(cache=True)
def _append_sorted(words: Any, at: int, texts: Any, order: Any, members: Any, count: int, chosen: Any) -> int:
    """Write the digests of a set of vertices, sorted; give where they end."""
    n = 0
    rest = members
    while rest:
        rest &= rest - ONE
        n += 1
    for lane in range(LANES):
        k = 0
        for rank in range(count):
            v = order[rank, lane]
            if members >> np.uint64(v) & ONE:
                chosen[k, lane] = v
                k += 1
    for k in range(n):
        at = _append(words, at, texts, chosen[k])
    return at


@numba.njit(cache=True)
def _put(words: Any, at: int, byte: int) -> int:
    """Write one character into every lane; give where it ends."""
    words[at // 4] |= np.uint32(byte << 8 * (at % 4))
    return at + 1


@numba.njit(cache=True)
def _hash_ordered(counts: Any, masks: Any, labels: Any, order: Any, first_colours: Any, result: Any) -> None:
    """Hash the modules in an order that puts those of one structure together; digests as four words, ``(n, 4)``."""
    colours = np.zeros((12, 4, LANES), np.uint32)
    texts = np.zeros((12, _HEX_WORDS, LANES), np.uint32)
    ranks = np.zeros((12, 2, LANES), np.uint64)
    sorted_vertices = np.zeros((12, LANES), np.int64)
    chosen = np.zeros((12, LANES), np.int64)
    words = np.zeros((_MOST_WORDS + 1, LANES), np.uint32)
    state = np.zeros((4, LANES), np.uint32)
    arriving = np.zeros(12, np.uint64)
    leaving = np.zeros(12, np.uint64)
    degrees = np.zeros((12, 2), np.int64)
    start = 0
    while start < len(order):
        count, mask = np.int64(counts[order[start]]), masks[order[start]]
        stop = start + 1
        while stop < len(order) and stop < start + LANES:
            if counts[order[stop]] != count or masks[order[stop]] != mask:
                break
            stop += 1
        leaving[:] = 0
        degrees[:] = 0
        for y in range(count):
            arriving[y] = into(mask, y) if y else np.uint64(0)
            for x in range(y):
                if arriving[y] >> np.uint64(x) & ONE:
                    leaving[x] |= ONE << np.uint64(y)
                    degrees[x, 0] += 1
                    degrees[y, 1] += 1
        for v in range(count):
            for lane in range(LANES):
                module = order[min(start + lane, stop - 1)]
                label = -1 if v == 0 else -2 if v == count - 1 else np.int64(labels[module, v - 1])
                for i in range(4):
                    colours[v, i, lane] = first_colours[degrees[v, 0], degrees[v, 1], label + 2, i]
        for _ in range(count):
            _spell(colours, count, texts, ranks, sorted_vertices)
            for v in range(count):
                words[:] = 0
                at = _append_sorted(words, 0, texts, sorted_vertices, arriving[v], count, chosen)
                at = _put(words, at, 0x7C)
                at = _append_sorted(words, at, texts, sorted_vertices, leaving[v], count, chosen)
                at = _put(words, at, 0x7C)
                chosen[0] = v
                at = _append(words, at, texts, chosen[0])
                _digest(words, at, state)
                colours[v] = state
        _spell(colours, count, texts, ranks, sorted_vertices)
        words[:] = 0
        at = _put(words, 0, 0x5B)  # ['…', '…']
        for rank in range(count):
            at = _put(words, at, 0x27)
            at = _append(words, at, texts, sorted_vertices[rank])
            at = _put(words, at, 0x27)
            if rank < count - 1:
                at = _put(words, at, 0x2C)
                at = _put(words, at, 0x20)
        at = _put(words, at, 0x5D)
        _digest(words, at, state)
        for lane in range(stop - start):
            for i in range(4):
                result[order[start + lane], i] = state[i, lane]
        start = stop
