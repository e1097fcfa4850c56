"""The blueprint of NATS-Bench's size space: one cell, and five numbers of channels to choose.

Reference: Dong et al., TPAMI 2021, https://arxiv.org/abs/2009.00437, and the published ``DynamicShapeTinyNet``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Layer, conv_norm
from nasbed.nets.nasbench201 import cell_layers, check_halves_twice, head_layers, residual_layers
from nasbed.nets.parts import CELL_EDGES
from nasbed.nets.written import WrittenBlueprint, written_as
from nasbed.spaces.notation import dag, op, seq

if TYPE_CHECKING:
    from torch import nn

CELL = ("nor_conv_3x3", "nor_conv_3x3", "nor_conv_3x3", "skip_connect", "nor_conv_3x3", "nor_conv_3x3")
"""The one cell; the best of NAS-Bench-201 on CIFAR-100."""

WIDTH = 8
"""A decision of value v stands for 8·(v + 1) channels."""


@dataclass(frozen=True)
class NATSSizeBlueprint(Blueprint):
    """Three cells with a residual block between two; each of the five has its own number of channels.

    The first decision is the channels of the stem, too.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        check_halves_twice(self.image_size)

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row of five numbers of channels."""
        from nasbed.nets.nasbench201_network import CellNetwork

        first, block1, second, block2, third = (WIDTH * (int(v) + 1) for v in row)
        return CellNetwork(CELL, [[first], [second], [third]], [block1, block2], self.classes, self.image_channels)

    @property
    def written(self) -> WrittenBlueprint:
        """The same networks as an expression of layers."""
        space: Any = self.space.whole
        first, block1, second, block2, third = (layer.settings["channels"] for layer in space.expression.parts[1:-1])
        edges = dict(zip(CELL_EDGES, map(op, CELL), strict=True))
        cells = [dag(edges, channels=width, name="cell") for width in (first, second, third)]
        blocks = [op("reduction", channels=width) for width in (block1, block2)]
        body = (cells[0], blocks[0], cells[1], blocks[1], cells[2])
        return written_as(self, seq(op("stem", channels=first), *body, op("head", norm=True)))

    def layers(self, rows: Archs) -> list[Layer]:
        """List every layer, with channels that differ from network to network."""
        first, *widths = WIDTH * (np.asarray(rows, np.int64).T + 1)
        layers = conv_norm(self.image_channels, first, 3, self.image_size**2)
        layers += cell_layers(CELL, first, first, self.image_size)
        inputs, size = first, self.image_size
        for block, cell in (widths[:2], widths[2:]):
            size //= 2
            layers += residual_layers(inputs, block, size) + cell_layers(CELL, block, cell, size)
            inputs = cell
        return layers + head_layers(inputs, size, self.classes)
