"""Hyperband: successive halving that hedges between many short trainings and few long ones.

Reference: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18(185), 2018,
https://jmlr.org/papers/v18/16-558.html
"""

from __future__ import annotations

from dataclasses import dataclass

from nasbed.core.records import Archs
from nasbed.optimizers.halving.brackets import Bracket, Counts, check_counts, hyperband_brackets
from nasbed.optimizers.halving.brackets_open import Jobs
from nasbed.optimizers.halving.halving_search import HalvingSearch


@dataclass(eq=False)
class Hyperband(HalvingSearch):
    """Brackets of successive halving, from the boldest to plain random search, and again from the first.

    Attributes:
        counts: How many architectures brackets begin with: as in the paper's ``"table"``, or by its ``"formula"``,
            which gives more to the brackets in the middle; see ``brackets.hyperband_brackets``.
    """

    counts: Counts = "table"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_counts(self.counts)

    def plans(self) -> tuple[Bracket, ...]:
        """Give the brackets of the paper."""
        return hyperband_brackets(self.rungs, self.eta, self.counts)

    def choose(self, jobs: Jobs) -> Archs:
        """Sample at random."""
        return self.sampled(jobs)
