"""``nasbed reproduce``: a published study played again, ours beside published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_json, print_table, print_text, progress
from nasbed.cli.options import Json

if TYPE_CHECKING:
    from nasbed.studies.reproduction import Reproduction


def command(
    name: Annotated[str | None, typer.Argument(help="The study's name; lists them all if not given.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="The published results that it needs, if they are not imported yet.")
    ] = None,
    runs: Annotated[int | None, typer.Option(help="Repetitions; as many as published if not given.")] = None,
    seed: Annotated[int, typer.Option(help="Of the whole study.")] = 0,
    json: Json = False,
) -> None:
    """Play a published study again and print ours beside published; exit code 1 when a figure is outside."""
    from nasbed.studies.reproduction import STUDIES, described, reproduce

    if name is None:
        about = {study: described(study) for study in STUDIES}
        print_json(about) if json else print_table(["study", "what it is"], [[*one] for one in about.items()])
        return
    with progress("reproducing") as move:
        found = reproduce(name, data=data, runs=runs, seed=seed, progress=move)
    print_json(found.as_dict()) if json else _print(found)
    if not found.within:
        raise typer.Exit(1)


def _print(found: Reproduction) -> None:
    def number(value: float) -> str:
        return f"{value:.{found.digits}f}"

    rows = [
        [
            line.what,
            number(line.ours),
            number(line.published),
            f"{line.difference:+.{found.digits}f}",
            f"± {line.tolerance:.{found.digits + 1}f}",
            "within" if line.within else "OUTSIDE",
        ]
        for line in found.lines
    ]
    headers = ["", f"ours, {found.unit}", f"published, {found.unit}", "difference", "tolerance", ""]
    print_table(headers, rows, found.title)
    print()
    print_text(f"published: {found.source}")
    for note in found.notes:
        print_text(f"note: {note}")
    outside = sum(not line.within for line in found.lines)
    counted = (
        f"{outside} of {len(found.lines)} figures are outside"
        if outside
        else f"all {len(found.lines)} figures are within"
    )
    print_text(f"{counted} their tolerances")
