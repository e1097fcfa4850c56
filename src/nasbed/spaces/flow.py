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
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

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
        layers: How many layers of each name there are, int64 ``(n,)``.
    """

    def __init__(self, n: int) -> None:
        self.sizes, self.layers = np.zeros(n, np.int64), dict[str, NDArray[np.int64]]()

    def add(self, name: str, passed: str, rows: NDArray[np.int64]) -> None:
        """Count a layer in some rows."""
        self.layers.setdefault(name, np.zeros(len(self.sizes), np.int64))[rows] += 1
        self.sizes[rows] += {"nothing": 0, "unchanged": _PASSES}.get(passed, _COMPUTES)


class Flow:
    """Follows signals through an expression.

    Args:
        places: The slot of each part that has one, by ``id``.
        within: The slots of each part, by ``id``.
        rows: Canonical rows, ``(n, decisions)``.
        numbers: Which rows of the tally these are, ``(n,)``; all, by default.
        tally: Where layers are counted.
        reshapes: Whether layers have to change the shape of what they read, so that none is an identity.
    """

    def __init__(
        self,
        places: Mapping[int, int],
        within: Callable[[Expression], tuple[int, ...]],
        rows: Archs,
        numbers: NDArray[np.int64] | None = None,
        tally: Tally | None = None,
        reshapes: bool = False,
    ) -> None:
        self.places, self.within, self.rows, self.reshapes = places, within, rows, reshapes
        self.numbers = np.arange(len(rows)) if numbers is None else numbers
        self.tally = Tally(len(rows)) if tally is None else tally

    @classmethod
    def of(cls, decisions: Decisions, rows: Archs) -> Flow:
        """Return what follows signals through an expression with these decisions."""
        return cls(decisions.places, decisions.within, rows)

    def some(self, rows: NDArray[np.int64]) -> Flow:
        """Return the flow of some of the rows."""
        return Flow(self.places, self.within, self.rows[rows], self.numbers[rows], self.tally, self.reshapes)

    def reshaping(self, changes: bool) -> Flow:
        """Return the flow in which layers change the shape of what they read, or not."""
        return Flow(self.places, self.within, self.rows, self.numbers, self.tally, changes)

    def value(self, part: Expression) -> NDArray[np.int8]:
        """Return the values of a part's decision, ``(n,)``; 0 where it has a single one."""
        place = self.places.get(id(part))
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
        values, out = self.value(part), (before or source)[-1].copy()
        for value, option in options.items():
            rows = np.flatnonzero(values == value)
            if len(rows):
                some = [[signal[rows] for signal in signals] for signals in (before, source)]
                out[rows] = self.some(rows).follow(option, *some)
        return out

    def layer(self, part: Expression, x: Signal) -> Signal:
        """Return what a layer makes of a signal, ``(n,)``."""
        out = np.zeros_like(x)
        for rows, resolved in self._settled(part):
            passes = "changed" if self.reshapes and resolved.passed == "unchanged" else resolved.passed
            self.tally.add(resolved.label or str(resolved), passes, self.numbers[rows])
            if passes == "unchanged":
                out[rows] = x[rows]
            elif passes == "changed":
                out[rows] = np.where(x[rows] > 0, mixed(x[rows] ^ _code(str(resolved))), np.uint64(0))
        return out

    def _settled(self, part: Expression) -> Iterator[tuple[NDArray[np.int64], Any]]:
        """Give a part in each of its forms, with the rows that have it."""
        slots = list(self.within(part))
        if not len(self.rows):
            return
        if slots:
            _, first, which = np.unique(self.rows[:, slots], axis=0, return_index=True, return_inverse=True)
        else:
            first, which = np.zeros(1, np.int64), np.zeros(len(self.rows), np.int64)
        for number, row in enumerate(first.tolist()):
            yield np.flatnonzero(which.ravel() == number), Resolver(self.places, self.rows[row].tolist())(part)

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


def signals_of(expression: Expression, decisions: Decisions, rows: Archs, inputs: int = 1) -> tuple[Signal, Tally]:
    """Return what comes out of an expression, ``(n,)``, and what was met on the way.

    Args:
        expression: The expression, or a part of it.
        decisions: The decisions of the whole.
        rows: Canonical rows, ``(n, decisions)``.
        inputs: How many different inputs it reads.
    """
    flow = Flow.of(decisions, rows)
    source = [np.full(len(rows), code, np.uint64) for code in mixed(np.arange(inputs))]
    return flow.follow(expression, [], source), flow.tally


@cache
def _code(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))
