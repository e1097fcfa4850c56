"""The blueprint of NAS-Bench-Macro: a chain of eight layers, each an identity or a block of MobileNet-V2.

Reference: Su et al., CVPR 2021, https://arxiv.org/abs/2103.11922, and the published ``train/model.py`` in
https://github.com/xiusu/NAS-Bench-Macro
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Count, Layer, conv_norm, conv_norm_relu
from nasbed.nets.written import WrittenBlueprint, written_as
from nasbed.spaces.notation import choice, op, seq

if TYPE_CHECKING:
    from torch import nn

    from nasbed.nets.parts import Place

BLOCKS = (None, (3, 3), (5, 6))
"""The kernel and the expansion of each operation's block, by its digit; None for the identity."""

STAGES = (2, 3, 3)
"""Layers a stage."""


@dataclass(frozen=True)
class NASBenchMacroBlueprint(Blueprint):
    """A convolution, eight layers in three stages, a 1×1 convolution, global average, dense layer.

    The first layer of a stage halves the image, rounding up, and doubles the channels. The defaults are the published
    ones; ``channels=4, head_channels=64, image_size=8, image_channels=1`` is a small network for digits.

    Attributes:
        channels: Channels of the first convolution.
        head_channels: Channels of the last convolution.
    """

    channels: int = 32
    head_channels: int = 1280

    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"channels": 4, "head_channels": 64})

    @property
    def places(self) -> list[Place]:
        """Channels in, channels out and stride of each of the eight layers, in their order."""
        found: list[Place] = []
        width = self.channels
        for layers in STAGES:
            found += [(width, 2 * width, 2), *[(2 * width, 2 * width, 1)] * (layers - 1)]
            width *= 2
        return found

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row of eight operations."""
        from nasbed.nets.nasbenchmacro_network import ChainNetwork

        blocks = [BLOCKS[code] for code in row]
        return ChainNetwork(blocks, self.places, self.head_channels, self.classes, self.image_channels)

    @property
    def written(self) -> WrittenBlueprint:
        """The same networks as an expression of layers."""
        from nasbed.nets.nasbenchmacro_network import block, identity

        choices = []
        for i, (sources, targets, stride) in enumerate(self.places):
            shape = {"stride": stride, "widen": targets // sources}
            options = [op(identity, **shape) if one is None else op(block, kernel=one[0], expansion=one[1], **shape)
                       for one in BLOCKS]  # fmt: skip
            choices.append(choice(*options, name=f"layer{i}"))
        stem, head = op("stem", channels=self.channels, activation="relu"), op("head", channels=self.head_channels)
        return written_as(self, seq(stem, *choices, head))

    def group(self, rows: Archs) -> list[Hashable]:
        """Return the same for all: only what a layer computes differs."""
        return [()] * len(rows)

    def layers(self, rows: Archs) -> list[Layer]:
        """List the layers of each operation at each place, there in those networks that have it."""
        size, width = self.image_size, self.channels
        layers = conv_norm_relu(self.image_channels, width, 3, size**2)
        for (sources, width, stride), codes in zip(self.places, np.asarray(rows).T, strict=True):
            after = -(-size // stride)
            for code, block in enumerate(BLOCKS):
                layers += _layers_at(sources, width, size, after, block, (codes == code).astype(np.int64))
            size = after
        return [
            *layers,
            *conv_norm_relu(width, self.head_channels, 1, size**2),
            Layer("global pooling", self.head_channels, self.head_channels, (size, size)),
            Layer("dense", self.head_channels, self.classes, offset=True),
        ]


def _layers_at(
    sources: int, targets: int, before: int, after: int, block: tuple[int, int] | None, times: Count
) -> list[Layer]:
    """List the layers of an operation between these channels, with the image's size before and after it."""
    if block is None:
        # An identity that changes shape is a convolution; any other has no layer.
        return conv_norm(sources, targets, 1, after**2, times) if sources != targets else []
    kernel, expansion = block
    hidden = sources * expansion
    return [
        *conv_norm_relu(sources, hidden, 1, before**2, times),
        Layer("convolution", 1, hidden, (kernel, kernel), after**2, times),  # each channel for itself
        Layer("normalisation", hidden, hidden, pixels=after**2, times=times, offset=True),
        Layer("rectifier", hidden, hidden, pixels=after**2, times=times),
        *conv_norm(hidden, targets, 1, after**2, times),
    ]
