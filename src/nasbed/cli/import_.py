"""``nasbed import``: from a published file or folder to a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_facts, print_json, progress
from nasbed.cli.options import Json
from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.readers.csv import Declaration

CSV = "nasbed import my.csv --space nasbench201 --architecture cell --measure val_acc:metric=accuracy,unit=percent"


def command(
    file: Annotated[
        Path,
        typer.Argument(
            help="A TFRecord file of NAS-Bench-101; a NATS-…-simple folder or .pth file of NAS-Bench-201; the "
            "JSON file of NAS-Bench-Macro; a CSV file."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Also write the table here.")] = None,
    space: Annotated[str | None, typer.Option(help="Of a CSV file: the space of its architectures.")] = None,
    architecture: Annotated[
        str | None, typer.Option(help="Of a CSV file: the column that has them, as the space reads them.")
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            help="Of a CSV file: COLUMN:data=…,metric=…,split=valid,unit=percent,goal=max,… what a column means; again "
            "for more. split is train, valid, test or none; unit percent, fraction, seconds, … or 1; goal max or min; "
            "also epochs, seeds, recipe, role (told, reported, cost, detail), missing (a number that stands for none)."
        ),
    ] = None,
    meaning: Annotated[Path | None, typer.Option(help="The same in a TOML file; public CSV files are known.")] = None,
    into: Annotated[
        str | None, typer.Option(help="Put the columns of a CSV file beside this table, by architecture, instead.")
    ] = None,
    json: Json = False,
) -> None:
    """Import a published file, every checksum verified, into the cache, where its path and its name find it again."""
    from nasbed.core.files import check_place
    from nasbed.tables.cache import table_for

    if out is not None:
        check_place(out)
    declared = _declared(file, space, architecture, measure or [], meaning)
    if file.suffix.lower() != ".csv" and (declared or into):
        raise BadSetting(f"{file} says itself what its numbers mean; --into and what columns mean are for CSV files")
    if into is not None:
        from nasbed.cli.values import table_of
        from nasbed.tables.csv_import import attach_csv

        if out is not None:
            raise BadSetting("--into puts columns beside a table, which is not written; it takes no --out")
        found = attach_csv(table_of(into, "given columns"), file, declared)
    else:
        with progress("importing") as move:
            found = table_for(file, move, declared, check=True)
        if out is not None:
            found = found.copy(out)
    described = found.describe()
    shown = ("rows", "measurements", "bytes", "beside", "warnings", "provenance")
    facts: dict[str, Any] = {"table": str(found.path), "architectures": len(found), "trainings": list(found.groups)}
    facts |= {"attached": list(found.attached), **{name: described[name] for name in shown}}
    print_json(facts) if json else print_facts(facts)


def _declared(
    file: Path, space: str | None, architecture: str | None, measure: list[str], meaning: Path | None
) -> Declaration | None:
    """Return what is said of a CSV file's columns; None for nothing."""
    from nasbed.readers.csv import read_declaration, said_in_words

    if meaning is not None:
        if space or architecture or measure:
            raise BadSetting("--meaning says what --space, --architecture and --measure say; give it without them")
        return read_declaration(meaning, file.name)
    if space and architecture and measure:
        return said_in_words(space, architecture, measure, file.name)
    if space or architecture or measure:
        raise BadSetting(f"--space, --architecture and --measure go together, as in: {CSV}")
    return None
