"""The hierarchical space: motifs of primitive operations, and a cell of motifs.

Reference: Liu et al., "Hierarchical Representations for Efficient Architecture Search", ICLR 2018,
https://arxiv.org/abs/1711.00436
"""

from __future__ import annotations

from typing import Any, Literal

from nasbed.core.bounds import Count, check
from nasbed.spaces.notation import choice, edges, op, seq
from nasbed.spaces.parts import Dag
from nasbed.spaces.written import WrittenSpace

OPERATIONS = ("conv_1x1", "depthwise_conv_3x3", "separable_conv_3x3", "max_pool_3x3", "avg_pool_3x3", "identity")
"""The primitive operations; each convolution stands before a normalisation and a rectifier."""

MOTIFS, MOTIF_NODES, CELL_NODES = 6, 4, 5

Merge = Literal["concat", "sum"]


class Hierarchical(WrittenSpace):
    """Six motifs of four nodes, and one cell of five nodes with a motif, or nothing, on each edge: 1.2217 × 10³⁸.

    On each edge of a motif is one of six primitive operations, or nothing. A motif may stand on several edges of the
    cell, or on none: then what is in it does not count. So of 7⁴⁶ rows, 122169849966883339449272722192550797393 are
    different architectures.

    The cell stands three times in a network, behind a convolution; between, the image is halved and the channels are
    doubled.

    Args:
        channels: How wide the first cell is.
        merge: How a node merges what reaches it: ``concat``, as published, or ``sum``, in which channels do not grow.
    """

    name = "hierarchical"

    def __init__(self, channels: Count = 16, merge: Merge = "concat") -> None:
        check("channels", channels, Count)
        check("merge", merge, Merge)
        self.channels, self.merge = channels, merge

        def motif(number: int) -> Dag:
            return edges(
                MOTIF_NODES, lambda i, j: choice(*map(op, (*OPERATIONS, "none"))), merge, name=f"motif{number}"
            )

        motifs = [motif(number) for number in range(1, MOTIFS + 1)]
        cell = edges(CELL_NODES, lambda i, j: choice(op("none"), *motifs), merge, name="cell")
        smaller = op("separable_conv_3x3", stride=2, widen=2)
        network = seq(op("stem", channels=channels), cell, smaller, cell, smaller, cell, op("head"))
        super().__init__(network, type(self).name)

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again."""
        return {"channels": self.channels, "merge": self.merge}
