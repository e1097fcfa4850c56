"""Chance where decisions depend on each other: rows that keep the constraints, drawn, changed and crossed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.spaces.constraints import Bounds
from nasbed.spaces.slots import Slots

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

_TRIES = 64
"""How often a mutation or a crossover is drawn before something else is taken."""

_MOST_DRAWS = 1_000
"""How often a row is drawn that keeps the constraints."""

_FURTHER = 16
"""Where there are constraints, one in so many changes of a mutation is followed by another."""


@dataclass(frozen=True, eq=False)
class Breeding:
    """Draws rows, ``(runs, decisions)``, canonical ones that keep the constraints.

    Attributes:
        decisions: Which slots there are.
        constraints: What rows must keep.
        name: What the space is called.
    """

    decisions: Slots
    constraints: Bounds
    name: str

    def drawn(
        self,
        streams: Streams,
        draw: Callable[[Streams], Archs],
        listed: Callable[[], Callable[[Streams], Archs] | None],
    ) -> Archs:
        """Draw rows until all keep the constraints; where that is too rare, from the list of all that do.

        Args:
            streams: One a row.
            draw: Draws rows, whatever the constraints say.
            listed: Returns what draws from the list, with the same chances; None where there is no list.

        Raises:
            BadSetting: When some run finds none, and there is no list.
        """
        rows = draw(streams)
        looking = np.flatnonzero(~self.constraints.valid(rows)) if self.constraints else np.zeros(0, np.int64)
        for _ in range(_MOST_DRAWS):
            if not len(looking):
                return rows
            rows[looking] = streams.drawing(looking, draw)
            looking = looking[~self.constraints.valid(rows[looking])]
        by_list = listed()
        if by_list is not None:
            rows[looking] = streams.drawing(looking, by_list)
            return rows
        raise BadSetting(
            f"of {_MOST_DRAWS:,} rows drawn of {self.name} none keeps its constraints; write the space so that more do"
        )

    def decided(self, streams: Streams) -> Archs:
        """Draw each decision evenly and give the canonical rows, whatever the constraints say."""
        counts = self.decisions.cardinalities
        return self.decisions.canonical((streams.uniform(len(counts)) * counts).astype(np.int8))

    def mutated(self, parents: Archs, streams: Streams, other: Callable[[Streams], Archs]) -> Archs:
        """Change one active decision of each row; see ``DecidedSpace``.

        Args:
            parents: Canonical rows.
            streams: One a row.
            other: Draws what is taken where no change keeps the constraints.
        """
        if not self.constraints:
            return self._changed(parents, streams)
        children, lost = self._bred(streams, self._walked, (parents,), unlike=parents)
        streams.fell_back(lost)
        for _ in range(_TRIES):
            if not len(lost):
                break
            children[lost] = streams.drawing(lost, other)
            lost = lost[(children[lost] == parents[lost]).all(axis=1)]
        return children

    def _changed(self, rows: Archs, streams: Streams) -> Archs:
        """Change an active decision of each canonical row, whatever the constraints say; 2 words."""
        which, turn = streams.uniform(2).T
        if self.decisions.is_conditional:
            active = self.decisions.active(rows)
            nth = (which * active.sum(axis=1)).astype(np.int64) + 1
            slot = (active.cumsum(axis=1) >= nth[:, None]).argmax(axis=1)
        else:
            slot = (which * rows.shape[1]).astype(np.int64)
        counts = self.decisions.cardinalities[slot]
        children, own = rows.copy(), np.arange(len(rows))
        children[own, slot] = (rows[own, slot] + 1 + (turn * (counts - 1)).astype(np.int64)) % counts
        return self.decisions.canonical(children)

    def _walked(self, rows: Archs, streams: Streams) -> Archs:
        """Make one change and, once in 16 times, a further one; 3 words for each."""
        rows = self._changed(rows, streams)
        going = np.arange(len(rows))
        while len(going):
            further = streams.drawing(going, lambda some: some.integers(_FURTHER)[:, 0] == 0)
            going = going[further]
            if len(going):
                rows[going] = streams.drawing(going, partial(self._changed, rows[going]))
        return rows

    def crossed(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Take each decision from either parent; canonical rows all."""
        if not self.constraints:
            return self._mixed(mothers, fathers, streams)
        children, lost = self._bred(streams, self._mixed, (mothers, fathers))
        if len(lost):
            of_mother = streams.drawing(lost, lambda some: some.integers(2)) == 0
            children[lost] = np.where(of_mother, mothers[lost], fathers[lost])
            streams.fell_back(lost)
        return children

    def _mixed(self, mothers: Archs, fathers: Archs, streams: Streams) -> Archs:
        """Mix two parents, whatever the constraints say; a word for each decision.

        What is active in the child is active in one of the parents with the values that make it so: from there it is.
        """
        of_mother = streams.integers(2, mothers.shape[1]) == 0
        if self.decisions.is_conditional:
            of_mother = (of_mother & self.decisions.active(mothers)) | ~self.decisions.active(fathers)
        return self.decisions.canonical(np.where(of_mother, mothers, fathers))

    def _bred(
        self, streams: Streams, draw: Callable[..., Archs], parents: tuple[Archs, ...], unlike: Archs | None = None
    ) -> tuple[Archs, NDArray[np.int64]]:
        """Draw children until each keeps the constraints and is unlike its parent; give the runs without one, too."""
        children, looking = parents[0].copy(), np.arange(len(streams))
        for _ in range(_TRIES):
            drawn = streams.drawing(looking, partial(draw, *(rows[looking] for rows in parents)))
            fits = self.constraints.valid(drawn)
            if unlike is not None:
                fits &= (drawn != unlike[looking]).any(axis=1)
            children[looking[fits]] = drawn[fits]
            looking = looking[~fits]
            if not len(looking):
                break
        return children, looking
