"""Cells: the graphs of many architectures at once, as arrays. What reads structure by the thousand reads these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Cells:
    """One cell of n architectures: places for operations, and which of them reads which.

    The vertices are the inputs, the places in topological order, and the output. In ``nasbench201`` operations stand on
    the edges between nodes that add; a place is then an edge, and an arrow leads from each edge to those that begin at
    the node where it ends. In ``nasbench101`` a place is a vertex of the module itself.

    Attributes:
        name: What the cell is called; empty where a space has a single one.
        operations: The names of the operations.
        labels: The operation at each place, as its position in ``operations``, int8 ``(n, places)``; −1 where there is
            none.
        arrows: Whether an arrow leads from the vertex of a row to that of a column, bool ``(n, vertices, vertices)``;
            ``(1, vertices, vertices)`` where it is the same for all. What is not there may have arrows.
        inputs: How many inputs there are.
        nodes: How many nodes a cell has, int64 ``(n,)`` or ``(1,)``, input and output included.
        on_edges: Whether operations stand on the edges between nodes; else each is a node.
        factors: By what each operation multiplies what it reads at each place, float64 ``(places, operations)``: 0
            where it passes nothing on, 1 where it passes on what it reads, NaN where it computes something.
        is_chain: Whether the places stand one after the other, without a branch.
    """

    name: str
    operations: tuple[str, ...]
    labels: NDArray[np.int8]
    arrows: NDArray[np.bool_]
    inputs: int
    nodes: NDArray[np.int64]
    on_edges: bool
    factors: NDArray[np.float64]
    is_chain: bool = False

    @property
    def places(self) -> int:
        """How many places for operations there are."""
        return int(self.labels.shape[1])

    def count(self, operation: str) -> NDArray[np.int64]:
        """Return at how many places of each cell an operation stands, ``(n,)``."""
        number = self.operations.index(operation) if operation in self.operations else len(self.operations)
        return np.asarray((self.labels == number).sum(axis=1))

    @property
    def factor(self) -> NDArray[np.float64]:
        """By what the operation at each place multiplies what it reads, ``(n, places)``; 0 where there is none."""
        factors = np.concatenate([self.factors, np.zeros((self.places, 1))], axis=1)  # −1 reads the last
        return np.asarray(factors[np.arange(self.places), self.labels])

    @property
    def computes(self) -> NDArray[np.bool_]:
        """Whether each operation computes something wherever it stands, ``(operations,)``."""
        return np.asarray(np.isnan(self.factors).all(axis=0))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Any) -> Cells:
        """Return the cells of some of the architectures."""
        arrows = self.arrows if len(self.arrows) == 1 else self.arrows[rows]
        nodes = self.nodes if len(self.nodes) == 1 else self.nodes[rows]
        return replace(self, labels=self.labels[rows], arrows=arrows, nodes=nodes)
