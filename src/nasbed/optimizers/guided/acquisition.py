"""Acquisition: how much a candidate is worth a training, by what is believed of it.

References: Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", Journal of
Global Optimization 13, 1998 (expected improvement); Kushner, Journal of Basic Engineering 86, 1964 (probability of it);
White, Neiswanger and Savani, "BANANAS", AAAI 2021, https://arxiv.org/abs/1910.11858 (independent Thompson sampling).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from nasbed.core.extras import require
from nasbed.predictors.guide import Belief
from nasbed.predictors.kernel import Floats

Acquisition = Literal["ei", "ei-per-second", "pi", "ucb", "mean", "its", "thompson", "ehvi", "parego"]

LEAST = 1e-12  # no deviation is smaller


def expected_improvement(belief: Belief) -> Floats:
    """Return by how much each candidate is expected to be better than the best, ``(m,)``."""
    deviation = np.maximum(belief.deviation, LEAST)
    score = (belief.mean - belief.best) / deviation
    found: Floats = deviation * (score * _below(score) + np.exp(-0.5 * score**2) / np.sqrt(2.0 * np.pi))
    return found


def probability_of_improvement(belief: Belief) -> Floats:
    """Return how likely each candidate is better than the best, ``(m,)``."""
    return _below((belief.mean - belief.best) / np.maximum(belief.deviation, LEAST))


def upper_confidence_bound(belief: Belief, kappa: float) -> Floats:
    """Return the mean and ``kappa`` deviations more, ``(m,)``."""
    return belief.mean + kappa * belief.deviation


def independent_draws(belief: Belief, normals: Floats) -> Floats:
    """Return a draw for each candidate, as if they did not vary together, ``(m,)``."""
    return belief.mean + belief.deviation * normals


def _below(score: Floats) -> Floats:
    found: Floats = require("scipy.special", "predictors").ndtr(score)
    return found


WITHOUT_CHANCE: dict[str, Callable[[Belief, float], Floats]] = {
    "ei": lambda belief, _: expected_improvement(belief),
    "ei-per-second": lambda belief, _: expected_improvement(belief),
    "pi": lambda belief, _: probability_of_improvement(belief),
    "ucb": upper_confidence_bound,
    "mean": lambda belief, _: belief.mean,
    "ehvi": lambda belief, _: expected_improvement(belief),
    "parego": lambda belief, _: expected_improvement(belief),
}
"""What is computed of a belief and of ``kappa``; ``ei-per-second`` is divided by seconds elsewhere, and where there are
costs, ``ehvi`` is another number, and what ``parego`` learns from."""
