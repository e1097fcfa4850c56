"""Paths: which sequences of operations lead from the input to the output.

Reference: White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021, https://arxiv.org/abs/1910.11858
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.encodings.block import Block, in_parts, no_cells

_MOST = 20_000


@dataclass(frozen=True, eq=False)
class Paths(Block):
    """One for each sequence of operations that stands on a path from the input to the output, else 0.

    Sequences are in the order of their lengths; among those of one length, the first operation counts least.

    Attributes:
        shared: Whether paths that lead over other places are the same where their operations are. Where places are the
            same for all architectures they are told apart otherwise, which makes 180 numbers for NAS-Bench-201; the
            published encoding, of 155, shares them. Where places differ, as in NAS-Bench-101, they are always shared.
        most: How many sequences, the shortest, are kept; 40 of the 364 of NAS-Bench-101 in BANANAS. None for all.
    """

    shared: bool = False
    most: int | None = None

    def __post_init__(self) -> None:
        if not self._cells:
            raise BadSetting(f"the space {self.space.name} has no cell, so no paths; take onehot+counts")
        if self.most is not None and self.most < 1:
            raise BadSetting(f"at least 1 sequence is kept, not {self.most}")
        count = sum(len(cell.operations) ** len(path) for cell in self._cells for path in self._paths(cell))
        if count > _MOST and self.most is None:
            raise BadSetting(f"there are {count:,} sequences; keep the shortest of them, such as path:most=1000")

    @cached_property
    def _cells(self) -> tuple[Cells, ...]:
        return no_cells(self.space)

    def _are_shared(self, cell: Cells) -> bool:
        return self.shared or not cell.on_edges

    def _paths(self, cell: Cells) -> list[tuple[int, ...]]:
        """Return what is told apart, the shortest first: the places of each path, or one of each length."""
        found = sorted(_routes(cell), key=lambda path: (len(path), path))
        return list({len(path): path for path in found}.values()) if self._are_shared(cell) else found

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The sequences, with their places where they are told apart."""
        return tuple(name for cell in self._cells for name in [*self._names(cell)][: self.most])

    def _names(self, cell: Cells) -> Iterator[str]:
        for path in self._paths(cell):
            at = "" if self._are_shared(cell) else f" at {','.join(map(str, path))}"
            for some in product(cell.operations, repeat=len(path)):
                yield f"{cell.name} path({'→'.join(some[::-1])}){at}".lstrip()

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return which sequences there are, ``(n, sequences)``."""
        found = np.empty((len(rows), len(self.names)))
        for part, some in in_parts(rows):
            cells = [self._occurring(cell)[:, : self.most] for cell in self.space.cells(some)]
            found[part] = np.concatenate(cells, axis=1)
        return found

    def _occurring(self, cell: Cells) -> NDArray[np.bool_]:
        """Say which sequences occur in each cell, ``(n, sequences)``."""
        widths = {length: len(cell.operations) ** length for length in range(cell.places + 1)}
        if self._are_shared(cell):
            by_length = {len(path): np.zeros((len(cell), widths[len(path)]), np.bool_) for path in self._paths(cell)}
            for path in _routes(cell):
                _mark(by_length[len(path)], cell, path)
            return np.concatenate(list(by_length.values()), axis=1)
        apart = []
        for path in self._paths(cell):
            apart.append(np.zeros((len(cell), widths[len(path)]), np.bool_))
            _mark(apart[-1], cell, path)
        return np.concatenate(apart, axis=1)


def _mark(found: NDArray[np.bool_], cell: Cells, path: tuple[int, ...]) -> None:
    """Mark the sequence on a path in each cell that has it."""
    there = np.ones(len(cell), np.bool_)
    code = np.zeros(len(cell), np.int64)
    for i, place in enumerate(path):
        there &= cell.labels[:, place] >= 0
        code += np.maximum(cell.labels[:, place], 0).astype(np.int64) * len(cell.operations) ** i
    vertices = [0, *(place + cell.inputs for place in path), -1]
    for source, target in pairwise(vertices):
        there = there & cell.arrows[:, source, target]
    found[np.flatnonzero(there), code[there]] = True


def _routes(cell: Cells) -> Iterator[tuple[int, ...]]:
    """Give every path from an input to the output by its places, as far as there may be arrows."""
    last = cell.inputs + cell.places
    fixed = cell.arrows[0] if cell.on_edges else np.triu(np.ones((last + 1, last + 1), np.bool_), 1)
    waiting: list[tuple[int, ...]] = [(start,) for start in range(cell.inputs)]
    while waiting:
        path = waiting.pop()
        for vertex in np.flatnonzero(fixed[path[-1]]).tolist():
            if vertex == last:
                yield tuple(place - cell.inputs for place in path[1:])
            else:
                waiting.append((*path, vertex))
