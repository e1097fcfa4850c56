"""REINFORCE: draw from a policy, and make what was better than expected more likely.

The method as NAS-Bench-101 and NAS-Bench-201 tried it: one categorical distribution for each decision, no controller
network, the moving average of the rewards as what is expected.

References: Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
Machine Learning 8, 1992; Ying et al., "NAS-Bench-101", ICML 2019, https://arxiv.org/abs/1902.09635; Dong and Yang,
"NAS-Bench-201", ICLR 2020, https://arxiv.org/abs/2001.00326.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Positive
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Archs, Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.policy import Ascent, Policies
from nasbed.optimizers.rejection import first_valid
from nasbed.optimizers.worth import OVER, worth


@dataclass(eq=False)
class Reinforce(Optimizer):
    """Policy gradient on independent categorical distributions.

    The defaults are those of the scripts of NATS-Bench (``exps/NATS-algos/reinforce.py`` and ``run-all.sh`` in
    D-X-Y/AutoDL-Projects): Adam at 0.01, a baseline of momentum 0.9. The script of NAS-Bench-201 is called with 0.001
    (``scripts-search/NAS-Bench-201-algos/REINFORCE.sh``). That of NAS-Bench-101 (``experiment_scripts/run_rl.py`` in
    automl/nas_benchmarks) is ``ascent="sgd", learning_rate=0.1``; all values begin alike, as they do here, where the
    others add a thousandth of normal noise to the logits.

    Draws that are no architectures of the space are drawn again, as published, 1023 times at most; then the space
    itself is sampled. A failed training has no reward and teaches nothing, nor does what is over the study's limits.
    What was never asked for, or bears no number, was not drawn from the policy, so its gradient would be biased: it is
    ignored.

    Attributes:
        ascent: How the logits climb: ``"adam"`` or ``"sgd"``.
        learning_rate: How far.
        momentum: How much of the baseline each answer keeps, from 0 to below 1.
    """

    kept = ("_policies", "_rewards", "_weights", "_asked")

    ascent: Ascent = "adam"
    learning_rate: Positive = 0.01
    momentum: Annotated[float, Bounds(least=0, below=1)] = 0.9

    def reset(self) -> None:
        """Begin with all values alike and nothing expected."""
        self._policies = Policies(self.runs, self.space.cardinalities)
        self._rewards, self._weights = np.zeros(self.runs), np.zeros(self.runs)
        self._asked = 0

    def ask(self) -> Trials:
        """Draw from each run's policy until the row is valid."""
        found, (archs,) = first_valid(self.space, self.streams, np.arange(self.runs), self._draw)
        if not found.all():
            rest = np.flatnonzero(~found)
            archs[rest] = self.streams.drawing(rest, self.space.sample)
            self.streams.fell_back(rest)
        number = np.full(self.runs, self._asked)
        self._asked += 1
        return Trials(archs, number=number)

    def _draw(self, runs: NDArray[np.int64], count: int, streams: Streams) -> tuple[Archs]:
        """Draw rows from some runs' policies, ``(len(runs), count, decisions)``."""
        return (self._policies.draw(streams, runs, count),)

    def tell(self, trials: Trials, evaluations: Evaluations) -> None:
        """Move the baseline, then climb by what the reward is above it."""
        if trials.number is None:
            return
        rewards = worth(evaluations)
        heard = (trials.number >= 0) & (rewards > OVER)  # what is over a limit has no reward, nor has a failure: NaN
        if trials.active is not None:
            heard &= trials.active
        kept, new = self.momentum, 1 - self.momentum
        self._rewards = np.where(heard, kept * self._rewards + new * rewards, self._rewards)
        self._weights = np.where(heard, kept * self._weights + new, self._weights)
        advantages = np.where(heard, rewards - self._rewards / np.where(heard, self._weights, 1.0), 0.0)
        self._policies.climb(trials.archs, advantages, heard, self.learning_rate, self.ascent)
