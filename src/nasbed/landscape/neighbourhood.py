"""Neighbourhoods: which architectures are one decision away from which, over a whole enumerated space.

Architectures are those that ``Space.index`` numbers; two are neighbours when the row that ``enumerate`` gives of either
is one decision away from a row of the other. Being neighbours is mutual, and nobody is a neighbour of itself.

Where a row is the only one of its architecture, as in NAS-Bench-201, these are the neighbours of ``Space.neighbors``.
Where many rows spell one architecture, as in NAS-Bench-101, they are all that any spelling has: a move that changes the
pruned module takes an edge of it away or changes an operation, which every spelling of it allows, or is the way back
from such a move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.space import Space
from nasbed.landscape import kernels

_ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Who is whose neighbour.

    Attributes:
        offsets: Where each architecture's neighbours begin, ``(size + 1,)``.
        near: Their numbers, ascending within each architecture, int32.
    """

    offsets: NDArray[np.int64]
    near: NDArray[np.int32]

    def of(self, index: int) -> NDArray[np.int32]:
        """Give the neighbours of one architecture."""
        return self.near[self.offsets[index] : self.offsets[index + 1]]


def neighbourhood(space: Space) -> Neighbourhood:
    """Find all neighbours in a space.

    Raises:
        BadSetting: When the space does not number its architectures.
    """
    if space.size is None:
        raise BadSetting(f"the space {space.name} does not number its architectures, so it cannot be looked over whole")
    archs = space.enumerate()
    ones, others = [], []
    for start in range(0, len(archs), _ROWS_AT_ONCE):
        rows = archs[start : start + _ROWS_AT_ONCE]
        own = np.arange(start, start + len(rows), dtype=np.int32)
        for move in range(len(space.moves)):
            near = space.index(space.moved(rows, np.full(len(rows), move)))
            there = (near >= 0) & (near != own)
            ones.append(own[there])
            others.append(near[there].astype(np.int32))
    offsets, found = kernels.mutual(np.concatenate(ones), np.concatenate(others), space.size)
    return Neighbourhood(offsets, found)
