"""Block: some numbers of each architecture, of one kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.meaning import Configured
from nasbed.core.records import Archs
from nasbed.core.space import Space

_TOGETHER = 4096  # rows for which arrays of all subsets of operations stay in a processor's cache
_LISTED, _SOME, _DRAWN = 2**17, 2**15, 2**12
"""The most rows that are all taken as typical; how many of more, where they can be listed; and how many drawn."""


@dataclass(frozen=True, eq=False)
class Block(Configured, ABC):
    """What makes a matrix of numbers of architectures. Its fields are its settings.

    Attributes:
        space: The space that the architectures are from.
        simplified: Whether it is given simplified rows, so that architectures of one function are alike (class
            attribute).
    """

    space: Space

    simplified: ClassVar[bool] = True

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What each number says, in a few words; no two are the same."""

    @property
    def known(self) -> Archs | None:
        """The architectures that it has numbers for, ``(m, decisions)``; None for all of the space."""
        return None

    @property
    def around(self) -> Block | None:
        """A block of what is around each architecture, which predictors read beside it; None where there is none."""
        return None

    @abstractmethod
    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the numbers of n rows, ``(n, numbers)``."""


def no_cells(space: Space) -> tuple[Cells, ...]:
    """Return the cells of a space, of no architecture: what they are like."""
    return space.cells(np.zeros((0, space.decisions), np.int8))


def in_parts(rows: Archs) -> Iterator[tuple[slice, Archs]]:
    """Give rows in parts that arrays in the processor's cache can be made of, each with where it stands."""
    for start in range(0, len(rows), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        yield part, rows[part]


def typical(space: Space) -> Archs:
    """Return simplified rows that a space is judged by, each function once.

    They are those of all of its architectures, if it has at most 131,072; else of 32,768, at equal distances, or, where
    they cannot be listed, of 4,096 that are drawn.
    """
    if space.is_enumerable and space.size is not None:
        few = space.size <= _LISTED
        rows = space.archs_of(np.arange(space.size) if few else np.arange(_SOME) * space.size // _SOME)
    else:
        from nasbed.core.rng import Streams  # numba takes longer to import than a listed space to look at

        rows = space.sample(Streams.from_seed(0, _DRAWN))
    return np.unique(space.simplify(rows), axis=0)
