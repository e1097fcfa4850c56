"""A labelled directed acyclic graph: the one structural view of every architecture.

Vertices are numbered in topological order, so the adjacency matrix is upper triangular.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.printing import Shown
from nasbed.core.records import INPUT, OUTPUT

__all__ = ["INPUT", "NONE", "OUTPUT", "Graph", "isomorphic"]

NONE = "none"
"""The label of an operation that passes nothing on: what it brings to a sum is zero."""


@dataclass(frozen=True)
class Graph(Shown):
    """Vertices with labels and edges from lower to higher numbers. A value: hashable, comparable.

    Attributes:
        adjacency: Row ``i`` has a 1 in column ``j`` when there is an edge i → j; a tuple of tuples.
        labels: One label a vertex. The first vertex is usually ``input`` and the last ``output``.
    """

    adjacency: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, adjacency: NDArray[np.integer] | Sequence[Sequence[int]], labels: Sequence[str]) -> Graph:
        """Check a matrix and its labels and make a graph of them.

        Raises:
            InvalidArchitecture: When the matrix is not square, not 0/1, not strictly upper triangular or does not
                fit the labels.
        """
        try:
            matrix = np.asarray(adjacency)
        except ValueError:
            raise InvalidArchitecture("the adjacency matrix has rows of different lengths; it must be square") from None
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise InvalidArchitecture(f"the adjacency matrix must be square, not of shape {matrix.shape}")
        if len(labels) != len(matrix):
            raise InvalidArchitecture(f"{len(matrix)} vertices need as many labels, not {len(labels)}")
        rows = matrix.tolist()
        if any(x not in (0, 1) for row in rows for x in row):
            raise InvalidArchitecture("the adjacency matrix may hold only 0 and 1")
        if any(any(row[: i + 1]) for i, row in enumerate(rows)):
            raise InvalidArchitecture("the adjacency matrix must be upper triangular with a zero diagonal")
        return cls(tuple(tuple(int(x) for x in row) for row in rows), tuple(str(label) for label in labels))

    @property
    def vertices(self) -> int:
        """How many vertices there are."""
        return len(self.labels)

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Every edge as ``(source, target)``, by source and then target."""
        return [(i, j) for i, row in enumerate(self.adjacency) for j, there in enumerate(row) if there]

    @property
    def matrix(self) -> NDArray[np.int8]:
        """The adjacency matrix as int8, shape ``(vertices, vertices)``."""
        return np.array(self.adjacency, np.int8).reshape(self.vertices, self.vertices)

    def predecessors(self, vertex: int) -> list[int]:
        """Give the sources of the edges into a vertex, ascending."""
        return [i for i in range(vertex) if self.adjacency[i][vertex]]

    def successors(self, vertex: int) -> list[int]:
        """Give the targets of the edges out of a vertex, ascending."""
        return [j for j in range(vertex + 1, self.vertices) if self.adjacency[vertex][j]]

    @property
    def live(self) -> frozenset[int]:
        """The vertices on a path from the first to the last that meets no ``none``: all that the output depends on."""
        return self._between([v for v, label in enumerate(self.labels) if label != NONE])

    def _between(self, allowed: Iterable[int]) -> frozenset[int]:
        """Give the vertices on a path from the first to the last through vertices that are allowed."""
        last, through = self.vertices - 1, set(allowed)
        ahead, behind = {0} & through, {last} & through
        for v in range(1, self.vertices):
            if v in through and any(u in ahead for u in self.predecessors(v)):
                ahead.add(v)
        for v in range(last - 1, -1, -1):
            if v in through and any(w in behind for w in self.successors(v)):
                behind.add(v)
        return frozenset(ahead & behind)

    def pruned(self) -> Graph | None:
        """Drop every vertex that is not on a path from the first to the last; None when there is no such path."""
        kept = sorted(self._between(range(self.vertices)))
        if not kept:
            return None
        return Graph(
            tuple(tuple(self.adjacency[i][j] for j in kept) for i in kept),
            tuple(self.labels[i] for i in kept),
        )

    def permuted(self, order: Sequence[int]) -> Graph:
        """Renumber: vertex ``order[i]`` becomes vertex i. The order must stay topological."""
        matrix = [[self.adjacency[i][j] for j in order] for i in order]
        return Graph.of(matrix, [self.labels[i] for i in order])

    def isomorphic(self, other: Graph) -> bool:
        """Say exactly whether two graphs are the same but for the numbering of their vertices."""
        return self == other or isomorphic(self.adjacency, self.labels, other.adjacency, other.labels)

    def svg(self) -> str:
        """Draw the graph as SVG text."""
        from nasbed.core import drawing

        return drawing.svg(self)

    def dot(self) -> str:
        """Write the graph in Graphviz's DOT language."""
        from nasbed.core import drawing

        return drawing.dot(self)

    def _repr_svg_(self) -> str:
        """Draw the graph in a notebook."""
        return self.svg()

    def _repr_html_(self) -> str:
        return self.svg()


_Rows = Sequence[Sequence[Any]]


def isomorphic(matrix: _Rows, labels: Sequence[Hashable], other: _Rows, others: Sequence[Hashable]) -> bool:
    """Say exactly whether two labelled graphs are the same but for the numbering of their vertices.

    They may be any directed graphs, with edges both ways, from a vertex to itself, and of any weights. Colours are
    refined by both neighbourhoods, and where that does not tell vertices apart, each pairing of one is tried: fast for
    cells, exponential in the worst case.

    Args:
        matrix: The first graph's entries from row i to column j, 0 for no edge.
        labels: One label a vertex.
        other: The second graph's entries.
        others: Its labels.
    """
    names: dict[Hashable, int] = {}
    colours = [[names.setdefault(label, len(names)) for label in some] for some in (labels, others)]
    return len(labels) == len(others) and _matches(matrix, other, *colours)


def _matches(a: _Rows, b: _Rows, mine: list[int], theirs: list[int]) -> bool:
    """Say whether there is a renumbering that keeps entries and colours."""
    mine, theirs = _refined(a, b, mine, theirs)
    sizes = Counter(mine)
    if sizes != Counter(theirs):
        return False
    shared = [colour for colour, size in sizes.items() if size > 1]
    if not shared:
        image = [theirs.index(colour) for colour in mine]
        return all(x == b[i][j] for row, i in zip(a, image, strict=True) for x, j in zip(row, image, strict=True))
    rarest = min(shared, key=lambda colour: sizes[colour])
    marked = _marked(mine, mine.index(rarest))
    return any(_matches(a, b, marked, _marked(theirs, w)) for w, colour in enumerate(theirs) if colour == rarest)


def _marked(colours: list[int], vertex: int) -> list[int]:
    """Give a vertex a colour of its own."""
    return [-1 if v == vertex else colour for v, colour in enumerate(colours)]


def _refined(a: _Rows, b: _Rows, mine: list[int], theirs: list[int]) -> tuple[list[int], list[int]]:
    """Tell vertices apart by the colours around them, in both alike, until that tells no more, or the graphs, apart."""
    while sorted(mine) == sorted(theirs):
        known, names = len({*mine}), dict[Hashable, int]()
        mine, theirs = (
            [names.setdefault(seen, len(names)) for seen in _seen(rows, colours)]
            for rows, colours in ((a, mine), (b, theirs))
        )
        if len(names) == known:
            break
    return mine, theirs


def _seen(rows: _Rows, colours: list[int]) -> Iterator[Hashable]:
    """Give for each vertex its own colour and entry, and those that rows and columns lead to."""
    for v, (row, column) in enumerate(zip(rows, zip(*rows, strict=True), strict=True)):
        around = (tuple(sorted(zip(entries, colours, strict=True))) for entries in (row, column))
        yield colours[v], row[v], *around
