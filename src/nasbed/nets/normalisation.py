"""Normalisation: batch normalisation of networks side by side, each the same whatever stands beside it.

PyTorch's own computes the gradient of its input in two ways, several channels at once and, for the last few of a
tensor, one by one, and the two round differently: a network's training would depend on where in the tensor it stands.
Here the statistics and the gradients of scale and offset are PyTorch's, which do not, and the gradient of the input is
a multiple of the output's and of the input.

Reference: Ioffe and Szegedy, ICML 2015, https://arxiv.org/abs/1502.03167
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

NORM_EPSILON = 1e-5
"""What batch normalisation adds to a variance; the published value."""


class SideBySideNorm(torch.autograd.Function):
    """Normalises ``(batch, channels, size, size)`` by its own statistics, in training; moves the running averages."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor, forget: float
    ) -> Tensor:
        """Give the scaled and shifted whole; keep what the gradient needs."""
        out, center, inverse = torch.native_batch_norm(x, scale, offset, mean, variance, True, forget, NORM_EPSILON)
        ctx.save_for_backward(x, scale, center, inverse)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients of input, scale and offset."""
        x, scale, center, inverse = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        _, to_scale, to_offset = torch.ops.aten.native_batch_norm_backward(
            gradient, x, scale, None, None, center, inverse, True, NORM_EPSILON, [False, True, True]
        )
        images = x.numel() // len(scale)
        of_gradient = scale * inverse
        of_input = -of_gradient * inverse * to_scale / images
        constant = -of_gradient * to_offset / images - of_input * center
        channels = (1, -1, 1, 1)
        to_input = torch.addcmul(constant.view(channels), x, of_input.view(channels))
        return to_input.addcmul_(gradient, of_gradient.view(channels)), to_scale, to_offset, None, None, None
