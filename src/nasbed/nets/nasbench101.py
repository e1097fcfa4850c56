"""The blueprint of NAS-Bench-101: a module, repeated in stacks.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``model_builder``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Layer, conv_norm_relu
from nasbed.nets.parts import STEPS, MaxPool, check_wide_enough, vertex_channels

if TYPE_CHECKING:
    from torch import nn

    from nasbed.nets.written import WrittenBlueprint


@dataclass(frozen=True)
class NASBench101Blueprint(Blueprint):
    """A stem convolution, then stacks of one module, a global average and a dense layer; the defaults are published.

    Between two stacks the image halves and the channels double.

    Attributes:
        stem_channels: Channels after the stem convolution, and in the first stack.
        stacks: How many stacks of modules.
        modules_per_stack: How many modules a stack repeats.
    """

    stem_channels: int = 128
    stacks: int = 3
    modules_per_stack: int = 3

    small: ClassVar[Mapping[str, Any]] = MappingProxyType({"stem_channels": 8, "stacks": 2, "modules_per_stack": 1})
    recipe: ClassVar[str] = "nasbench101"
    named: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
        {"resnet-like": {"stem_channels": 16}, "resnet-50-like": {"modules_per_stack": 6}}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image_size >> (self.stacks - 1) < 1:
            raise BadSetting(
                f"{self.stacks} stacks halve an image of {self.image_size} pixels {self.stacks - 1} times, to nothing; "
                f"use at most {self.image_size.bit_length()} stacks"
            )

    @property
    def module_channels(self) -> list[tuple[int, int]]:
        """Input and output channels of every module, in order."""
        pairs, channels = [], self.stem_channels
        for stack in range(self.stacks):
            for _ in range(self.modules_per_stack):
                pairs.append((channels, self.stem_channels << stack))
                channels = self.stem_channels << stack
        return pairs

    @property
    def final_channels(self) -> int:
        """Channels of the last stack, which the dense layer reads."""
        return self.stem_channels << (self.stacks - 1)

    @property
    def unrepeated(self) -> Blueprint:
        """Two modules a stack: the first of a stack reads fewer channels, and all others of it are alike."""
        return replace(self, modules_per_stack=min(self.modules_per_stack, 2))

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row."""
        from nasbed.nets.nasbench101_network import ModuleNetwork

        graph = self.space.graph(row).pruned()
        if graph is None:
            raise InvalidArchitecture("the module's output cannot be reached from its input; there is no network")
        return ModuleNetwork(graph, self)

    @property
    def written(self) -> WrittenBlueprint:
        """Raise: how wide a vertex is depends on how many edges there are, so no layer has one place.

        Raises:
            BadSetting: Always.
        """
        raise BadSetting(
            "a space of NAS-Bench-101 has no supernet: how many edges a module has, and to where, decides how wide its "
            "vertices are, so its networks have no layers in common that could share weights. Take nasbench201, darts "
            "or a cell of your own, such as edges(4, lambda i, j: choice(op('none'), op('conv3x3'))) (docs/spaces.md)"
        )

    def group(self, rows: Archs) -> list[Hashable]:
        """Return the edges of each module, pruned: only what a vertex computes may differ."""
        edges, _, _ = pruned_modules(self.space.whole, rows)
        return [module.tobytes() for module in edges.astype(np.int8)]

    def layers(self, rows: Archs) -> list[Layer]:
        """List the layers of modules."""
        return self.of_modules(*pruned_modules(self.space.whole, rows))

    def of_modules(self, adjacency: NDArray[np.int64], codes: NDArray[np.int64], names: Sequence[str]) -> list[Layer]:
        """List the layers of modules as ``pruned_modules`` gives them."""
        size = self.image_size
        layers = conv_norm_relu(self.image_channels, self.stem_channels, 3, size**2)
        channels = self.module_channels
        for stack in range(self.stacks):
            if stack:
                size //= 2
                layers.append(Layer("pooling", channels[0][0], channels[0][0], (2, 2), size**2))
            here, channels = channels[: self.modules_per_stack], channels[self.modules_per_stack :]
            for (inputs, outputs), times in Counter(here).items():
                layers += module_layers(adjacency, codes, names, inputs, outputs, size**2, times)
        return [*layers, Layer("dense", self.final_channels, self.classes, offset=True)]


def pruned_modules(space: Space, archs: Archs) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Give many modules without the vertices that are on no path from input to output.

    Args:
        space: NAS-Bench-101's, of any size.
        archs: Rows of it, ``(n, decisions)``.

    Returns:
        Adjacency ``(n, vertices, vertices)``, where a vertex that was taken out has no edges; each vertex's operation
        ``(n, vertices)`` as a position in the names, −1 where there is none; and the names.

    Raises:
        InvalidArchitecture: When a module has no path.
        UnknownName: When an operation has no steps.
    """
    vertices, names = space.vertices, list(space.operations)  # type: ignore[attr-defined]
    sources, targets = zip(*((x, y) for y in range(1, vertices) for x in range(y)), strict=True)
    edges = np.zeros((len(archs), vertices, vertices), np.bool_)
    edges[:, sources, targets] = archs[:, : len(sources)]
    reached, leading = np.zeros((2, len(archs), vertices), np.bool_)
    reached[:, 0] = leading[:, -1] = True
    for v in range(1, vertices):
        reached[:, v] = (edges[:, :, v] & reached).any(axis=1)
        leading[:, -1 - v] = (edges[:, -1 - v] & leading).any(axis=1)
    kept = reached & leading
    if not kept[:, -1].all():
        raise InvalidArchitecture("the architecture has no path from input to output")
    edges &= kept[:, :, None] & kept[:, None]
    codes = np.full(kept.shape, -1)
    codes[:, 1:-1] = np.where(kept[:, 1:-1], archs[:, len(sources) :], -1)
    for code in np.unique(codes[codes >= 0]):
        if names[code] not in STEPS:
            raise UnknownName("operation", names[code], STEPS)
    return edges.astype(np.int64), codes, names


def module_layers(
    adjacency: NDArray[np.int64],
    codes: NDArray[np.int64],
    names: Sequence[str],
    inputs: int,
    outputs: int,
    pixels: int,
    times: int,
) -> list[Layer]:
    """List the layers of each of some modules, so many times."""
    widths = vertex_channels(adjacency, outputs)
    layers = []
    for v in range(1, adjacency.shape[1]):
        layers += conv_norm_relu(inputs, widths[:, v], 1, pixels, times * adjacency[:, 0, v])
        for code, name in enumerate(names):
            for step in STEPS.get(name, ()):
                here = times * (codes[:, v] == code)
                if isinstance(step, MaxPool):
                    layers.append(Layer("pooling", widths[:, v], widths[:, v], (step.kernel,) * 2, pixels, here))
                else:
                    sources, targets = widths[:, v] // step.sources, widths[:, v] // step.targets
                    check_wide_enough(widths[:, v][here > 0], step)
                    layers += conv_norm_relu(sources, targets, step.kernel, pixels, here)
    return layers
