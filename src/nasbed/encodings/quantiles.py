"""Normal quantiles of ranks: what numbers become whose scale means nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require


def normal_quantiles(
    numbers: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Return the different numbers, ascending, the normal quantile of each one's middle rank, and which each number is.

    Args:
        numbers: Finite ones, ``(n,)``.
    """
    different, which, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - 0.5 * counts
    return different, require("scipy.special", "predictors").ndtri(middle / max(len(numbers), 1)), which
