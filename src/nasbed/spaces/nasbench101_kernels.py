"""The hot loops of the NAS-Bench-101 space, on edge masks instead of matrices.

A mask holds edge x→y (x < y) in bit ``x + y(y−1)/2``, the published order, so the predecessors of y are ``y``
neighbouring bits and pruning is a handful of shifts. An architecture row is those bits, then the operations of the
interior vertices. Eleven vertices (55 bits) fit a word.

What a first search needs writes into arrays that it is given: making them takes a second to compile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import kernel
from nasbed.core.rng import below, philox, word_at

ONE = np.uint64(1)
_LOW = np.uint64(0xFFFFFFFF)
_CROSSOVER_TRIES = 64


@kernel
def mix(x: Any) -> Any:
    """Scramble a word: the finaliser of SplitMix64 (Steele et al., OOPSLA 2014)."""
    x = np.uint64(x) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel
def into(mask: Any, y: Any) -> Any:
    """Give the predecessors of vertex y as a set of bits."""
    return (mask >> np.uint64(y * (y - 1) // 2)) & ((ONE << np.uint64(y)) - ONE)


@kernel
def kept_vertices(mask: Any, vertices: Any) -> Any:
    """Give the vertices on a path from the first to the last as a set of bits; 0 when there is no such path."""
    ahead = ONE
    for y in range(1, vertices):
        if into(mask, y) & ahead:
            ahead |= ONE << np.uint64(y)
    behind = ONE << np.uint64(vertices - 1)
    if not ahead & behind:
        return np.uint64(0)
    for y in range(vertices - 1, 0, -1):
        if behind >> np.uint64(y) & ONE:
            behind |= into(mask, y)
    return ahead & behind


@kernel
def pruned_edges(mask: Any, kept: Any, vertices: Any) -> Any:
    """Count the edges between kept vertices."""
    count = 0
    for y in range(1, vertices):
        if kept >> np.uint64(y) & ONE:
            sources = into(mask, y) & kept
            while sources:
                sources &= sources - ONE
                count += 1
    return count


@kernel
def fits(mask: Any, vertices: Any, edges: Any) -> Any:
    """Say whether the pruned module has a path and at most so many edges."""
    kept = kept_vertices(mask, vertices)
    return kept != np.uint64(0) and pruned_edges(mask, kept, vertices) <= edges


@kernel
def pruned_mask(mask: Any, kept: Any, vertices: Any) -> Any:
    """Renumber the kept vertices from 0 and give the mask of what is left."""
    result = np.uint64(0)
    bit = np.uint64(0)
    for y in range(1, vertices):
        if kept >> np.uint64(y) & ONE:
            sources = into(mask, y)
            for x in range(y):
                if kept >> np.uint64(x) & ONE:
                    result |= (sources >> np.uint64(x) & ONE) << bit
                    bit += ONE
    return result


@kernel
def packed(row: Any, edge_count: Any) -> Any:
    """Read the edge decisions of a row as a mask."""
    mask = np.uint64(0)
    for i in range(edge_count):
        mask |= np.uint64(row[i] & 1) << np.uint64(i)
    return mask


@kernel
def unpack(mask: Any, edge_count: Any, row: Any) -> None:
    """Write a mask into the edge decisions of a row."""
    for i in range(edge_count):
        row[i] = np.int8(mask >> np.uint64(i) & ONE)


@kernel
def valid_rows(archs: Any, vertices: int, edges: int, operations: int, ok: Any) -> None:
    """Write which rows hold only allowed values and a module that fits, ``(n,)`` bool."""
    n, decisions = archs.shape
    edge_count = vertices * (vertices - 1) // 2
    for i in range(n):
        fine = True
        for j in range(decisions):
            high = 2 if j < edge_count else operations
            fine &= 0 <= archs[i, j] < high
        ok[i] = fine and fits(packed(archs[i], edge_count), vertices, edges)


@kernel
def sample_rows(keys: Any, positions: Any, vertices: int, edges: int, operations: int, archs: Any) -> None:
    """Draw masks and operations uniformly until the module fits; one Philox block a try while it has room."""
    edge_count = vertices * (vertices - 1) // 2
    interior = vertices - 2
    codes = operations**interior
    for run in range(len(keys)):
        block = (positions[run] + 1) // 2
        while True:
            first, second = philox(keys[run], block)
            block += 1
            mask = first & ((ONE << np.uint64(edge_count)) - ONE)
            if fits(mask, vertices, edges):
                break
        positions[run] = 2 * block
        unpack(mask, edge_count, archs[run])
        code = below(second, codes)
        for i in range(interior - 1, -1, -1):
            archs[run, edge_count + i] = code % operations
            code //= operations


@kernel
def mutate_rows(
    archs: Any, keys: Any, positions: Any, vertices: int, edges: int, operations: int, rate: float, children: Any
) -> None:
    """Flip each edge with probability rate/vertices, redraw each operation with rate/interior, until it fits."""
    edge_count = vertices * (vertices - 1) // 2
    interior = vertices - 2
    flip = np.uint64(min(rate / vertices, 1.0) * 4294967296.0)
    redraw = np.uint64(min(rate / max(interior, 1), 1.0) * 4294967296.0)
    for run in range(len(keys)):
        parent = packed(archs[run], edge_count)
        at = positions[run] + (positions[run] & 1)
        while True:
            flips = np.uint64(0)
            for i in range(0, edge_count, 4):  # a block holds four 32-bit draws
                first, second = philox(keys[run], at >> 1)
                at += 2
                flips |= np.uint64((first & _LOW) < flip) << np.uint64(i)
                flips |= np.uint64((first >> np.uint64(32)) < flip) << np.uint64(i + 1)
                flips |= np.uint64((second & _LOW) < flip) << np.uint64(i + 2)
                flips |= np.uint64((second >> np.uint64(32)) < flip) << np.uint64(i + 3)
            mask = parent ^ (flips & ((ONE << np.uint64(edge_count)) - ONE))
            if fits(mask, vertices, edges):
                break
        unpack(mask, edge_count, children[run])
        for i in range(edge_count, edge_count + interior):
            if i == edge_count or not at & 1:  # a block has two words
                block = philox(keys[run], at >> 1)
            word = block[at & 1]
            at += 1
            children[run, i] = archs[run, i]
            if (word & _LOW) < redraw and operations > 1:  # to another operation, as published
                turn = 1 + (((word >> np.uint64(32)) * np.uint64(operations - 1)) >> np.uint64(32))
                children[run, i] = (archs[run, i] + np.int64(turn)) % operations
        positions[run] = at


@kernel
def cross_rows(mothers: Any, fathers: Any, keys: Any, positions: Any, vertices: int, edges: int) -> Any:
    """Take each decision from either parent with equal chance until it fits; the mother after 64 misfits."""
    runs, decisions = mothers.shape
    edge_count = vertices * (vertices - 1) // 2
    children = np.empty_like(mothers)
    for run in range(runs):
        mother, father = packed(mothers[run], edge_count), packed(fathers[run], edge_count)
        choose = np.uint64(0)
        for attempt in range(_CROSSOVER_TRIES + 1):
            choose = word_at(keys[run], positions[run])
            positions[run] += 1
            if attempt == _CROSSOVER_TRIES:
                choose = np.uint64(0)
            if fits(mother ^ ((mother ^ father) & choose), vertices, edges):
                break
        for i in range(decisions):
            from_father = choose >> np.uint64(i % 64) & ONE
            children[run, i] = fathers[run, i] if from_father else mothers[run, i]
    return children


@kernel
def colour_key(mask: Any, vertices: Any, labels: Any) -> Any:
    """Hash a pruned module so that isomorphic ones agree: the published refinement, with 64-bit colours.

    Args:
        mask: Edges of the pruned module.
        vertices: How many vertices it has.
        labels: Its labels, −1 for input, −2 for output, operations from 0.
    """
    colours = np.empty(vertices, np.uint64)
    fresh = np.empty(vertices, np.uint64)
    for v in range(vertices):
        arriving: Any = 0
        leaving: Any = 0
        for u in range(v):
            arriving += np.int64(into(mask, v) >> np.uint64(u) & ONE)
        for w in range(v + 1, vertices):
            leaving += np.int64(into(mask, w) >> np.uint64(v) & ONE)
        colours[v] = mix((leaving * 64 + arriving) * 64 + labels[v] + 2)
    for _ in range(vertices):
        for v in range(vertices):
            arriving_sum, leaving_sum = np.uint64(0), np.uint64(0)
            for u in range(v):
                if into(mask, v) >> np.uint64(u) & ONE:
                    arriving_sum += mix(colours[u] ^ np.uint64(0x243F6A8885A308D3))
            for w in range(v + 1, vertices):
                if into(mask, w) >> np.uint64(v) & ONE:
                    leaving_sum += mix(colours[w] ^ np.uint64(0x13198A2E03707344))
            fresh[v] = mix(mix(mix(arriving_sum) + leaving_sum) + colours[v])
        colours, fresh = fresh, colours
    total = np.uint64(0)
    for v in range(vertices):
        total += mix(colours[v])
    return mix(total + np.uint64(vertices))


@kernel
def key_rows(archs: Any, vertices: int) -> Any:
    """Prune and hash each row, ``(n,)`` uint64; 0 for a row without a path."""
    edge_count = vertices * (vertices - 1) // 2
    keys = np.zeros(len(archs), np.uint64)
    labels = np.empty(vertices, np.int64)
    for i in range(len(archs)):
        mask = packed(archs[i], edge_count)
        kept = kept_vertices(mask, vertices)
        if not kept:
            continue
        n = pruned_labels(archs[i], kept, vertices, labels)
        keys[i] = colour_key(pruned_mask(mask, kept, vertices), n, labels)
    return keys


@kernel
def pruned_labels(row: Any, kept: Any, vertices: Any, labels: Any) -> Any:
    """Write the labels of the kept vertices and give how many there are."""
    edge_count = vertices * (vertices - 1) // 2
    n = 1
    labels[0] = -1
    for v in range(1, vertices - 1):
        if kept >> np.uint64(v) & ONE:
            labels[n] = row[edge_count + v - 1]
            n += 1
    labels[n] = -2
    return n + 1


@kernel(patience=10)  # it takes a second to compile, with the arrays that it makes
def pruned_rows(archs: Any, vertices: int) -> Any:
    """Prune each row: vertices left ``(n,)``, their mask ``(n,)`` and their operations ``(n, vertices − 2)``.

    A row without a path has 0 vertices; operations that are not there are −1.
    """
    edge_count = vertices * (vertices - 1) // 2
    counts = np.zeros(len(archs), np.int8)
    masks = np.zeros(len(archs), np.uint64)
    operations = np.full((len(archs), max(vertices - 2, 0)), -1, np.int8)
    labels = np.empty(vertices, np.int64)
    for i in range(len(archs)):
        mask = packed(archs[i], edge_count)
        kept = kept_vertices(mask, vertices)
        if kept:
            counts[i] = pruned_labels(archs[i], kept, vertices, labels)
            masks[i] = pruned_mask(mask, kept, vertices)
            for j in range(counts[i] - 2):
                operations[i, j] = labels[j + 1]
    return counts, masks, operations


@kernel
def embedded_rows(counts: Any, masks: Any, operations: Any, vertices: int) -> Any:
    """Undo ``pruned_rows``: interior vertices first, the output last, nothing in between."""
    edge_count = vertices * (vertices - 1) // 2
    archs = np.zeros((len(counts), edge_count + vertices - 2), np.int8)
    for i in range(len(counts)):
        n = counts[i]
        inner = (n - 1) * (n - 2) // 2
        for bit in range(n * (n - 1) // 2):
            if masks[i] >> np.uint64(bit) & ONE:
                if bit < inner:
                    archs[i, bit] = 1
                else:  # an edge into the output, which moves to the last vertex
                    archs[i, (vertices - 1) * (vertices - 2) // 2 + bit - inner] = 1
        for j in range(n - 2):
            archs[i, edge_count + j] = operations[i, j]
    return archs
