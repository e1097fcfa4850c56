"""Channels: how wide each vertex of a NAS-Bench-101 module is.

The vertices that feed the output share its channels equally, the first ``remainder`` of them getting one more;
every other vertex is as wide as the widest vertex that it feeds.
Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``compute_vertex_channels``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture


def vertex_channels(adjacency: NDArray[np.integer], output_channels: int) -> NDArray[np.int64]:
    """Give the channels of every interior vertex of many modules at once; 0 where a vertex has no edges.

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
