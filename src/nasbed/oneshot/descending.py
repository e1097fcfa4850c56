"""Descending: optimizers as a method's row says, and their rates over the epochs."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from nasbed.oneshot.methods import Descent


def optimizer_of(settings: Descent, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    """Return what lets some parameters descend."""
    if settings.kind == "adam":
        return torch.optim.Adam(parameters, settings.rate, settings.betas, weight_decay=settings.decay)
    return torch.optim.SGD(
        parameters, settings.rate, settings.momentum, nesterov=settings.nesterov, weight_decay=settings.decay
    )


def rate_of(settings: Descent, done: float) -> float:
    """Return the learning rate after a part of all epochs."""
    if settings.end is None:
        return settings.rate
    return settings.end + 0.5 * (settings.rate - settings.end) * (1 + math.cos(math.pi * done))
