"""Worth: one number by which answers are compared where limits hold.

What keeps all limits is worth its value. What does not is worth less than anything that does, the less the further it
is over, also where it was refused and has no value; a failed training is NaN, as ever.

Reference: the rule of Deb, "An efficient constraint handling method for genetic algorithms", Computer Methods in
Applied Mechanics and Engineering 186, 2000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Evaluations

OVER = -1e200
"""What is over a limit is worth less than this, and what keeps all of them more, whatever it measures."""


def worth(evaluations: Evaluations) -> NDArray[np.float64]:
    """Give what each answer is worth, ``(n,)``: the value itself where there are no limits."""
    value, excess = evaluations.value, evaluations.excess
    if excess is None:
        return value
    kept = np.where(excess <= 0, value, OVER * (1.0 + excess))  # NaN where nobody knows whether it keeps them
    return np.where(np.isnan(value) & ~refused(evaluations), np.nan, kept)


def refused(evaluations: Evaluations) -> NDArray[np.bool_]:
    """Say what a limit refused, ``(n,)``: it was not trained and has no value, but how far it is over is known."""
    if evaluations.excess is None:
        return np.zeros(len(evaluations.value), np.bool_)
    over: NDArray[np.bool_] = np.isnan(evaluations.value) & (evaluations.epochs == 0) & (evaluations.excess > 0)
    return over
