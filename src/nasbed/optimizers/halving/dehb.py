"""DEHB: Hyperband whose architectures descend from each other by differential evolution.

Reference: Awad, Mallik and Hutter, "DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter
Optimization", IJCAI 2021, https://arxiv.org/abs/2105.09821
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Chance
from nasbed.core.records import Archs, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.halving.brackets_open import Bracket, Jobs, hyperband_brackets
from nasbed.optimizers.halving.differential import Populations
from nasbed.optimizers.halving.halving_search import HalvingSearch
from nasbed.optimizers.rejection import first_valid


@dataclass(eq=False)
class DEHB(HalvingSearch):
    """Differential evolution with a population for each rung, whose sizes are the brackets' largest counts.

    In the first pass over Hyperband's brackets, the best of a rung are promoted as in Hyperband. Later on, brackets say
    how many are trained for how long; who is trained is bred. Its target is the next member of the rung's population,
    and it is mutated from the best of the rung below in its bracket, as many as Hyperband would promote; in a bracket's
    first rung, from the best of its own. Members that were never trained are random. A child that is no architecture
    of the space is bred again, 1023 times at most; then one is sampled.

    Crossover is the published program's (automl/DEHB, ``DE.crossover_bin`` in ``optimizers/de.py``): each decision is
    the mutant's with the chance Cr and, where none was drawn, one is. In the textbook's (Storn and Price, 1997) one
    decision, drawn first, is the mutant's in any case: of D decisions (1 − Cr) (1 − (1 − Cr)^(D − 1)) more are then the
    mutant's on average, half of one with Cr = 0.5 and the 13 of ``digits101``.

    The published program (automl/DEHB, ``optimizers/dehb.py``) fills its populations with random points that nobody
    trained and breeds from them too, promotes from a rung's whole population, and adds mutants rather than members to a
    pool of fewer than three.

    The parents of a trial are its target and the member that its mutant is based on; of a promoted one, the trial that
    it was promoted for. Results that it never asked for have no target, and are ignored. With one rung alone there is
    one member, which is little more than random search.

    Attributes:
        mutation_factor: F, by which the difference of two members is scaled.
        crossover_chance: Cr, how likely a decision is the mutant's.
    """

    kept = (*HalvingSearch.kept, "_populations")

    mutation_factor: Annotated[float, Bounds(above=0, most=1)] = 0.5
    crossover_chance: Chance = 0.5

    def plans(self) -> tuple[Bracket, ...]:
        """Give Hyperband's brackets, those of its table, as the published program does."""
        return hyperband_brackets(self.rungs, self.eta)

    def reset(self) -> None:
        """Begin with no bracket open and nobody trained."""
        super().reset()
        self._plans = self.plans()
        counts = [
            max(n for plan in self._plans for n, r in zip(plan.counts, plan.epochs, strict=True) if r == epochs)
            for epochs in self.rungs
        ]
        self._populations = Populations(self.runs, self.space.cardinalities, counts)

    def ask(self) -> Trials:
        """Propose what the oldest bracket with something to train has next, and say whom it descends from."""
        trials = super().ask()
        if trials.continues is not None:  # only who was promoted has a training to go on with
            trials = trials._replace(continues=np.where(self._promoted, trials.continues, -1))
        return trials._replace(parents=self._parents)

    def choose(self, jobs: Jobs) -> Archs:
        """Train who is promoted or was never trained, and breed the others."""
        rungs = np.searchsorted(self.rungs, jobs.epochs)
        targets = self._populations.targets(rungs)
        self._promoted = ~jobs.fresh & (jobs.bracket < len(self._plans))
        self._parents = np.stack([np.where(self._promoted, jobs.earlier, -1), np.full(self.runs, -1)], axis=1)
        archs, points = jobs.archs.copy(), np.empty((self.runs, self.space.decisions))
        tried = self._populations.tried[np.arange(self.runs), targets]
        bred = np.flatnonzero(~self._promoted & tried)
        fits = np.zeros(self.runs, np.bool_)
        if len(bred):
            fits[bred] = self._breed(jobs, rungs, targets, bred, archs, points)
            self.streams.fell_back(bred[~fits[bred]])
        random = np.flatnonzero(~self._promoted & ~fits)
        if len(random):
            archs[random] = self.streams.drawing(random, self.space.sample)
        given = np.flatnonzero(~fits)
        if len(given):
            points[given] = self.streams.drawing(given, partial(self._populations.within, archs[given]))
        self._populations.send(int(jobs.number[0]), targets, points)
        return archs

    def _breed(
        self,
        jobs: Jobs,
        rungs: NDArray[np.int64],
        targets: NDArray[np.int64],
        bred: NDArray[np.int64],
        archs: Archs,
        points: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Breed in the runs ``bred``, write architectures, points and parents, and say who found a valid child."""
        pools = np.where(jobs.fresh, rungs, rungs - 1)[bred]
        best = self.brackets.plan_counts[jobs.bracket % len(self._plans), jobs.rung][bred]

        def draw(some: NDArray[np.int64], count: int, streams: Streams) -> tuple[NDArray[Any], ...]:
            children, bases = self._populations.breed(
                streams,
                bred[some],
                targets[bred[some]],
                pools[some],
                best[some],
                count,
                self.mutation_factor,
                self.crossover_chance,
            )
            return self._populations.archs(children), children, bases

        found, (rows, children, bases) = first_valid(self.space, self.streams, bred, draw)
        fit, origins = bred[found], self._populations.origins
        archs[fit], points[fit] = rows[found], children[found]
        based = np.where(bases[found] >= 0, origins[fit, bases[found]], -1)
        self._parents[fit] = np.stack([origins[fit, targets[fit]], based], axis=1)
        return found

    def learn(self, trials: Trials, value: NDArray[np.float64], known: NDArray[np.bool_]) -> None:
        """Let what was told take its target's place where it is not worse."""
        if trials.number is not None:
            self._populations.select(trials.number, value, known)

    def drop(self, trials: Trials) -> None:
        """Leave the target in its place, too."""
        super().drop(trials)
        if trials.number is not None:
            active = np.ones(self.runs, np.bool_) if trials.active is None else trials.active
            self._populations.select(trials.number, np.full(self.runs, np.nan), active)
