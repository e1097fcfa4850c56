"""Neural graph features (GRAF): counts of operations, lengths of paths and degrees, for every set of operations.

Reference: Kadlecová, Lukasik, Pilát, Vidnerová, Safari, Neruda and Hutter, "Surprisingly Strong Performance Prediction
with Neural Graph Features", ICML 2024, https://arxiv.org/abs/2404.16551
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.core.records import Archs
from nasbed.encodings.block import Block, in_parts, no_cells

Flags = NDArray[np.bool_]
Lengths = NDArray[np.int8]

_SETS = 127
"""Of the most sets of operations all are taken, those of 7; of more operations only sets of one or two, and all."""

_ONE, _FAR = np.int8(1), np.int8(63)  # no path is as long, and twice as far is still an int8


@dataclass(frozen=True, eq=False)
class GRAF(Block):
    """Neural graph features of each cell; 191 numbers for NAS-Bench-201, 47 for NAS-Bench-101.

    For each operation ``op_count``. For each set of operations: ``min_path_len``, the length of the shortest path from
    the input to the output on which no other operations stand; ``max_op_on_path``, the number of operations on the
    longest such path, −1 where there is none; and ``node_degree``: how many of these operations read the input, how
    many the output reads, and the means of both over all nodes.

    Where operations stand on edges, the length of a path is its number of operations, and the number of nodes plus 1
    where there is none; where they are nodes, it is the number of edges, and the number of nodes.
    """

    def __post_init__(self) -> None:
        if not self._cells:
            raise BadSetting(f"the space {self.space.name} has no cell, so no graph features; take onehot+counts")

    @cached_property
    def _cells(self) -> tuple[Cells, ...]:
        return no_cells(self.space)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The published names of the features, each with its set of operations."""
        return tuple(f"{cell.name}.{name}".lstrip(".") for cell in self._cells for name in _names(cell))

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the features, ``(n, numbers)``."""
        found = np.empty((len(rows), len(self.names)))
        for part, some in in_parts(rows):
            found[part] = np.concatenate([_features(cell) for cell in self.space.cells(some)]).T
        return found


def _sets(cell: Cells) -> list[tuple[int, ...]]:
    """Return the sets of operations, small ones first."""
    count = len(cell.operations)
    sizes = range(1, count + 1) if 2**count - 1 <= _SETS else (1, 2, count)
    return [some for size in sizes for some in combinations(range(count), size)]


def _names(cell: Cells) -> Iterator[str]:
    counted = cell.operations if cell.on_edges else (INPUT, OUTPUT, *cell.operations)
    yield from (f"op_count({name})" for name in counted)
    sets = ["|".join(cell.operations[i] for i in some) for some in _sets(cell)]
    inputs = [f", {INPUT} {i}" for i in range(cell.inputs)] if cell.inputs > 1 else [""]
    for feature in ("min_path_len", "max_op_on_path", "out_degree"):
        yield from (f"{feature}({some}{which})" for which in inputs for some in sets)
    for feature in ("in_degree", "mean_out", "mean_in"):
        yield from (f"{feature}({some})" for some in sets)


def _features(cell: Cells) -> NDArray[np.float64]:
    """Return the features of some cells, ``(numbers, n)``, in the order of their names."""
    sets = _sets(cell)
    members = np.zeros((len(sets), len(cell.operations) + 1), np.bool_)  # −1, what is not there, reads the last
    for row, some in enumerate(sets):
        members[row, list(some)] = True
    stands = [operation == cell.labels.T for operation in range(len(cell.operations))]  # (places, n) each
    arrows = cell.arrows.transpose(1, 2, 0)  # (vertices, vertices, n or 1)
    inner = slice(cell.inputs, -1)

    def total(weights: NDArray[np.number[Any]] | Flags) -> NDArray[np.float64]:
        """Add up weights of places, ``(places, n or 1)``, over those with an operation of each set, ``(sets, n)``."""
        counts = np.stack([(here * weights).sum(axis=0) for here in stands])
        return np.asarray(members[:, :-1].astype(np.float64) @ counts)

    counts = [np.sum(here, axis=0) for here in stands]
    ends = [] if cell.on_edges else [np.ones(len(cell))] * 2
    allowed = members[:, cell.labels.T]  # (sets, places, n)
    shortest, longest = zip(*(_paths(cell, allowed, start) for start in range(cell.inputs)), strict=True)
    degrees = [total(arrows[start, inner]) for start in range(cell.inputs)] + [total(arrows[inner, -1])]
    # an edge leads out to the operation where it ends, and in from that where it begins; or has one itself
    both = [np.ones((cell.places, 1))] * 2 if cell.on_edges else [arrows.sum(axis=axis)[inner] for axis in (0, 1)]
    means = [total(weights) / cell.nodes for weights in both]
    return np.concatenate([np.stack([*ends, *counts]), *shortest, *longest, *degrees, *means])


def _paths(cell: Cells, allowed: Flags, start: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shortest and the longest path on allowed operations from an input, ``(sets, n)`` each."""
    sets, places, n = allowed.shape
    nearest: dict[int, Lengths] = {start: np.zeros((sets, n), np.int8)}
    farthest: dict[int, Lengths] = {start: np.zeros((sets, n), np.int8)}
    for vertex in range(cell.inputs, cell.inputs + places + 1):
        near, far = np.full((sets, n), _FAR), np.full((sets, n), -_FAR)
        for source in nearest:
            there = cell.arrows[:, source, vertex]
            if there.all():
                np.minimum(near, nearest[source], out=near)
                np.maximum(far, farthest[source], out=far)
            elif there.any():
                np.minimum(near, np.where(there, nearest[source], _FAR), out=near)
                np.maximum(far, np.where(there, farthest[source], -_FAR), out=far)
        if vertex < cell.inputs + places:
            open_ = allowed[:, vertex - cell.inputs]
            near = np.where(open_, np.minimum(near + _ONE, _FAR), _FAR)
            far = np.where(open_ & (far >= 0), far + _ONE, -_FAR)
        nearest[vertex], farthest[vertex] = near, far
    output = cell.inputs + places
    edges = 0 if cell.on_edges else 1
    shortest = np.where(nearest[output] < _FAR, nearest[output] + float(edges), cell.nodes + 1.0 - edges)
    return shortest, np.maximum(farthest[output], -1).astype(np.float64)
