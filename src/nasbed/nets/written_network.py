"""The network of a written space: modules for sequences and cells, and a layer at each place."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.core.errors import BadSetting
from nasbed.nets.making import Place, made
from nasbed.nets.plan import Planned, PlannedCell, PlannedChain, PlannedLayer, Shape
from nasbed.spaces.parts import Op

_PUBLISHED_SIZE = 8  # of what the auxiliary classifier reads, for images of 32 × 32


def network_of(planned: PlannedChain, classes: int, has_auxiliary: bool = False, drop_path: float = 0.0) -> nn.Module:
    """Build a network.

    Args:
        planned: Its plan.
        classes: How many numbers come out for an image.
        has_auxiliary: Whether, in training, those of an auxiliary classifier come out behind them.
        drop_path: The chance with which, at the end of training, an edge passes nothing of an image.

    Raises:
        BadSetting: When there is nothing to drop.
    """
    network: Any = built(planned, made, drop_path)
    if drop_path and not any(isinstance(part, DropPath) for part in network.modules()):
        raise BadSetting("drop_path is of the edges of cells, and this network has none that is no identity")
    if has_auxiliary:
        sizes = [link.gives.size for link in planned.links]
        halving = [i for i, (before, after) in enumerate(pairwise(sizes), 1) if 0 < after < before]
        network.after = halving[-1] if halving else sum(size > 0 for size in sizes) - 1
        network.auxiliary = auxiliary(planned.links[network.after].gives, classes)
    whole: nn.Module = network
    return whole


def built(planned: Planned, make: Callable[[Op, Place], nn.Module], drop_path: float = 0.0) -> nn.Module:
    """Build the module of a plan.

    Args:
        planned: The plan.
        make: Makes a layer for its place, such as ``making.made``.
        drop_path: The chance with which, at the end of training, an edge of a cell passes nothing of an image.
    """
    match planned:
        case PlannedLayer():
            return make(planned.op, planned.place)
        case PlannedChain():
            links = [built(link, make, drop_path) for link in planned.links]
            return Chain(links, [link.needs for link in planned.links], planned.reads)
        case PlannedCell():
            before = [built(part, make) for part in planned.before]
            edges = {
                (source, target): dropped(built(part, make, drop_path), drop_path)
                for source, target, part in planned.edges
            }
            return Cell(before, edges, planned.inputs, planned.merge, planned.outputs)
    raise TypeError(f"{type(planned).__name__} has no module")


def dropped(edge: nn.Module, chance: float) -> nn.Module:
    """Return an edge that is dropped now and then, unless it is an identity or the chance is 0."""
    return edge if isinstance(edge, nn.Identity) or not chance else nn.Sequential(edge, DropPath(chance))


def auxiliary(x: Shape, classes: int) -> nn.Module:
    """Make DARTS's auxiliary classifier: published for 8 × 8 pixels, of which it averages four times 5 × 5."""
    average = nn.AvgPool2d(5, 3) if x.size == _PUBLISHED_SIZE else nn.AdaptiveAvgPool2d(2)
    first = [nn.ReLU(), average, nn.Conv2d(x.channels, 128, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU()]
    second = [nn.Conv2d(128, 768, 2, bias=False), nn.BatchNorm2d(768), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*first, *second, nn.Linear(768, classes))


class Chain(nn.Module):
    """Parts one after the other.

    Args:
        parts: They.
        needs: How many of the outputs before it each part reads.
        reads: How many outputs of parts before this chain it reads itself; 0 where it begins anew, from one value.

    Attributes:
        auxiliary: In training, maps what the part ``after`` gives to what is put behind the output; None for nothing.
    """

    def __init__(self, parts: Sequence[nn.Module], needs: Sequence[int], reads: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.needs, self.reads = tuple(needs), reads
        self.auxiliary: nn.Module | None = None
        self.after = -1

    def forward(self, x: Tensor | list[Tensor]) -> Tensor:
        """Map a value ``(batch, channels, size, size)``, or a list of ``reads`` such, to what the last part gives."""
        given: list[Any] = [x] if self.reads < 2 else list(x)
        outputs = given if self.reads else []
        beside = []
        for number, (part, needs) in enumerate(zip(self.parts, self.needs, strict=True)):
            outputs = [*outputs, part(last(outputs or given, needs))][-max(self.needs) :]
            if number == self.after and self.auxiliary is not None and self.training:
                beside = [self.auxiliary(outputs[-1])]
        y: Tensor = (outputs or given)[-1]
        return torch.cat([y, *beside], dim=1) if beside else y


class DropPath(nn.Module):
    """Passes nothing of some images in training, and of the others so much more; as in DARTS.

    Reference: Larsson et al., "FractalNet", ICLR 2017, https://arxiv.org/abs/1605.07648

    Attributes:
        chance: With which an image is dropped at the end of training.
        progress: How much of the training is done, from 0 to 1: the chance grows with it.
    """

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.chance, self.progress = chance, 1.0

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape, ``(batch, channels, size, size)``."""
        kept = 1.0 - self.chance * self.progress
        if not self.training or kept == 1.0:
            return x
        mask = torch.empty(len(x), 1, 1, 1, dtype=x.dtype, device=x.device).bernoulli_(kept)
        return x * (mask / kept)


class Cell(nn.Module):
    """Nodes that merge what edges bring to them.

    Args:
        before: What each input goes through first; none where they are read as they are.
        edges: By source and target, in the order of targets.
        inputs: How many nodes are inputs.
        merge: ``sum``, ``concat`` or ``product``.
        outputs: The nodes that are concatenated.
    """

    def __init__(
        self,
        before: Sequence[nn.Module],
        edges: dict[tuple[int, int], nn.Module],
        inputs: int,
        merge: str,
        outputs: Sequence[int],
    ) -> None:
        super().__init__()
        self.before = nn.ModuleList(before)
        self.edges = nn.ModuleList(edges.values())
        self.ends, self.inputs, self.merge, self.outputs = tuple(edges), inputs, merge, tuple(outputs)

    def forward(self, x: Tensor | list[Tensor]) -> Tensor:
        """Map a value ``(batch, channels, size, size)``, or a list of one for each input, to the output."""
        reads: list[Any] = [x] if self.inputs == 1 else list(x)
        if len(self.before):
            reads = [layer(one) for layer, one in zip(self.before, reads, strict=True)]
        nodes = dict(enumerate(reads))
        for target in sorted({target for _, target in self.ends}):
            brought = [
                edge(nodes[source]) for (source, to), edge in zip(self.ends, self.edges, strict=True) if to == target
            ]
            nodes[target] = merged(brought, self.merge)
        return merged([nodes[node] for node in self.outputs], "concat")


def last(values: Sequence[Tensor], count: int) -> Tensor | list[Tensor]:
    """Return the last value, or a list of the last few, of which the first is there again where there are fewer."""
    if count == 1:
        return values[-1]
    return [values[max(len(values) - count + i, 0)] for i in range(count)]


def merged(values: Sequence[Tensor], how: str) -> Tensor:
    """Return values merged by ``sum``, ``concat`` or ``product``."""
    if len(values) == 1:
        return values[0]
    if how == "concat":
        return torch.cat(list(values), dim=1)
    return reduce(operator.mul if how == "product" else operator.add, values)
