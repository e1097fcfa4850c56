"""A decision diagram: the canonical rows of a space as the ways through a small graph.

Slots are decided in their order. What matters for the rest is only which later slots the values so far have made
active; decisions that leave the same set active share a node. The ways through the diagram are the canonical rows: each
is counted once, with integers of any length, also where shared parts stay unused.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.spaces.slots import Slots

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

_MOST_NODES = 2**16
_BITS = 53  # of a digit of chance: those of a uniform draw


@dataclass(frozen=True, eq=False)
class Diagram:
    """The nodes in the order of their slots: the first is where each way starts; behind the last one, all ways end.

    Attributes:
        slots: The slot that each decides, ascending.
        children: Where each value leads: a row of node numbers each.
        counts: How many ways there are from each node to the end, with a 1 for the end.
    """

    slots: list[int]
    children: list[list[int]]
    counts: list[int]

    @classmethod
    def of(cls, decisions: Slots) -> Diagram | None:
        """Build the diagram of decisions; None where it takes more than 2¹⁶ nodes."""
        slots = len(decisions.slots)
        layers: list[dict[Hashable, None]] = [{} for _ in range(slots + 1)]  # the states at each slot, in the order met
        level, state = decisions.start
        layers[level][state] = None
        found: list[tuple[int, Sequence[tuple[int, Hashable]]]] = []
        for slot in range(slots):
            for state in layers[slot]:
                ways = decisions.following(slot, state)
                found.append((slot, ways))
                for level, after in ways:
                    layers[level][after] = None
            if sum(map(len, layers)) > _MOST_NODES:
                return None
        return cls(*_numbered(found, layers))

    @property
    def size(self) -> int:
        """How many canonical rows there are."""
        return self.counts[0]

    @cached_property
    def _spans(self) -> list[tuple[int, int, int]]:
        """For each slot that has nodes: the slot, its first node, and the one behind its last."""
        slots = np.array(self.slots)
        starts = np.flatnonzero(np.diff(slots, prepend=-1))
        return list(zip(slots[starts].tolist(), starts.tolist(), [*starts[1:].tolist(), len(slots)], strict=True))

    @cached_property
    def _table(self) -> NDArray[np.int64]:
        """``children`` as an array, ``(nodes, most values)``; the end where there is no value."""
        return _padded(self.children, len(self.slots))

    @cached_property
    def _sums(self) -> list[list[int]]:
        """How many ways there are through the values before each, and through all of them."""
        return [list(accumulate((self.counts[child] for child in children), initial=0)) for children in self.children]

    # ── chance ────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _thresholds(self) -> NDArray[np.int64]:
        """From which first digit of chance on each value but the first is taken, ``(nodes, most values − 1)``."""
        rows = [[(part << _BITS) // sums[-1] for part in sums[1:-1]] for sums in self._sums]
        return _padded(rows, 2**_BITS)

    @cached_property
    def _open(self) -> NDArray[np.bool_]:
        """Which thresholds lie within their digit, so that further ones decide."""
        rows = [[int((part << _BITS) % sums[-1] > 0) for part in sums[1:-1]] for sums in self._sums]
        return _padded(rows, 0).astype(np.bool_)

    def sample(self, streams: Streams, decisions: int) -> Archs:
        """Draw canonical rows, each with exactly the same chance, ``(runs, decisions)``.

        A word for each decision; more where its digits leave open on which side of a threshold it is, about once in
        10¹⁶ draws.
        """
        from nasbed.spaces.diagram_kernels import follow  # numba takes longer to import than a space to write

        digits, rows = _digits(streams, decisions), np.zeros((len(streams), decisions), np.int8)
        unsettled = np.zeros(len(streams), np.int8)
        follow(digits, self._thresholds, self._open, self._table, np.array(self.slots), rows, unsettled)
        for run in np.flatnonzero(unsettled).tolist():
            rows[run] = 0
            node = 0
            while node < len(self.slots):
                slot = self.slots[node]
                rows[run, slot] = value = self._settled(node, int(digits[run, slot]), streams, run)
                node = self.children[node][value]
        return rows

    def _settled(self, node: int, number: int, streams: Streams, run: int) -> int:
        """Return which value a digit takes; where it leaves that open, further ones are drawn."""
        sums, scale = self._sums[node], 1 << _BITS
        shares = [Fraction(part, sums[-1]) for part in sums[1:-1]]
        while any(number < share * scale < number + 1 for share in shares):
            digit = streams.drawing(np.array([run]), lambda one: int(_digits(one, 1)[0, 0]))
            number, scale = (number << _BITS) + digit, scale << _BITS
        return sum(number >= share * scale for share in shares)

    # ── numbers, for spaces small enough to list ──────────────────────────────────────────────────────────────

    @cached_property
    def _before(self) -> NDArray[np.int64]:
        """How many ways there are through the values before each, ``(nodes, most values)``."""
        return _padded([sums[:-1] for sums in self._sums], self.size)

    def rank(self, rows: Archs) -> NDArray[np.int64]:
        """Number canonical rows in lexicographic order, ``(n,)``."""
        node, ranks = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
        for slot, first, end in self._spans:
            here = np.flatnonzero((node >= first) & (node < end))
            at, value = node[here], rows[here, slot]
            ranks[here] += self._before[at, value]
            node[here] = self._table[at, value]
        return ranks

    def rows(self, ranks: NDArray[np.int64], decisions: int) -> Archs:
        """Give the canonical rows with these numbers, ``(n, decisions)``."""
        node, left = np.zeros(len(ranks), np.int64), ranks.copy()
        rows = np.zeros((len(ranks), decisions), np.int8)
        for slot, first, end in self._spans:
            here = np.flatnonzero((node >= first) & (node < end))
            before = self._before[node[here]]
            value = (left[here, None] >= before).sum(axis=1) - 1
            left[here] -= before[np.arange(len(here)), value]
            rows[here, slot] = value
            node[here] = self._table[node[here], value]
        return rows


def _digits(streams: Streams, count: int) -> NDArray[np.int64]:
    """Draw digits of chance, ``(runs, count)``; ``count`` words."""
    return (streams.uniform(count) * 2.0**_BITS).astype(np.int64)


def _numbered(
    found: list[tuple[int, Sequence[tuple[int, Hashable]]]], layers: list[dict[Hashable, None]]
) -> tuple[list[int], list[list[int]], list[int]]:
    """Number the nodes in the order found, and count the ways from the end on."""
    numbers: list[dict[Hashable, int]] = []
    start = 0
    for layer in layers[:-1]:
        numbers.append({state: start + i for i, state in enumerate(layer)})
        start += len(layer)
    numbers.append(dict.fromkeys(layers[-1], start))
    children = [[numbers[level][state] for level, state in ways] for _, ways in found]
    counts = [1] * (start + 1)
    for node in reversed(range(start)):
        counts[node] = sum(counts[child] for child in children[node])
    return [slot for slot, _ in found], children, counts


def _padded(rows: list[list[int]], fill: int) -> NDArray[np.int64]:
    most = max(map(len, rows))
    return np.array([row + [fill] * (most - len(row)) for row in rows], np.int64).reshape(len(rows), most)
