"""Hyperband: successive halving that hedges between many short trainings and few long ones.

Reference: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18(185), 2018,
https://jmlr.org/papers/v18/16-558.html
"""

from __future__ import annotations

from dataclasses import dataclass

from nasbed.core.records import Archs
from nasbed.optimizers.brackets import Bracket, hyperband_brackets
from nasbed.optimizers.brackets_open import Jobs
from nasbed.optimizers.halving_search import HalvingSearch


@dataclass(eq=False)
class Hyperband(HalvingSearch):
    """Brackets of successive halving, from the boldest to plain random search, and again from the first."""

    def plans(self) -> tuple[Bracket, ...]:
        """Give the brackets of the paper's table."""
        return hyperband_brackets(self.rungs, self.eta)

    def choose(self, jobs: Jobs) -> Archs:
        """Sample at random."""
        return self.sampled(jobs)
