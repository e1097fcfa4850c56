"""``nasbed import``: from a published file to a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import Json, print_facts, print_json, progress


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", epilog="Example: nasbed import nasbench_full.tfrecord")(command)


def command(
    file: Annotated[Path, typer.Argument(help="A TFRecord file of NAS-Bench-101, or one of its format.")],
    out: Annotated[Path | None, typer.Option(help="Also write the table here.")] = None,
    json: Json = False,
) -> None:
    """Import a published file, every checksum verified, into the cache, where its path and its name find it again."""
    from nasbed.core.files import check_place
    from nasbed.tables.cache import table_for

    if out is not None:
        check_place(out)
    with progress("importing") as move:
        table = table_for(file, move)
    if out is not None:
        table = table.copy(out)
    facts = {
        "table": str(table.path),
        "architectures": len(table),
        "budgets": list(table.budgets),
        "repeats": table.repeats,
        "bytes": table.path.stat().st_size,
        "beside": table.describe()["beside"],
        "provenance": table.provenance,
    }
    print_json(facts) if json else print_facts(facts)
