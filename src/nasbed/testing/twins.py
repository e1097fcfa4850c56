"""The same architectures written another way, which no benchmark may tell from the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.graph import Graph
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.core.space import Space


def twins(space: Space, archs: Archs, seed: int) -> Archs:
    """Give an equal row for each row, ``(n, decisions)``, often another one.

    Vertices are renumbered at random where the space can embed graphs; otherwise its text is read again.
    """
    graphs = [space.graph(arch) for arch in archs]
    chances = Streams.from_seed(seed, len(archs), 0, "twins").uniform(max(graph.vertices for graph in graphs))
    try:
        rows = [
            space.embed(graph.permuted(_order(graph, chance))) for graph, chance in zip(graphs, chances, strict=True)
        ]
    except NotImplementedError:
        rows = [space.parse(space.format(arch)) for arch in archs]
    return np.array(rows)


def _order(graph: Graph, chance: NDArray[np.float64]) -> list[int]:
    """Number the vertices anew: each after those that lead to it, the first first and the last last."""
    waiting, order = set(range(graph.vertices)), list[int]()
    while waiting:
        ready = [v for v in waiting if waiting.isdisjoint(graph.predecessors(v))]
        order.append(min(ready, key=lambda v: (v != 0, v == graph.vertices - 1, chance[v])))
        waiting.remove(order[-1])
    return order
