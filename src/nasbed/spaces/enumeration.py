"""Every module once: the published enumeration, without hashing a single graph.

The original generator goes through all matrices and labels in order and keeps what has a hash not seen before. The
same modules come out, in the same order and with the same representatives, from this observation: the first matrix
of an isomorphism class of unlabelled structures meets every labelling of that class, so what is new are the orbits
of its labels under its automorphisms, each first seen at its smallest member.

Reference: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019,
https://arxiv.org/abs/1902.09635
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.spaces import enumeration_kernels as kernels
from nasbed.spaces.module_hash_kernels import hash_modules

VERTICES_AT_MOST = 11
"""An edge mask of 55 bits fits a word."""

_STRUCTURES_AT_MOST = 2**25
_LABELLED_AT_MOST = 2**28


@dataclass(frozen=True, eq=False)
class Modules:
    """Modules, pruned, each different from all others.

    Attributes:
        vertices: How many vertices each has, ``(n,)`` int8.
        masks: Its edges, x→y in bit ``x + y(y−1)/2``, ``(n,)`` uint64.
        labels: The operations of its interior vertices, −1 where it has no such vertex, ``(n, interior)`` int8.
        collisions: Pairs of modules that share a published hash though they differ, ``(c, 2)``; None if not looked for.
    """

    vertices: NDArray[np.int8]
    masks: NDArray[np.uint64]
    labels: NDArray[np.int8]
    collisions: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.vertices)


@dataclass(frozen=True, eq=False)
class Structures:
    """All structures with the class of every labelling.

    Attributes:
        structure_vertices: How many vertices each has, ``(n,)`` int8.
        structure_masks: Its edges, ``(n,)`` uint64.
        offsets: Where its classes begin, ``(n + 1,)`` int64.
        classes: The class of each labelling, a number with the first interior operation most significant, int32.
    """

    structure_vertices: NDArray[np.int8]
    structure_masks: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    classes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Level:
    """What there is with one number of vertices."""

    vertices: int
    powers: NDArray[np.int64]  # of the number of operations: the weight of each interior vertex in a code
    masks: NDArray[np.uint64]  # of all structures, ascending
    first: NDArray[np.int32]  # the row in ``classes`` of the first structure isomorphic to each
    orders: NDArray[np.int8]
    classes: NDArray[np.int32]
    owners: NDArray[np.int32]  # the first structure of each class
    smallest: NDArray[np.int64]  # its smallest code


def enumerate_modules(vertices: int, edges: int, operations: int, verify: bool = False) -> Modules:
    """Give every module once, in the published order and as the original generator first meets it.

    Args:
        vertices: At most so many, with input and output; 2 to 11.
        edges: At most so many.
        operations: How many operations an interior vertex can have.
        verify: Also check each isomorphism that was used, exactly, and look for different modules with the same
            published hash. There are none in NAS-Bench-101; in larger spaces there are.

    Raises:
        BadSetting: When a number is out of range or the space is too large to go through.
    """
    levels = list(_levels(vertices, edges, operations, verify))
    labels = np.full((sum(len(level.owners) for level in levels), max(vertices - 2, 0)), -1, np.int8)
    start = 0
    for level in levels:
        stop = start + len(level.owners)
        labels[start:stop, : level.vertices - 2] = level.smallest[:, None] // level.powers % operations
        start = stop
    modules = Modules(
        np.concatenate([np.full(len(level.owners), level.vertices, np.int8) for level in levels]),
        np.concatenate([level.masks[level.owners] for level in levels]),
        labels,
    )
    return replace(modules, collisions=_collisions(modules)) if verify else modules


def label_structures(vertices: int, edges: int, operations: int) -> Structures:
    """Give every structure with the class of each of its labellings, numbered as ``enumerate_modules`` does.

    Raises:
        BadSetting: When a number is out of range or the space is too large to go through.
    """
    levels = list(_levels(vertices, edges, operations))
    sizes = np.concatenate([np.full(len(level.masks), level.classes.shape[1], np.int64) for level in levels])
    _refuse_more(int(sizes.sum()), _LABELLED_AT_MOST, "labelled structures", vertices, edges, operations)
    return Structures(
        np.concatenate([np.full(len(level.masks), level.vertices, np.int8) for level in levels]),
        np.concatenate([level.masks for level in levels]),
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate([_classes_of(level) for level in levels]),
    )


def _classes_of(level: _Level) -> NDArray[np.int32]:
    """Give the class of each labelling of each structure, ``(structures × codes,)``."""
    result = np.empty(len(level.masks) * level.classes.shape[1], np.int32)
    kernels.classes_of_structures(result, level.powers, level.first, level.orders, level.classes)
    return result


def _levels(vertices: int, edges: int, operations: int, verify: bool = False) -> Iterator[_Level]:
    """Go through the numbers of vertices that a module can have."""
    if not 2 <= vertices <= VERTICES_AT_MOST:
        raise BadSetting(f"modules have 2 to {VERTICES_AT_MOST} vertices, input and output included, not {vertices}")
    if edges < 1 or operations < 1:
        raise BadSetting(f"modules have at least 1 edge and 1 operation, not {edges} and {operations}")
    vertices = min(vertices, edges + 1)  # a path over v vertices takes v − 1 edges
    _refuse_more(operations ** (vertices - 2), _LABELLED_AT_MOST, "labelled structures", vertices, edges, operations)
    # The largest first, because it is the one that may be too large.
    masks_of = {v: _structure_masks(v, edges, operations) for v in range(vertices, 1, -1)}
    start = 0
    for v in range(2, vertices + 1):
        masks = masks_of[v]
        first, orders, automorphisms, owners = _isomorphisms(v, masks)
        if verify:
            _check_witnesses(v, masks, masks[first], orders)
            _check_witnesses(v, masks[owners], masks[owners], automorphisms)
        firsts, bounds = np.unique(owners, return_index=True)
        codes = operations ** (v - 2)
        _refuse_more(len(firsts) * codes, _LABELLED_AT_MOST, "labelled structures", v, edges, operations)
        powers = operations ** np.arange(v - 3, -1, -1, dtype=np.int64)
        classes = np.full((len(firsts), codes), -1, np.int32)
        of_class, smallest = np.empty(classes.size, np.int32), np.empty(classes.size, np.int64)
        bounds = np.append(bounds, len(owners))
        count = kernels.label_orbits(of_class, smallest, classes, powers, automorphisms, bounds, start)
        start += count
        yield _Level(
            v,
            powers,
            masks,
            np.searchsorted(firsts, first).astype(np.int32),
            orders,
            classes,
            firsts[of_class[:count]],
            smallest[:count].copy(),
        )


def _structure_masks(vertices: int, edges: int, operations: int) -> NDArray[np.uint64]:
    """Give the structures of exactly so many vertices, ascending, ``(n,)``."""
    room = min(2**16, 2 ** (vertices * (vertices - 1) // 2))
    while True:
        masks = np.empty(min(room, _STRUCTURES_AT_MOST), np.uint64)
        count = kernels.full_structures(vertices, edges, masks)
        if count <= len(masks):
            return masks[:count].copy()
        _refuse_more(count, _STRUCTURES_AT_MOST, "structures", vertices, edges, operations)
        room *= 8


def _isomorphisms(
    vertices: int, masks: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int8], NDArray[np.int32]]:
    """Give what the kernel of that name writes."""
    found, room = 2**16, 0
    while room < found:
        room = found
        first, orders = np.full(len(masks), -1, np.int32), np.zeros((len(masks), vertices), np.int8)
        automorphisms, owners = np.empty((room, vertices), np.int8), np.empty(room, np.int32)
        found = kernels.isomorphisms(masks, first, orders, automorphisms, owners)
    return first, orders, automorphisms[:found], owners[:found]


def _check_witnesses(
    vertices: int, masks: NDArray[np.uint64], firsts: NDArray[np.uint64], orders: NDArray[np.int8]
) -> None:
    """See that what was taken for isomorphic is, edge by edge."""
    wrong = int(kernels.wrong_witness(vertices, masks, firsts, orders))
    if wrong >= 0:
        raise AssertionError(
            f"structures {masks[wrong]:#x} and {firsts[wrong]:#x} of {vertices} vertices are different"
        )


def _collisions(modules: Modules) -> NDArray[np.int64]:
    """Find modules that share a published hash, ``(pairs, 2)``, and see that each pair does differ."""
    digests = hash_modules(modules.vertices, modules.masks, modules.labels).view("V16")[:, 0]
    order = np.argsort(digests, kind="stable")
    breaks = np.flatnonzero(digests[order][1:] != digests[order][:-1]) + 1
    pairs = [
        tuple(sorted(pair))
        for group in np.split(order, breaks)
        if len(group) > 1
        for pair in combinations(group.tolist(), 2)
    ]
    for one, other in pairs:
        if _graph(modules, one).isomorphic(_graph(modules, other)):
            raise AssertionError(f"modules {one} and {other} are the same, but were listed as two")
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _graph(modules: Modules, i: int) -> Graph:
    """Give one module, its labels in digits."""
    vertices, mask = int(modules.vertices[i]), int(modules.masks[i])
    matrix = [[mask >> (x + y * (y - 1) // 2) & 1 if x < y else 0 for y in range(vertices)] for x in range(vertices)]
    return Graph.of(matrix, [INPUT, *map(str, modules.labels[i, : vertices - 2]), OUTPUT])


def _refuse_more(count: int, limit: int, what: str, vertices: int, edges: int, operations: int) -> None:
    """Say what is too large to go through."""
    if count > limit:
        raise BadSetting(
            f"{vertices} vertices, {edges} edges and {operations} operations make more than {limit:,} {what}, "
            "too many to enumerate in memory; take fewer vertices, edges or operations"
        )
