"""Product spaces: every combination of decisions is an architecture, and a published order numbers them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.records import Archs, Decision
from nasbed.core.rows import mixed
from nasbed.core.space import Space
from nasbed.spaces.expression import Expression
from nasbed.spaces.written import WrittenSpace

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


class ProductSpace(Space):
    """A space without invalid combinations, of 2²⁴ rows at most, in which each row has a number of its own.

    A row's *code* is the number that its decisions are the digits of, the first being the highest. ``index`` follows
    the published order, which ``order`` gives, and ``key`` the published rule of equality, which ``representatives``
    gives. A space without these needs ``cardinalities``, ``graph``, ``format`` and ``parse`` alone, and ``settings``
    where it is made with some.
    """

    expression: Expression | None = None
    """The space in the notation of ``nasbed.spaces``, with a decision for each of a row's; None where it has none."""

    @cached_property
    def written(self) -> WrittenSpace:
        """The expression as a space: the same rows, in the order of their codes.

        Raises:
            NotImplementedError: When there is none.
        """
        if self.expression is None:
            raise NotImplementedError(f"the space {self.name} has no expression in the notation of spaces")
        return WrittenSpace(self.expression, self.name)

    @cached_property
    def computed(self) -> WrittenSpace:
        """What functions and cells are read from: the expression, with its decisions and their order.

        A space overrides it where its expression does not say which layers change the shape of what they read.
        """
        return self.written

    def resolve(self, arch: Archs) -> Expression:
        """Give one architecture, ``(decisions,)``, as an expression with nothing left open; see ``WrittenSpace``."""
        return self.written.resolve(arch)

    @property
    def slots(self) -> tuple[Decision, ...]:
        """The decisions of a row, named as in the expression."""
        return super().slots if self.expression is None else self.written.slots

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again, JSON-able: by default there are none."""
        return {}

    @property
    def order(self) -> NDArray[np.int64] | None:
        """The codes in the published order, ``(size,)``; None where that is the order of the codes."""
        return None

    @cached_property
    def representatives(self) -> NDArray[np.int64]:
        """For each index the smallest index that is equal to it, ``(size,)``; by default no two rows are equal."""
        return np.arange(self.size)

    @cached_property
    def size(self) -> int:
        """How many rows there are."""
        return int(np.prod(self.cardinalities))

    # ── between rows, codes and indices ───────────────────────────────────────────────────────────────────────

    @cached_property
    def _weights(self) -> NDArray[np.float32]:
        """What each digit counts in a code: floats that hold such integers exactly, for whose products BLAS is made."""
        return (self.size // np.cumprod(self.cardinalities)).astype(np.float32)

    @cached_property
    def _ranks(self) -> NDArray[np.int64] | None:
        """The index of each code; and −1 at the end, where code −1 reads it."""
        if self.order is None:
            return None
        ranks = np.full(self.size + 1, -1, np.int64)
        ranks[self.order] = np.arange(self.size)
        return ranks

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number rows in the published order, ``(n,)``; −1 for those with a decision out of its bounds."""
        rows = self.checked(archs)
        codes: NDArray[np.int64] = (rows.astype(np.float32) @ self._weights).astype(np.int64)
        digits = rows.view(np.uint8)  # in which what is negative is large
        if digits.max(initial=0) >= self.cardinalities.min():
            codes[(digits >= self.cardinalities).any(axis=1)] = -1
        return codes if self._ranks is None else self._ranks.take(codes)

    def archs_of(self, indices: NDArray[np.int64]) -> Archs:
        """Give the rows with these indices, ``(n,)`` → ``(n, decisions)``; see ``Space.archs_of``."""
        codes = self.checked_indices(indices)
        if self.order is not None:
            codes = self.order[codes]
        return (codes[:, None] // self._weights.astype(np.int64) % self.cardinalities).astype(np.int8)

    def enumerate(self) -> Archs:
        """Give all rows in the published order, ``(size, decisions)``."""
        return self.archs_of(np.arange(self.size))

    def valid(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which rows keep every decision within its bounds."""
        inside: NDArray[np.bool_] = np.all(self.checked(archs).view(np.uint8) < self.cardinalities, axis=1)
        return inside

    def numbered(self, text: str) -> Archs | None:
        """Read a published index, such as ``1459`` or ``#1459``, ``(decisions,)``; None where the text is none.

        Raises:
            InvalidArchitecture: When there is no such index.
        """
        digits = self.text(text).strip().removeprefix("#")
        if not digits.isdecimal():
            return None
        row: Archs = self.archs_of(np.array([int(digits.lstrip("0")[:18] or "0")]))[0]
        return row

    # ── equality ──────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _keys(self) -> NDArray[np.uint64]:
        """The key of each index; and 0 at the end, where index −1 reads it."""
        return np.append(mixed(self.representatives), np.uint64(0))

    def key(self, archs: Archs) -> NDArray[np.uint64]:
        """Give equal rows the same number, ``(n,)``: their first index, its bits mixed; 0 for what is not valid."""
        return self._keys.take(self.index(archs))

    def unique(self) -> Archs:
        """Give the first of all rows that are equal, in the published order; see ``Space.unique``."""
        return self.archs_of(np.flatnonzero(self.representatives == np.arange(self.size)))

    @cached_property
    def _simple(self) -> Archs:
        """The smallest row of the function of each index."""
        return self.computed.simplify(self.enumerate())

    @cached_property
    def _functions(self) -> NDArray[np.uint64]:
        """The number of the function of each index; and 0 at the end, where index −1 reads it."""
        return np.append(self.computed.function_key(self.enumerate()), np.uint64(0))

    def simplify(self, archs: Archs) -> Archs:
        """Return for each row the smallest of the same function, as the expression computes it."""
        if self.expression is None:
            return super().simplify(archs)
        self.check_valid(archs)
        return self._simple.take(self.index(archs), axis=0)

    def function_key(self, archs: Archs) -> NDArray[np.uint64]:
        """Return the same number for rows of the same function; see ``Space.function_key``."""
        return super().function_key(archs) if self.expression is None else self._functions.take(self.index(archs))

    def cells(self, archs: Archs) -> tuple[Cells, ...]:
        """Return the cells of the expression, or its sequence of layers."""
        return super().cells(archs) if self.expression is None else self.computed.cells(archs)

    def layers(self, archs: Archs) -> Mapping[str, NDArray[np.int64]]:
        """Return how many layers there are of each kind that is decided."""
        return super().layers(archs) if self.expression is None else self.computed.layers(archs)

    # ── chance ────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def mutation_chances(self) -> NDArray[np.float64]:
        """How likely a mutation makes each of ``moves``, ``(moves,)``: each decision alike, then each other value."""
        others = (self.cardinalities[self.moves[:, 0]] - 1).astype(np.float64)
        return 1.0 / (self.decisions * others)

    def sample(self, streams: Streams) -> Archs:
        """Draw each row with the same chance; a word for each decision."""
        return (streams.uniform(self.decisions) * self.cardinalities).astype(np.int8)

    def mutate(self, archs: Archs, streams: Streams) -> Archs:
        """Change one decision of each row into another value, by ``mutation_chances``; 1 word."""
        return self.moved(self.checked(archs, len(streams)), streams.choice(self.mutation_chances))

    def crossover(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Take each decision from either parent with equal chance; a word for each decision."""
        n = len(streams)
        of_mother = streams.integers(2, self.decisions) == 0
        return np.where(of_mother, self.checked(mothers, n), self.checked(fathers, n))

    def probabilities(self) -> NDArray[np.float64]:
        """Give the chance of each row under one ``sample``: all are alike, ``(size,)``."""
        return np.full(self.size, 1.0 / self.size)

    def describe(self) -> Mapping[str, Any]:
        """Say how many rows there are, and how many differ."""
        different = int((self.representatives == np.arange(self.size)).sum())
        return {**super().describe(), "architectures": self.size, "different by key": different}
