"""Layered layout: where to put the vertices of a directed acyclic graph, and how its edges get past them.

An edge that skips layers gets a point in each of them, which keeps its distance from boxes like a narrow box. Layers
are ordered by the barycentres of their neighbours and then moved under them as far as the distances allow.

Reference: Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nasbed.core.graph import Graph

_SWEEPS = 12


@dataclass(frozen=True)
class Layout:
    """A layout, from the top down.

    Attributes:
        width: From the left of the leftmost box, or bend, to the right of the rightmost.
        layers: The layer of each vertex, from 0 at the top.
        centres: The middle of each vertex's box, from the left.
        bends: Where each edge is in the layers that it skips, from the left.
    """

    width: float
    layers: tuple[int, ...]
    centres: tuple[float, ...]
    bends: dict[tuple[int, int], tuple[float, ...]]


@dataclass(eq=False)
class _Item:
    """A box, or the point of an edge in a layer that it skips."""

    width: float
    above: list[_Item] = field(default_factory=list)
    below: list[_Item] = field(default_factory=list)
    x: float = 0.0


def layered(graph: Graph, widths: Sequence[float], gap: float) -> Layout:
    """Lay a graph out.

    Args:
        graph: Any; its last vertex goes to the bottom.
        widths: Of the vertices' boxes.
        gap: The least distance between two boxes, or a box and an edge, of one layer.
    """
    layers = _longest_paths(graph)
    boxes = [_Item(width) for width in widths]
    rows: list[list[_Item]] = [[] for _ in range(max(layers, default=0) + 1)]
    for box, layer in zip(boxes, layers, strict=True):
        rows[layer].append(box)
    points: dict[tuple[int, int], list[_Item]] = {}
    for source, target in graph.edges:
        points[source, target] = [_Item(0.0) for _ in range(layers[source] + 1, layers[target])]
        chain = [boxes[source], *points[source, target], boxes[target]]
        for upper, lower in pairwise(chain):
            upper.below.append(lower)
            lower.above.append(upper)
        for layer, point in enumerate(points[source, target], layers[source] + 1):
            rows[layer].append(point)
    _order(rows)
    _place(rows, gap)
    left = min((item.x - item.width / 2 for row in rows for item in row), default=0.0)
    right = max((item.x + item.width / 2 for row in rows for item in row), default=0.0)
    return Layout(
        right - left,
        tuple(layers),
        tuple(box.x - left for box in boxes),
        {edge: tuple(point.x - left for point in chain) for edge, chain in points.items()},
    )


def _longest_paths(graph: Graph) -> list[int]:
    """Put each vertex just below the lowest of its predecessors, and the last below all."""
    layers: list[int] = []
    for v in range(graph.vertices):
        layers.append(max((layers[u] + 1 for u in graph.predecessors(v)), default=0))
    if len(layers) > 1:
        layers[-1] = max(layers[-1], max(layers[:-1]) + 1)
    return layers


def _order(rows: list[list[_Item]]) -> None:
    """Sort each layer by where its neighbours are, down and up in turns; keep the order with the fewest crossings."""
    best = [list(row) for row in rows]
    fewest = _crossings(rows)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        for row in rows if downwards else reversed(rows):
            rank = {id(item): i for some in rows for i, item in enumerate(some)}

            def wish(item: _Item, rank: dict[int, int] = rank, downwards: bool = downwards) -> float:
                near = item.above if downwards else item.below
                return sum(rank[id(other)] for other in near) / len(near) if near else rank[id(item)]

            row.sort(key=wish)
        crossings = _crossings(rows)
        if crossings < fewest:
            fewest, best = crossings, [list(row) for row in rows]
    for row, ordered in zip(rows, best, strict=True):
        row[:] = ordered


def _crossings(rows: list[list[_Item]]) -> int:
    """Count the pairs of edges that cross."""
    count = 0
    for upper, lower in pairwise(rows):
        rank = {id(item): i for i, item in enumerate(lower)}
        ends = [(i, rank[id(item)]) for i, above in enumerate(upper) for item in above.below]
        count += sum(a < c and b > d for a, b in ends for c, d in ends)
    return count


def _place(rows: list[list[_Item]], gap: float) -> None:
    """Move each item to the middle of its neighbours, as near as the order and the distances in its layer allow."""
    for row in rows:
        _spread(row, [0.0] * len(row), gap)
    for sweep in range(2 * _SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _spread(row, [_middle(item) for item in row], gap)


def _middle(item: _Item) -> float:
    """Give where an item would like to be; the points of one edge draw each other most, so that it is straight."""
    near = [(other, 8.0 if item.width == other.width == 0 else 1.0) for other in item.above + item.below]
    return sum(weight * other.x for other, weight in near) / sum(weight for _, weight in near) if near else item.x


def _spread(row: list[_Item], wishes: list[float], gap: float) -> None:
    """Put a layer's items as near to their wishes as their distances allow, in least squares: pool the violators."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + gap)
    blocks: list[tuple[float, int]] = []  # the mean of some neighbours' wishes, less their offsets, and how many
    for wish, offset in zip(wishes, offsets, strict=False):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, more = blocks.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        blocks.append((mean, count))
    start = 0
    for mean, count in blocks:
        for i in range(start, start + count):
            row[i].x = mean + offsets[i]
        start += count
