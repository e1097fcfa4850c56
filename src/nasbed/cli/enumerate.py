"""``nasbed enumerate``: every architecture of a space, once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_json, print_table, print_text, progress
from nasbed.cli.options import Edges, Json, Operations, Vertices
from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.core.space import Space
    from nasbed.spaces.nasbench101 import NASBench101


def command(
    space: Annotated[str, typer.Argument(help="The space: its name or its file.")] = "nasbench101",
    out: Annotated[
        Path | None,
        typer.Option(help="Write them here: .json as published, .parquet or .csv with parameters."),
    ] = None,
    vertices: Vertices = None,
    edges: Edges = None,
    operations: Operations = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every isomorphism exactly, and look for colliding hashes.")
    ] = False,
    json: Json = False,
) -> None:
    """Enumerate the different architectures of a space, and count or write them."""
    from nasbed.cli.values import module_space
    from nasbed.spaces.nasbench101 import NASBench101

    where = module_space(space, vertices, edges, operations)
    is_modules = isinstance(where, NASBench101)
    if verify and not is_modules:
        raise BadSetting(f"--verify compares published hashes of modules, which {where.name} does not have")
    if out is not None:
        with progress("writing"):
            written = _written(where, out, verify)
        facts = {"file": str(out), "architectures": written}
        print_json(facts) if json else print_text(f"{written:,} architectures written to {out}")
        return
    with progress("counting"):
        found: dict[str, Any] = _modules(where, verify) if isinstance(where, NASBench101) else {**_numbered(where)}
    if json:
        print_json({"space": where.name, **found})
        return
    if not is_modules:
        print_table([where.name, "count"], [[name.replace("_", " "), f"{count:,}"] for name, count in found.items()])
        return
    rows = [[vertices, f"{count:,}", f"{found['up_to'][vertices]:,}"] for vertices, count in found["vertices"].items()]
    print_table(["vertices", "architectures", "up to here"], rows)
    if found["collisions"] is not None:
        print_text(f"verified; {found['collisions']:,} pairs of different modules share a published hash")


def _written(where: Space, out: Path, verify: bool) -> int:
    """Write the architectures of a space, and return how many they are."""
    from nasbed.factory.listing import write_enumeration, write_space
    from nasbed.spaces.nasbench101 import NASBench101

    if isinstance(where, NASBench101):
        return write_enumeration(where, out, verify=verify)
    return write_space(where, out)


def _numbered(where: Space) -> dict[str, int]:
    """Count the architectures of a space that numbers them."""
    if where.size is None:
        raise BadSetting(f"the space {where.name} does not number its architectures, so they cannot be counted")
    found = {"architectures": where.size}
    return {**found, "different_by_key": len(where.unique())} if where.is_enumerable else found


def _modules(where: NASBench101, verify: bool) -> dict[str, Any]:
    """Count the modules of each number of vertices, and, where that is asked for, the colliding hashes."""
    import numpy as np

    from nasbed.spaces.enumeration import enumerate_modules

    modules = enumerate_modules(where.vertices, where.edges, len(where.operations), verify=verify)
    counts = np.bincount(modules.vertices, minlength=where.vertices + 1)
    totals = np.cumsum(counts)
    sizes = range(2, where.vertices + 1)
    return {
        "vertices": {str(v): int(counts[v]) for v in sizes},
        "up_to": {str(v): int(totals[v]) for v in sizes},
        "collisions": None if modules.collisions is None else len(modules.collisions),
    }
