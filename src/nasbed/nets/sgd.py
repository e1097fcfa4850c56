"""SGD as PyTorch writes it: momentum gathers gradients, and the rate multiplies what was gathered.

``mom ← momentum·mom + g``, ``w ← w − rate·mom``; after Nesterov ``w ← w − rate·(g + momentum·mom)``. Written out, and
not ``torch.optim.SGD``, so that it is called, saved and gone on with as ``RMSProp`` is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


class SGD:
    """Updates parameters in place, all of them in a handful of calls.

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
