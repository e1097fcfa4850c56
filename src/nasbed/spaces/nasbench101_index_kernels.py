"""The hot loops of looking NAS-Bench-101's modules up: from rows, as edge masks, to the numbers of their classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import kernel
from nasbed.spaces.nasbench101_kernels import ONE, kept_vertices, pruned_mask

_BLOCK = 256


@kernel
def structure_map(vertices: int, counts: Any, masks: Any) -> Any:
    """Prune every mask there is: number of the pruned structure plus 1 (0: no such structure), and what is kept.

    Args:
        vertices: Of the space; ``2**(vertices(vertices−1)/2)`` masks are gone through.
        counts: Vertices of each structure, ``(s,)``.
        masks: Edge mask of each structure, ``(s,)``.
    """
    starts = np.zeros(vertices + 2, np.int64)
    for v in range(2, vertices + 1):
        starts[v + 1] = starts[v] + (1 << (v * (v - 1) // 2))
    number = np.zeros(starts[vertices + 1], np.uint32)
    for s in range(len(counts)):
        number[starts[counts[s]] + np.int64(masks[s])] = s + 1
    total = 1 << (vertices * (vertices - 1) // 2)
    structure = np.zeros(total, np.uint32)
    interior = np.zeros(total, np.uint8)
    for m in range(total):
        mask = np.uint64(m)
        kept = kept_vertices(mask, vertices)
        if kept:
            n, rest = 0, kept
            while rest:
                rest &= rest - ONE
                n += 1
            structure[m] = number[starts[n] + np.int64(pruned_mask(mask, kept, vertices))]
            interior[m] = np.uint8((kept >> ONE) & ((ONE << np.uint64(vertices - 2)) - ONE))
    return structure, interior


@kernel
def eight_bytes(flat: Any, at: Any) -> Any:
    """Read eight bytes as a word. The unsigned position is what lets the compiler make one load of it."""
    low = np.uint64(flat[at]) | np.uint64(flat[at + ONE]) << np.uint64(8)
    low |= np.uint64(flat[at + np.uint64(2)]) << np.uint64(16) | np.uint64(flat[at + np.uint64(3)]) << np.uint64(24)
    high = np.uint64(flat[at + np.uint64(4)]) | np.uint64(flat[at + np.uint64(5)]) << np.uint64(8)
    high |= np.uint64(flat[at + np.uint64(6)]) << np.uint64(16) | np.uint64(flat[at + np.uint64(7)]) << np.uint64(24)
    return low | high << np.uint64(32)


@kernel
def some_bytes(flat: Any, at: Any, count: Any) -> Any:
    """Read fewer than eight bytes as a word."""
    word = np.uint64(0)
    for k in range(count):
        word |= np.uint64(flat[at + np.uint64(k)]) << np.uint64(8 * k)
    return word


def class_rows_plainly(
    archs: Any, vertices: int, operations: int, structure: Any, interior: Any, offsets: Any, classes: Any
) -> Any:
    """Give what ``class_rows`` gives, by NumPy: of some hundred rows in a tenth of a millisecond."""
    edge_count = vertices * (vertices - 1) // 2
    edges, labels = archs[:, :edge_count].view(np.uint8), archs[:, edge_count:].view(np.uint8)
    mask = np.zeros(len(archs), np.int64)
    for i, byte in enumerate(np.packbits(edges, axis=1, bitorder="little").T):
        mask |= byte.astype(np.int64) << 8 * i
    numbers, kept, code = structure.take(mask).astype(np.int64), interior.take(mask), np.zeros(len(archs), np.int64)
    for v, label in enumerate(labels.T):
        code = np.where(kept >> v & 1, code * operations + label, code)
    fine = numbers > 0
    if edges.max(initial=0) > 1 or labels.max(initial=0) >= operations:
        fine &= (edges < 2).all(axis=1) & (labels < operations).all(axis=1)
    places = np.where(fine, offsets.take(numbers - 1) + code, 0)
    return np.where(fine, classes.take(places), -1).astype(np.int64)


@kernel(until_then=class_rows_plainly)
def class_rows(
    archs: Any, vertices: int, operations: int, structure: Any, interior: Any, offsets: Any, classes: Any
) -> Any:
    """Look each row's class up, ``(n,)`` int64; −1 for a row that the space does not contain.

    At most seven vertices. Eight decisions are read as one word; a multiplication packs eight edges; operations of
    pruned vertices weigh 0. The three look-ups hang on each other and each misses the nearest cache, so they are done
    for a block of rows at a time, one after the other: then many are under way at once.
    """
    n, decisions = archs.shape
    edge_count = vertices * (vertices - 1) // 2
    inner = decisions - edge_count
    weights = np.zeros((32, 5), np.int64)
    for kept in range(1 << inner):
        weight = 1
        for j in range(inner - 1, -1, -1):
            if kept >> j & 1:
                weights[kept, j] = weight
                weight *= operations
    too_high = np.uint64(0x0101010101010101) * np.uint64(128 - operations)  # carries into a byte's highest bit
    last = np.uint64(edge_count % 8)
    result = np.empty(n, np.int64)
    flat = archs.reshape(-1).view(np.uint8)
    block = min(_BLOCK, n)  # a single row, a search's, would spend most of its time on making room for many
    masks, strange, labels = np.empty(block, np.uint64), np.empty(block, np.uint64), np.empty(block, np.uint64)
    numbers, kepts, places = np.empty(block, np.int64), np.empty(block, np.uint64), np.empty(block, np.int64)
    for start in range(0, n, _BLOCK):
        rows = min(_BLOCK, n - start)
        for i in range(rows):
            at = np.uint64((start + i) * decisions)
            mask, seen = np.uint64(0), np.uint64(0)
            for j in range(0, edge_count - 7, 8):
                word = eight_bytes(flat, at + np.uint64(j))
                seen |= word
                mask |= pack_eight(word) << np.uint64(j)
            if decisions == 26:  # seven vertices, whose rows are long enough to read whole words to the end
                word = eight_bytes(flat, at + np.uint64(16)) & np.uint64(0xFFFFFFFFFF)
                inner_word = eight_bytes(flat, at + np.uint64(18)) >> np.uint64(24)
            else:
                word = some_bytes(flat, at + np.uint64(edge_count) - last, last)
                inner_word = some_bytes(flat, at + np.uint64(edge_count), inner)
            masks[i] = mask | pack_eight(word) << (np.uint64(edge_count) - last)
            labels[i] = inner_word
            strange[i] = (seen | word) & np.uint64(0xFEFEFEFEFEFEFEFE)
            strange[i] |= (inner_word | inner_word + too_high) & np.uint64(0x8080808080808080)
        for i in range(rows):
            numbers[i] = structure[masks[i]]
            kepts[i] = interior[masks[i]]
        for i in range(rows):
            code = np.int64(0)
            for j in range(5):
                code += np.int64(labels[i] >> np.uint64(8 * j) & np.uint64(0xFF)) * weights[kepts[i], np.uint64(j)]
            fine = (strange[i] == 0) & (numbers[i] > 0)
            places[i] = offsets[np.uint64(numbers[i] - 1)] + code if fine else -1
        for i in range(rows):
            result[start + i] = classes[np.uint64(places[i])] if places[i] >= 0 else -1
    return result


@kernel(until_then=lambda classes, keys: np.where(classes < 0, np.uint64(0), keys.take(classes)))
def class_keys(classes: Any, keys: Any) -> Any:
    """Give the key of each class, ``(n,)`` uint64; 0 for −1."""
    result = np.zeros(len(classes), np.uint64)
    for i in range(len(classes)):
        if classes[i] >= 0:
            result[i] = keys[classes[i]]
    return result


@kernel
def pack_eight(word: Any) -> Any:
    """Pack the lowest bits of eight bytes into one."""
    return (word & np.uint64(0x0101010101010101)) * np.uint64(0x0102040810204080) >> np.uint64(56)
