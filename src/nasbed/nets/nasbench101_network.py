"""The network of a NAS-Bench-101 module, of PyTorch's own layers.

Inside a module inputs are added, after the wider ones are cut to their first channels; edges out of the input go
through a projection (conv1x1-bn-relu) to the width of where they lead; the output concatenates what feeds it. An
edge from input to output is projected and added to that; alone, it is the whole module.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``model_builder``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from nasbed.core.errors import UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.parts import STEPS, MaxPool, check_wide_enough, vertex_channels

if TYPE_CHECKING:
    from nasbed.nets.nasbench101 import NASBench101Blueprint

NORM_EPSILON = 1e-5
"""What batch normalisation adds to a variance; the published value."""

NORM_MOMENTUM = 0.003
"""How much of a running average is new at each step, in PyTorch's sense; published is 0.997 in TensorFlow's."""


class ConvBNReLU(nn.Sequential):
    """A convolution without bias, batch normalisation and a rectifier."""

    def __init__(self, sources: int, targets: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(sources, targets, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(targets, eps=NORM_EPSILON, momentum=NORM_MOMENTUM),
            nn.ReLU(),
        )


class PlainCell(nn.Module):
    """One module of a network.

    Args:
        graph: A pruned module: input first, output last, operations between.
        sources: Channels of the input.
        targets: Channels of the output.

    Raises:
        InvalidArchitecture: When the output has fewer channels than vertices that feed it, or a bottleneck no fourth.
        UnknownName: When a label is no operation.
    """

    def __init__(self, graph: Graph, sources: int, targets: int) -> None:
        super().__init__()
        self.last = graph.vertices - 1
        self.widths = [int(width) for width in vertex_channels(graph.matrix[None], targets)[0]]
        self.predecessors = [graph.predecessors(v) for v in range(graph.vertices)]
        self.projections, self.operations = nn.ModuleDict(), nn.ModuleDict()
        for v in range(1, graph.vertices):
            if 0 in self.predecessors[v]:
                self.projections[str(v)] = ConvBNReLU(sources, self.widths[v], 1)
            if v < self.last:
                self.operations[str(v)] = operation(graph.labels[v], self.widths[v])

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, sources, size, size)`` to ``(batch, targets, size, size)``."""
        values = [x]
        for v in range(1, self.last):
            inputs = [values[u][:, : self.widths[v]] for u in self.predecessors[v] if u]
            values.append(self.operations[str(v)](self._with_projection(inputs, v, x)))
        feeding = [values[u] for u in self.predecessors[self.last] if u]
        return self._with_projection([torch.cat(feeding, dim=1)] if feeding else [], self.last, x)

    def _with_projection(self, inputs: list[Tensor], vertex: int, x: Tensor) -> Tensor:
        """Add up a vertex's inputs and, where there is an edge, the projected input of the module."""
        if str(vertex) in self.projections:
            inputs = [*inputs, self.projections[str(vertex)](x)]
        return sum(inputs[1:], inputs[0])


def operation(name: str, width: int) -> nn.Module:
    """Make the layers of an operation.

    Raises:
        InvalidArchitecture: When the vertex is too narrow to be divided.
        UnknownName: When there is none of that name.
    """
    if name not in STEPS:
        raise UnknownName("operation", name, STEPS)
    layers: list[nn.Module] = []
    for step in STEPS[name]:
        if isinstance(step, MaxPool):
            layers.append(nn.MaxPool2d(step.kernel, stride=1, padding=step.kernel // 2))
        else:
            check_wide_enough(np.array([width]), step)
            layers.append(ConvBNReLU(width // step.sources, width // step.targets, step.kernel))
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)


class ModuleNetwork(nn.Module):
    """A module in its skeleton.

    Raises:
        InvalidArchitecture: When the output is too narrow for what feeds it.
        UnknownName: When a label is no operation.
    """

    def __init__(self, graph: Graph, skeleton: NASBench101Blueprint) -> None:
        super().__init__()
        self.modules_per_stack = skeleton.modules_per_stack
        self.stem = ConvBNReLU(skeleton.image_channels, skeleton.stem_channels, 3)
        self.cells = nn.ModuleList(PlainCell(graph, *channels) for channels in skeleton.module_channels)
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Linear(skeleton.final_channels, skeleton.classes)

    def features(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to what enters the dense layer, ``(batch, channels)``."""
        x: Tensor = self.stem(images)
        for number, cell in enumerate(self.cells):
            if number and number % self.modules_per_stack == 0:
                x = self.pool(x)
            x = cell(x)
        return x.mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(batch, image_channels, size, size)`` to logits ``(batch, classes)``."""
        logits: Tensor = self.classifier(self.features(images))
        return logits
