"""NSGA-II: keep the front and what lies behind it, spread out, and breed from tournaments.

Reference: Deb, Pratap, Agarwal and Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2), 2002, https://doi.org/10.1109/4235.996017
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.breeding import Breeder
from nasbed.optimizers.multiobjective.nsga2_kernels import hear, winners_of
from nasbed.optimizers.multiobjective.objectives import Heard

_TRIES = 20  # children in a row that are all known, after which a run draws at random


@dataclass(eq=False)
class NSGA2(Breeder):
    """NSGA-II (Deb et al., 2002), generations of children that compete with their parents.

    A child has two parents, each the winner of a binary tournament: of two members drawn with replacement, that of the
    better front, or on one front the one that is less crowded. With chance ``crossover`` it mixes both by the space's
    crossover, else it is the first parent's copy; then, with chance ``mutation``, the space mutates it. Once as many
    children as there are members have been told, the best half of both are the next members: front by front, and of
    the last one those that are least crowded.

    Accuracy is one objective, the study's costs are the others; without any, the most accurate survive. What is over
    the study's limits is dominated by what keeps them. A failed training, or one whose costs nobody knows, is dominated
    by all others. It never waits: while trainings are out it breeds from the members that it has.

    The published settings are 100 members and a crossover of 0.9. Published mutation changes each decision with one
    chance in as many as there are; the space's changes at least one, so it takes place as often as that would happen.
    In a space of few architectures copies would soon fill the fronts; ``unique``, which is not in the paper, keeps
    them out.

    Attributes:
        population: How many members there are.
        crossover: How likely a child mixes two parents.
        mutation: How likely the space mutates it; None for 1 − (1 − 1/n)ⁿ with n decisions.
        unique: Whether a run never proposes what it knows already. Architectures that differ by the space's index
            differ, for they may have other costs, also where the space's key is the same. A child that is known is
            bred anew, parents and all; after twenty of them, a random architecture that is new takes its place;
            where none is found, the run has nothing more to propose.
    """

    population: int = 100
    crossover: float = 0.9
    mutation: float | None = None
    unique: bool = True

    def __post_init__(self) -> None:
        if self.population < 2:
            raise BadSetting(f"a population has at least 2 members, not {self.population}")
        for name, chance in (("crossover", self.crossover), ("mutation", self.mutation)):
            if chance is not None and not 0 <= chance <= 1:
                raise BadSetting(f"{name} is a chance from 0 to 1, not {chance}")

    def reset(self) -> None:
        """Begin without members."""
        self._members = Heard(self.runs, 2 * self.population, self.space.decisions)
        self._front = np.zeros((self.runs, self.population), np.int64)
        self._distance = np.zeros((self.runs, self.population))
        self._count = np.zeros(self.runs, np.int64)
        self._bred = np.zeros(self.runs, np.bool_)
        self._begin(self._names, _TRIES)

    def _grown_up(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say in which of some runs the first generation was told."""
        grown_up: NDArray[np.bool_] = self._bred[rows]
        return grown_up

    def _breed(self, rows: NDArray[np.int64], archs: Archs, parents: NDArray[np.int64]) -> None:
        """Breed a child in each of some runs, and name its parents."""
        archs[rows], parents[rows] = self._drawn(rows, lambda streams: self._children(streams, rows))

    @property
    def _mutation(self) -> float:
        decisions = self.space.decisions
        return 1 - (1 - 1 / decisions) ** decisions if self.mutation is None else self.mutation

    def _names(self, archs: Archs) -> NDArray[np.uint64]:
        """Tell architectures apart as costs do: by index where there is one, for equal keys may differ in costs."""
        return self.space.key(archs) if self.space.size is None else self.space.index(archs).astype(np.uint64)

    def _children(self, streams: Streams, runs: NDArray[np.int64]) -> tuple[Archs, NDArray[np.int64]]:
        """Breed a child in each of some runs, and name its parents."""
        rivals = streams.integers(self.population, 4).reshape(-1, 2, 2)
        chances = streams.uniform(2)
        mixed, mutated = chances[:, 0] < self.crossover, chances[:, 1] < self._mutation
        winners: NDArray[np.int64] = winners_of(self._front, self._distance, runs, rivals)
        mothers, fathers = (self._members.archs[runs, parent] for parent in winners.T)
        parents = self._members.number[runs[:, None], winners]
        parents[~mixed, 1] = -1
        children = np.where(mixed[:, None], self.space.crossover(mothers, fathers, streams), mothers)
        return np.where(mutated[:, None], self.space.mutate(children, streams), children), parents

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Put the answers beside the members; a complete generation is thinned out to the next."""
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        answers = self._members.answers(trials, evaluations, active)
        if self.unique:  # what others have tried is known, too
            self._novelty.note(trials.archs, active & (answers[3] < 0))
        hear(self._members.arrays, answers, active, self._front, self._distance, self._count, self._bred)

    def state(self) -> dict[str, Any]:
        """Give the members, the children so far, what is known, and how many trials were asked for."""
        arrays = {name: getattr(self, name).copy() for name in _STATE}
        return {
            **arrays,
            "members": self._members.state_dict(),
            "known": self._novelty.state_dict(),
            "asked": self._asked,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Bring them back."""
        for name in _STATE:
            getattr(self, name)[:] = state[name]
        self._members.load_state_dict(state["members"])
        self._novelty.load_state_dict(state["known"])
        self._asked = int(state["asked"])


_STATE = ("_front", "_distance", "_count", "_bred")
