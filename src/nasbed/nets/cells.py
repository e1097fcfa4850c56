"""Cells: a NAS-Bench-101 module as a network.

Inside a module inputs are added, after the wider ones are cut to their first channels; edges out of the input go
through a projection (conv1x1-bn-relu) to the width of where they lead; the output concatenates what feeds it. An
edge from input to output is projected and added to that; alone, it is the whole module.

Reference: Ying et al., ICML 2019, https://arxiv.org/abs/1902.09635, and the published ``build_module``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from nasbed.core.errors import InvalidArchitecture, UnknownName
from nasbed.core.graph import Graph
from nasbed.nets.channels import vertex_channels
from nasbed.nets.mixed import Mixed
from nasbed.nets.operations import OPERATIONS, ConvBNReLU, concatenated, first_channels, projected


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
