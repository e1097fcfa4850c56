"""Gradient descent as the published codes write it: SGD as PyTorch does, RMSProp as TensorFlow does.

Both are written out, so that they are called, saved and resumed alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


class SGD:
    """Update parameters in place; momentum gathers gradients, and the rate multiplies what was gathered.

    ``mom ← momentum·mom + g``, ``w ← w − rate·mom``; after Nesterov ``w ← w − rate·(g + momentum·mom)``.

    Args:
        parameters: What is trained.
        momentum: How much of the last update stays at each step.
        nesterov: Whether the step is made with the momentum that the next one will have.
        l2: Weight of ``½‖w‖²`` over all parameters in the loss; its gradient ``l2·w`` is added here.
    """

    def __init__(
        self, parameters: Sequence[Tensor], momentum: float = 0.9, nesterov: bool = False, l2: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        self.momentum, self.nesterov, self.l2 = momentum, nesterov, l2
        self.update = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Make one step.

        Args:
            gradients: Of the loss without L2, one a parameter and of its shape.
            rate: The learning rate of this step; with 0 only the momentum moves.
        """
        slopes = list(gradients)
        if self.l2:
            slopes = list(torch._foreach_add(slopes, self.parameters, alpha=self.l2))
        torch._foreach_mul_(self.update, self.momentum)
        torch._foreach_add_(self.update, slopes)
        direction = torch._foreach_add(slopes, self.update, alpha=self.momentum) if self.nesterov else self.update
        torch._foreach_add_(self.parameters, direction, alpha=-rate)

    def state_dict(self) -> dict[str, Any]:
        """Give the momentum, which is this method's memory."""
        return {"update": self.update}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take a momentum over."""
        for mine, theirs in zip(self.update, state["update"], strict=True):
            mine.copy_(theirs)


class RMSProp:
    """Update parameters in place; the mean square starts at one, and epsilon stands inside the root.

    ``ms ← decay·ms + (1 − decay)·g²``, ``mom ← momentum·mom + rate·g / √(ms + ε)``, ``w ← w − mom``. With the published
    ε = 1 it is close to plain momentum; ``torch.optim.RMSprop`` (zero start, epsilon outside) is another method.

    Args:
        parameters: What is trained.
        decay: How much of the mean square stays at each step.
        momentum: How much of the last update stays at each step.
        epsilon: What is added to the mean square, inside the root.
        l2: Weight of ``½‖w‖²`` over all parameters in the loss; its gradient ``l2·w`` is added here.
    """

    def __init__(
        self, parameters: Sequence[Tensor], decay: float = 0.9, momentum: float = 0.9, epsilon: float = 1.0,
        l2: float = 0.0,
    ) -> None:  # fmt: skip
        self.parameters = list(parameters)
        self.decay, self.momentum, self.epsilon, self.l2 = decay, momentum, epsilon, l2
        self.mean_square = [torch.ones_like(p) for p in self.parameters]
        self.update = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Make one step.

        Args:
            gradients: Of the loss without L2, one a parameter and of its shape.
            rate: The learning rate of this step; with 0 only the mean squares move.
        """
        slopes = list(gradients)
        if self.l2:
            slopes = list(torch._foreach_add(slopes, self.parameters, alpha=self.l2))
        torch._foreach_mul_(self.mean_square, self.decay)
        torch._foreach_addcmul_(self.mean_square, slopes, slopes, value=1.0 - self.decay)
        roots = torch._foreach_add(self.mean_square, self.epsilon)
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(self.update, self.momentum)
        torch._foreach_addcdiv_(self.update, slopes, roots, value=rate)
        torch._foreach_sub_(self.parameters, self.update)

    def state_dict(self) -> dict[str, Any]:
        """Give the averages, which are this method's memory."""
        return {"mean_square": self.mean_square, "update": self.update}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take averages over."""
        for mine, theirs in ((self.mean_square, state["mean_square"]), (self.update, state["update"])):
            for average, value in zip(mine, theirs, strict=True):
                average.copy_(value)
