"""Gradient descent as the published codes write it: SGD is PyTorch's own, RMSProp is TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from nasbed.nets.recipe import Recipe
from nasbed.nets.task import Task

_NEVER_ZERO = 1e-6  # what PyTorch's clip_grad_norm_ adds to a norm


class RMSProp(torch.optim.Optimizer):
    """RMSProp of which the mean square starts at one, and epsilon stands inside the root.

    ``ms ← decay·ms + (1 − decay)·g²``, ``mom ← momentum·mom + rate·g / √(ms + ε)``, ``w ← w − mom``. With the published
    ε = 1 it is close to plain momentum; ``torch.optim.RMSprop`` (zero start, epsilon outside) is another method.

    Args:
        parameters: What is trained.
        lr: The learning rate; with 0 only the mean squares move.
        decay: How much of the mean square stays at each step.
        momentum: How much of the last update stays at each step.
        epsilon: What is added to the mean square, inside the root.
        weight_decay: Weight of ``½‖w‖²`` in the loss; its gradient is added here.
    """

    def __init__(
        self, parameters: Any, lr: float = 0.0, decay: float = 0.9, momentum: float = 0.9, epsilon: float = 1.0,
        weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        settings = {"lr": lr, "decay": decay, "momentum": momentum, "epsilon": epsilon, "weight_decay": weight_decay}
        super().__init__(parameters, settings)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Make one step."""
        for group in self.param_groups:
            for weights in group["params"]:
                state = self.state[weights]
                if not state:
                    state.update(mean_square=torch.ones_like(weights), update=torch.zeros_like(weights))
                slopes: Tensor = weights.grad
                if group["weight_decay"]:
                    slopes = slopes.add(weights, alpha=group["weight_decay"])
                state["mean_square"].mul_(group["decay"]).addcmul_(slopes, slopes, value=1.0 - group["decay"])
                roots = state["mean_square"].add(group["epsilon"]).sqrt_()
                state["update"].mul_(group["momentum"]).addcdiv_(slopes, roots, value=group["lr"])
                weights.sub_(state["update"])


def optimizer(recipe: Recipe, weights: Tensor) -> torch.optim.Optimizer:
    """Make the optimizer of a recipe for one vector of weights."""
    if recipe.optimizer == "rmsprop":
        return RMSProp(
            [weights],
            decay=recipe.decay,
            momentum=recipe.momentum,
            epsilon=recipe.epsilon,
            weight_decay=recipe.l2,
        )
    return torch.optim.SGD(
        [weights], lr=0.0, momentum=recipe.momentum, nesterov=recipe.nesterov, weight_decay=recipe.l2
    )


def losses_of(task: Task, outputs: Tensor, targets: Tensor, beside: Sequence[float]) -> Tensor:
    """Return the loss of each image, with those of further classifiers times their weights.

    Args:
        task: Judges outputs.
        outputs: ``(images, outputs)``, those of further classifiers behind them.
        targets: One an image.
        beside: The weight of each further classifier; see ``Blueprint.beside``.
    """
    if not beside:
        return task.losses(outputs, targets)
    first, *others = outputs.chunk(1 + len(beside), dim=1)
    found = task.losses(first, targets)
    for weight, one in zip(beside, others, strict=True):
        found = found + weight * task.losses(one, targets)
    return found


def clipped(gradients: Sequence[Tensor], owners: Sequence[Sequence[int]], networks: int, most: float) -> list[Tensor]:
    """Scale the gradient of each of several networks so that its Euclidean norm is at most so much.

    Args:
        gradients: Each of some networks, whose parts are its slowest axis.
        owners: Of each gradient, which networks.
        networks: How many there are in all.
        most: The norm.
    """
    squares = torch.zeros(networks, device=gradients[0].device)
    parts = [one.reshape(len(some), -1) for one, some in zip(gradients, owners, strict=True)]
    places = [torch.tensor(some, device=squares.device) for some in owners]
    for part, place in zip(parts, places, strict=True):
        squares.index_add_(0, place, part.square().sum(dim=1))
    factors = (most / (squares.sqrt() + _NEVER_ZERO)).clamp(max=1.0)
    return [part * factors[place, None] for part, place in zip(parts, places, strict=True)]
