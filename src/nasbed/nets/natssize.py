"""The blueprint of NATS-Bench's size space: one cell, and five numbers of channels to choose.

Reference: Dong et al., TPAMI 2021, https://arxiv.org/abs/2009.00437, and the published ``DynamicShapeTinyNet``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Layer, conv_norm
from nasbed.nets.nasbench201 import cell_layers, check_halves_twice, head_layers, residual_layers

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
