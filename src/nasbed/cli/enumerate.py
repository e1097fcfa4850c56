"""``nasbed enumerate``: every architecture of a space, once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_table
from nasbed.cli.options import Edges, Operations, Vertices
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
) -> None:
    """Enumerate the different architectures of a space, and count or write them."""
    from nasbed.cli.values import module_space
    from nasbed.spaces.nasbench101 import NASBench101

    where = module_space(space, vertices, edges, operations)
    if isinstance(where, NASBench101):
        _modules(where, out, verify)
    else:
        _numbered(where, out, verify)


def _numbered(where: Space, out: Path | None, verify: bool) -> None:
    """Count or write the architectures of a space that numbers them."""
    from nasbed.factory.listing import write_space

    if verify:
        raise BadSetting(f"--verify compares published hashes of modules, which {where.name} does not have")
    if out is not None:
        print(f"{write_space(where, out):,} architectures written to {out}")
        return
    if where.size is None:
        raise BadSetting(f"the space {where.name} does not number its architectures, so they cannot be counted")
    rows = [["architectures", f"{where.size:,}"]]
    if where.is_enumerable:
        rows.append(["different by key", f"{len(where.unique()):,}"])
    print_table([where.name, "count"], rows)


def _modules(where: NASBench101, out: Path | None, verify: bool) -> None:
    """Count the modules of each size, or write them."""
    if out is not None:
        from nasbed.factory.listing import write_enumeration

        print(f"{write_enumeration(where, out, verify=verify):,} architectures written to {out}")
        return
    import numpy as np

    from nasbed.spaces.enumeration import enumerate_modules

    modules = enumerate_modules(where.vertices, where.edges, len(where.operations), verify=verify)
    counts = np.bincount(modules.vertices, minlength=where.vertices + 1)
    totals = np.cumsum(counts)
    rows = [[str(v), f"{counts[v]:,}", f"{totals[v]:,}"] for v in range(2, where.vertices + 1)]
    print_table(["vertices", "architectures", "up to here"], rows)
    if modules.collisions is not None:
        print(f"verified; {len(modules.collisions)} pairs of different modules share a published hash")
