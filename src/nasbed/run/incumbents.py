"""Incumbents: which of a run's values is the best so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def incumbents(
    value: NDArray[np.float64], counts: NDArray[np.bool_], fidelity: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Return the step of the best value so far, ``(steps, runs)``; the first of equals, −1 before any that counts.

    A value after more epochs counts more than any after fewer, whatever it is, since they are not comparable.

    Args:
        value: As heard, ``(steps, runs)``.
        counts: Which of them count.
        fidelity: Epochs after which each was measured; None where all are the same.
    """
    best = np.where(counts, value, -np.inf)
    if fidelity is not None:
        rank = np.unique(best, return_inverse=True)[1].reshape(best.shape).astype(np.int64)
        best = np.where(counts, fidelity.astype(np.float64) * (rank.max(initial=0) + 1) + rank, -np.inf)
    before = np.vstack([np.full((1, best.shape[1]), -np.inf), np.maximum.accumulate(best, axis=0)[:-1]])
    steps = np.where(best > before, np.arange(len(best))[:, None], -1)
    return np.maximum.accumulate(steps, axis=0)
