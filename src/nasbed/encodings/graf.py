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

_SETS = 255
"""Of the most sets of operations all are taken, those of 8; of more operations only sets of one or two, and all."""

_FAR = np.int8(63)  # no path is as long, and twice as far is still an int8


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
    table = np.zeros(
        (len(sets), len(cell.operations) + 1), np.bool_
    )  # the last column is read by −1, what is not there
    for row, some in enumerate(sets):
        table[row, list(some)] = True
    allowed = table[:, cell.labels.T]  # (sets, places, n)
    counts = [(cell.labels == operation).sum(axis=1) for operation in range(len(cell.operations))]
    ends = [] if cell.on_edges else [np.ones(len(cell))] * 2
    shortest, longest = zip(*(_paths(cell, allowed, start) for start in range(cell.inputs)), strict=True)
    arrows = cell.arrows.transpose(1, 2, 0)  # (vertices, vertices, n or 1)
    inner = slice(cell.inputs, -1)
    outward = [_total(allowed, arrows[start, inner]) for start in range(cell.inputs)]
    return np.concatenate(
        [
            np.stack([*ends, *counts]),
            *shortest,
            *longest,
            *outward,
            _total(allowed, arrows[inner, -1]),
            *_means(cell, allowed),
        ]
    )


def _total(allowed: Flags, weights: NDArray[Any]) -> NDArray[np.float64]:
    """Add up weights of places, ``(places, n or 1)``, over those with an allowed operation, ``(sets, n)``."""
    return np.asarray(np.sum(allowed * weights, axis=1), np.float64)


def _means(cell: Cells, allowed: Flags) -> list[NDArray[np.float64]]:
    """Return the means over nodes of the edges out and in, ``(sets, n)`` each."""
    if cell.on_edges:
        return [allowed.sum(axis=1) / cell.nodes] * 2
    arrows = cell.arrows.transpose(1, 2, 0)
    out, into = (arrows.sum(axis=axis)[cell.inputs : -1] for axis in (0, 1))  # an edge leads out to what it ends at
    return [_total(allowed, weights) / cell.nodes for weights in (out, into)]


def _paths(cell: Cells, allowed: Flags, start: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shortest and the longest path on allowed operations from an input, ``(sets, n)`` each."""
    sets, places, n = allowed.shape
    nearest: dict[int, Lengths] = {start: np.zeros((sets, n), np.int8)}
    farthest: dict[int, Lengths] = {start: np.zeros((sets, n), np.int8)}
    for vertex in range(cell.inputs, cell.inputs + places + 1):
        near, far = np.full((sets, n), _FAR), np.full((sets, n), -_FAR)
        for source in nearest:
            there = cell.arrows[:, source, vertex]
            if there.any():
                np.minimum(near, np.where(there, nearest[source], _FAR), out=near)
                np.maximum(far, np.where(there, farthest[source], -_FAR), out=far)
        if vertex < cell.inputs + places:
            open_ = allowed[:, vertex - cell.inputs]
            near, far = np.where(open_ & (near < _FAR), near + 1, _FAR), np.where(open_ & (far >= 0), far + 1, -_FAR)
        nearest[vertex], farthest[vertex] = near.astype(np.int8), far.astype(np.int8)
    output = cell.inputs + places
    edges = 0 if cell.on_edges else 1
    shortest = np.where(nearest[output] < _FAR, nearest[output] + float(edges), cell.nodes + 1.0 - edges)
    return shortest, np.maximum(farthest[output], -1).astype(np.float64)
