"""Novelty: proposals that their run does not know yet, and the end of runs that know all there is.

Where a run knows nearly everything, what is new takes thousands of draws to find. A run's later draws are taken many at
a time, from streams that a word of its own begins, so that a search that exhausts its space costs little more for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.seen import Seen
from nasbed.core.space import Space
from nasbed.core.state import Stateful

_TOGETHER = 50  # draws that the runs which look for something new take in step, one each
_FIRST, _LAST = 3, 13  # then each of them for itself: 2³, 2⁴, … 2¹³ at a time, 16376 in all

Names = Callable[[Archs], NDArray[np.uint64]]
"""What tells architectures apart: equal names are the same architecture."""


class Novelty(Stateful):
    """What each run knows, and which runs found nothing new and are over for good.

    Args:
        runs: How many runs.
        space: Where architectures are drawn from.
        names: What tells them apart.
    """

    kept = ("_seen", "_over")

    def __init__(self, runs: int, space: Space, names: Names) -> None:
        self._space, self._names = space, names
        self._seen, self._over = Seen(runs), np.zeros(runs, np.bool_)

    def note(self, archs: Archs, rows: NDArray[np.bool_]) -> None:
        """Know what others have tried in some runs, ``(runs,)``."""
        self._seen.meet(self._names(archs), 0, rows)

    def make_new(
        self,
        archs: Archs,
        parents: NDArray[np.int64],
        streams: Streams,
        breed: Callable[[NDArray[np.int64]], None] | None = None,
        tries: int = 0,
    ) -> NDArray[np.bool_] | None:
        """Replace in place what runs know; say who has something new, None for all.

        Args:
            archs: A proposal a run.
            parents: Whose child it is, ``(runs, 2)``; −1 is written for what is drawn.
            streams: One a run.
            breed: Writes other proposals of the runs it is given.
            tries: How often to breed before architectures are drawn from the space.
        """
        known, names = ~self._over, np.zeros(len(archs), np.uint64)
        for attempt in range(tries + _TOGETHER + 1):
            rows = np.flatnonzero(known)
            if attempt and attempt <= tries and breed is not None:
                breed(rows)
            elif attempt:
                archs[rows], parents[rows] = streams.drawing(rows, self._space.sample), -1
            names[rows] = self._names(archs[rows])
            known = self._seen.meet(names, 0, known) >= 0
            if not known.any():
                break
        for row in np.flatnonzero(known):
            found = self._drawn(row, streams)
            if found is not None:
                archs[row], parents[row] = found, -1
        return ~self._over if self._over.any() else None

    def _drawn(self, row: np.intp, streams: Streams) -> Archs | None:
        """Draw many for one run and give the first that is new; where there is none, it is over."""
        for doubled in range(_FIRST, _LAST + 1):
            seed = streams.drawing(np.array([row]), lambda stream: stream.integers(2**62))[0, 0]
            many = self._space.sample(Streams.from_seed(int(seed), 2**doubled, purpose="novelty"))
            place = self._seen.meet_first(int(row), self._names(many), 0)
            if place >= 0:
                found: Archs = many[place]
                return found
        self._over[row] = True
        return None
