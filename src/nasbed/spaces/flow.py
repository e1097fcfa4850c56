"""Flow: which function an expression computes, for many rows at once, as a number.

What passes along an edge is a number of 64 bits. None is 0. A layer makes of it another one, by its name, its settings
and the number that it reads; a layer that passes on what it reads leaves it as it is. A sum is the sum of numbers, so
that sums within sums are one and the order of terms does not count. Rows of one function have one number; different
functions have different ones but for accidents, which are as rare as 64 bits make them.

Layers that read the same and are the same count as the same term, wherever they stand: as in the published rule of
equality of NAS-Bench-201, weights are no part of the function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.rows import mixed
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.expression import Expression
from nasbed.spaces.resolving import Resolver

Signal = NDArray[np.uint64]

_COMPUTES, _PASSES = 2**20, 1  # what a layer counts in the size of a row


class Tally:
    """What was met on the way, for each row.

    Attributes:
        sizes: How large each row is, int64 ``(n,)``: layers that compute count first, then those that pass on what they
            read.
        layers: How many layers of each name there are, int64 ``(n,)``; None where they are not counted.
    """

    def __init__(self, n: int, counts: bool) -> None:
        self.sizes = np.zeros(n, np.int64)
        self.layers: dict[str, NDArray[np.int64]] | None = {} if counts else None

    def add(
        self, names: Sequence[str], sizes: NDArray[np.int64], values: NDArray[np.int8], rows: NDArray[np.int64]
    ) -> None:
        """Count a layer in each of some rows, that of its value."""
        self.sizes[rows] += sizes[values]
        for value, name in enumerate(names if self.layers is not None else ()):
            self.layers.setdefault(name, np.zeros(len(self.sizes), np.int64))[rows[values == value]] += 1  # type: ignore[union-attr]


class Leaves(NamedTuple):
    """Layers of which nothing is open, as arrays.

    Attributes:
        names: What they are called.
        codes: A number of each, uint64 ``(n,)``.
        nothing: Whether it passes nothing on, bool ``(n,)``.
        unchanged: Whether it passes on what it reads, bool ``(n,)``.
    """

    names: tuple[str, ...]
    codes: NDArray[np.uint64]
    nothing: NDArray[np.bool_]
    unchanged: NDArray[np.bool_]

    @classmethod
    def of(cls, parts: Sequence[Expression]) -> Leaves:
        """Return what there is to know of layers."""
        passed = np.array([part.passed for part in parts])
        codes = np.array([_code(str(part)) for part in parts], np.uint64)
        return cls(tuple(part.called for part in parts), codes, passed == "nothing", passed == "unchanged")


class Known:
    """What is the same for all rows of an expression, and remembered.

    Args:
        decisions: Of the expression.
    """

    def __init__(self, decisions: Decisions) -> None:
        self.places, self._within = decisions.places, decisions.within
        # Each is kept with its part, so that no other part comes to have its id.
        self._slots = dict[int, tuple[Expression, list[int]]]()
        self._leaves = dict[int, tuple[Expression, Leaves | None]]()

    def slots(self, part: Expression) -> list[int]:
        """Return the slots within a part, ascending."""
        if id(part) not in self._slots:
            self._slots[id(part)] = part, list(self._within(part))
        return self._slots[id(part)][1]

    def leaves(self, part: Expression, options: Sequence[Expression]) -> Leaves | None:
        """Return the options of a part, or a layer alone, as arrays; None where something in them is open."""
        if id(part) not in self._leaves:
            known = Leaves.of(options) if all(option.is_leaf for option in options) else None
            self._leaves[id(part)] = part, known
        return self._leaves[id(part)][1]


class Flow:
    """Follows signals through an expression.

    Args:
        known: What is the same for all rows.
        rows: Canonical rows, ``(n, decisions)``.
        tally: Where layers are counted.
        numbers: Which rows of the tally these are, ``(n,)``; all, by default.
        reshapes: Whether layers have to change the shape of what they read, so that none is an identity.
    """

    def __init__(
        self,
        known: Known,
        rows: Archs,
        tally: Tally | None = None,
        numbers: NDArray[np.int64] | None = None,
        reshapes: bool = False,
    ) -> None:
        self.known, self.rows, self.reshapes = known, rows, reshapes
        self.numbers = np.arange(len(rows)) if numbers is None else numbers
        self.tally = Tally(len(rows), counts=False) if tally is None else tally

    def some(self, rows: NDArray[np.int64]) -> Flow:
        """Return the flow of some of the rows."""
        return Flow(self.known, self.rows[rows], self.tally, self.numbers[rows], self.reshapes)

    def reshaping(self, changes: bool) -> Flow:
        """Return the flow in which layers change the shape of what they read, or not."""
        return Flow(self.known, self.rows, self.tally, self.numbers, changes) if changes != self.reshapes else self

    def value(self, part: Expression) -> NDArray[np.int8]:
        """Return the values of a part's decision, ``(n,)``; 0 where it has a single one."""
        place = self.known.places.get(id(part))
        return np.zeros(len(self.rows), np.int8) if place is None else self.rows[:, place]

    def follow(self, part: Expression, before: Sequence[Signal], source: Sequence[Signal]) -> Signal:
        """Return what comes out of a part; see ``Expression.flow``."""
        return part.flow(self, before, source)

    def options(
        self, part: Expression, options: Mapping[int, Expression], before: Sequence[Signal], source: Sequence[Signal]
    ) -> Signal:
        """Return what comes out of the option that each row takes, ``(n,)``; what it reads where it takes none.

        Args:
            part: What has the decision.
            options: Of some or all of its values.
            before: What came out of the parts before it.
            source: What it reads where there are none.
        """
        values, x = self.value(part), (before or source)[-1]
        leaves = self.known.leaves(part, list(options.values())) if len(options) == len(part.values) else None
        if leaves is not None:
            return self._of_leaves(leaves, values, x)
        out = x.copy()
        for value, option in options.items():
            rows = np.flatnonzero(values == value)
            if len(rows):
                some = [[signal[rows] for signal in signals] for signals in (before, source)]
                out[rows] = self.some(rows).follow(option, *some)
        return out

    def layer(self, part: Expression, x: Signal) -> Signal:
        """Return what a layer makes of a signal, ``(n,)``."""
        leaves = self.known.leaves(part, [part])
        if leaves is not None:
            return self._of_leaves(leaves, np.zeros(len(x), np.int8), x)
        out = np.zeros_like(x)
        for rows, resolved in self._settled(part):
            values = np.zeros(len(rows), np.int8)
            out[rows] = self.some(rows)._of_leaves(Leaves.of([resolved]), values, x[rows])
        return out

    def _of_leaves(self, leaves: Leaves, values: NDArray[np.int8], x: Signal) -> Signal:
        """Return what layers make of a signal, ``(n,)``, each row that which it has."""
        unchanged = leaves.unchanged & (not self.reshapes)
        sizes = np.where(leaves.nothing, 0, np.where(unchanged, _PASSES, _COMPUTES))
        self.tally.add(leaves.names, sizes, values, self.numbers)
        stays, stops = unchanged[values], leaves.nothing[values] | (x == 0)
        return np.where(stops, np.uint64(0), np.where(stays, x, mixed(x ^ leaves.codes[values])))

    def _settled(self, part: Expression) -> Iterator[tuple[NDArray[np.int64], Any]]:
        """Give a part in each of its forms, with the rows that have it."""
        slots = self.known.slots(part)
        if not len(self.rows):
            return
        if slots:
            _, first, which = np.unique(self.rows[:, slots], axis=0, return_index=True, return_inverse=True)
        else:
            first, which = np.zeros(1, np.int64), np.zeros(len(self.rows), np.int64)
        for number, row in enumerate(first.tolist()):
            yield np.flatnonzero(which.ravel() == number), Resolver(self.known.places, self.rows[row].tolist())(part)

    @staticmethod
    def merged(how: str, signals: Sequence[Signal], there: Sequence[NDArray[np.bool_]]) -> Signal:
        """Return signals merged, ``(n,)``.

        Args:
            how: By ``"sum"``, ``"concat"`` or ``"product"``.
            signals: They, each ``(n,)``; 0 where not there.
            there: Where each is there at all.
        """
        total: Signal = np.asarray(np.sum(signals, axis=0, dtype=np.uint64))
        if how == "sum":
            return total
        count = np.sum(there, axis=0)
        if how == "product":
            dead = np.any([here & (signal == 0) for signal, here in zip(signals, there, strict=True)], axis=0)
            several = mixed(np.sum([mixed(one) * here for one, here in zip(signals, there, strict=True)], axis=0))
            return np.where(dead, np.uint64(0), np.where(count > 1, several, total))
        places = np.cumsum(there, axis=0).astype(np.uint64)
        apart = [mixed(one ^ mixed(place)) * here for one, place, here in zip(signals, places, there, strict=True)]
        return np.where(total == 0, np.uint64(0), np.where(count > 1, mixed(np.sum(apart, axis=0)), total))


def signals_of(
    expression: Expression, known: Known, rows: Archs, inputs: int = 1, counts: bool = False
) -> tuple[Signal, Tally]:
    """Return what comes out of an expression, ``(n,)``, and what was met on the way.

    Args:
        expression: The expression, or a part of it.
        known: What is the same for all rows of the whole.
        rows: Canonical rows, ``(n, decisions)``.
        inputs: How many different inputs it reads.
        counts: Whether layers are counted by their names.
    """
    flow = Flow(known, rows, Tally(len(rows), counts))
    source = [np.full(len(rows), code, np.uint64) for code in mixed(np.arange(inputs))]
    return flow.follow(expression, [], source), flow.tally


@cache
def _code(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))
