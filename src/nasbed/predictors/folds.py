"""Cross-validation in parts that a seed draws: what is measured of a regressor where it did not learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.predictors.kernel import Floats

PARTS = 3


def parts(n: int, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Give which of n are learned from and which are held out, for each part."""
    order = np.random.default_rng(seed).permutation(n)
    for held in np.array_split(order, PARTS):
        yield np.setdiff1d(order, held), np.sort(held)


def held_out(regressor: Any, numbers: Floats, values: Floats, seed: int) -> Floats:
    """Return how far a regressor is off on each architecture where that was held out, ``(n,)``."""
    errors = np.empty(len(values))
    for learned, held in parts(len(values), seed):
        found = regressor.fit(numbers[learned], values[learned]).predict(numbers[held])
        errors[held] = np.asarray(found, np.float64) - values[held]
    return errors
