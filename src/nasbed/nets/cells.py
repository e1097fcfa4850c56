"""Cells: a NAS-Bench-101 module as a network.

Inside a module inputs are added, after the wider ones are cut to their first channels; edges out of the input go
through a projection (conv1x1-bn-relu) to the width of where they lead; the output concatenates what feeds it. An
edge from input to output is projected and added to that; alone, it is the whole module.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``build_module``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.operations import OPERATIONS, ConvBNReLU, concatenated, convolutions, first_channels, projected
from nasbed.nets.parts import vertex_channels


class Cell(nn.Module):
    """One module of a network, or modules of one shape in networks side by side.

    Args:
        graphs: Pruned modules with the same edges: input first, output last, operations between.
        sources: Channels of the input, of one repeat.
        targets: Channels of the output, of one repeat.
        repeats: How many independent networks of each module share the tensors.
        norm_momentum: How much of a running average stays at each step.

    Raises:
        InvalidArchitecture: When the output has fewer channels than vertices that feed it.
        UnknownName: When a label is no operation.
    """

    def __init__(self, graphs: Sequence[Graph], sources: int, targets: int, repeats: int, norm_momentum: float) -> None:
        super().__init__()
        shape = graphs[0]
        self.repeats, self.last = repeats * len(graphs), shape.vertices - 1
        self.widths = [int(width) for width in vertex_channels(shape.matrix[None], targets)[0]]
        self.predecessors = [shape.predecessors(v) for v in range(shape.vertices)]
        self.projections, self.operations = nn.ModuleDict(), nn.ModuleDict()
        for v in range(1, shape.vertices):
            if 0 in self.predecessors[v]:
                self.projections[str(v)] = ConvBNReLU(sources, self.widths[v], 1, self.repeats, norm_momentum)
            if v < self.last:
                labels = [graph.labels[v] for graph in graphs for _ in range(repeats)]
                self.operations[str(v)] = _operation(labels, self.widths[v], norm_momentum)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, repeats·sources, size, size)`` to ``(batch, repeats·targets, size, size)``."""
        project = self._projections_of(x)
        values: list[Tensor] = [x]
        for v in range(1, self.last):
            inputs = [first_channels(values[u], self.widths[v], self.repeats) for u in self.predecessors[v] if u]
            values.append(self.operations[str(v)](self._added(project, v, inputs)))
        feeding = [values[u] for u in self.predecessors[self.last] if u]
        return self._added(project, self.last, [concatenated(feeding, self.repeats)] if feeding else [])

    def _projections_of(self, x: Tensor) -> Callable[[str], Tensor]:
        """Give what projects the module's input for a vertex; for one network all is done now, at once."""
        if self.repeats == 1:
            layers = {name: layer for name, layer in self.projections.items() if isinstance(layer, ConvBNReLU)}
            return projected(x, layers).__getitem__
        return lambda vertex: self.projections[vertex](x)

    def _added(self, project: Callable[[str], Tensor], vertex: int, inputs: list[Tensor]) -> Tensor:
        """Add up a vertex's inputs and, where there is an edge, the projected input of the module."""
        if str(vertex) in self.projections:
            inputs = [*inputs, project(str(vertex))]
        total = inputs[0]
        for another in inputs[1:]:
            total = total + another
        return total


def _operation(labels: Sequence[str], channels: int, norm_momentum: float) -> nn.Module:
    """Make what a vertex computes, which networks side by side may label differently."""
    for label in labels:
        if label not in OPERATIONS:
            raise UnknownName("operation", label, OPERATIONS)

    def build(label: str, networks: int) -> nn.Module:
        return OPERATIONS[label](channels, networks, norm_momentum)

    return build(labels[0], len(labels)) if len(set(labels)) == 1 else Mixed(labels, build)


def pruned(graph: Graph) -> Graph:
    """Drop what is not on a path from input to output, or say that nothing is left.

    Raises:
        InvalidArchitecture: When the output cannot be reached from the input.
    """
    kept = graph.pruned()
    if kept is None:
        raise InvalidArchitecture("the module's output cannot be reached from its input; there is no network to build")
    return kept


class Mixed(nn.Module):
    """A vertex at which modules of one shape, trained side by side, compute different things.

    The networks are sorted by their operation, each operation is applied to those that have it, and they are put back
    into their order. Each network's numbers are the same as in a pass of its own, to the last bit on a CPU, where a
    grouped convolution computes one group as it does another.

    Args:
        labels: The operation of each network.
        build: Makes an operation for so many networks.
    """

    def __init__(self, labels: Sequence[str], build: Callable[[str, int], nn.Module]) -> None:
        super().__init__()
        members = [[i for i, label in enumerate(labels) if label == kind] for kind in dict.fromkeys(labels)]
        self.operations = nn.ModuleList(build(labels[some[0]], len(some)) for some in members)
        for operation, some in zip(self.operations, members, strict=True):
            for convolution in convolutions(operation):
                convolution.members = tuple(some)
        order = torch.tensor([i for some in members for i in some])
        self.sizes = tuple(map(len, members))
        self.order: Tensor
        self.places: Tensor
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("places", order.argsort(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, networks·channels, size, size)``, channels last in memory, to the same shape."""
        parts: tuple[Tensor, ...] = _Sort.apply(x, self.order, self.places, self.sizes)  # type: ignore[no-untyped-call]
        done = [operation(part) for operation, part in zip(self.operations, parts, strict=True)]
        together: Tensor = _Unsort.apply(self.order, self.places, self.sizes, *done)  # type: ignore[no-untyped-call]
        return together


class _Sort(torch.autograd.Function):
    """Takes networks apart by operation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor, places: Tensor, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
        ctx.places, ctx.sizes = places, sizes
        return _apart(x, order, sizes)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return _together(gradients, ctx.places, ctx.sizes), None, None, None


class _Unsort(torch.autograd.Function):
    """Puts networks back into their order."""

    @staticmethod
    def forward(ctx: Any, order: Tensor, places: Tensor, sizes: tuple[int, ...], *parts: Tensor) -> Tensor:
        ctx.order, ctx.sizes = order, sizes
        return _together(parts, places, sizes)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, None, *_apart(gradient, ctx.order, ctx.sizes)


def _apart(x: Tensor, order: Tensor, sizes: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Give the networks of each operation as a tensor of their own, channels last."""
    batch, _, height, width = x.shape
    rows = x.permute(0, 2, 3, 1).reshape(batch * height * width, len(order), -1)
    return tuple(
        rows.index_select(1, some).view(batch, height, width, -1).permute(0, 3, 1, 2)
        for some in torch.split(order, list(sizes))
    )


def _together(parts: Sequence[Tensor], places: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Undo ``_apart``."""
    batch, _, height, width = parts[0].shape
    rows = [
        part.permute(0, 2, 3, 1).reshape(batch * height * width, size, -1)
        for part, size in zip(parts, sizes, strict=True)
    ]
    whole = torch.cat(rows, dim=1).index_select(1, places)
    return whole.view(batch, height, width, -1).permute(0, 3, 1, 2)
