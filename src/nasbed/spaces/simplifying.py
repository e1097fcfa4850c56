"""Simplifying: for each row of a written space the smallest row of the same function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.core.rows import mixed
from nasbed.spaces.expression import Expression
from nasbed.spaces.flow import signals_of
from nasbed.spaces.parts import Dag
from nasbed.spaces.resolving import dags
from nasbed.spaces.written_form import document

if TYPE_CHECKING:
    from nasbed.spaces.written import WrittenSpace

_TABLED = 2**17
"""The most rows whose functions are all computed once, in some tenths of a second."""

_TOGETHER = 1024  # rows to which all moves are tried at once


class Simplifier:
    """Finds the smallest row of a function: of the fewest layers that compute, then of the fewest that pass on what
    they read, then the first in lexicographic order.

    Cells whose decisions are theirs alone are simplified each on its own, and then the whole. What has at most 131,072
    rows is simplified by a table of all, so that two rows of one function always become the same row. In what has more,
    decisions that do not matter choose a layer that passes nothing on, or what it reads, where they can; what is then
    still twice there, in another order or contracted, stays as it is, and its number of the function is the same.

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
        inner = [part for part in dags(root) if part is not root and decisions.within(part)]
        apart = [part for part in inner if not _shared(root, part, set(decisions.within(part)), decisions.places)]
        outermost = [one for one in apart if not any(one in dags(other)[1:] for other in apart)]
        alike, found = dict[str, Simplifier](), list[tuple[Simplifier, list[int]]]()
        for part in outermost:
            alone = self.space.of(part)
            slots = [self.space.decided.places[id(one)] for one in alone.decided.parts]
            found.append((alike.setdefault(_form(part), Simplifier(alone, part.inputs)), slots))
        return found

    def __call__(self, rows: Archs) -> Archs:
        """Return the smallest row of each canonical row, ``(n, decisions)``."""
        if self.is_tabled:
            return self.space.archs_of(self._table[1][self.space.index(rows)])
        return self._descended(self._by_part(rows))

    def keys(self, rows: Archs) -> NDArray[np.uint64]:
        """Return a number for the function of each canonical row, ``(n,)``."""
        return self._table[0][self.space.index(rows)] if self.is_tabled else self._measured(rows)[0]

    def _measured(self, rows: Archs) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the function and the size of each canonical row."""
        signals, tally = signals_of(self.space.expression, self.space.known, rows, self.inputs)
        return mixed(signals), tally.sizes

    def _by_part(self, rows: Archs) -> Archs:
        """Return rows in which each cell is simplified on its own."""
        found = rows.copy()
        for simplify, slots in self._parts:
            own = np.ascontiguousarray(found[:, slots])
            there = np.flatnonzero(simplify.space.valid(own))  # where it is not there, zeros need not be valid
            found[there[:, None], slots] = simplify(simplify.space.canonical(own[there]))
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

    @cached_property
    def _moves(self) -> NDArray[np.int64]:
        """The slots with the values at which nothing is computed, ``(moves, 2)``."""
        found = [(slot, value) for slot, part in enumerate(self.space.decided.parts) for value in part.idle]
        return np.array(found, np.int64).reshape(-1, 2)

    def _descended(self, rows: Archs) -> Archs:
        """Return rows in which decisions are idle as far as that leaves the function as it is."""
        found, looking = rows.copy(), np.arange(len(rows))
        while len(looking) and len(self._moves):
            smaller = [self._smaller(found[part]) for part in np.array_split(looking, 1 + len(looking) // _TOGETHER)]
            made = np.concatenate(smaller)
            changed = (made != found[looking]).any(axis=1)
            found[looking] = made
            looking = looking[changed]
        return found

    def _smaller(self, rows: Archs) -> Archs:
        """Return rows after all moves that make them smaller, or after the best where all together are too many."""
        (keys, sizes), (slots, values) = self._measured(rows), self._moves.T
        tried = np.repeat(rows[None], len(slots), axis=0)  # (moves, n, decisions)
        tried[np.arange(len(slots)), :, slots] = values[:, None]
        tried = self.space.canonical(tried.reshape(-1, rows.shape[1])).reshape(tried.shape)
        other_keys, other_sizes = np.repeat(keys[None], len(slots), axis=0), np.repeat(sizes[None], len(slots), axis=0)
        moved = (tried != rows).any(axis=2)  # others are idle already, or inactive
        other_keys[moved], other_sizes[moved] = self._measured_valid(tried[moved])
        fits = (other_keys == keys) & (other_sizes < sizes)
        together = rows.copy()
        for move in range(len(slots)):
            together[fits[move], slots[move]] = values[move]
        together = self.space.canonical(together)
        joint_keys, joint_sizes = self._measured_valid(together)
        best = np.where(fits, other_sizes, np.iinfo(np.int64).max).argmin(axis=0)
        alone = np.where(fits.any(axis=0)[:, None], tried[best, np.arange(len(rows))], rows)
        return np.where(((joint_keys == keys) & (joint_sizes < sizes))[:, None], together, alone)

    def _measured_valid(self, rows: Archs) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the function and the size of each canonical row; 0 and 0 for what is not valid."""
        keys, sizes = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.int64)
        valid = np.flatnonzero(self.space.valid(rows))
        keys[valid], sizes[valid] = self._measured(rows[valid])
        return keys, sizes


def _form(part: Dag) -> str:
    """Return what cells have in common that differ in their names alone; cells of a nameless predicate, nothing."""
    try:
        whole = document(part)
    except BadSetting:
        return str(id(part))
    return json.dumps([{name: value for name, value in whole["space"].items() if name != "name"}, whole.get("shared")])


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
