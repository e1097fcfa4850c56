"""Layers: what a network computes, as numbers, for one network or for as many as a space has.

A list of layers is what costs are counted of, whether a blueprint's formula or a built network gave it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Count = NDArray[np.int64]
Kind = Literal["convolution", "normalisation", "rectifier", "pooling", "global pooling", "dense"]


@dataclass(frozen=True, eq=False)
class Layer:
    """One kind of layer at one place, in one network or in each of n.

    Every number but the kernel is one integer, for all networks, or ``(n,)``, one for each.

    Attributes:
        kind: What it does.
        sources: Channels that one output channel reads: all that come in, unless a convolution has groups.
        targets: Channels out.
        kernel: Height and width of what one output pixel is made of; of a global pooling, the whole image's.
        pixels: Output pixels.
        times: How many such layers there are; none where it is 0.
        offset: Whether it adds a number a channel: a convolution's or dense layer's bias, a normalisation's scale
            *and* offset.
    """

    kind: Kind
    sources: Count | int
    targets: Count | int
    kernel: tuple[int, int] = (1, 1)
    pixels: int = 1
    times: Count | int = 1
    offset: bool = False

    @property
    def parameters(self) -> Count:
        """Trainable numbers of all of them."""
        weights: Count | int = 0
        if self.kind in ("convolution", "dense"):
            weights = self.products + self.targets * self.offset
        elif self.kind == "normalisation":
            weights = 2 * self.targets * self.offset
        return np.asarray(weights * self.times, np.int64)

    @property
    def products(self) -> Count | int:
        """Products that one output pixel of one layer takes, over all channels."""
        return self.sources * self.targets * (self.kernel[0] * self.kernel[1])


def relu_conv_norm(
    sources: Count | int, targets: Count | int, kernel: int, pixels: int, times: Count | int = 1, stride: int = 1
) -> list[Layer]:
    """Give a rectifier, a convolution without bias and a normalisation, as NAS-Bench-201's operations have them."""
    rectifier = Layer("rectifier", sources, sources, pixels=pixels * stride**2, times=times)
    return [rectifier, *conv_norm(sources, targets, kernel, pixels, times)]


def conv_norm(
    sources: Count | int, targets: Count | int, kernel: int, pixels: int, times: Count | int = 1
) -> list[Layer]:
    """Give a convolution without bias and the normalisation behind it."""
    return [
        Layer("convolution", sources, targets, (kernel, kernel), pixels, times),
        Layer("normalisation", targets, targets, pixels=pixels, times=times, offset=True),
    ]


def conv_norm_relu(
    sources: Count | int, targets: Count | int, kernel: int, pixels: int, times: Count | int = 1
) -> list[Layer]:
    """List a convolution without bias, its normalisation and rectifier."""
    rectifier = Layer("rectifier", targets, targets, pixels=pixels, times=times)
    return [*conv_norm(sources, targets, kernel, pixels, times), rectifier]


def together(networks: Iterable[Iterable[Layer]]) -> list[Layer]:
    """List the layers of several networks, those alike once, each with how often each network has it, ``(n,)``.

    Args:
        networks: The layers of each, for one network.
    """
    every = list(map(list, networks))
    times: dict[Any, Count] = {}
    for place, layers in enumerate(every):
        for layer in layers:
            key = (layer.kind, int(layer.sources), int(layer.targets), layer.kernel, layer.pixels, layer.offset)
            times.setdefault(key, np.zeros(len(every), np.int64))[place] += int(layer.times)
    return [
        Layer(kind, sources, targets, kernel, pixels, often, offset)
        for (kind, sources, targets, kernel, pixels, offset), often in times.items()
    ]


def total(n: int, counts: Iterable[Count]) -> Count:
    """Add up what layers count for each of n networks, ``(n,)``."""
    found = np.zeros(n, np.int64)
    for count in counts:
        found += count
    return found
