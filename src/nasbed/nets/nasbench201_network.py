"""The network of NAS-Bench-201 and of NATS-Bench's size space, of PyTorch's own layers.

Layers are made in the published order, so equal seeds draw equal weights, and they bear the published names, so the
published weights fit. As published, every operation is there and is run, also one that leads nowhere (its gradients
are zeros), and one on nothing but zeros, of which batch normalisation can make something else.

Reference: Dong and Yang, ICLR 2020, https://arxiv.org/abs/2001.00326, and the published ``TinyNetwork``.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from nasbed.nets.parts import CELL_EDGES, CONVOLUTIONS


class ReLUConvBN(nn.Module):
    """A rectifier, a convolution without bias and batch normalisation."""

    def __init__(self, sources: int, targets: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(sources, targets, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(targets),
        )

    @property
    def steps(self) -> nn.Sequential:
        """What it does, one after the other; a supernet shares it between operations that read the same."""
        return self.op

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/stride, size/stride)``."""
        y: Tensor = self.op(x)
        return y


class Pooling(nn.Module):
    """The average of 3×3 pixels, of those that there are; a 1×1 convolution before it where channels change."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        self.preprocess = ReLUConvBN(sources, targets, 1) if sources != targets else None
        self.op = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the image's size."""
        y: Tensor = self.op(x if self.preprocess is None else self.preprocess(x))
        return y


class Projection(nn.Module):
    """What an identity is where channels change: a 1×1 convolution without bias and batch normalisation."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(sources, targets, 1, bias=False)
        self.bn = nn.BatchNorm2d(targets)

    @property
    def steps(self) -> tuple[nn.Module, nn.Module]:
        """What it does, one after the other."""
        return self.conv, self.bn

    def forward(self, x: Tensor) -> Tensor:
        """Keep the image's size."""
        y: Tensor = self.bn(self.conv(x))
        return y


class Zero(nn.Module):
    """Zeros that still depend on the input: a gradient is zero and not missing, as published."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        self.widen = targets if sources != targets else None

    def forward(self, x: Tensor) -> Tensor:
        """Keep the image's size."""
        return x * 0 if self.widen is None else x[:, :1].expand(-1, self.widen, -1, -1) * 0


def operation(name: str, sources: int, targets: int) -> nn.Module:
    """Make the layers of an operation."""
    if name == "none":
        return Zero(sources, targets)
    if name in CONVOLUTIONS:
        return ReLUConvBN(sources, targets, CONVOLUTIONS[name])
    if name == "avg_pool_3x3":
        return Pooling(sources, targets)
    return nn.Identity() if sources == targets else Projection(sources, targets)


def through_nodes(layers: nn.ModuleList, x: Tensor) -> Tensor:
    """Return the last of four nodes, each the sum of what layers on ``CELL_EDGES`` make of the nodes before it."""
    nodes = [x]
    for node in (1, 2, 3):
        values = [
            layer(nodes[source]) for layer, (source, target) in zip(layers, CELL_EDGES, strict=True) if target == node
        ]
        nodes.append(sum(values[1:], values[0]))
    return nodes[3]


class Cell(nn.Module):
    """Four nodes, each the sum of operations on those before it.

    Args:
        operations: The name of the operation on each of ``CELL_EDGES``.
        sources: Channels of the input.
        targets: Channels of every other node.
    """

    def __init__(self, operations: Sequence[str], sources: int, targets: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            operation(name, targets if source else sources, targets)
            for (source, _), name in zip(CELL_EDGES, operations, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size, size)``."""
        return through_nodes(self.layers, x)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a way that averages 2×2 pixels and projects them; halves the image."""

    def __init__(self, sources: int, targets: int) -> None:
        super().__init__()
        self.conv_a = ReLUConvBN(sources, targets, 3, stride=2)
        self.conv_b = ReLUConvBN(targets, targets, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(sources, targets, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size/2, size/2)``."""
        y: Tensor = self.downsample(x) + self.conv_b(self.conv_a(x))
        return y


class CellNetwork(nn.Module):
    """Three stages of one cell, with a residual block between two; ``forward`` gives logits alone.

    The published network gives a pair, what enters the dense layer and the logits; ``features`` gives the former.

    Args:
        operations: The name of the operation on each of the cell's edges.
        stages: The channels of each cell of each of the three stages.
        reductions: The channels of the two residual blocks.
        classes: How many classes are told apart.
        image_channels: Colours of an image.
    """

    def __init__(
        self,
        operations: Sequence[str],
        stages: Sequence[Sequence[int]],
        reductions: Sequence[int],
        classes: int,
        image_channels: int,
    ) -> None:
        super().__init__()
        width = stages[0][0]
        self.stem = nn.Sequential(nn.Conv2d(image_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.cells = nn.ModuleList()
        for number, stage in enumerate(stages):
            if number:
                self.cells.append(ResidualBlock(width, reductions[number - 1]))
                width = reductions[number - 1]
            for targets in stage:
                self.cells.append(Cell(operations, width, targets))
                width = targets
        self.lastact = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU())
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(width, classes)

    def features(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to what enters the dense layer, ``(batch, channels)``."""
        x = self.stem(images)
        for cell in self.cells:
            x = cell(x)
        y: Tensor = self.global_pooling(self.lastact(x)).flatten(1)
        return y

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to logits ``(batch, classes)``."""
        logits: Tensor = self.classifier(self.features(images))
        return logits
