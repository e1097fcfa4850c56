"""``nasbed export``: a table for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import print_json, print_text, progress
from nasbed.cli.options import Json


def command(
    table: Annotated[str, typer.Argument(help="A benchmark's name, or the path of a table.")],
    out: Annotated[Path, typer.Argument(help="The file; .tfrecord (as published), .parquet or .csv.")],
    json: Json = False,
) -> None:
    """Write a table as TFRecord, which NAS-Bench-101's published API reads, as Parquet or as CSV."""
    from nasbed.cli.values import table_of
    from nasbed.tables.exporting import export

    found = table_of(table, "exported")
    with progress("exporting") as move:
        export(found, out, move)
    size = out.stat().st_size
    print_json({"file": str(out), "bytes": size}) if json else print_text(f"{out}: {size:,} bytes")
