"""``nasbed import``: from a published file or folder to a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import Json, print_facts, print_json, progress

if TYPE_CHECKING:
    from nasbed.tables.opening import AnyTable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", epilog="Example: nasbed import nasbench_full.tfrecord")(command)


def command(
    file: Annotated[
        Path,
        typer.Argument(
            help="A TFRecord file of NAS-Bench-101; a NATS-…-simple folder or .pth file of NAS-Bench-201; a CSV file."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Also write the table here.")] = None,
    meaning: Annotated[
        Path | None,
        typer.Option(help="TOML file: what the columns of a CSV file mean; public ones are known."),
    ] = None,
    into: Annotated[
        str | None, typer.Option(help="Put the columns of a CSV file beside this table, by architecture, instead.")
    ] = None,
    json: Json = False,
) -> None:
    """Import a published file, every checksum verified, into the cache, where its path and its name find it again."""
    from nasbed.core.errors import BadSetting
    from nasbed.core.files import check_place
    from nasbed.tables.curves.table import CurveTable

    if out is not None:
        check_place(out)
    if into is not None:
        if out is not None or file.suffix.lower() != ".csv":
            raise BadSetting(
                "--into puts the columns of a CSV file beside a table; it takes no other file and no --out"
            )
        found = _attached(file, into, meaning)
    else:
        with progress("importing") as move:
            found = _imported(file, move, meaning)
        if out is not None:
            found = found.copy(out)
    facts: dict[str, Any] = {"table": str(found.path), "architectures": len(found)}
    if isinstance(found, CurveTable):
        facts |= {"trainings": list(found.groups), "attached": list(found.attached)}
    else:
        facts |= {"budgets": list(found.budgets), "repeats": found.repeats}
    described = found.describe()
    facts |= {"bytes": described["bytes"], "beside": described["beside"]}
    facts |= {"warnings": described["warnings"]} if isinstance(found, CurveTable) else {}
    facts |= {"provenance": found.provenance}
    print_json(facts) if json else print_facts(facts)


def _imported(file: Path, move: Any, meaning: Path | None) -> AnyTable:
    """Import into the cache by what the file is."""
    from nasbed.core.errors import BadSetting
    from nasbed.tables.cache import table_for
    from nasbed.tables.curves.cache import SUFFIXES, curves_for

    if file.is_dir() or file.suffix.lower() in SUFFIXES:
        return curves_for(file, move, meaning)
    if meaning is not None:
        raise BadSetting(f"{file} says itself what its numbers mean; --meaning is for CSV files")
    return table_for(file, move)


def _attached(file: Path, into: str, meaning: Path | None) -> AnyTable:
    """Put columns beside the table of a name or a path."""
    from nasbed.cli.values import any_table
    from nasbed.core.errors import BadSetting
    from nasbed.tables.curves.csv import attach_csv
    from nasbed.tables.curves.table import CurveTable

    table = any_table(into, "given columns").table
    if not isinstance(table, CurveTable):
        raise BadSetting(f"{into} is no table of NAS-Bench-201 or NATS-Bench; use nasbed.tables.build.append_column")
    return attach_csv(table, file, meaning)
