"""Parameters: how many trainable numbers a network has, by formula, for one module or for all of a space.

Counts weights, the two numbers a channel of every batch normalisation, and the dense layer with its bias, as the
published ``trainable_parameters`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.parts import vertex_channels
from nasbed.nets.skeleton import NASBENCH101, Skeleton

Count = NDArray[np.int64]


def conv_bn(sources: Count | int, targets: Count | int, kernel: int = 1) -> Count:
    """Count a convolution without bias and its batch normalisation's scale and offset."""
    return np.asarray(kernel * kernel * sources * targets + 2 * targets, np.int64)


def _bottleneck(channels: Count, kernel: int) -> Count:
    narrow = channels // 4
    return conv_bn(channels, narrow) + conv_bn(narrow, narrow, kernel) + conv_bn(narrow, channels)


OPERATION_PARAMETERS: dict[str, Callable[[Count], Count]] = {
    "conv3x3-bn-relu": lambda channels: conv_bn(channels, channels, 3),
    "conv1x1-bn-relu": lambda channels: conv_bn(channels, channels, 1),
    "maxpool3x3": np.zeros_like,
    "identity": np.zeros_like,
    "bottleneck3x3": lambda channels: _bottleneck(channels, 3),
    "bottleneck5x5": lambda channels: _bottleneck(channels, 5),
    "maxpool3x3-conv1x1": lambda channels: conv_bn(channels, channels, 1),
}
"""The parameters of each operation at a number of channels, in and out."""


def count_parameters(
    adjacency: NDArray[np.integer],
    operations: NDArray[np.integer],
    names: Sequence[str],
    skeleton: Skeleton = NASBENCH101,
) -> Count:
    """Count the parameters of many networks, without building one.

    Args:
        adjacency: Pruned modules, ``(n, vertices, vertices)``; vertices without edges are not counted.
        operations: The position in ``names`` of each vertex's operation, ``(n, vertices)``; those of the first and
            the last vertex and of vertices without edges are not read.
        names: The operations' names.
        skeleton: The frame around the modules.

    Returns:
        ``(n,)``.

    Raises:
        UnknownName: When an operation has no formula.
        InvalidArchitecture: When more vertices feed an output than it has channels.
    """
    for name in names:
        if name not in OPERATION_PARAMETERS:
            raise UnknownName("operation", name, OPERATION_PARAMETERS)
    total = np.full(len(adjacency), int(conv_bn(skeleton.image_channels, skeleton.stem_channels, 3)), np.int64)
    total += (skeleton.final_channels + 1) * skeleton.classes
    edges = np.asarray(adjacency).astype(bool)
    widths_of = {outputs: vertex_channels(edges, outputs) for _, outputs in set(skeleton.module_channels)}
    for inputs, outputs in skeleton.module_channels:
        widths = widths_of[outputs]
        total += np.where(edges[:, 0, 1:], conv_bn(inputs, widths[:, 1:]), 0).sum(axis=1)  # projections
        for code, name in enumerate(names):
            here = (np.asarray(operations)[:, 1:-1] == code) & (widths[:, 1:-1] > 0)
            total += np.where(here, OPERATION_PARAMETERS[name](widths[:, 1:-1]), 0).sum(axis=1)
    return total


def trainable_parameters(graph: Graph, skeleton: Skeleton = NASBENCH101) -> int:
    """Count the parameters of the network of one module.

    >>> trainable_parameters(Graph.of([[0, 1], [0, 0]], ["input", "output"]), Skeleton(stem_channels=4, stacks=1))
    238
    """
    pruned = graph.pruned()
    if pruned is None:
        raise InvalidArchitecture("the module's output cannot be reached from its input; there is no network")
    names = sorted(set(pruned.labels[1:-1]))
    codes = [-1, *(names.index(label) for label in pruned.labels[1:-1]), -1]
    return int(count_parameters(pruned.matrix[None], np.array([codes]), names, skeleton)[0])
