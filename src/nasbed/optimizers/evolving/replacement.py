"""Replacement: who of a population makes room, and which newcomers are let in.

A step is taken when so many newcomers have been told of as the step has children, whoever bred them and whenever. The
best few of a population may be protected: De Jong's elitism ("An Analysis of the Behavior of a Class of Genetic
Adaptive Systems", University of Michigan 1975).

Reference: De Jong and Sarma, "Generation Gaps Revisited", FOGA 1993; Eiben and Smith, "Introduction to Evolutionary
Computing", Springer 2003, section 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nasbed.core.rng import Streams
from nasbed.optimizers.evolving import replacement_kernels as kernels


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
        leaving = kernels.oldest(step.births, step.rows, step.protected, step.newcomers.shape[1])
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
        return Exchange(kernels.anybody(*drawing, step.newcomers.shape[1]), _all_enter(step))


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
        return Exchange(*kernels.plus(step.values, step.newcomers, step.rows))


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
        return Exchange(leaving, kernels.comma(step.newcomers, step.rows, members - step.protected))


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
