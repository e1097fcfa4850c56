"""Dropping: what is proposed and not trained, since its run knows it, or is over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Trials


def drop(optimizer: Optimizer, trials: Trials, untold: NDArray[np.bool_]) -> None:
    """Say that the active ones of some trials will have no answer, so that no run, even one that is over, waits.

    Args:
        optimizer: Whose trials they are.
        trials: One a run.
        untold: Which runs are not told, ``(runs,)``.
    """
    dropped = untold if trials.active is None else trials.active & untold
    if dropped.any():
        optimizer.drop(trials._replace(active=dropped))
