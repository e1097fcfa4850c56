"""Candidates: which architectures a guided search chooses from at a step, and what is known of each.

A small space is listed: its functions are encoded once, and every architecture that a run has not proposed is a
candidate. Of a larger one, candidates are the neighbours of the best and some that are drawn, or mutants of the best.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.space import Space
from nasbed.encodings.joining import encoding
from nasbed.predictors.features import Features
from nasbed.predictors.guide import Belief, Guide
from nasbed.predictors.kernel import Floats

Candidates = Literal["auto", "space", "neighbours", "mutants"]

_LISTED = 2**15
"""A space of more architectures is not listed unless that is asked for."""

_SEEDS, _POOL = 2**62, 1000

Names = NDArray[np.uint64]


def names_of(space: Space, archs: Archs) -> Names:
    """Return what tells architectures apart that tables have rows for: the index, or the key where there is none."""
    return space.index(archs).astype(np.uint64) if space.is_enumerable else space.key(archs)


def is_listed(space: Space, kind: Candidates) -> bool:
    """Say whether candidates are all of a space."""
    few = space.is_enumerable and space.size is not None and space.size <= _LISTED
    return kind == "space" or (kind == "auto" and few)


class Offer(ABC):
    """What a run may choose from at a step.

    Attributes:
        numbers: Of each candidate, ``(m, numbers)``.
    """

    numbers: Floats

    @abstractmethod
    def believed(self, guide: Guide) -> Belief:
        """Return what a guide believes of each candidate."""

    @abstractmethod
    def free(self, known: Names) -> NDArray[np.bool_]:
        """Say which candidates have an architecture that is not known, ``(m,)``.

        Args:
            known: What a run knows, ``(k,)``; each once.
        """

    @abstractmethod
    def take(self, candidate: int, known: Names, stream: Streams) -> Archs:
        """Return an architecture of a free candidate that is not known, ``(decisions,)``; 1 word."""


class Listing(Offer):
    """All of a space: each function once, with the architectures that compute it.

    Args:
        space: The space.
        features: What makes numbers of rows.

    Raises:
        BadSetting: When the space cannot be listed.
    """

    def __init__(self, space: Space, features: Features) -> None:
        if not space.is_enumerable:
            raise BadSetting(f"the space {space.name} cannot be listed; use candidates=neighbours or mutants")
        self._space = space
        simple = space.simplify(space.enumerate())
        _, first, self._function_of = np.unique(simple, axis=0, return_index=True, return_inverse=True)
        self.numbers = features(simple[first])
        self._order = np.argsort(self._function_of, kind="stable")
        self._counts = np.bincount(self._function_of)
        self._ends = np.cumsum(self._counts)

    def numbers_of(self, archs: Archs) -> Floats:
        """Return the numbers of some architectures, ``(n, numbers)``, without encoding them again."""
        return self.numbers[self._function_of[self._space.index(archs)]]

    def believed(self, guide: Guide) -> Belief:
        """Return what a guide believes, which computes what is new alone."""
        return guide.scan(self.numbers)

    def free(self, known: Names) -> NDArray[np.bool_]:
        """Say which functions have an architecture that is not known."""
        taken = np.bincount(self._function_of[known.astype(np.int64)], minlength=len(self._counts))
        return np.asarray(taken < self._counts)

    def take(self, candidate: int, known: Names, stream: Streams) -> Archs:
        """Draw one of the architectures of a function that are not known."""
        some = self._order[self._ends[candidate] - self._counts[candidate] : self._ends[candidate]]
        untried = some[~np.isin(some.astype(np.uint64), known)]
        arch: Archs = self._space.archs_of(untried[stream.integers(len(untried))[0]])[0]
        return arch


class Some(Offer):
    """Architectures around the best of a run, which are others at each step.

    Args:
        space: The space.
        features: What makes numbers of rows.
        best: The best that the run knows, ``(k, decisions)``.
        kind: ``mutants`` of these; else their neighbours and some that are drawn.
        count: How many mutants, or how many are drawn.
        stream: Of the run; 1 word.

    Attributes:
        rows: The candidates, ``(m, decisions)``.
    """

    def __init__(
        self, space: Space, features: Features, best: Archs, kind: Candidates, count: int, stream: Streams
    ) -> None:
        drawing = Streams.from_seed(int(stream.integers(_SEEDS)[0, 0]), count, purpose="candidates")
        if kind == "mutants":
            found = space.mutate(np.resize(best, (count, space.decisions)), drawing)
        else:
            found = np.concatenate([_neighbours(space, best), space.sample(drawing)])
        names, first = np.unique(names_of(space, found), return_index=True)
        order = np.argsort(first)
        self.rows, self._names = found[first[order]], names[order]
        self.numbers = features(self.rows)

    def believed(self, guide: Guide) -> Belief:
        """Return what a guide believes."""
        return guide.believe(self.numbers)

    def free(self, known: Names) -> NDArray[np.bool_]:
        """Say which are not known."""
        return ~np.isin(self._names, known)

    def take(self, candidate: int, known: Names, stream: Streams) -> Archs:
        """Return the candidate."""
        stream.integers(1)
        arch: Archs = self.rows[candidate]
        return arch


class Scored:
    """Architectures to begin with, by numbers that are known of them before any is trained.

    Args:
        space: The space.
        name: The encoding that has the numbers, of which more is better.

    Raises:
        BadSetting: When the space has no such encoding.
    """

    def __init__(self, space: Space, name: str) -> None:
        self._space, self._encoding = space, encoding(name, space)
        listed = [part.known for part in self._encoding.parts.values() if part.known is not None]
        self._listed = listed[0][space.valid(listed[0])] if listed else None

    def best(self, count: int, stream: Streams) -> Archs:
        """Return the best of 1,000 that are drawn, by the mean of their ranks, each once; 1 word."""
        drawing = Streams.from_seed(int(stream.integers(_SEEDS)[0, 0]), _POOL, purpose="scored")
        if self._listed is None:
            rows = self._space.sample(drawing)
        else:
            rows = self._listed[drawing.integers(len(self._listed))[:, 0]]
        rows = rows[np.sort(np.unique(names_of(self._space, rows), return_index=True)[1])]
        ranks = np.argsort(np.argsort(self._encoding(rows), axis=0, kind="stable"), axis=0).sum(axis=1)
        found: Archs = rows[np.argsort(-ranks, kind="stable")[:count]]
        return found


def _neighbours(space: Space, archs: Archs) -> Archs:
    """Return the neighbours of some architectures, as ``space.neighbors`` does of one."""
    moves = np.tile(np.arange(len(space.moves)), len(archs))
    near = space.moved(np.repeat(archs, len(space.moves), axis=0), moves)
    may_change = space.active(archs)[:, space.moves[:, 0]].ravel()
    allowed: Archs = near[may_change & space.valid(near)]
    return allowed
