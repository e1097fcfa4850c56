"""Random search: the method that every other must beat.

Reference: Li and Talwalkar, "Random Search and Reproducibility for Neural Architecture Search", UAI 2019,
https://arxiv.org/abs/1902.07638
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials
from nasbed.optimizers.novelty import Novelty


@dataclass(eq=False)
class RandomSearch(Optimizer):
    """Draws from the space, again and again.

    Attributes:
        replacement: Whether an architecture may be proposed twice in a run. Without replacement, architectures
            that are equal by the space's key count as one, and a run ends when it finds no new one.
    """

    kept = ("_known",)

    replacement: bool = True

    def reset(self) -> None:
        """Forget what was proposed."""
        self._known = Novelty(self.runs, self.space, self.space.key)

    def ask(self) -> Trials:
        """Draw; without replacement, draw again for the runs that know what they drew."""
        archs = self.space.sample(self.streams)
        if self.replacement:
            return Trials(archs)
        nobody = np.full((self.runs, 2), -1)
        return Trials(archs, active=self._known.make_new(archs, nobody, self.streams))

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Learn nothing."""
