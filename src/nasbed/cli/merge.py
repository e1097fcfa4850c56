"""``nasbed merge``: from the stores of several workers to one store and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.door import same_command
from nasbed.cli.generate import print_made


def command(
    stores: Annotated[list[Path], typer.Argument(help="The stores of one campaign.")],
    out: Annotated[Path, typer.Option(help="The table to make; the merged store is beside it.")] = Path("table.arrow"),
    store: Annotated[Path | None, typer.Option(help="The merged store; OUT.sqlite.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Make a table of an unfinished campaign, too, with NaN for the rest.")
    ] = False,
) -> None:
    """Bring together what the workers of one campaign have measured, and make the table if it is all there."""
    from nasbed.factory.generate import store_of
    from nasbed.factory.merge import merge

    table, missing = merge(stores, out, store=store, partial=partial, command=same_command())
    if table is not None:
        print_made(table)
    if missing:
        kept = store_of(out) if store is None else store
        print(f"{kept}: {missing:,} units are missing; 'nasbed generate' with --out {out} goes on with them")
