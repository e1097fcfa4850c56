"""``nasbed verify``: is a file what was written?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import print_facts, print_json, progress
from nasbed.cli.options import Json


def command(
    table: Annotated[
        str, typer.Argument(help="A benchmark's name, or the path of a table or of what tables are imported from.")
    ],
    json: Json = False,
) -> None:
    """Read all of a table or of a published file and compare it with its checksums."""
    from nasbed.tables.cache import import_table, is_published

    path = Path(table)
    if is_published(path) and path.suffix.lower() != ".csv":
        with tempfile.TemporaryDirectory() as folder, progress("verifying") as move:
            made = import_table(path, Path(folder) / "table.arrow", move)
            facts = {"file": table, "architectures": len(made), **made.provenance}
    else:
        from nasbed.cli.values import table_of

        found = table_of(table, "verified")
        found.verify()
        facts = {
            "file": str(found.path),
            "beside": [companion.path.name for companion in found.beside.companions.values()],
            "architectures": len(found),
            "checksum": found.checksum,
            "missing": found.missing,
        }
    verified = "yes, all that is here" if facts.get("missing") else "yes, all of it"
    print_json({**facts, "verified": True}) if json else print_facts({**facts, "verified": verified})
