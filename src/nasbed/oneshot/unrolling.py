"""Unrolling: the gradient of architecture parameters through a step of the weights: DARTS of second order.

Weights after a step on training images, ``w' = w − η(μ·m + ∇w L_train(w, α) + λw)``, depend on architecture parameters,
so the gradient of ``L_val(w'(α), α)`` has a second term: ``∇α L_val(w', α) − η·∇α⟨∇w L_train(w, α), v⟩`` with
``v = ∇w' L_val(w', α)``. The product can be had exactly, by differentiating twice, or as published by a difference of
two gradients at ``w ± εv``, ``ε = 0.01 / ‖v‖``. On a supernet of rectifiers that difference is mostly one of kinks.

Reference: Liu et al., ICLR 2019, https://arxiv.org/abs/1806.09055, equation 8, and ``cnn/architect.py`` in
https://github.com/quark0/darts
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

EPSILON = 0.01
"""Of the published difference, for a v of length 1."""

Losses = Callable[[], Tensor]
"""Computes a loss with weights and architecture parameters as they are."""


def unrolled(
    training: Losses,
    validation: Losses,
    alphas: Sequence[Tensor],
    weights: Sequence[Tensor],
    rests: Sequence[Tensor],
    rate: float,
    epsilon: float | None = None,
) -> tuple[list[Tensor], float]:
    """Return the gradient of architecture parameters through a step of the weights, and the loss behind that step.

    Args:
        training: The loss that the weights descend.
        validation: The loss that the architecture parameters descend.
        alphas: Architecture parameters.
        weights: They are as they were when this returns.
        rests: What a step adds to each weight's gradient, ``μ·m + λw``.
        rate: η.
        epsilon: Of the difference, for a v of length 1; None for the exact product.
    """
    steps = _gradients(training(), weights)
    with _moved(weights, [step + rest for step, rest in zip(steps, rests, strict=True)], -rate):
        loss = validation()
        found = torch.autograd.grad(loss, [*alphas, *weights], allow_unused=True)
    direct, v = _filled(found[: len(alphas)], alphas), _filled(found[len(alphas) :], weights)
    product = (
        _exact(training, alphas, weights, v) if epsilon is None else _difference(training, alphas, weights, v, epsilon)
    )
    return [one - rate * more for one, more in zip(direct, product, strict=True)], float(loss.detach())


def _exact(training: Losses, alphas: Sequence[Tensor], weights: Sequence[Tensor], v: Sequence[Tensor]) -> list[Tensor]:
    """Return ∇α⟨∇w L_train, v⟩."""
    slopes = torch.autograd.grad(training(), weights, create_graph=True, allow_unused=True)
    along = [(slope * one).sum() for slope, one in zip(slopes, v, strict=True) if slope is not None]
    return _gradients(torch.stack(along).sum(), alphas)


def _difference(
    training: Losses, alphas: Sequence[Tensor], weights: Sequence[Tensor], v: Sequence[Tensor], epsilon: float
) -> list[Tensor]:
    """Return it as the published difference."""
    length = torch.cat([one.flatten() for one in v]).norm()
    step = epsilon / float(length)
    sides = []
    for sign in (1, -1):
        with _moved(weights, v, sign * step):
            sides.append(_gradients(training(), alphas))
    return [(up - down) / (2 * step) for up, down in zip(*sides, strict=True)]


def _gradients(loss: Tensor, of: Sequence[Tensor]) -> list[Tensor]:
    return _filled(torch.autograd.grad(loss, of, allow_unused=True), of)


def _filled(gradients: Sequence[Tensor | None], of: Sequence[Tensor]) -> list[Tensor]:
    """Return gradients, zeros where there are none."""
    return [torch.zeros_like(one) if grad is None else grad for grad, one in zip(gradients, of, strict=True)]


@contextmanager
def _moved(weights: Sequence[Tensor], by: Sequence[Tensor], times: float) -> Iterator[None]:
    """Move weights, and put them back as they were."""
    kept = [one.detach().clone() for one in weights]
    with torch.no_grad():
        for one, step in zip(weights, by, strict=True):
            one.add_(step, alpha=times)
    try:
        yield
    finally:
        with torch.no_grad():
            for one, before in zip(weights, kept, strict=True):
                one.copy_(before)
