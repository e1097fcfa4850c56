"""Objective: what weights and architecture parameters descend: losses of sampled coefficients, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasbed.core.errors import BadSetting
from nasbed.nets.supernet import Supernet
from nasbed.nets.task import Task
from nasbed.oneshot.alphas import Alphas
from nasbed.oneshot.feeding import Batches
from nasbed.oneshot.methods import Method
from nasbed.oneshot.sampling import PENALTIES, SAMPLERS, Asked, Sampler
from nasbed.oneshot.unrolling import EPSILON, unrolled

Gradients = list[Tensor | None]


@dataclass(frozen=True, eq=False)
class Objective:
    """Computes the gradients of one part of a search.

    Attributes:
        method: What samples, and what is added to the loss.
        net: The supernet.
        alphas: The architecture parameters.
        task: Says what the loss of outputs is.
        generator: Of samples, on the CPU.
        done: Which part of the schedule is over: 0 in the first epoch, 1 in the last.
    """

    method: Method
    net: Supernet
    alphas: Alphas
    task: Task
    generator: torch.Generator
    done: float

    def sampled(self, is_alphas: bool = False) -> list[list[Tensor]]:
        """Sample the supernet's coefficients, of each path of a step; they have a gradient for the parameters' own."""
        named = self.method.sampler if is_alphas else self.method.of_weights or self.method.sampler
        sampler: Sampler = SAMPLERS[named] if isinstance(named, str) else named
        temperature, strength = self.between(self.method.temperature), self.between(self.method.strength)
        asked = Asked(self.net, self.alphas, temperature, strength, self.generator)
        with torch.set_grad_enabled(is_alphas):
            return list(sampler(asked))

    def of_weights(self, batch: tuple[Tensor, Tensor], weights: Sequence[Tensor]) -> tuple[Gradients, float]:
        """Return the weights' gradients, added up over the paths that are sampled, and the mean loss of these.

        Where the method distils, all paths but the first imitate what that gives.
        """
        paths, total, value = self.sampled(), Gradients([None] * len(weights)), 0.0
        imitated: Tensor | None = None
        for coefficients in paths:
            outputs = self.outputs(batch, coefficients, False)
            if imitated is None:
                loss = self.task.losses(outputs, batch[1]).mean()
                imitated = outputs.detach() if self.method.distilled else None
            else:
                loss = self.task.imitation(outputs, imitated).mean()
            found = torch.autograd.grad(loss, weights, allow_unused=True)
            total = [
                before if one is None else one if before is None else before + one
                for before, one in zip(total, found, strict=True)
            ]
            value += float(loss.detach()) / len(paths)
        return total, value

    def of_alphas(self, batch: tuple[Tensor, Tensor]) -> tuple[Gradients, float]:
        """Return the parameters' gradients, those of a penalty among them, and the loss without it."""
        loss = self._summed(batch)
        found = torch.autograd.grad(self._penalised(loss), self.alphas.trained, allow_unused=True)
        return list(found), float(loss.detach())

    def through_a_step(
        self, batches: Batches, weights: Sequence[Tensor], descent: torch.optim.Optimizer
    ) -> tuple[Gradients, float]:
        """Return the parameters' gradients through a step of the weights, and the loss behind it."""
        settings, rests = self.method.weights, list[Tensor]()
        for one in weights:
            momentum = descent.state[one].get("momentum_buffer")
            rest = settings.decay * one.detach()
            rests.append(rest if momentum is None else rest + settings.momentum * momentum)
        found, value = unrolled(
            lambda: self._summed(batches["weights"]),
            lambda: self._penalised(self._summed(batches["alphas"])),
            self.alphas.trained,
            weights,
            rests,
            descent.param_groups[0]["lr"],
            None if self.method.unrolled == "exact" else EPSILON,
        )
        return list(found), value

    def loss(self, batch: tuple[Tensor, Tensor], coefficients: Sequence[Tensor], is_alphas: bool) -> Tensor:
        """Return the mean loss of a batch."""
        return self.task.losses(self.outputs(batch, coefficients, is_alphas), batch[1]).mean()

    def outputs(self, batch: tuple[Tensor, Tensor], coefficients: Sequence[Tensor], is_alphas: bool) -> Tensor:
        """Return what the supernet gives for a batch, ``(n, …)``."""
        images, carried = batch[0], self.method.carried and is_alphas
        with torch.set_grad_enabled(is_alphas):
            edges = self.alphas.weights_of_edges()
        found: Tensor = self.net(images.to(next(self.net.parameters())), coefficients, carried=carried, edges=edges)
        return found

    def penalty(self) -> Tensor:
        """Return what is added to the loss of architecture parameters."""
        weight = self.between(self.method.penalty_weights)
        return weight * PENALTIES[self.method.penalty](self.alphas.vectors)

    def between(self, ends: tuple[float, float]) -> float:
        """Return where the schedule is on the line from the first epoch to the last."""
        return ends[0] + (ends[1] - ends[0]) * self.done

    def _summed(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return torch.stack([self.loss(batch, one, True) for one in self.sampled(True)]).sum()

    def _penalised(self, loss: Tensor) -> Tensor:
        return loss + self.penalty() if self.method.penalty else loss


def check_fit(method: Method, net: Supernet) -> None:
    """See that a supernet is what a method searches in.

    Raises:
        BadSetting: When it is not.
    """
    share = method.stages[0].share
    if net.share != share:
        raise BadSetting(
            f"options of the supernet read one channel in {net.share}, and those of the method one in {share}; make "
            f"the supernet with share={share}"
        )
    if method.normalisation == "tracked" and not net.tracked:
        raise BadSetting("tracked averages are judged by, and the supernet has none; make it with tracked=True")
    if method.alphas is not None and net.written.decided.wheres:
        raise BadSetting(
            f"{net.space.name} has constraints, which parameters of single decisions know nothing of; use a method "
            "that has none, such as spos"
        )
