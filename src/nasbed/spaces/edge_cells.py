"""Cells of four nodes with an operation on each of six edges, as NAS-Bench-201 and TransNAS-Bench-101 have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.records import Archs
from nasbed.spaces.notation import choice, edges, op
from nasbed.spaces.parts import Dag
from nasbed.spaces.product import ProductSpace

NODES = 4

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""From which node to which each decision leads, in the order of the published strings."""

_VERTICES = len(EDGES) + 2


def _meet(first: int, second: int) -> bool:
    """Say whether an arrow leads from one vertex of the graph to another; the input ends in node 0."""
    ends, begins = [0, *(target for _, target in EDGES)], [*(source for source, _ in EDGES), 3]
    return first < _VERTICES - 1 and second > 0 and ends[first] == begins[second - 1]


_ARROWS = tuple(tuple(int(_meet(u, v)) for v in range(_VERTICES)) for u in range(_VERTICES))


class EdgeCells(ProductSpace):
    """A space of such cells, which says its operations, how it is written, and its published order and equality.

    A row is the operation on the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3, each the position in ``operations``. Nodes add up
    what reaches them; node 0 is the cell's input, node 3 its output.
    """

    operations: ClassVar[tuple[str, ...]]
    """Their names, in the order of their numbers; ``none`` leaves an edge out."""

    @property
    def cell(self) -> Dag:
        """The cell in the notation of ``nasbed.spaces``, with decisions of its own each time."""
        return edges(NODES, lambda i, j: choice(*map(op, self.operations)), name="cell")

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """One of the operations for each of six edges."""
        return np.full(len(EDGES), len(self.operations), np.int64)

    def describe(self) -> Mapping[str, Any]:
        """Name the operations, too."""
        return {**super().describe(), "operations": list(self.operations)}

    def graph(self, arch: Archs) -> Graph:
        """Give the cell with a vertex for each operation: the input, the six in the row's order, the output.

        An arrow leads from each operation into those that begin at the node where it ends. A node, where terms are
        added, is thus all arrows out of one group of vertices into another; what several arrows bring is added. So
        operations are labels of vertices, as in every other space, and the shape is the same for all cells:
        ``none`` is a vertex, too, and ``Graph.live`` says which vertices count for something.
        """
        return Graph(_ARROWS, (INPUT, *self.names_of(arch), OUTPUT))

    def embed(self, graph: Graph) -> Archs:
        """Give the row of a graph that is one of ``graph``'s but for the numbering of its vertices, ``(6,)``."""
        order = sorted(range(graph.vertices), key=_place(graph))
        cell = graph.permuted(order)
        if cell.adjacency != _ARROWS or (cell.labels[0], cell.labels[-1]) != (INPUT, OUTPUT):
            raise InvalidArchitecture(
                f"the graph is no cell of {self.name}: between input and output, those have {len(EDGES)} operations, "
                "which meet as the edges of four nodes do"
            )
        return self.row_of(cell.labels[1:-1])

    def names_of(self, arch: Archs) -> list[str]:
        """Give the names of a row's operations.

        Raises:
            InvalidArchitecture: When one has no such number.
        """
        rows = self.checked(np.asarray(arch)[None])
        if not self.valid(rows)[0]:
            most = len(self.operations) - 1
            raise InvalidArchitecture(f"operations are numbered 0 to {most}, not {rows[0].tolist()}")
        return [self.operations[operation] for operation in rows[0]]

    def row_of(self, names: Sequence[str]) -> Archs:
        """Give the row, ``(6,)``, of six names.

        Raises:
            InvalidArchitecture: When there is no such operation.
        """
        for name in names:
            if name not in self.operations:
                has = ", ".join(self.operations)
                raise InvalidArchitecture(f"no operation is called {name!r} here; there are {has}")
        return np.array([self.operations.index(name) for name in names], np.int8)


def _place(graph: Graph) -> Callable[[int], tuple[int, int]]:
    """Give what sorts the vertices of a cell into the row's order: the node into which each leads, then its source.

    The longest way to the output is the shorter the later that node; the longest way from the input is the longer the
    later the source.
    """
    above, below = [0] * graph.vertices, [0] * graph.vertices
    for v in range(graph.vertices):
        above[v] = max((above[u] + 1 for u in graph.predecessors(v)), default=0)
    for v in reversed(range(graph.vertices)):
        below[v] = max((below[w] + 1 for w in graph.successors(v)), default=0)
    return lambda v: (-below[v], above[v])
