"""NSGA-II: keep the front and what lies behind it, spread out, and breed from tournaments.

Reference: Deb, Pratap, Agarwal and Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2), 2002, https://doi.org/10.1109/4235.996017
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Chance
from nasbed.core.compiled import kernel, overwrite, stable_order
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.breeding import Breeder
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

    kept = ("_members", "_front", "_distance", "_count", "_bred", "_known", "_asked")

    population: Annotated[int, Bounds(least=2)] = 100
    crossover: Chance = 0.9
    mutation: Chance | None = None
    unique: bool = True

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
        return self.space.index(archs).astype(np.uint64) if self.space.is_enumerable else self.space.key(archs)

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
            self._known.note(trials.archs, active & (answers[3] < 0))
        hear(self._members.arrays, answers, active, self._front, self._distance, self._count, self._bred)


@kernel
def hear(members: Any, answers: Any, active: Any, front: Any, distance: Any, count: Any, bred: Any) -> None:
    """Put each run's answer into its next free place; once a generation is complete, select.

    Args:
        members: The arrays of ``objectives.Heard``: the members in the first half of the places, then their children.
        answers: One a run, in the same order.
        active: Which runs have one.
        front: The number of each member's front, ``(runs, members)``.
        distance: How crowded it is there, likewise.
        count: How many places are taken, ``(runs,)``.
        bred: Whether there are members yet, ``(runs,)``.
    """
    archs, objectives, excess, number = members
    size = archs.shape[1] // 2
    for run in range(len(count)):
        if active[run]:
            place = count[run]
            overwrite(archs[run, place], answers[0][run])
            overwrite(objectives[run, place], answers[1][run])
            excess[run, place], number[run, place] = answers[2][run], answers[3][run]
            count[run] += 1
            if count[run] == (2 * size if bred[run] else size):
                there = count[run]
                rank = ranks(objectives[run, :there], excess[run, :there])
                apart = crowding(objectives[run, :there], rank)
                best = in_order(rank, apart)
                before = archs[run].copy(), objectives[run].copy(), excess[run].copy(), number[run].copy()
                for i in range(size):
                    overwrite(archs[run, i], before[0][best[i]])
                    overwrite(objectives[run, i], before[1][best[i]])
                    excess[run, i], number[run, i] = before[2][best[i]], before[3][best[i]]
                    front[run, i], distance[run, i] = rank[best[i]], apart[best[i]]
                count[run], bred[run] = size, True


@kernel
def winners_of(front: Any, distance: Any, runs: Any, rivals: Any) -> Any:
    """Let two members compete for each parent: the better front wins, then the less crowded, then the first.

    Args:
        front: Of each run's members, ``(all runs, members)``.
        distance: Likewise.
        runs: Which runs take part, ``(n,)``.
        rivals: Places of members, ``(n, parents, 2)``.

    Returns:
        Places of members, ``(n, parents)``.
    """
    winners = rivals[:, :, 0].copy()
    for i in range(len(runs)):
        run = runs[i]
        for parent in range(winners.shape[1]):
            a, b = rivals[i, parent]
            closer = front[run, b] == front[run, a] and distance[run, b] > distance[run, a]
            if front[run, b] < front[run, a] or closer:
                winners[i, parent] = b
    return winners


@kernel
def dominates(objectives: Any, excess: Any, a: int, b: int) -> bool:
    """Say whether answer a dominates answer b.

    Args:
        objectives: ``(n, objectives)``.
        excess: By how much each is over the limits, ``(n,)``; 0 for what keeps them.
        a: A row.
        b: Another.
    """
    if excess[a] != excess[b]:
        return bool(excess[a] < excess[b])
    if excess[a] > 0.0:
        return False
    better = False
    for i in range(objectives.shape[1]):
        if objectives[a, i] > objectives[b, i]:
            return False
        better |= objectives[a, i] < objectives[b, i]
    return better


@kernel
def ranks(objectives: Any, excess: Any) -> Any:
    """Sort answers into fronts: 0 for those that none dominates, 1 for those that only these dominate, and so on.

    Args:
        objectives: ``(n, objectives)``.
        excess: ``(n,)``.

    Returns:
        The number of each one's front, ``(n,)``.
    """
    n = len(excess)
    rank, above = np.full(n, -1), np.zeros(n, np.int64)
    below = np.zeros((n, n), np.bool_)
    for a in range(n):
        for b in range(n):
            if dominates(objectives, excess, a, b):
                below[a, b] = True
                above[b] += 1
    sorted_out, front = 0, 0
    while sorted_out < n:
        begin = sorted_out
        for a in range(n):
            if rank[a] < 0 and above[a] == 0:
                rank[a] = front
                sorted_out += 1
        for a in range(n):
            if rank[a] == front:
                for b in range(n):
                    above[b] -= below[a, b]
        front += 1
        assert sorted_out > begin  # domination has no circles
    return rank


@kernel
def crowding(objectives: Any, rank: Any) -> Any:
    """Give the crowding distance of each answer on its front.

    It is the distance between the next lower and the next higher value in each objective, as a share of the front's
    extent, summed. The ends of a front are infinitely far from others. An objective in which all of a front are alike
    does not count; in the paper it would put two of them, whichever, infinitely far away. Of equal values, the first
    row counts as the lower.

    Args:
        objectives: ``(n, objectives)``, finite.
        rank: The number of each one's front, ``(n,)``.

    Returns:
        ``(n,)``.
    """
    distance = np.zeros(len(rank))
    for front in range(rank.max() + 1):
        members = np.flatnonzero(rank == front)
        for i in range(objectives.shape[1]):
            values = objectives[members, i]
            order = stable_order(values)
            extent = values[order[-1]] - values[order[0]]
            if extent > 0.0:
                distance[members[order[0]]] = distance[members[order[-1]]] = np.inf
                for j in range(1, len(order) - 1):
                    distance[members[order[j]]] += (values[order[j + 1]] - values[order[j - 1]]) / extent
    return distance


@kernel
def in_order(rank: Any, distance: Any) -> Any:
    """Order answers by front and, within one, the least crowded first; the first row of equals first, ``(n,)``."""
    widest = stable_order(-distance)
    return widest[stable_order(rank[widest])]
