"""Simplifying: for each row of a written space the smallest row of the same function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.rows import mixed
from nasbed.spaces.expression import Expression
from nasbed.spaces.flow import signals_of
from nasbed.spaces.parts import Dag
from nasbed.spaces.resolving import dags

if TYPE_CHECKING:
    from nasbed.spaces.written import WrittenSpace

_TABLED = 2**17
"""The most rows whose functions are all computed once, in some tenths of a second."""


class Simplifier:
    """Finds the smallest row of a function: of the fewest layers that compute, then of the fewest that pass on what
    they read, then the first in lexicographic order.

    Cells whose decisions are theirs alone are simplified each on its own, and then the whole. What has at most 131,072
    rows is simplified by a table of all, so that two rows of one function always become the same row. What has more is
    made smaller by one decision at a time, as long as the function stays the same, which may end at different rows.

    Args:
        space: The space.
        inputs: How many inputs its expression reads.
    """

    def __init__(self, space: WrittenSpace, inputs: int = 1) -> None:
        self.space, self.inputs = space, inputs

    @cached_property
    def is_tabled(self) -> bool:
        """Whether there is a table of all rows."""
        return self.space.is_enumerable and self.space.size is not None and self.space.size <= _TABLED

    @cached_property
    def _parts(self) -> list[tuple[Simplifier, list[int]]]:
        """The cells within the whole whose decisions are theirs alone, each with its slots."""
        root, decisions = self.space.expression, self.space.decided
        found = [part for part in dags(root) if part is not root and decisions.within(part)]
        apart = [part for part in found if not _shared(root, part, set(decisions.within(part)), decisions.places)]
        outermost = [one for one in apart if not any(one in dags(other)[1:] for other in apart)]
        return [self._part(part) for part in outermost]

    def _part(self, part: Dag) -> tuple[Simplifier, list[int]]:
        alone = self.space.of(part)
        return Simplifier(alone, part.inputs), [self.space.decided.places[id(one)] for one in alone.decided.parts]

    def __call__(self, rows: Archs) -> Archs:
        """Return the smallest row of each canonical row, ``(n, decisions)``."""
        if self.is_tabled:
            return self.space.archs_of(self._smallest[self.space.index(rows)])
        return self._descended(self._by_part(rows))

    def keys(self, rows: Archs) -> NDArray[np.uint64]:
        """Return a number for the function of each canonical row, ``(n,)``."""
        return self._keys[self.space.index(rows)] if self.is_tabled else self._measured(rows)[0]

    def _measured(self, rows: Archs) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the function and the size of each canonical row."""
        signals, tally = signals_of(self.space.expression, self.space.decided, rows, self.inputs)
        return mixed(signals), tally.sizes

    def _by_part(self, rows: Archs) -> Archs:
        """Return rows in which each cell is simplified on its own."""
        found = rows.copy()
        for simplify, slots in self._parts:
            found[:, slots] = simplify(np.ascontiguousarray(found[:, slots]))
        found = self.space.canonical(found)
        return np.where(self.space.valid(found)[:, None], found, rows)

    @cached_property
    def _table(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The function of each row, and the index of its smallest one."""
        everything = self.space.enumerate()
        few, which = np.unique(self.space.index(self._by_part(everything)), return_inverse=True)
        keys, sizes = self._measured(everything[few])
        order = np.lexsort((few, sizes, keys))
        _, first, group = np.unique(keys[order], return_index=True, return_inverse=True)
        smallest = np.empty(len(few), np.int64)
        smallest[order] = few[order[first]][group]
        return keys[which], smallest[which]

    @property
    def _keys(self) -> NDArray[np.uint64]:
        return self._table[0]

    @property
    def _smallest(self) -> NDArray[np.int64]:
        return self._table[1]

    def _descended(self, rows: Archs) -> Archs:
        """Return rows made smaller by one decision at a time, as long as that leaves the function as it is."""
        found = rows.copy()
        keys, sizes = self._measured(found)
        moving = np.arange(len(found))
        while len(moving):
            moved = np.zeros(len(moving), np.bool_)
            for slot, value in self._values():
                here = found[moving]
                other = here.copy()
                other[:, slot] = value
                other = self.space.canonical(other)
                tried = np.flatnonzero((other != here).any(axis=1) & self.space.valid(other))
                new_keys, new_sizes = self._measured(other[tried])
                at = moving[tried]
                better = (new_keys == keys[at]) & (
                    (new_sizes < sizes[at]) | ((new_sizes == sizes[at]) & _before(other[tried], found[at]))
                )
                found[at[better]], sizes[at[better]] = other[tried[better]], new_sizes[better]
                moved[tried[better]] = True
            moving = moving[moved]
        return found

    def _values(self) -> Iterator[tuple[int, int]]:
        for slot, count in enumerate(self.space.cardinalities.tolist()):
            yield from ((slot, value) for value in range(count))


def _before(some: Archs, others: Archs) -> NDArray[np.bool_]:
    """Say which rows come before others in lexicographic order, ``(n,)``."""
    differ = some != others
    first = differ.argmax(axis=1)
    rows = np.arange(len(some))
    return np.asarray(differ.any(axis=1) & (some[rows, first] < others[rows, first]))


def _shared(root: Expression, part: Expression, slots: set[int], places: Mapping[int, int]) -> bool:
    """Say whether a decision of a part stands somewhere outside of it, too."""
    seen, waiting = {id(part)}, [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if places.get(id(one)) in slots:
            return True
        waiting += [use.part for use in one.uses()]
    return False
