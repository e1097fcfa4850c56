"""Graphs as numbers, for networks that read them: what stands at each vertex of a cell, and which arrows there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting
from nasbed.core.graph import INPUT, OUTPUT
from nasbed.core.records import Archs
from nasbed.encodings.block import Block, in_parts, no_cells


@dataclass(frozen=True, eq=False)
class Graph(Block):
    """Of each cell one number for each vertex and label, 1 for what stands there, and one for each pair of vertices.

    Vertices are the inputs, the places for operations, and the output; labels are the inputs, the operations, and the
    output. What passes nothing on has no label and no arrows.
    """

    def __post_init__(self) -> None:
        if not no_cells(self.space):
            raise BadSetting(f"the space {self.space.name} has no cell, so no graph; take onehot")

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """How many vertices and how many labels each cell has: the numbers are V·L labels and V·V arrows of each."""
        return tuple((cell.inputs + cell.places + 1, len(_labels(cell))) for cell in no_cells(self.space))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Each vertex with a label, and each pair of vertices."""
        return tuple(f"{cell.name} {name}".lstrip() for cell in no_cells(self.space) for name in _names(cell))

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return labels and arrows, ``(n, numbers)``."""
        found = np.empty((len(rows), len(self.names)))
        for part, some in in_parts(rows):
            found[part] = np.concatenate([_numbers(cell) for cell in self.space.cells(some)], axis=1)
        return found


def _labels(cell: Cells) -> list[str]:
    inputs = [INPUT] if cell.inputs == 1 else [f"{INPUT} {i}" for i in range(cell.inputs)]
    return [*inputs, *cell.operations, OUTPUT]


def _names(cell: Cells) -> Iterator[str]:
    vertices = range(cell.inputs + cell.places + 1)
    yield from (f"vertex{v}={label}" for v in vertices for label in _labels(cell))
    yield from (f"arrow({u}, {v})" for u in vertices for v in vertices)


def _numbers(cell: Cells) -> NDArray[np.float64]:
    """Return the numbers of cells, ``(n, V·L + V·V)``."""
    n, vertices, labels = len(cell), cell.inputs + cell.places + 1, len(_labels(cell))
    alive = np.ones((n, vertices), np.bool_)
    alive[:, cell.inputs : -1] = cell.factor != 0
    number = np.empty((n, vertices), np.int64)
    number[:, : cell.inputs], number[:, -1] = np.arange(cell.inputs), labels - 1
    number[:, cell.inputs : -1] = cell.labels + cell.inputs
    stands = (number[:, :, None] == np.arange(labels)) & alive[:, :, None]
    arrows = cell.arrows & alive[:, :, None] & alive[:, None, :]
    return np.concatenate([stands.reshape(n, -1), arrows.reshape(n, -1)], axis=1).astype(np.float64)
