"""Descending: optimizers as a method's row says, their rates over the epochs, and the stages of a search."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.oneshot.methods import Descent, Method

_LEAST = 1e-5  # of what is kept as a share of 1, as GAEA's code has it


@dataclass(frozen=True)
class Schedule:
    """Where a search is after some steps.

    Attributes:
        method: The method.
        epochs: Of the search.
        steps: An epoch.
    """

    method: Method
    epochs: int
    steps: int

    def stage(self, made: int) -> int:
        """Return in which of the method's stages the next step is, from 0."""
        done = min(made // self.steps, self.epochs - 1)
        return max(i for i in range(len(self.method.stages)) if self._begins(i) <= done)

    def rests(self, made: int) -> bool:
        """Say whether architecture parameters rest in the next step, or there are none."""
        begun, ends = (self._begins(self.stage(made) + i) for i in (0, 1))
        resting = round(self.method.frozen * (ends - begun))
        return self.method.alphas is None or made // self.steps < begun + resting

    def done(self, made: int) -> float:
        """Return which part of the schedule is over: 0 in the first epoch, 1 in the last."""
        return min(made // self.steps, self.epochs - 1) / max(self.epochs - 1, 1)

    def _begins(self, stage: int) -> int:
        """Return before how many epochs a stage begins."""
        return -(-stage * self.epochs // len(self.method.stages))


class Descents:
    """Lets weights and architecture parameters descend, each as the method says.

    Args:
        method: The method.
        trained: ``weights``, and ``alphas`` where there are some.
    """

    def __init__(self, method: Method, trained: Mapping[str, Sequence[Tensor]]) -> None:
        settings = {"weights": method.weights, "alphas": method.alphas}
        self.settings: dict[str, Descent] = {what: one for what, one in settings.items() if one is not None}
        self.trained = {what: list(trained[what]) for what in self.settings}
        self.optimizers = {what: optimizer_of(one, self.trained[what]) for what, one in self.settings.items()}

    def take(self, weights: Sequence[Tensor], momenta: Mapping[int, Tensor]) -> None:
        """Go on with other weights, of which some have momenta, by their number."""
        self.trained["weights"] = list(weights)
        self.optimizers["weights"] = made = optimizer_of(self.settings["weights"], self.trained["weights"])
        for i, momentum in momenta.items():
            made.state[self.trained["weights"][i]]["momentum_buffer"] = momentum

    def begin(self, done: float) -> None:
        """Set the rates after a part of all epochs."""
        for what, one in self.optimizers.items():
            one.param_groups[0]["lr"] = rate_of(self.settings[what], done)

    def step(self, what: str, gradients: Sequence[Tensor | None]) -> None:
        """Let ``weights`` or ``alphas`` descend once along gradients."""
        for one, gradient in zip(self.trained[what], gradients, strict=True):
            one.grad = gradient
        clip = self.settings[what].clip
        if clip is not None:
            nn.utils.clip_grad_norm_(self.trained[what], clip)
        self.optimizers[what].step()

    def state_dict(self) -> dict[str, Any]:
        """Return what decides the descents to come, beside what descends."""
        return {what: one.state_dict() for what, one in self.optimizers.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called."""
        for what, one in self.optimizers.items():
            one.load_state_dict(state[what])


def optimizer_of(settings: Descent, parameters: Iterable[Tensor]) -> torch.optim.Optimizer:
    """Return what lets some parameters descend."""
    if settings.kind == "adam":
        return torch.optim.Adam(parameters, settings.rate, settings.betas, weight_decay=settings.decay)
    if settings.kind == "exponentiated":
        return Exponentiated(parameters, {"lr": settings.rate})
    return torch.optim.SGD(
        parameters, settings.rate, settings.momentum, nesterov=settings.nesterov, weight_decay=settings.decay
    )


class Exponentiated(torch.optim.Optimizer):
    """Multiplies numbers that sum up to 1, and makes their sum 1 again: GAEA.

    Reference: Li et al., ICLR 2021, https://arxiv.org/abs/2004.07802
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Multiply each by ``exp(−rate · gradient)``, divide by the sum, and let none be less than 1e-5."""
        for group in self.param_groups:
            for one in group["params"]:
                if one.grad is not None:
                    moved = one * torch.exp(-group["lr"] * one.grad)
                    one.copy_((moved / moved.sum()).clamp(_LEAST, 1.0))


def rate_of(settings: Descent, done: float) -> float:
    """Return the learning rate after a part of all epochs."""
    if settings.end is None:
        return settings.rate
    return settings.end + 0.5 * (settings.rate - settings.end) * (1 + math.cos(math.pi * done))
