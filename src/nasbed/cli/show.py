"""``nasbed show``: one architecture, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_facts, print_json
from nasbed.cli.options import Edges, Json, Operations, Vertices
from nasbed.core.errors import BadSetting, InvalidArchitecture, MissingExtra, UnknownName

if TYPE_CHECKING:
    from nasbed.core.graph import Graph
    from nasbed.core.records import Archs
    from nasbed.core.space import Space


def command(
    architecture: Annotated[str, typer.Argument(help="As 'nasbed query' and histories write it, or as published.")],
    space: Annotated[str, typer.Option(help="Of which space: its name, its file or a table's.")] = "nasbench101",
    vertices: Vertices = None,
    edges: Edges = None,
    operations: Operations = None,
    svg: Annotated[Path | None, typer.Option(help="Draw it to this file.")] = None,
    dot: Annotated[bool, typer.Option("--dot", help="Print Graphviz DOT text alone.")] = False,
    json: Json = False,
) -> None:
    """Show an architecture: its graph, its published names, its parameters in the published network."""
    from nasbed.cli.values import space_around
    from nasbed.core.files import replacing

    where = space_around(architecture, space, vertices, edges, operations)
    arch = where.parse(architecture)
    graph = where.graph(arch)
    if svg is not None:
        with replacing(svg) as beside:
            beside.write_text(where.svg(arch), encoding="utf-8")
    facts: dict[str, Any] = {"architecture": where.format(arch), **where.facts(arch)}
    facts |= {"vertices": graph.vertices, "edges": len(graph.edges), **_costs(where, arch)}
    if json:
        print_json({**facts, "adjacency": graph.adjacency, "operations": graph.labels})
    elif dot:
        print(graph.dot())
    else:
        print_facts(facts)
        levels = where.levels(arch)
        for title, level in levels:
            print(f"\n{title}" if len(levels) > 1 else "")
            _print(level)
    if svg is not None and not json and not dot:
        print(f"\ndrawn to {svg}")


def _print(graph: Graph) -> None:
    """Print a line for each vertex, with those that it leads to."""
    digits, wide = len(str(graph.vertices - 1)), max(map(len, graph.labels))
    for v, label in enumerate(graph.labels):
        onwards = ", ".join(map(str, graph.successors(v)))
        effect = "" if v in graph.live or v in (0, graph.vertices - 1) else "  (no effect)"
        print(f"  {v:>{digits}}  {label:<{wide}}" + (f"  → {onwards}" if onwards else "") + effect)


def _costs(space: Space, arch: Archs) -> dict[str, int | None]:
    """Count parameters and operations of the published network for CIFAR-10; None where they cannot be told."""
    from nasbed.nets.costs import COUNTINGS, flops, params

    try:
        counts = {f"flops ({counting})": int(flops(space, arch[None], counting=counting)[0]) for counting in COUNTINGS}
        return {"trainable parameters": int(params(space, arch[None])[0]), **counts}
    except (UnknownName, BadSetting, InvalidArchitecture, MissingExtra):
        return {"trainable parameters": None}
