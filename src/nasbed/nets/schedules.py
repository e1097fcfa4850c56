"""Schedules: the learning rate as training goes on, as a fraction of the base rate.

Each is a function of progress, from 0 to 1. Progress is the step over all steps, or the time over the time limit: a
schedule "by time" is the same schedule read off another clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable

STEPS = ((0.833, 1e-4), (0.667, 1e-2), (0.5, 1e-1))
"""Where the published stepwise schedule falls, and to what; the last first."""


def cosine(progress: float) -> float:
    """Fall from 1 to 0 along half a cosine."""
    return 0.5 * (1.0 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))


def stepwise(progress: float) -> float:
    """Fall to a tenth, a hundredth and a ten-thousandth at a half, 0.667 and 0.833."""
    return next((fraction for start, fraction in STEPS if progress >= start), 1.0)


def constant(progress: float) -> float:
    """Stay at 1."""
    return 1.0


SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": cosine, "stepwise": stepwise, "constant": constant}
"""From a recipe's name to the schedule."""
