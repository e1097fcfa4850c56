"""Open brackets: what each of many runs is to train next, while answers come in any order.

A run works on its oldest bracket first. Where every open bracket waits for answers, the next one is opened, so that
there is always something to train, as in the parallel program that was published with BOHB (Falkner et al., ICML 2018,
https://arxiv.org/abs/1807.01774). Where answers come before the next question, a run has one bracket open at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.core.state import Stateful
from nasbed.optimizers.halving.brackets_kernels import hear, next_jobs

Counts = Literal["table", "formula"]
"""Whether Hyperband's brackets begin with as many as its published table says, or as its published formula does."""


class Jobs(NamedTuple):
    """What each run is to train next.

    Attributes:
        number: Of the trials, int64 ``(runs,)``.
        bracket: Which of its run's brackets each is for, counted from 0 as they were opened, int64 ``(runs,)``.
        rung: Which rung of that bracket, from 0, int64 ``(runs,)``.
        epochs: For how many epochs, int64 ``(runs,)``.
        fresh: Whose rung is the bracket's first, so that an architecture has yet to be found, bool ``(runs,)``.
        archs: What was promoted, the best of the rung before first, int8 ``(runs, decisions)``; zeros for the fresh.
        earlier: The trial that it was promoted for, int64 ``(runs,)``; −1 for the fresh.
        place: Where the bracket lies in the arrays of ``OpenBrackets``, int64 ``(runs,)``.
        slot: Where the job is in its rung, int64 ``(runs,)``.
    """

    number: NDArray[np.int64]
    bracket: NDArray[np.int64]
    rung: NDArray[np.int64]
    epochs: NDArray[np.int64]
    fresh: NDArray[np.bool_]
    archs: Archs
    earlier: NDArray[np.int64]
    place: NDArray[np.int64]
    slot: NDArray[np.int64]


_BY_PLACE = {
    "serial": -1,
    "rung": 0,
    "size": 0,
    "asked": 0,
    "told": 0,
    "archs": 0,
    "values": np.nan,
    "numbers": -1,
    "earlier": -1,
    "heard": False,
}
"""The arrays with an axis of places, and what stands where there is no bracket."""


class OpenBrackets(Stateful):
    """The brackets that each run has open.

    The arrays have axes ``(runs, places)`` or ``(runs, places, slots)``. They may be read; a bracket's slots are those
    of its present rung.

    Args:
        runs: How many runs.
        decisions: Of an architecture.
        plans: The brackets that each run opens, one after the other and again from the first.
    """

    kept = ("opened", *_BY_PLACE)

    def __init__(self, runs: int, decisions: int, plans: Sequence[Bracket]) -> None:
        rungs = max(len(plan.counts) for plan in plans)
        self.plan_counts, self.plan_epochs = np.zeros((2, len(plans), rungs), np.int64)
        for i, plan in enumerate(plans):
            self.plan_counts[i, : len(plan.counts)], self.plan_epochs[i, : len(plan.counts)] = plan.counts, plan.epochs
        places, slots = 2, int(self.plan_counts.max())
        self.opened = np.zeros(runs, np.int64)
        """How many brackets each run has opened."""
        self.serial = np.full((runs, places), -1)
        """Which of them lies here; −1 for none."""
        self.rung, self.size, self.asked, self.told = np.zeros((4, runs, places), np.int64)
        """Which rung it is at, how many trials that has, how many of them are asked and told."""
        self.archs = np.zeros((runs, places, slots, decisions), np.int8)
        self.values = np.full((runs, places, slots), np.nan)
        self.numbers = np.full((runs, places, slots), -1)
        """The trial of each slot; −1 for one that was not asked yet."""
        self.earlier = np.full((runs, places, slots), -1)
        """The trial that each was promoted for; −1 in a first rung."""
        self.heard = np.zeros((runs, places, slots), np.bool_)

    def next(self, number: int) -> Jobs:
        """Give each run its next job, whose architecture is then to be ``put``.

        Args:
            number: Of the trials that they will be.
        """
        if (self.serial >= 0).all(axis=1).any():
            self._widen()
        place, slot = next_jobs(
            self.plan_counts,
            number,
            self.opened,
            self.serial,
            self.rung,
            self.size,
            self.asked,
            self.told,
            self.numbers,
        )
        runs = np.arange(len(place))
        bracket, rung = self.serial[runs, place], self.rung[runs, place]
        fresh = rung == 0
        return Jobs(
            number=np.full(len(runs), number),
            bracket=bracket,
            rung=rung,
            epochs=self.plan_epochs[bracket % len(self.plan_epochs), rung],
            fresh=fresh,
            archs=np.where(fresh[:, None], np.int8(0), self.archs[runs, place, slot]),
            earlier=np.where(fresh, -1, self.earlier[runs, place, slot]),
            place=place,
            slot=slot,
        )

    def put(self, jobs: Jobs, archs: Archs) -> None:
        """Say which architecture each job trains, ``(runs, decisions)``."""
        self.archs[np.arange(len(archs)), jobs.place, jobs.slot] = archs

    def tell(
        self, number: NDArray[np.int64], value: NDArray[np.float64], active: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Hear one answer a run; a rung that is complete hands its best to the next.

        A NaN value is a failed training, which is never promoted; where fewer than wanted are left, the next rung is
        that much smaller. Answers that no rung waits for are ignored.

        Args:
            number: Of the trial, ``(runs,)``.
            value: Higher is better.
            active: Which rows count.

        Returns:
            Which rows a rung had waited for, ``(runs,)``.
        """
        known: NDArray[np.bool_] = hear(
            self.plan_counts,
            self.serial,
            self.rung,
            self.size,
            self.asked,
            self.told,
            self.numbers,
            self.heard,
            self.archs,
            self.values,
            self.earlier,
            number,
            value,
            active,
        )
        return known

    def _widen(self) -> None:
        """Make room for twice as many brackets."""
        for name, empty in _BY_PLACE.items():
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.full_like(old, empty)], axis=1))


@dataclass(frozen=True)
class Bracket:
    """One round of successive halving.

    Attributes:
        counts: How many architectures each of its rungs trains, never more than the rung before.
        epochs: For how many epochs, ascending.
    """

    counts: tuple[int, ...]
    epochs: tuple[int, ...]

    def __post_init__(self) -> None:
        falling = all(a >= b for a, b in pairwise(self.counts))
        rising = all(a < b for a, b in pairwise(self.epochs))
        if not (len(self.counts) == len(self.epochs) > 0 and falling and rising and self.counts[-1] >= 1):
            raise BadSetting(f"a bracket trains ever fewer for ever longer, not {self.counts} for {self.epochs} epochs")

    def cost(self, resume: bool) -> int:
        """Give the epochs that the whole bracket trains.

        Args:
            resume: Whether a rung goes on with the trainings of the one before, and pays for what is added alone.
        """
        before = (0, *self.epochs[:-1]) if resume else (0,) * len(self.epochs)
        return sum(n * (r - paid) for n, r, paid in zip(self.counts, self.epochs, before, strict=True))


def halved(count: int, rungs: Sequence[int], eta: int) -> Bracket:
    """Give the bracket that begins with ``count`` architectures and keeps one of ``eta`` at each rung.

    It ends at the last rung. Few architectures begin at a later one, so that at least one of them is left there.

    Args:
        count: At the beginning, from 1.
        rungs: All epochs there are to train for, ascending.
        eta: One of so many is kept.
    """
    steps = 0
    while steps + 1 < len(rungs) and eta ** (steps + 1) <= count:
        steps += 1
    return Bracket(tuple(count // eta**i for i in range(steps + 1)), tuple(rungs[-1 - steps :]))


def hyperband_brackets(rungs: Sequence[int], eta: int, counts: Counts = "table") -> tuple[Bracket, ...]:
    """Give Hyperband's brackets, from the one with the most architectures to the one without halving.

    With S rungs, bracket s = S−1 … 0 begins at the rung s from the end. The paper says twice with how many: for
    R = 81 and η = 3 its Table 1 has 81, 27, 9, 6 and 5, which is ``⌊S / (s+1)⌋·η^s`` and what the programs published
    with BOHB and DEHB do; line 2 of its Algorithm 1 is ``⌈S·η^s / (s+1)⌉``, which is 81, 34, 15, 8 and 5.

    Args:
        rungs: All epochs there are to train for, ascending.
        eta: One of so many is kept.
        counts: Which of the two.

    Raises:
        BadSetting: For a third.
    """
    check_counts(counts)
    size = len(rungs)

    def first(s: int) -> int:
        power: int = eta**s
        return size // (s + 1) * power if counts == "table" else -(-size * power // (s + 1))

    return tuple(halved(first(s), rungs[-1 - s :], eta) for s in reversed(range(size)))


def check_counts(counts: str) -> None:
    """Refuse what is neither the table nor the formula.

    Raises:
        BadSetting: With both.
    """
    if counts not in get_args(Counts):
        raise BadSetting(f"Hyperband's counts are those of its {' or its '.join(get_args(Counts))}, not {counts!r}")
