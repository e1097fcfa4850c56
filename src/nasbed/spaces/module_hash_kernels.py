"""The published hash of many modules at once, exact to the bit.

MD5 has no shortcut, so the gain is in its lanes: modules of one structure feed it texts of the same lengths, only
their colours differ, and so sixteen labellings of a structure go through every step of MD5 together. Written
straight, with one lane a loop turn, the compiler makes vector instructions of it.

References: module_hash.py; RFC 1321 for MD5.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import heavy_kernel, kernel
from nasbed.spaces.module_hash import module_hash
from nasbed.spaces.nasbench101_kernels import ONE, into

LANES = 16
_HEX_WORDS = 8  # a digest as text: 32 characters
_MOST_WORDS = 112  # the longest text, the list of eleven digests, fills seven blocks
_BAR, _OPEN, _CLOSE, _QUOTE, _COMMA, _SPACE, _END = np.frombuffer(b"|[]', \x80", np.uint8)
_ZERO = np.int64(0)  # for a bare 0, a literal, numba would compile what it is passed to once more
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


@heavy_kernel
def _turn(a: Any, mixed: Any, word: Any, constant: Any, n: Any, b: Any) -> Any:
    """Do one step of MD5. Every sum is cut back to 32 bits at once, or the vectors would be half as wide."""
    a = np.uint32(np.uint32(a + np.uint32(mixed)) + np.uint32(word + constant))
    return np.uint32(np.uint32(np.uint32(a << n) | np.uint32(a >> np.uint32(np.uint32(32) - n))) + b)


@heavy_kernel
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
            a = _turn(a, d ^ (b & (c ^ d)), x[i, lane], _K[i], np.uint32(7), b)
            d = _turn(d, c ^ (a & (b ^ c)), x[i + 1, lane], _K[i + 1], np.uint32(12), a)
            c = _turn(c, b ^ (d & (a ^ b)), x[i + 2, lane], _K[i + 2], np.uint32(17), d)
            b = _turn(b, a ^ (c & (d ^ a)), x[i + 3, lane], _K[i + 3], np.uint32(22), c)
        for i in range(0, 16, 4):
            a = _turn(a, c ^ (d & (b ^ c)), x[(5 * i + 1) % 16, lane], _K[16 + i], np.uint32(5), b)
            d = _turn(d, b ^ (c & (a ^ b)), x[(5 * i + 6) % 16, lane], _K[17 + i], np.uint32(9), a)
            c = _turn(c, a ^ (b & (d ^ a)), x[(5 * i + 11) % 16, lane], _K[18 + i], np.uint32(14), d)
            b = _turn(b, d ^ (a & (c ^ d)), x[(5 * i) % 16, lane], _K[19 + i], np.uint32(20), c)
        for i in range(0, 16, 4):
            a = _turn(a, b ^ c ^ d, x[(3 * i + 5) % 16, lane], _K[32 + i], np.uint32(4), b)
            d = _turn(d, a ^ b ^ c, x[(3 * i + 8) % 16, lane], _K[33 + i], np.uint32(11), a)
            c = _turn(c, d ^ a ^ b, x[(3 * i + 11) % 16, lane], _K[34 + i], np.uint32(16), d)
            b = _turn(b, c ^ d ^ a, x[(3 * i + 14) % 16, lane], _K[35 + i], np.uint32(23), c)
        for i in range(0, 16, 4):
            a = _turn(a, c ^ (b | ~d), x[(7 * i) % 16, lane], _K[48 + i], np.uint32(6), b)
            d = _turn(d, b ^ (a | ~c), x[(7 * i + 7) % 16, lane], _K[49 + i], np.uint32(10), a)
            c = _turn(c, a ^ (d | ~b), x[(7 * i + 14) % 16, lane], _K[50 + i], np.uint32(15), d)
            b = _turn(b, d ^ (c | ~a), x[(7 * i + 5) % 16, lane], _K[51 + i], np.uint32(21), c)
        state[0, lane] += a
        state[1, lane] += b
        state[2, lane] += c
        state[3, lane] += d


@heavy_kernel
def _digest(words: Any, length: Any, state: Any) -> None:
    """Hash a text of each lane, all of ``length`` bytes, into ``state``."""
    blocks = (length + 8) // 64 + 1
    at = _put(words, length, _END)
    for word in range((at + 3) // 4, 16 * blocks):
        for lane in range(LANES):
            words[word, lane] = 0
    for lane in range(LANES):
        words[16 * blocks - 2, lane] = 8 * length
        for i in range(4):
            state[i, lane] = _START[i]
    for block in range(blocks):
        _compress(state, words, block)


@heavy_kernel
def _put(words: Any, at: Any, character: Any) -> Any:
    """Write one character into every lane; give where it ends. What is beyond it in its word becomes zero."""
    word, bits = at // 4, np.uint32(np.int64(character) << 8 * (at % 4))
    for lane in range(LANES):
        words[word, lane] = bits if at % 4 == 0 else np.uint32(words[word, lane] | bits)
    return at + 1


@heavy_kernel
def _append(words: Any, at: Any, texts: Any, vertex: Any) -> Any:
    """Write the digest of a vertex as text, behind what is there; give where it ends."""
    word, shift = at // 4, 8 * (at % 4)
    if shift == 0:
        for i in range(_HEX_WORDS):
            for lane in range(LANES):
                words[word + i, lane] = texts[vertex, i, lane]
        return at + 32
    left, right = np.uint32(shift), np.uint32(32 - shift)
    for lane in range(LANES):
        words[word, lane] |= np.uint32(texts[vertex, 0, lane] << left)
    for i in range(1, _HEX_WORDS):
        for lane in range(LANES):
            words[word + i, lane] = np.uint32(texts[vertex, i - 1, lane] >> right) | np.uint32(
                texts[vertex, i, lane] << left
            )
    for lane in range(LANES):
        words[word + _HEX_WORDS, lane] = np.uint32(texts[vertex, _HEX_WORDS - 1, lane] >> right)
    return at + 32


@heavy_kernel
def _append_sorted(
    words: Any, at: int, texts: Any, ranks: Any, members: Any, chosen: Any, place: Any, text: Any
) -> Any:
    """Write the digests of a set of vertices in ascending order; give where they end.

    Args:
        words: ``(words, LANES)``.
        at: Where they begin, in bytes.
        texts: The digests, ``(vertices, 8, LANES)``.
        ranks: The place of each among all vertices, ``(vertices, LANES)``.
        members: The vertices, ascending, ``(n,)``.
        chosen: Room for the vertices of each lane in order, ``(vertices, LANES)``.
        text: Room for a digest of each lane, ``(8, LANES)``.
    """
    if len(members) == 1:  # nothing to sort: the lanes agree
        return _append(words, at, texts, members[0])
    for v in members:
        for lane in range(LANES):
            place[lane] = 0
        for u in members:
            for lane in range(LANES):
                place[lane] += ranks[u, lane] < ranks[v, lane]
        for lane in range(LANES):
            chosen[place[lane], lane] = v
    for k in range(len(members)):
        for lane in range(LANES):
            for i in range(_HEX_WORDS):
                text[0, i, lane] = texts[chosen[k, lane], i, lane]
        at = _append(words, at, text, _ZERO)
    return at


@heavy_kernel
def _spelled(x: Any) -> Any:
    """Spell the two bytes in the low half of a word in hexadecimal: four characters in a word."""
    first = np.uint32(np.uint32(x >> np.uint32(4)) & np.uint32(0x000F)) | np.uint32(
        np.uint32(x << np.uint32(8)) & np.uint32(0x0F00)
    )
    second = np.uint32(np.uint32(x << np.uint32(4)) & np.uint32(0x000F0000)) | np.uint32(
        np.uint32(x << np.uint32(16)) & np.uint32(0x0F000000)
    )
    digits = np.uint32(first | second)
    letters = np.uint32(np.uint32(digits + np.uint32(0x06060606)) >> np.uint32(4)) & np.uint32(0x01010101)
    return np.uint32(np.uint32(digits + np.uint32(0x30303030)) + np.uint32(letters * np.uint32(39)))


@heavy_kernel
def _spell(colours: Any, count: Any, texts: Any, ranks: Any, keys: Any) -> None:
    """Write each colour as text, and find its place among the colours of its lane; equal ones in any order."""
    for v in range(count):
        for i in range(_HEX_WORDS):
            word, shift = i // 2, np.uint32(16 * (i % 2))
            for lane in range(LANES):
                texts[v, i, lane] = _spelled(np.uint32(colours[v, word, lane] >> shift))
        for half in range(2):  # texts compare as big-endian numbers do
            for lane in range(LANES):
                high, low = np.uint64(colours[v, 2 * half, lane]), np.uint64(colours[v, 2 * half + 1, lane])
                x = high | low << np.uint64(32)
                x = (x & np.uint64(0x00FF00FF00FF00FF)) << np.uint64(8) | x >> np.uint64(8) & np.uint64(
                    0x00FF00FF00FF00FF
                )
                x = (x & np.uint64(0x0000FFFF0000FFFF)) << np.uint64(16) | x >> np.uint64(16) & np.uint64(
                    0x0000FFFF0000FFFF
                )
                keys[v, half, lane] = x << np.uint64(32) | x >> np.uint64(32)
        for lane in range(LANES):
            ranks[v, lane] = 0
    for v in range(count):
        for u in range(v):
            for lane in range(LANES):
                later = keys[u, 0, lane] > keys[v, 0, lane]
                later |= (keys[u, 0, lane] == keys[v, 0, lane]) & (keys[u, 1, lane] > keys[v, 1, lane])
                ranks[u, lane] += later
                ranks[v, lane] += not later


def _hash_one_by_one(counts: Any, masks: Any, labels: Any, order: Any, first_colours: Any, result: Any) -> None:
    for i, (count, mask) in enumerate(zip(counts.tolist(), masks.tolist(), strict=True)):
        edges = [[mask >> x + y * (y - 1) // 2 & 1 if x < y else 0 for y in range(count)] for x in range(count)]
        digest = module_hash(edges, [-1, *labels[i, : count - 2].tolist(), -2])
        result[i] = np.frombuffer(bytes.fromhex(digest), "<u4")


@kernel(until_then=_hash_one_by_one, patience=20, rows=8192)  # it takes as long to compile as to hash 20,000 one by one
def _hash_ordered(counts: Any, masks: Any, labels: Any, order: Any, first_colours: Any, result: Any) -> None:
    """Hash the modules in an order that puts those of one structure together; digests as four words, ``(n, 4)``."""
    most = first_colours.shape[0]
    colours = np.zeros((most, 4, LANES), np.uint32)
    texts = np.zeros((most, _HEX_WORDS, LANES), np.uint32)
    keys = np.zeros((most, 2, LANES), np.uint64)
    ranks = np.zeros((most, LANES), np.int32)
    chosen = np.zeros((most, LANES), np.int32)
    place = np.zeros(LANES, np.int32)
    text = np.zeros((1, _HEX_WORDS, LANES), np.uint32)
    words = np.zeros((_MOST_WORDS, LANES), np.uint32)
    state = np.zeros((4, LANES), np.uint32)
    into_v, sources = np.zeros(most, np.int64), np.zeros((most, most), np.int64)
    out_of_v, targets = np.zeros(most, np.int64), np.zeros((most, most), np.int64)
    start = 0
    while start < len(order):
        count, mask = np.int64(counts[order[start]]), masks[order[start]]
        stop = start + 1
        while stop < len(order) and stop < start + LANES:
            if counts[order[stop]] != count or masks[order[stop]] != mask:
                break
            stop += 1
        into_v[:], out_of_v[:] = 0, 0
        for y in range(1, count):
            for x in range(y):
                if into(mask, y) >> np.uint64(x) & ONE:
                    sources[y, into_v[y]], targets[x, out_of_v[x]] = x, y
                    into_v[y] += 1
                    out_of_v[x] += 1
        for v in range(count):
            for lane in range(LANES):
                module = order[min(start + lane, stop - 1)]
                label = -1 if v == 0 else -2 if v == count - 1 else np.int64(labels[module, v - 1])
                for i in range(4):
                    colours[v, i, lane] = first_colours[out_of_v[v], into_v[v], label + 2, i]
        for _ in range(count):
            _spell(colours, count, texts, ranks, keys)
            for v in range(count):
                at = _append_sorted(words, _ZERO, texts, ranks, sources[v, : into_v[v]], chosen, place, text)
                at = _put(words, at, _BAR)
                at = _append_sorted(words, at, texts, ranks, targets[v, : out_of_v[v]], chosen, place, text)
                at = _put(words, at, _BAR)
                at = _append(words, at, texts, v)
                _digest(words, at, state)
                for i in range(4):
                    for lane in range(LANES):
                        colours[v, i, lane] = state[i, lane]
        _spell(colours, count, texts, ranks, keys)
        for v in range(count):
            for lane in range(LANES):
                chosen[ranks[v, lane], lane] = v
        at = _put(words, _ZERO, _OPEN)
        for k in range(count):
            if k:
                at = _put(words, _put(words, at, _COMMA), _SPACE)
            for lane in range(LANES):
                for i in range(_HEX_WORDS):
                    text[0, i, lane] = texts[chosen[k, lane], i, lane]
            at = _put(words, _append(words, _put(words, at, _QUOTE), text, _ZERO), _QUOTE)
        _digest(words, _put(words, at, _CLOSE), state)
        for lane in range(stop - start):
            for i in range(4):
                result[order[start + lane], i] = state[i, lane]
        start = stop
