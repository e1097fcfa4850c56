"""Counts: how many layers of each kind, and how many up to each place of a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.encodings.block import Block, no_cells


@dataclass(frozen=True, eq=False)
class Counts(Block):
    """How many layers there are of each kind that is decided: in the cells, or, where there are none, in all."""

    def __post_init__(self) -> None:
        if not self._kinds:
            raise BadSetting(f"in the space {self.space.name} no layers are decided, so none are counted; take onehot")

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(self.space.layers(np.zeros((0, self.space.decisions), np.int8)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The kinds of layers."""
        return tuple(f"count({kind})" for kind in self._kinds)

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the counts, ``(n, kinds)``."""
        found = self.space.layers(rows)
        return np.stack([found[kind].astype(np.float64) for kind in self._kinds], axis=1)


@dataclass(frozen=True, eq=False)
class CumulativeDepth(Block):
    """At each place of a sequence, how many layers up to there compute something; an identity does not."""

    def __post_init__(self) -> None:
        if not self._chains:
            raise BadSetting(f"the space {self.space.name} is no sequence of layers, so it has no depth; take graf")

    @cached_property
    def _chains(self) -> tuple[Cells, ...]:
        return tuple(cell for cell in no_cells(self.space) if cell.is_chain)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The places."""
        return tuple(f"{cell.name}.depth({i})".lstrip(".") for cell in self._chains for i in range(cell.places))

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the depths, ``(n, places)``."""
        chains = [cell for cell in self.space.cells(rows) if cell.is_chain]
        computes = [np.append(cell.computes, False)[cell.labels] for cell in chains]  # −1 reads the last
        return np.concatenate([np.cumsum(some, axis=1, dtype=np.float64) for some in computes], axis=1)
