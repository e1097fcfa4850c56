"""BOHB: Hyperband whose new architectures are drawn where the good ones lie.

Reference: Falkner, Klein and Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale", ICML 2018,
https://arxiv.org/abs/1807.01774
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Chance, Count, Positive
from nasbed.core.records import Archs, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.halving.brackets_open import Bracket, Jobs, hyperband_brackets
from nasbed.optimizers.halving.density import Densities
from nasbed.optimizers.halving.halving_search import HalvingSearch


@dataclass(eq=False)
class BOHB(HalvingSearch):
    """Hyperband with a model of kernel densities, on the longest rung that has enough results.

    Settings and brackets are those of the published program, HpBandSter; which results are good is as the paper says.
    The program counts as a decision's values only those that it has met, and lets kernels be wider than flat; here all
    values count, and flat is widest.

    Candidates that are no architectures of the space do not count; where none of a draw's is one, the space is sampled.
    Results that it never asked for are as good for the model as its own, if they were trained for as many epochs as one
    of its rungs.

    Attributes:
        min_points: The fewest results that make a density; None for one more than there are decisions. A rung's model
            begins with two more.
        top_percent: How many of a rung's results are good, in percent.
        samples: How many candidates are drawn for each new architecture.
        random_fraction: How likely a new architecture is sampled from the space all the same.
        bandwidth_factor: By how much the kernels are wider when candidates are drawn: all of them, as the paper says.
            The published program widens those of continuous parameters alone, of which there are none here; with 1 it
            draws like that.
        min_bandwidth: No kernel is narrower.
    """

    kept = (*HalvingSearch.kept, "_densities")

    min_points: Annotated[int, Bounds(least=2)] | None = None
    top_percent: Annotated[float, Bounds(above=0, below=100)] = 15
    samples: Count = 64
    random_fraction: Chance = 1 / 3
    bandwidth_factor: Positive = 3
    min_bandwidth: Annotated[float, Bounds(above=0, below=0.5)] = 1e-3

    def plans(self) -> tuple[Bracket, ...]:
        """Give Hyperband's brackets, those of its table, as the published program does."""
        return hyperband_brackets(self.rungs, self.eta)

    def reset(self) -> None:
        """Begin with no bracket open and no result."""
        super().reset()
        self._densities = Densities(
            self.runs,
            len(self.rungs),
            self.space.cardinalities,
            self.space.decisions + 1 if self.min_points is None else self.min_points,
            self.top_percent / 100,
            self.min_bandwidth,
            self.bandwidth_factor,
        )

    def choose(self, jobs: Jobs) -> Archs:
        """Take the best candidate, or sample; what was promoted is trained as it is."""
        archs = jobs.archs.copy()
        fresh = np.flatnonzero(jobs.fresh)
        if not len(fresh):
            return archs
        by_chance = self.streams.drawing(fresh, Streams.uniform)[:, 0] < self.random_fraction
        guided = ~by_chance & (self._densities.longest[fresh] >= 0)
        rows = fresh[guided]
        found = np.zeros(self.runs, np.bool_)
        if len(rows):
            drawn, scores = self.streams.drawing(
                rows, partial(self._densities.propose, runs=rows, samples=self.samples)
            )
            valid = self.space.valid(drawn.reshape(-1, self.space.decisions)).reshape(scores.shape)
            best = np.where(valid, scores, -np.inf).argmax(axis=1)
            archs[rows], found[rows] = drawn[np.arange(len(rows)), best], valid.any(axis=1)
            self.streams.fell_back(rows[~found[rows]])
        rest = fresh[~found[fresh]]
        if len(rest):
            archs[rest] = self.streams.drawing(rest, self.space.sample)
        return archs

    def learn(self, trials: Trials, value: NDArray[np.float64], known: NDArray[np.bool_]) -> None:
        """Add to the model what was trained for as long as a rung is."""
        if trials.epochs is None:
            return
        foreign = trials.number < 0 if trials.number is not None else np.ones(self.runs, np.bool_)
        if trials.active is not None:
            foreign = foreign & trials.active
        rungs = np.searchsorted(self.rungs, trials.epochs)
        on_a_rung = np.append(self.rungs, -1)[rungs] == trials.epochs
        self._densities.hear(rungs, trials.archs, value, (known | foreign) & on_a_rung)
