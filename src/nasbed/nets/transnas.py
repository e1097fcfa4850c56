"""The blueprints of TransNAS-Bench-101: cells in a fixed network, and residual blocks in a network of modules.

Both have a stem of two convolutions, modules of two cells or blocks, a global average and a dense layer, which is the
published network for classification. The published networks for other tasks have the same encoder and other decoders.

Reference: Duan et al., CVPR 2021, https://arxiv.org/abs/2105.11871, and ``lib/models`` in
https://github.com/yawen-d/TransNASBench
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Count, Layer, conv_norm
from nasbed.nets.parts import CELL_EDGES, CELL_KERNELS, Place
from nasbed.nets.written import WrittenBlueprint, written_as
from nasbed.spaces.expression import Expression
from nasbed.spaces.notation import dag, op, seq

if TYPE_CHECKING:
    from torch import nn

    from nasbed.nets.transnas_network import Block, Cell

SKELETON = (4, 1, 4, 1, 4)
"""The published modules of a network of cells: 2 and 4 double the channels, 3 and 4 halve the image."""

STEMS = {1: (1, 1), 2: (2, 1), 4: (2, 2)}
"""By how much a stem divides the image's size, and the strides of its two convolutions."""

_DEPTHS = (4, 5, 6)


@dataclass(frozen=True)
class TransNASBlueprint(Blueprint):
    """What both spaces have in common; the defaults are the published ones, on images of 256 × 256.

    Attributes:
        channels: Channels behind the stem, an even number.
        stem: By how much the stem divides the image's size: 4, 2 or 1.
    """

    channels: int = 64
    stem: int = 4

    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"channels": 8, "stem": 1})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stem not in STEMS:
            raise BadSetting(f"a stem divides the image's size by 1, 2 or 4, not by {self.stem}")
        if self.channels % 2:
            raise BadSetting(f"the first convolution has half of the channels, so these are even, not {self.channels}")

    def places(self, digits: Sequence[int]) -> list[Place]:
        """Return channels in, channels out and stride of each cell or block of some modules."""
        found: list[Place] = []
        width = self.channels
        for digit in digits:
            targets, stride = width * (2 if digit % 2 == 0 else 1), 2 if digit > 2 else 1
            found += [(width, targets, stride), (targets, targets, 1)]
            width = targets
        return found

    def written_with(self, *parts: Expression) -> WrittenBlueprint:
        """Return the same networks as an expression of layers, of which these stand between stem and head."""
        return written_as(self, seq(op("deep_stem", channels=self.channels, stride=self.stem), *parts, op("head")))

    def of_cells(self, make: Callable[[Place], Cell | Block], digits: Sequence[int]) -> nn.Module:
        """Build a network of some modules, of what is made for each place."""
        from nasbed.nets.transnas_network import ModuleNetwork

        places = self.places(digits)
        channels = self.channels, places[-1][1]
        return ModuleNetwork(list(map(make, places)), channels, STEMS[self.stem], self.classes, self.image_channels)

    def stem_layers(self) -> tuple[list[Layer], int]:
        """List the layers of the stem; and return the image's size behind it."""
        half, (first, second) = self.channels // 2, STEMS[self.stem]
        between = -(-self.image_size // first)
        behind = -(-between // second)
        layers = conv_norm(self.image_channels, half, 3, between**2)
        return [*layers, *_relu_conv_norm((half, self.channels, second), 3, between)], behind

    def head_layers(self, width: int, size: int, times: Count | int = 1) -> list[Layer]:
        """List the layers behind the last module."""
        return [
            Layer("global pooling", width, width, (size, size), times=times),
            Layer("dense", width, self.classes, times=times, offset=True),
        ]


@dataclass(frozen=True)
class TransNASMicroBlueprint(TransNASBlueprint):
    """Ten cells in five modules, of which the first, third and last halve the image and double the channels."""

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row of six operations."""
        from nasbed.nets.transnas_network import Cell

        return self.of_cells(partial(Cell, row.tolist()), SKELETON)

    @property
    def written(self) -> WrittenBlueprint:
        """The same networks as an expression of layers."""
        space: Any = self.space.whole
        normal, cells = space.cell, list[Expression]()
        for sources, targets, stride in self.places(SKELETON):
            change = dag(normal.parts, name="change", stride=stride, widen=targets // sources)
            cells.append(normal if sources == targets and stride == 1 else change)
        return self.written_with(*cells)

    def group(self, rows: Archs) -> list[Hashable]:
        """Return the same for all: only the operations on edges differ."""
        return [()] * len(rows)

    def layers(self, rows: Archs) -> list[Layer]:
        """List each operation at each cell, with how often it stands on an edge there."""
        layers, size = self.stem_layers()
        of_input = np.array([source == 0 for source, _ in CELL_EDGES])
        places = self.places(SKELETON)
        for sources, targets, stride in places:
            after = -(-size // stride)
            for digit in range(len(CELL_KERNELS)):
                first, later = ((np.asarray(rows)[:, some] == digit).sum(axis=1) for some in (of_input, ~of_input))
                layers += operation_layers(digit, (sources, targets, stride), size, first)
                layers += operation_layers(digit, (targets, targets, 1), after, later)
            size = after
        return layers + self.head_layers(places[-1][1], size)


@dataclass(frozen=True)
class TransNASMacroBlueprint(TransNASBlueprint):
    """Four to six modules of two residual blocks of ResNet's basic kind, rectifiers before their convolutions."""

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row: how many modules there are, and what each of six does."""
        from nasbed.nets.transnas_network import Block

        return self.of_cells(Block, _digits(row))

    @property
    def written(self) -> WrittenBlueprint:
        """The same networks as an expression of layers."""
        space: Any = self.space.whole
        _, modules, _ = space.expression.parts
        return self.written_with(modules)

    def layers(self, rows: Archs) -> list[Layer]:
        """List the layers of each shape that a block has in one of the networks, there in those that have it."""
        layers, start = self.stem_layers()
        found: dict[tuple[Place, int], Count] = {}
        ends: dict[tuple[int, int], Count] = {}
        for number, row in enumerate(rows):
            size, width = start, self.channels
            for place in self.places(_digits(row)):
                found.setdefault((place, size), np.zeros(len(rows), np.int64))[number] += 1
                size, width = -(-size // place[2]), place[1]
            ends.setdefault((width, size), np.zeros(len(rows), np.int64))[number] += 1
        for (place, size), times in found.items():
            layers += block_layers(place, size, times)
        for (width, size), times in ends.items():
            layers += self.head_layers(width, size, times)
        return layers


def operation_layers(digit: int, place: Place, size: int, times: Count) -> list[Layer]:
    """List the layers of an operation on an edge, with the image's size before it."""
    sources, targets, stride = place
    kernel, after = CELL_KERNELS[digit], -(-size // stride)
    if kernel is not None:
        return _relu_conv_norm(place, kernel, size, times)
    if digit == 0 or (stride == 1 and sources == targets):
        return []
    halves = [targets // 2, targets - targets // 2]
    return [
        Layer("rectifier", sources, sources, pixels=size**2, times=times),
        *(Layer("convolution", sources, half, pixels=after**2, times=times) for half in halves),
        Layer("normalisation", targets, targets, pixels=after**2, times=times, offset=True),
    ]


def block_layers(place: Place, size: int, times: Count) -> list[Layer]:
    """List the layers of a residual block, with the image's size before it."""
    sources, targets, stride = place
    after = -(-size // stride)
    layers = _relu_conv_norm(place, 3, size, times) + _relu_conv_norm((targets, targets, 1), 3, after, times)
    if stride != 1 or sources != targets:
        layers += conv_norm(sources, targets, 1, after**2, times)
    return layers


def _relu_conv_norm(place: Place, kernel: int, size: int, times: Count | int = 1) -> list[Layer]:
    """List a rectifier, a convolution and a normalisation, with the image's size before them, of any parity."""
    sources, targets, stride = place
    rectifier = Layer("rectifier", sources, sources, pixels=size**2, times=times)
    return [rectifier, *conv_norm(sources, targets, kernel, (-(-size // stride)) ** 2, times)]


def _digits(row: Archs) -> list[int]:
    """Return the published digit of each module of a row."""
    how_many, *kinds = row.tolist()
    return [kind + 1 for kind in kinds[: _DEPTHS[how_many]]]
