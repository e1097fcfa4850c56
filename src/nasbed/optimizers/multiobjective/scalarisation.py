"""Random scalarisation: every step draws how much each objective counts, and breeds from the best by that.

References: Knowles, "ParEGO: A Hybrid Algorithm with On-Line Landscape Approximation for Expensive Multiobjective
Optimization Problems", IEEE Transactions on Evolutionary Computation 10(1), 2006,
https://doi.org/10.1109/TEVC.2005.851274, for the scalarisation; Paria, Kandasamy and Póczos, "A Flexible Framework for
Multi-Objective Bayesian Optimization using Random Scalarizations", UAI 2019, https://arxiv.org/abs/1805.12168, for
drawing it at random in any method; Real et al., AAAI 2019, https://arxiv.org/abs/1802.01548, for the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Count
from nasbed.core.compiled import kernel, overwrite
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.multiobjective.objectives import Heard


@dataclass(eq=False)
class RandomScalarisation(Optimizer):
    """Aging evolution (regularized evolution) whose tournaments are judged by objectives weighted at random.

    For each child, weights that sum to 1 are drawn evenly from all there are. A few members that are alive, drawn with
    replacement, compete to be its parent: the lowest max(wᵢ·fᵢ) + ``rho``·Σwᵢ·fᵢ wins, ParEGO's augmented Chebyshev
    function, with each objective f from 0, its best among those that are alive, to 1, its worst. The space mutates the
    winner, and the child takes the oldest's place.

    Accuracy is one objective, the study's costs are the others; without any it is regularized evolution. What keeps
    the study's limits wins over what does not, and of two that do not, the one that is less over them wins; failed
    trainings lose to all others.

    ParEGO models the scalarised function and draws its weights from a grid; here they are drawn from all there are,
    and evolution takes the model's place.

    Attributes:
        population: How many of the latest trials are alive.
        sample: How many of them compete to be the parent.
        rho: How much the sum counts beside the largest; 0.05 as published.
    """

    kept = ("_alive", "_told", "_asked")

    population: Count = 50
    sample: Count = 10
    rho: Annotated[float, Bounds(least=0)] = 0.05

    def reset(self) -> None:
        """Begin with nobody alive."""
        self._alive = Heard(self.runs, self.population, self.space.decisions)
        self._told = np.zeros(self.runs, np.int64)
        self._asked = 0

    def ask(self) -> Trials:
        """Sample at random until the population is full, then breed."""
        archs = np.empty((self.runs, self.space.decisions), np.int8)
        number, parents = np.full(self.runs, self._asked), np.full((self.runs, 2), -1)
        self._asked += 1
        young = self._told < self.population
        filling, breeding = np.flatnonzero(young), np.flatnonzero(~young)
        if len(filling):
            archs[filling] = self.streams.drawing(filling, self.space.sample)
        if len(breeding):
            archs[breeding], parents[breeding, 0] = self.streams.drawing(
                breeding, lambda streams: self._children(streams, breeding)
            )
        return Trials(archs, number=number, parents=parents)

    def _children(self, streams: Streams, runs: NDArray[np.int64]) -> tuple[Archs, NDArray[np.int64]]:
        """Breed a child in each of some runs, and name its parent; a word for each objective and each competitor."""
        shares = -np.log1p(-streams.uniform(self._alive.objectives.shape[2]))  # which are even once they sum to 1
        weights = shares / np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        rivals = streams.integers(self.population, self.sample)
        parents = winners_of(self._alive.objectives, self._alive.excess, runs, rivals, weights, self.rho)
        children = self.space.mutate(self._alive.archs[runs, parents], streams)
        return children, self._alive.number[runs, parents]

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """The newest joins; once the population is full it takes the oldest's place."""
        active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
        answers = self._alive.answers(trials, evaluations, active)
        push(self._alive.arrays, self._told, answers, active)


@kernel
def push(alive: Any, told: Any, answers: Any, active: Any) -> None:
    """Put each run's answer where its oldest member stood.

    Args:
        alive: The arrays of ``objectives.Heard``.
        told: How many each run has been told, ``(runs,)``.
        answers: One a run, in the same order.
        active: Which runs have one.
    """
    archs, objectives, excess, number = alive
    for run in range(len(told)):
        if active[run]:
            place = told[run] % archs.shape[1]
            overwrite(archs[run, place], answers[0][run])
            overwrite(objectives[run, place], answers[1][run])
            excess[run, place], number[run, place] = answers[2][run], answers[3][run]
            told[run] += 1


@kernel
def extents(objectives: Any, excess: Any) -> Any:
    """Give the lowest and the highest of each objective among those that keep the limits, ``(2, objectives)``.

    Args:
        objectives: ``(members, objectives)``.
        excess: ``(members,)``.
    """
    bounds = np.zeros((2, objectives.shape[1]))
    first = True
    for i in range(len(excess)):
        if excess[i] == 0.0:
            for j in range(objectives.shape[1]):
                bounds[0, j] = objectives[i, j] if first else min(bounds[0, j], objectives[i, j])
                bounds[1, j] = objectives[i, j] if first else max(bounds[1, j], objectives[i, j])
            first = False
    return bounds


@kernel
def scalarised(objectives: Any, bounds: Any, weights: Any, rho: float) -> float:
    """Give the augmented Chebyshev value of one answer; an objective in which all are alike counts 0.

    Args:
        objectives: ``(objectives,)``.
        bounds: What counts 0 and what counts 1, ``(2, objectives)``.
        weights: ``(objectives,)``.
        rho: How much the sum counts.
    """
    largest, total = 0.0, 0.0
    for i in range(len(objectives)):
        extent = bounds[1, i] - bounds[0, i]
        if extent > 0.0:
            share = weights[i] * (objectives[i] - bounds[0, i]) / extent
            largest, total = max(largest, share), total + share
    return largest + rho * total


@kernel
def winners_of(objectives: Any, excess: Any, runs: Any, rivals: Any, weights: Any, rho: float) -> Any:
    """Let members compete in each of some runs; the first of equals wins.

    Args:
        objectives: ``(all runs, members, objectives)``.
        excess: ``(all runs, members)``.
        runs: Which runs take part, ``(n,)``.
        rivals: Places of members, ``(n, sample)``.
        weights: ``(n, objectives)``.
        rho: See ``scalarised``.

    Returns:
        Places of members, ``(n,)``.
    """
    winners = rivals[:, 0].copy()
    for i in range(len(runs)):
        run = runs[i]
        bounds = extents(objectives[run], excess[run])
        least = np.inf
        for rival in rivals[i]:
            value = scalarised(objectives[run, rival], bounds, weights[i], rho) if excess[run, rival] == 0.0 else 0.0
            over = excess[run, rival] - excess[run, winners[i]]
            if over < 0.0 or (over == 0.0 and value < least):
                winners[i], least = rival, value
    return winners
