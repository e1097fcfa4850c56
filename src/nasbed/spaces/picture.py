"""A picture of a resolved expression with levels: the whole with a box for each cell, and beside it each cell."""

from __future__ import annotations

import re
from html import escape

from nasbed.core.graph import Graph
from nasbed.spaces.expression import Expression
from nasbed.spaces.resolving import dags, graph_of

_GAP, _HEAD = 24.0, 30.0
_ACROSS = 4  # panels side by side
_SIZE = re.compile(r'width="([0-9.]+)" height="([0-9.]+)"')


def levels(whole: Expression) -> list[tuple[str, Graph]]:
    """Return the panels of the picture, each with its title: the whole, and each dag that stands in it, once."""
    cells = [cell for cell in dags(whole) if cell is not whole]
    titles = _titles([cell.label or "cell" for cell in cells])
    boxes = {id(cell): title for cell, title in zip(cells, titles, strict=True)}
    panels = [("the whole", graph_of(whole, boxes))] if not cells or whole is not cells[0] else []
    for cell, title in zip(cells, titles, strict=True):
        inner = {key: name for key, name in boxes.items() if key != id(cell)}
        panels.append((f"{title} {cell.shape}".rstrip(), graph_of(cell, inner)))
    return panels


def svg(whole: Expression) -> str:
    """Draw a resolved expression as SVG text, panels in rows of four."""
    panels = [(title, graph.svg()) for title, graph in levels(whole)]
    drawn, y, width = list[str](), 0.0, 0.0
    for start in range(0, len(panels), _ACROSS):
        x, tallest = _GAP, 0.0
        for title, text in panels[start : start + _ACROSS]:
            across, down = _size(text)
            drawn += [
                _title(title, x, y + _HEAD - 10),
                text.replace("<svg ", f'<svg x="{x:.0f}" y="{y + _HEAD:.0f}" ', 1),
            ]
            x, tallest = x + max(across, 8.0 * len(title)) + _GAP, max(tallest, down)
        y, width = y + tallest + _HEAD, max(width, x)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{y + _GAP:.0f}" '
        f'viewBox="0 0 {width:.0f} {y + _GAP:.0f}" role="img">\n' + "\n".join(drawn) + "\n</svg>"
    )


def _titles(names: list[str]) -> list[str]:
    """Return names that differ: numbered where several are the same."""
    return [name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}" for i, name in enumerate(names)]


def _size(text: str) -> tuple[float, float]:
    found = _SIZE.search(text)
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _title(title: str, x: float, y: float) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-family="Helvetica, Arial, sans-serif" font-size="13" '
        f'font-weight="bold" fill="#7d8590">{escape(title)}</text>'
    )
