"""One-hot: a number for each value of each decision, 1 for what is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.encodings.block import Block


@dataclass(frozen=True, eq=False)
class OneHot(Block):
    """A number for each value of each decision: 1 for the one that is chosen, 0 for others.

    A decision between two values is one number. One that nothing depends on is all zeros.
    """

    @cached_property
    def _columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The decision and the value of each number."""
        counts = self.space.cardinalities.tolist()
        pairs = [(slot, value) for slot, count in enumerate(counts) for value in range(int(count == 2), count)]
        decisions, values = np.array(pairs, np.int64).reshape(-1, 2).T
        return decisions, values

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Each decision with its value."""
        slots = self.space.slots
        return tuple(f"{slots[i].name}={slots[i].values[value]}" for i, value in zip(*self._columns, strict=True))

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return 1 for what is chosen, ``(n, numbers)``."""
        decisions, values = self._columns
        marked = np.where(self.space.used(rows), rows, np.int8(-1))
        return np.equal(marked.T[decisions], values[:, None]).T.astype(np.float64, order="C")
