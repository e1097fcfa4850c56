"""Regularized evolution: the newest survive, and the best of a few has a child.

Reference: Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
https://arxiv.org/abs/1802.01548. The defaults, the drawing of different rivals among them, are those of NAS-Bench-101's
example notebook, https://github.com/google-research/nasbench/blob/master/NASBench.ipynb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.compiled import kernel, overwrite
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams, below, philox
from nasbed.optimizers.breeding import rivals
from nasbed.optimizers.worth import worth


@kernel
def _push(
    archs: Any, values: Any, numbers: Any, told: Any, newcomers: Any, heard: Any, number: Any, active: Any
) -> None:
    """Put each run's newcomer where its oldest stood; a failed training counts as the worst there is."""
    size = values.shape[1]
    for run in range(len(told)):
        if active[run]:
            place = told[run] % size
            overwrite(archs[run, place], newcomers[run])
            values[run, place] = -np.inf if np.isnan(heard[run]) else heard[run]
            numbers[run, place] = number[run]
            told[run] += 1


@kernel
def _winners(
    archs: Any,
    values: Any,
    numbers: Any,
    keys: Any,
    positions: Any,
    sample: int,
    distinct: bool,
    runs: Any,
    rivals: Any,
    winners: Any,
    parents: Any,
) -> None:
    """Draw ``sample`` members in each of some runs and write the best; the first drawn of equals.

    Different ones are drawn by Floyd's algorithm, a word each (Bentley and Floyd, "A sample of brilliance", CACM 30(9),
    1987). The numbers of the best are written to ``parents``, ``(all runs, 2)``.
    """
    size = values.shape[1]
    for i in range(len(runs)):
        run = runs[i]
        best = -1
        for k in range(sample):
            if k == 0 or not positions[i] & 1:  # a block has two words
                block = philox(keys[i], positions[i] >> 1)
            bound = size - sample + k + 1 if distinct else size
            rival = below(block[positions[i] & 1], bound)
            positions[i] += 1
            if distinct:
                for earlier in range(k):
                    if rivals[earlier] == rival:
                        rival = bound - 1  # which could not be drawn before
                        break
                rivals[k] = rival
            if best < 0 or values[run, rival] > values[run, best]:
                best = rival
        overwrite(winners[i], archs[run, best])
        parents[run, 0] = numbers[run, best]


@dataclass(eq=False)
class RegularizedEvolution(Optimizer):
    """Aging evolution, one mutated child a step.

    Where answers are late, the newest is who was told of last, and no run waits for its population: it samples until
    enough were told, and then breeds from those that are alive.

    Attributes:
        population: How many of the latest trials are alive.
        sample: How many of them are drawn to compete to be the parent; if not given 10 or, of different ones, at most
            all.
        distinct: Whether different ones are drawn, so that ``sample`` is at most ``population``; else with replacement,
            as in the paper's listing.
    """

    kept = ("_archs", "_values", "_numbers", "_told", "_asked")

    population: Count = 50
    sample: Count | None = None
    distinct: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sample = rivals("sample", self.sample, self.population, self.distinct)

    def reset(self) -> None:
        """Begin with nobody alive."""
        self._archs = np.zeros((self.runs, self.population, self.space.decisions), np.int8)
        self._values = np.full((self.runs, self.population), -np.inf)
        self._numbers = np.full((self.runs, self.population), -1)
        self._told = np.zeros(self.runs, np.int64)
        self._asked = 0
        self._everyone = np.ones(self.runs, np.bool_)
        self._strangers = np.full(self.runs, -1)
        self._orphans = np.full((self.runs, 2), -1)
        self._all_runs = np.arange(self.runs)
        self._rivals = np.empty(rivals("sample", self.sample, self.population, self.distinct), np.int64)
        self._grown_up = False

    def ask(self) -> Trials:
        """Sample at random until the population is full, then breed."""
        number = np.empty(self.runs, np.int64)
        number.fill(self._asked)  # np.full takes five times as long, and a lone search asks for one number a step
        self._asked += 1
        young = None if self._grown_up else self._told < self.population
        if young is not None and young.all():
            return Trials(self.space.sample(self.streams), number=number)
        parents = self._orphans.copy()
        if young is None or not young.any():
            self._grown_up = True  # and never young again, so the next steps need not look
            return Trials(self._breed(self.streams, self._all_runs, parents), number=number, parents=parents)
        archs = np.empty((self.runs, self.space.decisions), np.int8)
        filling, breeding = np.flatnonzero(young), np.flatnonzero(~young)
        archs[filling] = self.streams.drawing(filling, self.space.sample)
        archs[breeding] = self.streams.drawing(breeding, lambda streams: self._breed(streams, breeding, parents))
        return Trials(archs, number=number, parents=parents)

    def _breed(self, streams: Streams, runs: NDArray[np.int64], parents: NDArray[np.int64]) -> Archs:
        """Mutate the best of a few in each of some runs, and note whose children they are."""
        alive = self._archs, self._values, self._numbers
        drawing = self.sample, self.distinct
        winners = np.empty((len(runs), self.space.decisions), np.int8)
        _winners(*alive, streams.keys, streams.positions, *drawing, runs, self._rivals, winners, parents)
        return self.space.mutate(winners, streams)

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """The newest joins; once the population is full it takes the oldest's place."""
        active = self._everyone if trials.active is None else trials.active
        number = self._strangers if trials.number is None else trials.number
        alive = self._archs, self._values, self._numbers
        _push(*alive, self._told, trials.archs, worth(evaluations), number, active)

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Bring the population back, which may be smaller than the one before."""
        super().load_state(state)
        self._grown_up = False
