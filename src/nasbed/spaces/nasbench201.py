"""NAS-Bench-201: cells of four nodes with one of five operations on each of their six edges.

Reference: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search", ICLR 2020,
https://arxiv.org/abs/2001.00326; it is the topology space of NATS-Bench, https://arxiv.org/abs/2009.00437
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.records import Archs
from nasbed.spaces.nasbench201_equality import unique_string, unique_strings
from nasbed.spaces.nasbench201_text import EDGES, operations_of, text_of
from nasbed.spaces.product import ProductSpace

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""In the order of their numbers 0 to 4, which is the published one."""

_SHUFFLE_SEED = 88  # of exps/NAS-Bench-201/main.py in https://github.com/D-X-Y/AutoDL-Projects, with "do not change"
_ORDER_CHECKSUM = 0x1B65BFCD  # CRC-32 of the order as little-endian 16-bit numbers

_VERTICES = len(EDGES) + 2


def _meet(first: int, second: int) -> bool:
    """Say whether an arrow leads from one vertex of the graph to another; the input ends in node 0."""
    ends, begins = [0, *(target for _, target in EDGES)], [*(source for source, _ in EDGES), 3]
    return first < _VERTICES - 1 and second > 0 and ends[first] == begins[second - 1]


_ARROWS = tuple(tuple(int(_meet(u, v)) for v in range(_VERTICES)) for u in range(_VERTICES))


class NASBench201(ProductSpace):
    """Cells of four nodes, an operation on each edge: the 15,625 of NAS-Bench-201, and of NATS-Bench's topology space.

    A row is the operation on the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3, the order of the arch string
    ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, each the position in ``OPERATIONS``. Nodes add up what reaches them; node 0
    is the cell's input, node 3 its output.

    ``index`` is the official index, since each string was trained itself. ``key`` follows the published rule of
    equality, which leaves 6,466 of them (``nasbench201_equality``).
    """

    name = "nasbench201"

    def __repr__(self) -> str:
        return "NASBench201()"

    def settings(self) -> dict[str, Any]:
        """There are none."""
        return {}

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """Five operations for each of six edges."""
        return np.full(len(EDGES), len(OPERATIONS), np.int64)

    def describe(self) -> Mapping[str, Any]:
        """Name the operations, too."""
        return {**super().describe(), "operations": list(OPERATIONS)}

    @property
    def order(self) -> NDArray[np.int64]:
        """The codes in the official order, ``(15625,)``: ascending, and then shuffled as Python does from seed 88."""
        return _official_order()

    @property
    def representatives(self) -> NDArray[np.int64]:
        """For each index the smallest index with the same unique string, ``(15625,)``."""
        return _representatives()

    @cached_property
    def mutation_chances(self) -> NDArray[np.float64]:
        """How likely a mutation makes each of ``moves``: a node, one of its inputs, another operation, as published.

        So the edge 0→1 changes once in three times, and each of the three into node 3 once in nine.
        """
        target = np.array([node for _, node in EDGES])[self.moves[:, 0]]
        return 1.0 / (3.0 * target * (len(OPERATIONS) - 1.0))

    def unique_string(self, arch: Archs) -> str:
        """Write the expression that the published rule of equality compares: NATS-Bench's ``get_unique_str``."""
        return unique_string(self._names(arch))

    def facts(self, arch: Archs) -> Mapping[str, Any]:
        """Give the official index of one cell, its unique string, how many share it, and the first index of these."""
        text = self.unique_string(arch)
        (index,) = self.index(np.asarray(arch)[None]).tolist()
        first = int(self.representatives[index])
        equal = int((self.representatives == first).sum())
        return {"index": index, "unique string": text, "equal cells": equal, "first of them": first}

    # ── between rows, graphs and text ─────────────────────────────────────────────────────────────────────────

    def graph(self, arch: Archs) -> Graph:
        """Give the cell with a vertex for each operation: the input, the six in the row's order, the output.

        An arrow leads from each operation into those that begin at the node where it ends. A node, where terms are
        added, is thus all arrows out of one group of vertices into another; what several arrows bring is added. So
        operations are labels of vertices, as in every other space, and the shape is the same for all cells:
        ``none`` is a vertex, too, and ``Graph.live`` says which vertices count for something.
        """
        return Graph(_ARROWS, (INPUT, *self._names(arch), OUTPUT))

    def embed(self, graph: Graph) -> Archs:
        """Give the row of a graph that is one of ``graph``'s but for the numbering of its vertices, ``(6,)``."""
        order = sorted(range(graph.vertices), key=_place(graph))
        cell = graph.permuted(order)
        if cell.adjacency != _ARROWS or (cell.labels[0], cell.labels[-1]) != (INPUT, OUTPUT):
            raise InvalidArchitecture(
                f"the graph is no cell of {self.name}: between input and output, those have {len(EDGES)} operations, "
                "which meet as the edges of four nodes do"
            )
        return self._row(cell.labels[1:-1])

    def parse(self, text: str) -> Archs:
        """Read a cell from its arch string, or as NATS-Bench, AutoDL-Projects and NASLib print it, or from its index.

        ``|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|none~2|`` alone or within ``Structure(4 nodes
        with …)``; ``((('nor_conv_3x3', 0),), (…), (…))``; NASLib's six numbers ``(2, 2, 0, 1, 1, 1)``, whose edges and
        operations are in another order (see ``nasbench201_text``); ``1459`` or ``#1459``.
        """
        numbered = self.numbered(text)
        return self._row(operations_of(text)) if numbered is None else numbered

    def format(self, arch: Archs) -> str:
        """Write the arch string."""
        return text_of(self._names(arch))

    def _names(self, arch: Archs) -> list[str]:
        """Give the names of a row's operations."""
        rows = self.checked(np.asarray(arch)[None])
        if not self.valid(rows)[0]:
            raise InvalidArchitecture(f"operations are numbered 0 to {len(OPERATIONS) - 1}, not {rows[0].tolist()}")
        return [OPERATIONS[operation] for operation in rows[0]]

    def _row(self, names: Sequence[str]) -> Archs:
        """Give the row of six names."""
        for name in names:
            if name not in OPERATIONS:
                raise InvalidArchitecture(f"no operation is called {name!r} here; there are {', '.join(OPERATIONS)}")
        return np.array([OPERATIONS.index(name) for name in names], np.int8)


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


@cache
def _official_order() -> NDArray[np.int64]:
    codes = list(range(len(OPERATIONS) ** len(EDGES)))
    random.Random(_SHUFFLE_SEED).shuffle(codes)
    order = np.array(codes, np.int64)
    if zlib.crc32(order.astype("<i2").tobytes()) != _ORDER_CHECKSUM:
        raise RuntimeError("this Python shuffles otherwise than those before it, so the official order is not known")
    return order


@cache
def _representatives() -> NDArray[np.int64]:
    texts, first = unique_strings(OPERATIONS), dict[str, int]()
    in_order = [texts[code] for code in _official_order().tolist()]
    return np.array([first.setdefault(text, index) for index, text in enumerate(in_order)], np.int64)
