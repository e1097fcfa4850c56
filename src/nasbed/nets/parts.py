"""Parts: what the operations and vertices of the published cells are made of, for layer lists and networks alike.

References: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635; Dong and Yang, ICLR 2020,
https://arxiv.org/abs/2001.00326
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.nets.layers import Count

CELL_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""What a decision's values mean in NAS-Bench-201."""

CONVOLUTIONS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
"""From a convolution's name to its kernel's size."""

CELL_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""From which node to which each decision's operation leads; node 0 is the cell's input, node 3 its output."""


CELL_KERNELS = (None, None, 1, 3)
"""In TransNAS-Bench-101 the kernel of each operation; none of an edge that is left out (0), and of an identity (1)."""

Place = tuple[int, int, int]
"""Where a layer stands: channels in, channels out, and by how much it divides the image's size."""


@dataclass(frozen=True)
class Convolution:
    """One conv-bn-relu of an operation.

    Attributes:
        kernel: Its kernel's size.
        sources: Channels in are the vertex's divided by this.
        targets: Channels out are the vertex's divided by this.
    """

    kernel: int
    sources: int = 1
    targets: int = 1


@dataclass(frozen=True)
class MaxPool:
    """A largest of some pixels, at every pixel."""

    kernel: int = 3


STEPS: dict[str, tuple[Convolution | MaxPool, ...]] = {
    "conv3x3-bn-relu": (Convolution(3),),
    "conv1x1-bn-relu": (Convolution(1),),
    "maxpool3x3": (MaxPool(),),
    "identity": (),
    "bottleneck3x3": (Convolution(1, 1, 4), Convolution(3, 4, 4), Convolution(1, 4, 1)),
    "bottleneck5x5": (Convolution(1, 1, 4), Convolution(5, 4, 4), Convolution(1, 4, 1)),
    "maxpool3x3-conv1x1": (MaxPool(), Convolution(1)),
}
"""From an operation's name to what it does, step by step."""


def vertex_channels(adjacency: NDArray[np.integer], output_channels: int) -> NDArray[np.int64]:
    """Give the channels of every interior vertex of many modules at once; 0 where a vertex has no edges.

    The vertices that feed the output share its channels equally, the first ``remainder`` of them getting one more;
    every other vertex is as wide as the widest vertex that it feeds: the published ``compute_vertex_channels``.

    Args:
        adjacency: Pruned modules, ``(n, vertices, vertices)``, upper triangular, input first and output last. A
            vertex without edges may stand between them: it is not part of its module.
        output_channels: Channels of the module's output.

    Returns:
        ``(n, vertices)``; the columns of input and output hold 0 and ``output_channels``.

    Raises:
        InvalidArchitecture: When more vertices feed an output than it has channels.
    """
    edges = np.asarray(adjacency).astype(bool)
    vertices = edges.shape[-1]
    feeds = edges[:, 1:, -1]  # of vertices 1 … V−1; the input's edge to the output is added, not concatenated
    feeding = feeds.sum(axis=1)
    if (feeding > output_channels).any():
        raise InvalidArchitecture(
            f"{int(feeding.max())} vertices feed an output of {output_channels} channels, "
            "so some would have none; use a skeleton with a wider stem"
        )
    share, remainder = np.divmod(output_channels, np.maximum(feeding, 1))
    rank = np.cumsum(feeds, axis=1)  # 1 for the first vertex that feeds the output
    widths = np.zeros(edges.shape[:2], np.int64)
    widths[:, 1:] = np.where(feeds, share[:, None] + (rank <= remainder[:, None]), 0)
    for v in range(vertices - 3, 0, -1):
        widest = (edges[:, v, v + 1 : -1] * widths[:, v + 1 : -1]).max(axis=1)
        widths[:, v] = np.where(feeds[:, v - 1], widths[:, v], widest)
    widths[:, -1] = output_channels
    return widths


def check_wide_enough(widths: Count, step: Convolution) -> None:
    """Raise when dividing a vertex's channels leaves none.

    Raises:
        InvalidArchitecture: With the number of channels and what they are divided by.
    """
    parts = max(step.sources, step.targets)
    if (widths < parts).any():
        raise InvalidArchitecture(f"a bottleneck divides its channels by {parts}; {widths.min()} are too few")
