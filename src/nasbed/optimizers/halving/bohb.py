"""BOHB: Hyperband whose new architectures are drawn where the good ones lie.

Reference: Falkner, Klein and Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale", ICML 2018,
https://arxiv.org/abs/1807.01774
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
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

    min_points: int | None = None
    top_percent: float = 15
    samples: int = 64
    random_fraction: float = 1 / 3
    bandwidth_factor: float = 3
    min_bandwidth: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_points is not None and self.min_points < 2:
            raise BadSetting(f"a density needs min_points of at least 2, not {self.min_points}")
        if not 0 < self.top_percent < 100:
            raise BadSetting(f"top_percent is above 0 and below 100, not {self.top_percent}")
        if self.samples < 1:
            raise BadSetting(f"samples must be at least 1, not {self.samples}")
        if not 0 <= self.random_fraction <= 1:
            raise BadSetting(f"random_fraction is a chance from 0 to 1, not {self.random_fraction}")
        if not (self.bandwidth_factor > 0 and 0 < self.min_bandwidth < 0.5):
            raise BadSetting(
                "bandwidth_factor is positive and min_bandwidth between 0 and 0.5, not "
                f"{self.bandwidth_factor} and {self.min_bandwidth}"
            )

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
