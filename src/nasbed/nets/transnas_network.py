"""The networks of TransNAS-Bench-101 for classification, of PyTorch's own layers.

As published, every operation is there and is run, also one that leads nowhere.

Reference: Duan et al., CVPR 2021, https://arxiv.org/abs/2105.11871, and ``lib/models`` in
https://github.com/yawen-d/TransNASBench
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nasbed.nets.nasbench201_network import ReLUConvBN, through_nodes
from nasbed.nets.parts import CELL_EDGES, CELL_KERNELS, Place


class Zero(nn.Module):
    """Zeros that still depend on the input: a gradient is zero and not missing."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        sources, targets, self.stride = place
        self.times = targets // sources

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        # pooling of one pixel takes every other one, and has a form for networks side by side
        zeros = functional.max_pool2d(x, 1, self.stride) * 0
        return zeros if self.times == 1 else torch.cat([zeros] * self.times, dim=1)


class FactorizedReduction(nn.Module):
    """What an identity is where the shape changes: two 1×1 convolutions, one a pixel further, beside each other."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        sources, targets, stride = place
        self.relu = nn.ReLU()
        self.here = nn.Conv2d(sources, targets // 2, 1, stride, bias=False)
        self.further = nn.Conv2d(sources, targets - targets // 2, 1, stride, bias=False)
        self.shift = nn.ZeroPad2d((-1, 1, -1, 1))  # a row and a column less before, one of zeros more behind
        self.bn = nn.BatchNorm2d(targets)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        x = self.relu(x)
        y: Tensor = self.bn(torch.cat([self.here(x), self.further(self.shift(x))], dim=1))
        return y


def operation(digit: int, place: Place) -> nn.Module:
    """Make the layers of an operation on an edge."""
    sources, targets, stride = place
    kernel = CELL_KERNELS[digit]
    if kernel is not None:
        return ReLUConvBN(sources, targets, kernel, stride)
    if digit == 0:
        return Zero(place)
    return nn.Identity() if stride == 1 and sources == targets else FactorizedReduction(place)


class Cell(nn.Module):
    """Four nodes, each the sum of operations on those before it; those on the input change the shape.

    Args:
        digits: The operation on each of ``CELL_EDGES``.
        place: Where it stands.
    """

    def __init__(self, digits: Sequence[int], place: Place) -> None:
        super().__init__()
        inside = (place[1], place[1], 1)
        self.edges = nn.ModuleList(
            operation(digit, inside if source else place) for (source, _), digit in zip(CELL_EDGES, digits, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        return through_nodes(self.edges, x)


class Block(nn.Module):
    """Two 3×3 convolutions beside a way that is a 1×1 convolution where the shape changes."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        sources, targets, stride = place
        self.conv_a = ReLUConvBN(sources, targets, 3, stride)
        self.conv_b = ReLUConvBN(targets, targets, 3)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or sources != targets:
            self.downsample = nn.Sequential(nn.Conv2d(sources, targets, 1, stride, bias=False), nn.BatchNorm2d(targets))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        y: Tensor = self.downsample(x) + self.conv_b(self.conv_a(x))
        return y


class ModuleNetwork(nn.Module):
    """Cells or blocks, one after the other, between a stem of two convolutions and a dense layer.

    Args:
        cells: They, in their order.
        channels: Channels behind the stem, and behind the last of them.
        strides: Of its two convolutions.
        classes: How many classes are told apart.
        image_channels: Colours of an image.
    """

    def __init__(
        self,
        cells: Sequence[Cell | Block],
        channels: tuple[int, int],
        strides: tuple[int, int],
        classes: int,
        image_channels: int,
    ) -> None:
        super().__init__()
        half = channels[0] // 2
        self.stem = nn.Sequential(
            nn.Conv2d(image_channels, half, 3, strides[0], padding=1, bias=False),
            nn.BatchNorm2d(half),
            ReLUConvBN(half, channels[0], 3, strides[1]),
        )
        self.cells = nn.ModuleList(cells)
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels[1], classes)

    def features(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to what enters the dense layer, ``(batch, channels)``."""
        x = self.stem(images)
        for cell in self.cells:
            x = cell(x)
        y: Tensor = self.global_pooling(x).flatten(1)
        return y

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to logits ``(batch, classes)``."""
        logits: Tensor = self.classifier(self.features(images))
        return logits
