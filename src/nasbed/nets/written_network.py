"""The network of a written space: modules for sequences and cells, and a layer at each place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.nets.making import Place
from nasbed.nets.plan import Planned, PlannedCell, PlannedChain, PlannedLayer
from nasbed.spaces.parts import Op


def built(planned: Planned, make: Callable[[Op, Place], nn.Module]) -> nn.Module:
    """Build the module of a plan.

    Args:
        planned: The plan.
        make: Makes a layer for its place, such as ``making.made``.
    """
    match planned:
        case PlannedLayer():
            return make(planned.op, planned.place)
        case PlannedChain():
            links = [built(link, make) for link in planned.links]
            return Chain(links, [link.needs for link in planned.links], planned.reads)
        case PlannedCell():
            before = [built(part, make) for part in planned.before]
            edges = {(source, target): built(part, make) for source, target, part in planned.edges}
            return Cell(before, edges, planned.inputs, planned.merge, planned.outputs)
    raise TypeError(f"{type(planned).__name__} has no module")


class Chain(nn.Module):
    """Parts one after the other.

    Args:
        parts: They.
        needs: How many of the outputs before it each part reads.
        reads: How many outputs of parts before this chain it reads itself; 0 where it begins anew, from one value.
    """

    def __init__(self, parts: Sequence[nn.Module], needs: Sequence[int], reads: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.needs, self.reads = tuple(needs), reads

    def forward(self, x: Tensor | list[Tensor]) -> Tensor:
        """Map a value ``(batch, channels, size, size)``, or a list of ``reads`` such, to what the last part gives."""
        given: list[Any] = [x] if self.reads < 2 else list(x)
        outputs = given if self.reads else []
        for part, needs in zip(self.parts, self.needs, strict=True):
            outputs = [*outputs, part(last(outputs or given, needs))][-max(self.needs) :]
        y: Tensor = (outputs or given)[-1]
        return y


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
    return prod(values[1:], start=values[0]) if how == "product" else sum(values[1:], values[0])
