"""Blocks: the modules of which layers of written spaces are made, where those of published networks are not enough.

References: as for ``nasbed.nets.written_layers``, which makes them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from nasbed.core.errors import BadSetting

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "h_swish": nn.Hardswish,
    "swish": nn.SiLU,
    "gelu": nn.GELU,
    "mish": nn.Mish,
    "none": nn.Identity,
}
"""By the names by which settings call them."""


def activated(name: str) -> nn.Module:
    """Make an activation.

    Raises:
        BadSetting: When none has the name.
    """
    if name not in ACTIVATIONS:
        raise BadSetting(f"an activation is one of {', '.join(ACTIVATIONS)}, not {name!r}")
    return ACTIVATIONS[name]()


def conv(
    in_channels: int,
    out_channels: int,
    stride: int,
    kernel: int = 3,
    groups: int = 1,
    dilation: int = 1,
    activation: str = "relu",
) -> nn.Module:
    """Make a convolution, batch normalisation and an activation: NAS-Bench-101's and Liu et al.'s order."""
    padding = dilation * (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(out_channels),
        activated(activation),
    )


class Zero(nn.Module):
    """Zeros that still depend on the input: a gradient is zero and not missing."""

    def __init__(self, sources: int, targets: int, stride: int) -> None:
        super().__init__()
        self.stride, self.times, self.rest = stride, *divmod(targets, sources)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        # pooling of one pixel takes every other one, and has a form for networks side by side
        zeros = functional.max_pool2d(x, 1, self.stride) * 0
        parts = [zeros] * self.times + ([zeros[:, : self.rest]] if self.rest else [])
        return zeros if (self.times, self.rest) == (1, 0) else torch.cat(parts, dim=1)


class Noise(Zero):
    """Normal noise of deviation 1, anew each time, from PyTorch's generator; it does not depend on what comes in."""

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        zeros = super().forward(x)
        return zeros + torch.randn_like(zeros)


class SqueezeExcitation(nn.Module):
    """Weighs channels by what their averages say; as in MobileNet-V3."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # a quarter, as a multiple of 8 that is not more than a tenth below, as in all implementations
        hidden = max(8, (channels // 4 + 4) // 8 * 8)
        hidden += 8 * (hidden < 0.9 * (channels // 4))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.weigh = nn.Sequential(
            nn.Conv2d(channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, channels, 1), nn.Hardsigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        y: Tensor = x * self.weigh(self.pool(x))
        return y


class InvertedResidual(nn.Module):
    """A block of MobileNet: widens the channels, convolves each for itself, and narrows them again.

    What comes in is added where its shape does not change. Without an expansion nothing is widened.
    """

    def __init__(
        self, sources: int, targets: int, stride: int, kernel: int, expand: float, activation: str, se: bool
    ) -> None:
        super().__init__()
        hidden = round(sources * expand)
        self.wide = conv(sources, hidden, 1, 1, activation=activation) if expand != 1 else nn.Identity()
        self.each = conv(hidden, hidden, stride, kernel, hidden, activation=activation)
        self.weigh = SqueezeExcitation(hidden) if se else nn.Identity()
        self.narrow = conv(hidden, targets, 1, 1, activation="none")
        self.has_shortcut = stride == 1 and sources == targets

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        y: Tensor = self.narrow(self.weigh(self.each(self.wide(x))))
        return y + x if self.has_shortcut else y


class Attention(nn.Module):
    """Self-attention between the pixels of an image, and what comes in added.

    The channels of each pixel are normalised before (a group normalisation of one group for each pixel).
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise BadSetting(f"{heads} heads do not divide {channels} channels; let them")
        self.heads, self.norm = heads, nn.LayerNorm(channels)
        self.qkv, self.out = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape, ``(batch, channels, size, size)``."""
        n, channels, height, width = x.shape
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        qkv = self.qkv(tokens).reshape(n, height * width, 3, self.heads, channels // self.heads)
        attended = functional.scaled_dot_product_attention(*qkv.permute(2, 0, 3, 1, 4).unbind())
        tokens = self.out(attended.transpose(1, 2).reshape(n, height * width, channels))
        y: Tensor = x + tokens.transpose(1, 2).reshape(n, channels, height, width)
        return y


class Mixing(nn.Module):
    """Two dense layers for each pixel, and what comes in added."""

    def __init__(self, channels: int, expansion: float) -> None:
        super().__init__()
        hidden = round(channels * expansion)
        self.norm = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape, ``(batch, channels, size, size)``."""
        y: Tensor = x + self.mlp(self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        return y


class Places(nn.Module):
    """Adds to each pixel what is learned of its place."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.places = nn.Parameter(0.02 * torch.randn(1, channels, size, size))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        return x + self.places
