"""Modules of NAS-Bench-101 as arrays, for many rows at once, and the one numbering that isomorphic modules share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.graph import Graph
from nasbed.core.records import Archs


def matrices_of(rows: Archs, vertices: int) -> NDArray[np.bool_]:
    """Return the adjacency matrices of rows, ``(n, vertices, vertices)``."""
    matrices = np.zeros((len(rows), vertices, vertices), np.bool_)
    targets, sources = np.tril_indices(vertices, -1)  # by target and then source, as in a row
    matrices[:, sources, targets] = rows[:, : len(targets)]
    return matrices


def used_of(rows: Archs, vertices: int) -> NDArray[np.bool_]:
    """Say which decisions count: edges, and the operations of vertices that have some, ``(n, decisions)``."""
    ends = np.stack(np.tril_indices(vertices, -1))[:, :, None]
    touches = (ends == np.arange(1, vertices - 1)).any(axis=0).astype(np.float32)  # (edges, interior vertices)
    has_edges = rows[:, : len(touches)].astype(np.float32) @ touches > 0
    return np.concatenate([np.ones((len(rows), len(touches)), np.bool_), has_edges], axis=1)


def modules_of(rows: Archs, vertices: int, operations: Sequence[str]) -> Cells:
    """Return simplified rows as cells, in which a vertex is a place for an operation."""
    interior = slice(vertices * (vertices - 1) // 2, None)
    there = used_of(rows, vertices)[:, interior]
    factors = np.full((vertices - 2, len(operations)), np.nan)
    labels = np.where(there, rows[:, interior], np.int8(-1))
    return Cells("", tuple(operations), labels, matrices_of(rows, vertices), 1, there.sum(axis=1) + 2, False, factors)


def canonical_module(graph: Graph) -> Graph:
    """Return a pruned module with its vertices numbered in one of many orders, the same for all isomorphic modules.

    Vertices are placed one by one, of those whose predecessors are placed the one with the lowest predecessors, then
    with the lowest colour. Where that leaves several, each is tried, and the smallest matrix counts.
    """
    colours = _colours(graph)
    found = (graph.permuted(order) for order in _orders(graph, colours, []))
    return min(found, key=lambda one: (one.adjacency, one.labels))


def _orders(graph: Graph, colours: Sequence[int], placed: list[int]) -> Iterator[list[int]]:
    if len(placed) == graph.vertices:
        yield placed
        return
    places = {
        v: (sorted(map(placed.index, graph.predecessors(v))), colours[v])
        for v in range(graph.vertices)
        if v not in placed and set(graph.predecessors(v)) <= {*placed}
    }
    lowest = min(places.values())
    # of vertices that read the same and are read by the same, it does not matter which comes first
    alike = {tuple(graph.successors(v)): v for v, place in places.items() if place == lowest}
    for v in alike.values():
        yield from _orders(graph, colours, [*placed, v])


def _colours(graph: Graph) -> list[int]:
    """Return a number for each vertex that does not depend on how they are numbered, from all around it."""
    colours = [sorted(set(graph.labels)).index(label) for label in graph.labels]
    for _ in range(graph.vertices):
        seen = [
            (colours[v], *(sorted(colours[u] for u in near) for near in (graph.predecessors(v), graph.successors(v))))
            for v in range(graph.vertices)
        ]
        ranks = sorted(map(repr, seen))
        colours = [ranks.index(repr(one)) for one in seen]
    return colours
