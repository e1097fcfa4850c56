"""What travels between the nouns: trials go out, evaluations come back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Archs = NDArray[np.int8]
"""Architectures: int8, shape ``(n, decisions)``; only their space knows what the integers mean."""


class Trials(NamedTuple):
    """What an optimizer asks for: one architecture a run. Values, never changed in place.

    Attributes:
        archs: int8, shape ``(runs, decisions)``.
        epochs: Training budget of each, shape ``(runs,)``; None means the benchmark's largest.
        active: Which runs propose something, shape ``(runs,)``; None means all. A run that is not active has
            nothing left to propose, and its row is to be ignored.
    """

    archs: Archs
    epochs: NDArray[np.int64] | None = None
    active: NDArray[np.bool_] | None = None


class Evaluations(NamedTuple):
    """What a benchmark answers: validation results and their cost, one a trial.

    Attributes:
        value: Validation accuracy in [0, 1], or what else ``Benchmark.measure`` says; higher is better, NaN where the
            training failed. Float64, ``(n,)``.
        seconds: Simulated or measured training time. Float64, ``(n,)``.
        epochs: Epochs trained. Int64, ``(n,)``.
    """

    value: NDArray[np.float64]
    seconds: NDArray[np.float64]
    epochs: NDArray[np.int64]
