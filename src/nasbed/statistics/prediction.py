"""Prediction: how well predicted values go with measured ones, by the measures that the field reports.

The names are those of the field's evaluator (White et al., "How Powerful are Performance Predictors in Neural
Architecture Search?", NeurIPS 2021, https://arxiv.org/abs/2104.01177), but that its Pearson has lost its sign; the
correlation of rounded values is that of Yu et al., "Evaluating the Search Phase of Neural Architecture Search", ICLR
2020.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.statistics.top import top_of

Floats = NDArray[np.float64]

TOP = 10
"""Of so many that are predicted best, the best one's true value is told: what a search that trains them would find."""

LEVEL = 0.9
"""Of the central normal interval whose coverage is told."""

ROUNDED = 0.001
"""The step to which accuracies are rounded, a tenth of a percentage point, as the field has it."""

_FEWEST = 3  # pairs: two always correlate perfectly
_NORMAL = 1.6448536269514722  # deviations from the middle to the end of that interval


class Quality(NamedTuple):
    """What a predictor is worth on a test set; NaN for what too few architectures, or constants, do not tell.

    Attributes:
        n: How many architectures it was judged on.
        tau: Kendall's τ-b of predicted and measured values.
        tau_rounded: The same with measured values rounded to 0.1 %, where they are accuracies.
        rho: Spearman's ρ.
        pearson: Pearson's r, with its sign: a predictor that is wrong way round is no good one.
        rmse: The root of the mean squared error, in the values' unit.
        mae: The mean absolute error, likewise.
        precision10: Which part of the 10 predicted best are among the 10 that are best.
        precision20: The same of 20.
        best10: The best measured value of the 10 predicted best.
        coverage: How often what was measured lies in the central 90 % interval of what was predicted.
        width: How wide that is on average, in the values' unit.
    """

    n: float
    tau: float
    tau_rounded: float
    rho: float
    pearson: float
    rmse: float
    mae: float
    precision10: float
    precision20: float
    best10: float
    coverage: float
    width: float


WORDS = {
    "n": "architectures",
    "tau": "Kendall τ",
    "tau_rounded": "τ, rounded",
    "rho": "Spearman ρ",
    "pearson": "Pearson r",
    "rmse": "RMSE",
    "mae": "MAE",
    "precision10": "precision@10",
    "precision20": "precision@20",
    "best10": "best of top 10",
    "coverage": "coverage of 90 %",
    "width": "width of 90 %",
}
"""What people call them."""

IN_UNITS = ("rmse", "mae", "best10", "width")
"""Those that are in the unit of the values."""


def quality(mean: Floats, deviation: Floats, values: Floats, step: float = ROUNDED) -> Quality:
    """Return what predictions are worth, given what was measured, ``(n,)`` each.

    Args:
        mean: Predicted.
        deviation: The standard deviations that were predicted.
        values: Measured, all of them finite numbers.
        step: To what measured values are rounded for ``tau_rounded``; NaN where there is no such step.
    """
    n, off = len(values), mean - values
    rounded = np.round(values / step) if step == step else np.full(n, np.nan)
    with np.errstate(invalid="ignore"):
        return Quality(
            n,
            tau(mean, values),
            tau(mean, rounded),
            rho(mean, values),
            float(np.corrcoef(mean, values)[0, 1]) if _varies(mean, values) else np.nan,
            float(np.sqrt(np.mean(off**2))) if n else np.nan,
            float(np.mean(np.abs(off))) if n else np.nan,
            precision(mean, values, 10),
            precision(mean, values, 20),
            float(values[np.argsort(-mean, kind="stable")[:TOP]].max()) if n >= TOP else np.nan,
            float(np.mean(np.abs(off) <= _NORMAL * deviation)) if n else np.nan,
            float(2 * _NORMAL * deviation.mean()) if n else np.nan,
        )


def tau(mean: Floats, values: Floats) -> float:
    """Return Kendall's τ-b of two arrays, ``(n,)``; NaN where one does not vary, or of fewer than 3."""
    if not _varies(mean, values):
        return np.nan
    return float(require("scipy.stats", "report").kendalltau(mean, values)[0])


def rho(mean: Floats, values: Floats) -> float:
    """Return Spearman's ρ of two arrays, ``(n,)``; NaN where one does not vary, or of fewer than 3."""
    if not _varies(mean, values):
        return np.nan
    return float(require("scipy.stats", "report").spearmanr(mean, values)[0])


def precision(mean: Floats, values: Floats, k: int) -> float:
    """Return which part of the k predicted best are among the k best; equal predictions are as likely to be taken."""
    return top_of(mean, values, k / len(values)).precision if len(values) >= k else np.nan


def ceiling(values: Floats, functions: NDArray[np.uint64]) -> tuple[float, float, float, int]:
    """Return how well architectures are predicted by the mean of the others that compute the same: nothing is better.

    What differs between twins is how their trainings came out.

    Args:
        values: Measured, ``(n,)``.
        functions: The same number for architectures of the same function, ``(n,)``.

    Returns:
        τ, ρ and RMSE over those that have a twin, and how many these are.
    """
    _, which, counts = np.unique(functions, return_inverse=True, return_counts=True)
    sums = np.bincount(which, weights=values, minlength=len(counts))
    twin = counts[which] > 1
    others = (sums[which] - values)[twin] / (counts[which][twin] - 1)
    there = values[twin]
    off = float(np.sqrt(np.mean((others - there) ** 2))) if twin.any() else np.nan
    return tau(others, there), rho(others, there), off, int(twin.sum())


def _varies(*arrays: Floats) -> bool:
    return all(len(one) >= _FEWEST and bool(np.ptp(one) > 0) for one in arrays)
