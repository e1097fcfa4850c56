"""The blueprint of NAS-Bench-201: a cell of six operations, repeated in three stages.

Reference: Dong and Yang, ICLR 2020, https://arxiv.org/abs/2001.00326, and the published ``TinyNetwork``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.blueprint import Blueprint, check_positive, checked_rows

if TYPE_CHECKING:
    from torch import nn

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""What a decision's values mean."""

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""From which node to which each decision's operation leads; node 0 is the cell's input, node 3 its output."""


@dataclass(frozen=True)
class NASBench201Blueprint(Blueprint):
    """Three stages of one cell, at one, two and four times the channels; the defaults are the published ones.

    A convolution with batch normalisation, ``cells`` cells, a residual block that halves the image and doubles the
    channels, again as many cells, block and cells, batch normalisation, rectifier, global average, dense layer.

    Attributes:
        classes: How many classes are told apart.
        image_size: Height and width of an image, in pixels; a multiple of 4.
        image_channels: Colours of an image.
        channels: Channels of the first stage.
        cells: Cells a stage.
    """

    classes: int = 10
    image_size: int = 32
    image_channels: int = 3
    channels: int = 16
    cells: int = 5

    def __post_init__(self) -> None:
        check_positive(self)
        check_halves_twice(self.image_size)

    def build(self, space: Space, arch: Archs) -> nn.Module:
        """Make the network of one row of six operations."""
        from nasbed.nets.nasbench201_network import CellNetwork

        operations = [OPERATIONS[code] for code in checked_rows(space, arch)[0]]
        stages = [[self.channels << stage] * self.cells for stage in range(3)]
        return CellNetwork(
            operations, stages, [2 * self.channels, 4 * self.channels], self.classes, self.image_channels
        )


def check_halves_twice(image_size: int) -> None:
    """Raise when a residual block's two ways would disagree about half of an image.

    Raises:
        BadSetting: When the size is no multiple of 4.
    """
    if image_size % 4:
        raise BadSetting(f"an image is halved twice, so its size must be a multiple of 4, not {image_size}")
