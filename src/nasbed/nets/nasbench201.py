"""The blueprint of NAS-Bench-201: a cell of six operations, repeated in three stages.

Reference: Dong and Yang, ICLR 2020, https://arxiv.org/abs/2001.00326, and the published ``TinyNetwork``.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Layer, conv_norm, relu_conv_norm
from nasbed.nets.parts import CELL_EDGES, CELL_OPERATIONS, CONVOLUTIONS
from nasbed.nets.written import WrittenBlueprint, written_as
from nasbed.spaces.notation import op, seq

if TYPE_CHECKING:
    from torch import nn

    from nasbed.nets.layers import Count


@dataclass(frozen=True)
class NASBench201Blueprint(Blueprint):
    """Three stages of one cell, at one, two and four times the channels; the defaults are the published ones.

    A convolution with batch normalisation, ``cells`` cells, a residual block that halves the image and doubles the
    channels, again as many cells, block and cells, batch normalisation, rectifier, global average, dense layer.

    Attributes:
        channels: Channels of the first stage.
        cells: Cells a stage.
    """

    channels: int = 16
    cells: int = 5

    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"channels": 8, "cells": 1})

    def __post_init__(self) -> None:
        super().__post_init__()
        check_halves_twice(self.image_size)

    @property
    def unrepeated(self) -> Blueprint:
        """One cell a stage: all cells of a stage read and give the same shapes."""
        return replace(self, cells=1)

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row of six operations."""
        from nasbed.nets.nasbench201_network import CellNetwork

        operations = [CELL_OPERATIONS[code] for code in row]
        stages = [[self.channels << stage] * self.cells for stage in range(3)]
        return CellNetwork(
            operations, stages, [2 * self.channels, 4 * self.channels], self.classes, self.image_channels
        )

    @property
    def written(self) -> WrittenBlueprint:
        """The same networks as an expression of layers."""
        space: Any = self.space.whole
        stage, reduction = [space.cell] * self.cells, op("reduction")
        body = (*stage, reduction, *stage, reduction, *stage)
        return written_as(self, seq(op("stem", channels=self.channels), *body, op("head", norm=True)))

    def group(self, rows: Archs) -> list[Hashable]:
        """Return the same for all: only the operations on edges differ."""
        return [()] * len(rows)

    def layers(self, rows: Archs) -> list[Layer]:
        """List each operation of each stage once, with how often the cells have it."""
        times = [np.count_nonzero(rows == code, axis=1) * self.cells for code in range(len(CELL_OPERATIONS))]
        width, size = self.channels, self.image_size
        layers = conv_norm(self.image_channels, width, 3, size**2)
        for stage in range(3):
            if stage:
                width, size = 2 * width, size // 2
                layers += residual_layers(width // 2, width, size)
            for code, name in enumerate(CELL_OPERATIONS):
                layers += operation_layers(name, width, width, size, times[code])
        return layers + head_layers(width, size, self.classes)


def cell_layers(operations: Sequence[str], sources: Count | int, targets: Count | int, size: int) -> list[Layer]:
    """List the layers of one cell with an operation on each of ``CELL_EDGES``."""
    layers = []
    for name, (node, _) in zip(operations, CELL_EDGES, strict=True):
        layers += operation_layers(name, targets if node else sources, targets, size)
    return layers


def operation_layers(
    name: str, sources: Count | int, targets: Count | int, size: int, times: Count | int = 1
) -> list[Layer]:
    """List the layers of an operation; all but a convolution need one more where channels change."""
    if name in CONVOLUTIONS:
        return relu_conv_norm(sources, targets, CONVOLUTIONS[name], size**2, times)
    change = np.asarray(sources) != targets
    if name == "skip_connect":
        return conv_norm(sources, targets, 1, size**2, times * change)
    if name == "avg_pool_3x3":
        before = relu_conv_norm(sources, targets, 1, size**2, times * change)
        return [*before, Layer("pooling", targets, targets, (3, 3), size**2, times)]
    return []


def residual_layers(sources: Count | int, targets: Count | int, size: int) -> list[Layer]:
    """List the layers of a block that halves the image, to this size."""
    return [
        *relu_conv_norm(sources, targets, 3, size**2, stride=2),
        *relu_conv_norm(targets, targets, 3, size**2),
        Layer("pooling", sources, sources, (2, 2), size**2),
        Layer("convolution", sources, targets, (1, 1), size**2),
    ]


def head_layers(width: Count | int, size: int, classes: int) -> list[Layer]:
    """List the layers behind the last cell."""
    return [
        Layer("normalisation", width, width, pixels=size**2, offset=True),
        Layer("rectifier", width, width, pixels=size**2),
        Layer("global pooling", width, width, (size, size)),
        Layer("dense", width, classes, offset=True),
    ]


def check_halves_twice(image_size: int) -> None:
    """Raise when a residual block's two ways would disagree about half of an image.

    Raises:
        BadSetting: When the size is no multiple of 4.
    """
    if image_size % 4:
        raise BadSetting(f"an image is halved twice, so its size must be a multiple of 4, not {image_size}")
