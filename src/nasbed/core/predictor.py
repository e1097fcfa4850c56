"""Predictor: how good will an architecture be?"""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs


class Predictor(Protocol):
    """Learns from trained architectures and guesses the others."""

    def fit(self, archs: Archs, values: NDArray[np.float64]) -> Self:
        """Learn from ``(n, decisions)`` architectures and their ``(n,)`` accuracies."""
        ...

    def predict(self, archs: Archs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give mean and standard deviation for each architecture, both ``(n,)``."""
        ...
