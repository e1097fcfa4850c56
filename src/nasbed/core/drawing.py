"""Drawings: a graph as SVG or as Graphviz DOT text, without Graphviz.

What the output does not depend on (``Graph.live``) is drawn faint and dashed. It keeps its place, so that architectures
of one shape can be compared at a glance, and one still sees what computes.
"""

from __future__ import annotations

import zlib
from html import escape
from typing import TYPE_CHECKING

from nasbed.core.layout import Layout, layered
from nasbed.core.records import INPUT, OUTPUT

if TYPE_CHECKING:
    from nasbed.core.graph import Graph

_BOX_HEIGHT = 30.0
_LAYER_HEIGHT = 74.0
_GAP = 18.0
_MARGIN = 8.0
_CHARACTER = 7.0  # the mean width of one at 12 px, on the safe side
_ARROW = 7.0

_LINE = "#7d8590"  # 3:1 at least on white as on black
_END = "#d8dee4"
_FAINT_LINE, _FAINT_TEXT = "#a7aeb7", "#818b98"  # still legible on white and on black
_DASHES = "4 3"
_PALETTE = (
    "#a5c8f2",
    "#f7b9a8",
    "#a9dcb5",
    "#f5d58a",
    "#cdb8ee",
    "#9fdbe0",
    "#f2b3d1",
    "#c9d98f",
    "#e0c3a2",
    "#b7c4d6",
)


def svg(graph: Graph) -> str:
    """Draw a graph from the top down: boxes coloured by label, edges that go around them; dashed what is not live."""
    widths = [max(56.0, _CHARACTER * len(label) + 22.0) for label in graph.labels]
    layout = layered(graph, widths, _GAP)
    width = layout.width + 2 * _MARGIN
    height = _LAYER_HEIGHT * max(layout.layers, default=0) + _BOX_HEIGHT + 2 * _MARGIN
    title = escape(f"Graph of {graph.vertices} vertices and {len(graph.edges)} edges: {', '.join(graph.labels)}")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        *_edges(graph, layout, widths),
        *_boxes(graph, layout, widths),
        "</svg>",
    ]
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """Write a graph in Graphviz's language, with the colours of ``svg``."""
    colours, live, drawn = _colours(graph), graph.live, _drawn(graph)
    lines = [
        "digraph {",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica"];',
        *(
            f'  {v} [label="{_quoted(label)}", fillcolor="{colours[label]}"];'
            if v in drawn
            else f'  {v} [label="{_quoted(label)}", style="rounded,dashed", color="{_FAINT_LINE}", '
            f'fontcolor="{_FAINT_TEXT}"];'
            for v, label in enumerate(graph.labels)
        ),
        *(
            f"  {source} -> {target};"
            if {source, target} <= live
            else f'  {source} -> {target} [style=dashed, color="{_FAINT_LINE}"];'
            for source, target in graph.edges
        ),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _drawn(graph: Graph) -> frozenset[int]:
    """Give the vertices that are drawn in full: those that are live, and both ends."""
    return graph.live | {0, graph.vertices - 1}


def _quoted(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"')


def _colours(graph: Graph) -> dict[str, str]:
    """Give each label a colour that depends on it alone, as long as two of the graph do not clash."""
    colours = {INPUT: _END, OUTPUT: _END}
    for label in sorted(set(graph.labels) - set(colours)):
        start = zlib.crc32(label.encode()) % len(_PALETTE)
        turned = _PALETTE[start:] + _PALETTE[:start]
        colours[label] = next((colour for colour in turned if colour not in colours.values()), turned[0])
    return colours


def _top(layer: int) -> float:
    return _MARGIN + _LAYER_HEIGHT * layer


def _boxes(graph: Graph, layout: Layout, widths: list[float]) -> list[str]:
    colours, drawn = _colours(graph), _drawn(graph)
    lines = []
    for v, (label, layer, centre, width) in enumerate(
        zip(graph.labels, layout.layers, layout.centres, widths, strict=True)
    ):
        x = _MARGIN + centre
        box, ink = (
            (f'fill="{colours[label]}" stroke="{_LINE}"', "#1f2328")
            if v in drawn
            else (f'fill="none" stroke="{_FAINT_LINE}" stroke-dasharray="{_DASHES}"', _FAINT_TEXT)
        )
        lines.append(
            f'<rect x="{x - width / 2:.1f}" y="{_top(layer):.1f}" width="{width:.1f}" height="{_BOX_HEIGHT:.0f}" '
            f'rx="6" {box}/>'
            f'<text x="{x:.1f}" y="{_top(layer) + _BOX_HEIGHT / 2 + 4:.1f}" text-anchor="middle" '
            f'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="{ink}">{escape(label)}</text>'
        )
    return lines


def _edges(graph: Graph, layout: Layout, widths: list[float]) -> list[str]:
    """Draw each edge down between the layers in curves, and straight past the boxes of those that it skips."""
    leaving, arriving = _ports(graph, layout, widths)
    lines, live = [], graph.live
    for edge in graph.edges:
        source, target = edge
        x, y = _MARGIN + leaving[edge], _top(layout.layers[source]) + _BOX_HEIGHT
        path = f"M{x:.1f} {y:.1f}"
        stops = [*layout.bends[edge], arriving[edge]]
        for layer, stop in enumerate(stops, layout.layers[source] + 1):
            last = layer == layout.layers[target]
            next_x, next_y = _MARGIN + stop, _top(layer) - (_ARROW if last else 0.0)
            middle = (y + next_y) / 2
            path += f" C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {next_y:.1f}"
            x, y = next_x, next_y
            if not last:
                y += _BOX_HEIGHT
                path += f" V{y:.1f}"
        is_live = {source, target} <= live
        colour = _LINE if is_live else _FAINT_LINE
        dashes = "" if is_live else f' stroke-dasharray="{_DASHES}"'
        lines.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>'
            f'<path d="M{x - _ARROW / 2:.1f} {y:.1f}h{_ARROW:.1f}l{-_ARROW / 2:.1f} {_ARROW:.1f}z" fill="{colour}"/>'
        )
    return lines


def _ports(
    graph: Graph, layout: Layout, widths: list[float]
) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Spread the ends of edges along the boxes, in the order of where they go to and come from."""
    leaving: dict[tuple[int, int], float] = {}
    arriving: dict[tuple[int, int], float] = {}
    for v, (centre, width) in enumerate(zip(layout.centres, widths, strict=True)):
        out = [((v, w), (*layout.bends[v, w], layout.centres[w])[0]) for w in graph.successors(v)]
        into = [((u, v), (layout.centres[u], *layout.bends[u, v])[-1]) for u in graph.predecessors(v)]
        for ends, ports in ((out, leaving), (into, arriving)):
            step = min(16.0, (width - 16.0) / max(len(ends) - 1, 1))
            for i, (edge, _) in enumerate(sorted(ends, key=lambda end: end[1])):
                ports[edge] = centre + step * (i - (len(ends) - 1) / 2)
    return leaving, arriving
