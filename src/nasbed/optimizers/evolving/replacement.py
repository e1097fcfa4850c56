"""Replacement: who of a population makes room, and which newcomers are let in.

A step is taken when so many newcomers have been told of as the step has children, whoever bred them and whenever. The
best few of a population may be protected: De Jong's elitism ("An Analysis of the Behavior of a Class of Genetic
Adaptive Systems", University of Michigan 1975).

Reference: De Jong and Sarma, "Generation Gaps Revisited", FOGA 1993; Eiben and Smith, "Introduction to Evolutionary
Computing", Springer 2003, section 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel, stable_order
from nasbed.core.rng import Streams, below, word_at


class Exchange(NamedTuple):
    """Who goes and who comes, as many, in each of some runs.

    Attributes:
        leaving: By rank, 0 for the best, bool ``(n, members)``.
        entering: In the order of telling, bool ``(n, newcomers)``.
    """

    leaving: NDArray[np.bool_]
    entering: NDArray[np.bool_]


class Step(NamedTuple):
    """What a rule decides upon.

    Attributes:
        values: What the members of all runs are worth, the best first, ``(runs, members)``.
        births: When each was told of, by rank, ``(runs, members)``: the oldest has the least.
        newcomers: What the newcomers are worth, in the order of telling, ``(runs, newcomers)``.
        rows: Which runs take a step, ``(n,)``.
        streams: Of all runs; only those of ``rows`` move on.
        protected: How many of the best must not go.
    """

    values: NDArray[np.float64]
    births: NDArray[np.int64]
    newcomers: NDArray[np.float64]
    rows: NDArray[np.int64]
    streams: Streams
    protected: int


class Offspring(NamedTuple):
    """How many children a step has.

    Attributes:
        usual: As a rule.
        least: At least.
        most: At most; None for any number.
    """

    usual: int
    least: int
    most: int | None


class Replacement(Protocol):
    """A rule of replacement."""

    def offspring(self, free: int) -> Offspring:
        """Give how many children a step has where ``free`` members may go."""
        ...

    def exchange(self, step: Step) -> Exchange:
        """Decide who goes and who comes in the runs that take a step."""
        ...


def _all_enter(step: Step) -> NDArray[np.bool_]:
    return np.ones((len(step.rows), step.newcomers.shape[1]), np.bool_)


@dataclass(frozen=True)
class Worst:
    """Newcomers, whatever they are worth, take the places of the worst.

    Reference: Whitley, "The GENITOR Algorithm and Selection Pressure", ICGA 1989.
    """

    def offspring(self, free: int) -> Offspring:
        """Give one child a step: a steady state."""
        return Offspring(1, 1, free)

    def exchange(self, step: Step) -> Exchange:
        """Draw nothing."""
        members, newcomers = step.values.shape[1], step.newcomers.shape[1]
        leaving = np.zeros((len(step.rows), members), np.bool_)
        leaving[:, members - newcomers :] = True
        return Exchange(leaving, _all_enter(step))


@dataclass(frozen=True)
class Oldest:
    """Newcomers take the places of the oldest, however good those are: first in, first out.

    Reference: De Jong and Sarma (1993); the aging of Real et al., AAAI 2019, https://arxiv.org/abs/1802.01548
    """

    def offspring(self, free: int) -> Offspring:
        """Give one child a step: a steady state."""
        return Offspring(1, 1, free)

    def exchange(self, step: Step) -> Exchange:
        """Draw nothing."""
        leaving = _oldest(step.births, step.rows, step.protected, step.newcomers.shape[1])
        return Exchange(leaving, _all_enter(step))


@dataclass(frozen=True)
class Random:
    """Newcomers take the places of different members, drawn alike; a word for each.

    Reference: Syswerda, "A Study of Reproduction in Generational and Steady-State Genetic Algorithms", FOGA 1991.
    """

    def offspring(self, free: int) -> Offspring:
        """Give one child a step: a steady state."""
        return Offspring(1, 1, free)

    def exchange(self, step: Step) -> Exchange:
        """Draw who goes."""
        streams, members = step.streams, step.values.shape[1]
        drawing = streams.keys, streams.positions, step.rows, members, step.protected
        return Exchange(_anybody(*drawing, step.newcomers.shape[1]), _all_enter(step))


@dataclass(frozen=True)
class Plus:
    """The best of all, members and newcomers, stay: (μ+λ). Of equals, those who were there first.

    Reference: Schwefel, "Numerical Optimization of Computer Models", Wiley 1981; Beyer and Schwefel, "Evolution
    Strategies: A Comprehensive Introduction", Natural Computing 1, 2002.
    """

    def offspring(self, free: int) -> Offspring:
        """Give as many children a step as there are members that may go; any number will do."""
        return Offspring(free, 1, None)

    def exchange(self, step: Step) -> Exchange:
        """Draw nothing."""
        return Exchange(*_plus(step.values, step.newcomers, step.rows))


@dataclass(frozen=True)
class Comma:
    """The best newcomers take all places: (μ,λ). Who is protected stays beside them.

    Seven times as many children as places are usual.

    Reference: Schwefel (1981); Bäck, Hoffmeister and Schwefel, "A Survey of Evolution Strategies", ICGA 1991.
    """

    def offspring(self, free: int) -> Offspring:
        """Give enough children to choose from."""
        return Offspring(7 * free, free, None)

    def exchange(self, step: Step) -> Exchange:
        """Draw nothing."""
        members = step.values.shape[1]
        leaving = np.zeros((len(step.rows), members), np.bool_)
        leaving[:, step.protected :] = True
        return Exchange(leaving, _comma(step.newcomers, step.rows, members - step.protected))


@dataclass(frozen=True)
class Generational:
    """The newcomers are the next generation, beside those who are protected.

    Reference: Holland, "Adaptation in Natural and Artificial Systems", University of Michigan Press 1975; Goldberg,
    "Genetic Algorithms in Search, Optimization, and Machine Learning", Addison-Wesley 1989.
    """

    def offspring(self, free: int) -> Offspring:
        """Give a child for each place, no more and no less."""
        return Offspring(free, free, free)

    def exchange(self, step: Step) -> Exchange:
        """Draw nothing."""
        leaving = np.zeros((len(step.rows), step.values.shape[1]), np.bool_)
        leaving[:, step.protected :] = True
        return Exchange(leaving, _all_enter(step))


REPLACEMENTS: dict[str, Replacement] = {
    "worst": Worst(),
    "oldest": Oldest(),
    "random": Random(),
    "generational": Generational(),
    "plus": Plus(),
    "comma": Comma(),
}
"""The rules by name."""


@kernel
def _oldest(births: Any, rows: Any, protected: int, count: int) -> Any:
    """Mark who was told of first, but for the best few."""
    members = births.shape[1]
    leaving = np.zeros((len(rows), members), np.bool_)
    for i in range(len(rows)):
        run = rows[i]
        for _ in range(count):
            oldest = -1
            for rank in range(protected, members):
                if not leaving[i, rank] and (oldest < 0 or births[run, rank] < births[run, oldest]):
                    oldest = rank
            leaving[i, oldest] = True
    return leaving


@kernel
def _anybody(keys: Any, positions: Any, rows: Any, members: int, protected: int, count: int) -> Any:
    """Mark different members, all alike, but for the best few; a word each."""
    leaving = np.zeros((len(rows), members), np.bool_)
    for i in range(len(rows)):
        run = rows[i]
        for k in range(count):  # Floyd's way to draw different ones
            last = members - count + k
            rank = protected + below(word_at(keys[run], positions[run]), last - protected + 1)
            positions[run] += 1
            leaving[i, last if leaving[i, rank] else rank] = True
    return leaving


@kernel
def _plus(values: Any, newcomers: Any, rows: Any) -> Any:
    """Let the i-th best newcomer take the place of the i-th worst member, as long as it is better."""
    members, count = values.shape[1], newcomers.shape[1]
    leaving, entering = np.zeros((len(rows), members), np.bool_), np.zeros((len(rows), count), np.bool_)
    for i in range(len(rows)):
        run = rows[i]
        for gone in range(min(members, count)):
            best = -1  # of those who are not let in yet; the first of equals
            for child in range(count):
                if not entering[i, child] and (best < 0 or newcomers[run, child] > newcomers[run, best]):
                    best = child
            if not newcomers[run, best] > values[run, members - 1 - gone]:
                break
            leaving[i, members - 1 - gone] = entering[i, best] = True
    return leaving, entering


@kernel
def _comma(newcomers: Any, rows: Any, count: int) -> Any:
    """Mark the best newcomers."""
    entering = np.zeros((len(rows), newcomers.shape[1]), np.bool_)
    for i in range(len(rows)):
        order = stable_order(-newcomers[rows[i]])
        for k in range(count):
            entering[i, order[k]] = True
    return entering
