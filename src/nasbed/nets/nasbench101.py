"""The blueprint of NAS-Bench-101: a module, repeated in stacks.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``model_builder``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import UnknownName
from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Count, Layer, conv_norm
from nasbed.nets.parts import STEPS, MaxPool, check_wide_enough, vertex_channels
from nasbed.nets.skeleton import Skeleton

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class NASBench101Blueprint(Skeleton, Blueprint):
    """The skeleton around a module, with a network of ordinary layers in it; the defaults are the published ones.

    It has the structure and the parameters of ``network.Network``, which is the one that is trained, and PyTorch's
    default initialisation.
    """

    def build(self, space: Space, arch: Archs) -> nn.Module:
        """Make the network of one row."""
        from nasbed.nets.nasbench101_network import ModuleNetwork

        return ModuleNetwork(space.graph(arch), self)

    def layers(self, space: Space, archs: Archs) -> list[Layer]:
        """List the layers of modules, which are looked at one by one: some ten thousand a second."""
        adjacency, codes, names = padded([space.graph(row) for row in archs])
        size = self.image_size
        layers = conv_norm_relu(self.image_channels, self.stem_channels, 3, size**2)
        channels = self.module_channels
        for stack in range(self.stacks):
            if stack:
                size //= 2
                layers.append(Layer("pooling", channels[0][0], channels[0][0], (2, 2), size**2))
            here, channels = channels[: self.modules_per_stack], channels[self.modules_per_stack :]
            for (inputs, outputs), times in Counter(here).items():
                layers += module_layers(adjacency, codes, names, inputs, outputs, size**2, times)
        return [*layers, Layer("dense", self.final_channels, self.classes, offset=True)]


def padded(graphs: Sequence[Graph]) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Put modules of all sizes into one array, the output last and vertices without edges before it.

    Returns:
        Adjacency ``(n, vertices, vertices)``, each vertex's operation ``(n, vertices)`` as a position in the names,
        −1 where there is none, and the names.

    Raises:
        UnknownName: When an operation has no steps.
    """
    names = sorted({label for graph in graphs for label in graph.labels[1:-1]})
    for name in names:
        if name not in STEPS:
            raise UnknownName("operation", name, STEPS)
    vertices = max((graph.vertices for graph in graphs), default=2)
    adjacency = np.zeros((len(graphs), vertices, vertices), np.int64)
    codes = np.full((len(graphs), vertices), -1, np.int64)
    for row, graph in enumerate(graphs):
        places = [*range(graph.vertices - 1), vertices - 1]
        adjacency[row][np.ix_(places, places)] = graph.matrix
        codes[row, 1 : graph.vertices - 1] = [names.index(label) for label in graph.labels[1:-1]]
    return adjacency, codes, names


def module_layers(
    adjacency: NDArray[np.int64],
    codes: NDArray[np.int64],
    names: Sequence[str],
    inputs: int,
    outputs: int,
    pixels: int,
    times: int,
) -> list[Layer]:
    """List the layers of each of some modules, so many times."""
    widths = vertex_channels(adjacency, outputs)
    layers = []
    for v in range(1, adjacency.shape[1]):
        layers += conv_norm_relu(inputs, widths[:, v], 1, pixels, times * adjacency[:, 0, v])
        for code, name in enumerate(names):
            for step in STEPS[name]:
                here = times * (codes[:, v] == code)
                if isinstance(step, MaxPool):
                    layers.append(Layer("pooling", widths[:, v], widths[:, v], (step.kernel,) * 2, pixels, here))
                else:
                    sources, targets = widths[:, v] // step.sources, widths[:, v] // step.targets
                    check_wide_enough(widths[:, v][here > 0], step)
                    layers += conv_norm_relu(sources, targets, step.kernel, pixels, here)
    return layers


def conv_norm_relu(
    sources: Count | int, targets: Count | int, kernel: int, pixels: int, times: Count | int = 1
) -> list[Layer]:
    """List a convolution without bias, its normalisation and rectifier."""
    rectifier = Layer("rectifier", targets, targets, pixels=pixels, times=times)
    return [*conv_norm(sources, targets, kernel, pixels, times), rectifier]
