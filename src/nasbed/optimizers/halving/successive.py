"""Successive halving: train many architectures briefly, and ever fewer of them for ever longer.

Reference: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS
2016, https://arxiv.org/abs/1502.07943
"""

from __future__ import annotations

from dataclasses import dataclass

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.optimizers.halving.brackets import Bracket, halved
from nasbed.optimizers.halving.brackets_open import Jobs
from nasbed.optimizers.halving.halving_search import HalvingSearch


@dataclass(eq=False)
class SuccessiveHalving(HalvingSearch):
    """Successive halving of random architectures, again and again.

    The paper halves (``eta=2``); keeping a third is what Li et al., JMLR 2018, recommend.

    Attributes:
        architectures: How many each bracket begins with; None for the fewest of which one is left at the last rung,
            having begun at the first. Fewer begin at a later rung.
    """

    architectures: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.architectures is not None and self.architectures < 1:
            raise BadSetting(f"a bracket begins with at least 1 architecture, not {self.architectures}")

    def plans(self) -> tuple[Bracket, ...]:
        """Give the one bracket."""
        fewest = self.eta ** (len(self.rungs) - 1)
        return (halved(self.architectures or fewest, self.rungs, self.eta),)

    def choose(self, jobs: Jobs) -> Archs:
        """Sample at random."""
        return self.sampled(jobs)
