"""Network: a module in its skeleton, once or as several independent repeats side by side.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``model_builder``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasbed.core.graph import Graph
from nasbed.nets.cells import Cell, pruned
from nasbed.nets.operations import ConvBNReLU, convolutions
from nasbed.nets.skeleton import NASBENCH101, Skeleton


class Dense(nn.Module):
    """One dense layer a repeat."""

    def __init__(self, sources: int, targets: int, repeats: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(repeats, sources, targets, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(repeats, 1, targets, dtype=torch.float32))

    def initialise(self, generators: Sequence[torch.Generator], by: str = "tensorflow") -> None:
        """Draw each repeat's weights from its own generator: uniform, after Glorot as in TensorFlow or as in PyTorch.

        Only PyTorch draws biases, too.
        """
        sources, targets = self.weight.shape[1:]
        bound = sources**-0.5 if by == "pytorch" else (6.0 / (sources + targets)) ** 0.5
        for weight, bias, generator in zip(self.weight.data, self.bias.data, generators, strict=True):
            weight.uniform_(-bound, bound, generator=generator)
            if by == "pytorch":
                bias.uniform_(-bound, bound, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(repeats, batch, sources)`` to ``(repeats, batch, targets)``."""
        return torch.baddbmm(self.bias, x, self.weight)


class Network(nn.Module):
    """The network of one module; with several repeats, as many networks that share nothing but the pass.

    Its weights are empty until ``initialise``.

    Args:
        graph: The module; it is pruned first.
        skeleton: The frame around it.
        repeats: How many networks.
        norm_momentum: How much of batch normalisation's running averages stays at each step; 0.997 is published.

    Raises:
        InvalidArchitecture: When the output cannot be reached or is too narrow for what feeds it.
        UnknownName: When a label is no operation.
    """

    def __init__(
        self, graph: Graph, skeleton: Skeleton = NASBENCH101, repeats: int = 1, norm_momentum: float = 0.997
    ) -> None:
        super().__init__()
        graph = pruned(graph)
        self.skeleton, self.repeats = skeleton, repeats
        self.stem = ConvBNReLU(skeleton.image_channels, skeleton.stem_channels, 3, repeats, norm_momentum)
        self.cells = nn.ModuleList(
            Cell(graph, sources, targets, repeats, norm_momentum) for sources, targets in skeleton.module_channels
        )
        self.head = Dense(skeleton.final_channels, skeleton.classes, repeats)

    def initialise(self, generators: Sequence[torch.Generator], by: str = "tensorflow") -> Network:
        """Draw all weights, each repeat's from its own CPU generator, whatever other repeats there are.

        Args:
            generators: One a repeat.
            by: Whose defaults, ``tensorflow`` or ``pytorch``.
        """
        for convolution in convolutions(self):
            convolution.initialise(generators, by)
        self.head.initialise(generators, by)
        return self

    @property
    def trainable_parameters(self) -> int:
        """How many trainable numbers one repeat has."""
        return sum(parameter.numel() for parameter in self.parameters()) // self.repeats

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(batch, repeats·image_channels, size, size)`` to logits ``(repeats, batch, classes)``."""
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        for number, cell in enumerate(self.cells):
            if number and number % self.skeleton.modules_per_stack == 0:
                x = F.max_pool2d(x, 2)
            x = cell(x)
        means = x.mean(dim=(2, 3)).view(len(x), self.repeats, -1)
        logits: Tensor = self.head(means.transpose(0, 1))
        return logits
