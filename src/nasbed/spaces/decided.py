"""Decided spaces: rows whose decisions may depend on each other, counted, drawn and numbered by a diagram."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, NotListed
from nasbed.core.records import Archs, Decision
from nasbed.core.space import Space
from nasbed.spaces.breeding import Breeding
from nasbed.spaces.constraints import Bounds
from nasbed.spaces.diagram import Diagram
from nasbed.spaces.slots import Slots
from nasbed.spaces.written_text import Words

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

Sampling = Literal["rows", "decisions"]

LISTED = 2**20
"""The most rows that are enumerated."""


class DecidedSpace(Space):
    """A space whose rows have a slot for each decision, of which those count that the others ask for.

    What does not count is 0 in the canonical row, and whatever it holds the architecture is the same: key, index, text
    and network. ``size`` is the number of canonical rows; up to 2²⁰ are numbered, in lexicographic order.

    Args:
        name: What it is called.
        decisions: The slots, and which of them count.
        constraints: What rows must keep.
        sampling: What ``sample`` draws evenly: ``rows``, the canonical ones, where they can be counted; or
            ``decisions``, each on its own, which favours rows of few active decisions.
    """

    is_by_row = True

    def __init__(self, name: str, decisions: Slots, constraints: Bounds, sampling: Sampling) -> None:
        if sampling not in get_args(Sampling):
            raise BadSetting(f"a space is sampled by {' or by '.join(get_args(Sampling))}, not by {sampling!r}")
        self.name, self.sampling = name, sampling
        self._decisions, self._constraints = decisions, constraints

    # ── what it is ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def network(self) -> Any:
        """The blueprint of such spaces."""
        return self.kind

    @property
    def slots(self) -> tuple[Decision, ...]:
        """The decisions, those on which others depend first, each named by where it stands."""
        return self._decisions.slots

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """How many values each decision has."""
        return self._decisions.cardinalities

    @cached_property
    def _diagram(self) -> Diagram | None:
        return Diagram.of(self._decisions)

    @cached_property
    def size(self) -> int | None:
        """How many canonical rows there are; None where their decisions combine in too many ways."""
        return None if self._diagram is None else self._diagram.size

    @cached_property
    def is_enumerable(self) -> bool:
        """Whether there are at most 2²⁰ rows."""
        return self._diagram is not None and self._diagram.size <= LISTED

    def active(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which decisions count in each row, ``(n, decisions)``: those within what the others choose."""
        return self._decisions.active(self.checked(archs))

    def canonical(self, archs: Archs) -> Archs:
        """Give rows in which decisions that do not count are 0."""
        return self._decisions.canonical(self.checked(archs))

    def valid(self, archs: Archs) -> NDArray[np.bool_]:
        """Say which rows keep their bounds and the constraints; what decisions hold that do not count is not asked."""
        return self._constraints.valid(self.checked(archs))

    def key(self, archs: Archs) -> NDArray[np.uint64]:
        """Give rows of one canonical row the same number, ``(n,)``; 0 for what is out of bounds."""
        rows = self.checked(archs)
        return np.where(self._decisions.inside(rows), self._decisions.keys(self.canonical(rows)), np.uint64(0))

    # ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _listing(self) -> Diagram:
        """The diagram of a space that is enumerable."""
        if self._diagram is None or not self.is_enumerable:
            raise NotListed(
                f"the space {self.name} is too large to list, or its size is not known; sample it, and use key"
            )
        return self._diagram

    def index(self, archs: Archs) -> NDArray[np.int64]:
        """Number rows by their canonical rows, in lexicographic order, ``(n,)``; −1 for what is not valid."""
        rows = self.checked(archs)
        inside = self._decisions.inside(rows)
        ranks = self._listing.rank(self.canonical(np.where(inside[:, None], rows, np.int8(0))))
        return np.where(inside, ranks, -1)

    def archs_of(self, indices: NDArray[np.int64]) -> Archs:
        """Give the canonical rows with these numbers; see ``Space.archs_of``."""
        return self._listing.rows(self.checked_indices(indices), self.decisions)

    def enumerate(self) -> Archs:
        """Give all canonical rows that keep the constraints, in lexicographic order.

        Raises:
            NotListed: When they are too many to list, or cannot be counted.
        """
        return self.archs_of(np.arange(self.size if self._listing and self.size else 0))

    # ── chance ────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _breeding(self) -> Breeding:
        return Breeding(self._decisions, self._constraints, self.name)

    def sample(self, streams: Streams) -> Archs:
        """Draw a canonical row a stream, each with the same chance, or as ``sampling`` says."""
        by_row = self.sampling == "rows" and self._diagram is not None
        return self.sample_rows(streams) if by_row else self.sample_decisions(streams)

    def sample_rows(self, streams: Streams) -> Archs:
        """Draw each canonical row that keeps the constraints with exactly the same chance; a word for each decision.

        Raises:
            NotListed: When they cannot be counted.
        """
        if self._diagram is None:
            raise NotListed(f"the rows of {self.name} cannot be counted; use sample_decisions")
        if not self._decisions.is_conditional:
            return self.sample_decisions(streams)
        draw = partial(self._diagram.sample, decisions=self.decisions)
        return self._breeding.drawn(streams, draw, lambda: self._by_list("rows"))

    def sample_decisions(self, streams: Streams) -> Archs:
        """Draw each decision evenly and give the canonical row; a word for each decision."""
        return self._breeding.drawn(streams, self._breeding.decided, lambda: self._by_list("decisions"))

    def probabilities(self) -> NDArray[np.float64]:
        """Give the chance of each row under one ``sample``, in the order of ``enumerate``, ``(size,)``."""
        return self._chances(self.sampling)

    def _chances(self, sampling: Sampling) -> NDArray[np.float64]:
        """Return the chance of each row where rows, or decisions, are drawn evenly."""
        rows = self.enumerate()
        if sampling == "rows":
            return np.full(len(rows), 1.0 / len(rows))
        chances = np.where(self.active(rows), 1.0 / self.cardinalities, 1.0).prod(axis=1)
        return np.asarray(chances / chances.sum())

    def _by_list(self, sampling: Sampling) -> Callable[[Streams], Archs] | None:
        """Return what draws from the list of all rows, a word each; None where there is no list."""
        if not self.is_enumerable or not self.size:
            return None
        upto = self._chances(sampling).cumsum()[:-1]
        return lambda streams: self.archs_of(np.searchsorted(upto, streams.uniform()[:, 0], "right"))

    def moved(self, archs: Archs, moves: NDArray[np.int64]) -> Archs:
        """Make one move in each architecture; see ``Space.moved``."""
        return self.canonical(super().moved(self.canonical(archs), moves))

    def mutate(self, archs: Archs, streams: Streams) -> Archs:
        """Change one active decision of each row into another value; 2 words, more where there are constraints."""
        return self._breeding.mutated(self.canonical(self.checked(archs, len(streams))), streams, self.sample)

    def crossover(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Take each decision from either parent with equal chance, of those in which it is active.

        A word for each decision; more where there are constraints.
        """
        n = len(streams)
        parents = self.canonical(self.checked(mothers, n)), self.canonical(self.checked(fathers, n))
        return self._breeding.crossed(*parents, streams)

    # ── text ──────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _words(self) -> Words:
        """What writes and reads rows."""
        return Words(self.slots, self.name)

    def _row(self, arch: Archs) -> Archs:
        """Give the canonical row of one architecture, ``(decisions,)``.

        Raises:
            InvalidArchitecture: When it is not of this space.
        """
        rows = self.checked(np.asarray(arch)[None])
        self.check_valid(rows)
        row: Archs = self.canonical(rows)[0]
        return row
