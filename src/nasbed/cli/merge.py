"""``nasbed merge``: from the stores of several workers to one store and its table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import print_json, print_text, progress
from nasbed.cli.door import same_command
from nasbed.cli.generate import made, print_made
from nasbed.cli.options import Json


def command(
    stores: Annotated[list[Path], typer.Argument(help="The stores of one campaign.")],
    out: Annotated[Path, typer.Option(help="The table to make; the merged store is beside it.")] = Path("table.arrow"),
    store: Annotated[Path | None, typer.Option(help="The merged store; OUT.sqlite.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Make a table of an unfinished campaign, too, with NaN for the rest.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring together what the workers of one campaign have measured, and make the table if it is all there."""
    from nasbed.factory.generate import store_of
    from nasbed.factory.merge import merge

    with progress("merging"):
        table, missing = merge(stores, out, store=store, partial=partial, command=same_command())
    kept = store_of(out) if store is None else store
    if json:
        print_json({"store": str(kept), "missing": missing, "table": None if table is None else made(table)})
        return
    if table is not None:
        print_made(table)
    if missing:
        print_text(f"{kept}: {missing:,} units are missing; 'nasbed generate' with --out {out} goes on with them")
