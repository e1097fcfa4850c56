"""The top: what a score finds of the best architectures, which is what a search needs of it.

A coefficient over the whole range hides the top. The weighted τ counts exchanges by how near the top they are; of the
top shares is said which part of them a score finds, and the best that it finds there (P@K and BR@K).

References: Vigna, "A weighted correlation index for rankings with ties", WWW 2015; Ning et al., "Evaluating Efficient
Performance Estimators of Neural Architectures", NeurIPS 2021
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.core.printing import Printed

TOP = (0.01, 0.05, 0.1)
"""Shares of the architectures whose overlap with the best-scored is told."""


@dataclass(frozen=True)
class Top(Printed):
    """What a score finds of the best.

    Attributes:
        share: Which share of all architectures is looked at.
        k: How many architectures that is.
        precision: Which part of the k with the best scores are among the k best; equal scores are as likely to be
            taken. By chance it is ``share``.
        rank: The place, among all by what they are worth, of the best of the k with the best scores, the first of
            equal scores counting; 1 is best.
    """

    share: float
    k: int
    precision: float
    rank: int


def weighted_tau(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Give Vigna's weighted τ of pairs, both ``(n,)``, higher is better; NaN where a side does not vary.

    It is SciPy's, with hyperbolic weights, the mean of those by x and by y.
    """
    places = [np.unique(side, return_inverse=True)[1] for side in (x, y)]  # in which there is no infinity
    return float(require("scipy.stats", "report").weightedtau(*places).statistic)


def top_of(scores: NDArray[np.float64], worth: NDArray[np.float64], share: float) -> Top:
    """Say what the best-scored share of architectures has of the best ones, both ``(n,)``, higher is better."""
    k = round(share * len(scores))
    order = np.argsort(-scores, kind="stable")
    among_best = worth >= np.sort(worth)[-k]
    last = scores[order[k - 1]]
    above, level = scores > last, scores == last
    found = among_best[above].sum() + among_best[level].mean() * (k - above.sum())
    rank = 1 + int((worth > worth[order[:k]].max()).sum())
    return Top(share, k, float(found / k), rank)
