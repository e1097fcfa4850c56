"""``nasbed reproduce``: a published study played again, ours beside published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_json, print_table, print_text, progress
from nasbed.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from nasbed.studies.reproduction import Line, Reproduction


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
    def number(value: float | None, spread: float | None = None, sign: str = "") -> str:
        if value is None:
            return "–"
        text = f"{value:{sign}.{found.digits}f}"
        return text if spread is None else f"{text} ± {spread:.{found.digits}f}"

    parts = dict.fromkeys(line.part for line in found.lines)
    for part in parts:
        lines = [line for line in found.lines if line.part == part]
        judged, remarked = any(line.compared for line in lines), any(line.remark for line in lines)
        headers = ["", f"ours, {found.unit}", f"published, {found.unit}"]
        headers += ["difference", "tolerance", ""] * judged + ["what ours is"] * remarked
        rows = [
            [line.what, number(line.ours, line.spreads.ours), number(line.published, line.spreads.published)]
            + _judged(line, number, found.digits) * judged
            + [line.remark] * remarked
            for line in lines
        ]
        print_table(headers, rows, part or found.title)
        print()
    print_text(f"published: {found.source}")
    for note in found.notes:
        print_text(f"note: {note}")
    compared, outside = found.compared, sum(not line.within for line in found.lines)
    if not compared:
        print_text("no figure is compared with a published one")
        return
    counted = (
        f"{outside} of {len(compared)} figures are outside" if outside else f"all {len(compared)} figures are within"
    )
    print_text(f"{counted} their tolerances")


def _judged(line: Line, number: Callable[..., str], digits: int) -> list[str]:
    """Write the difference of a figure, its tolerance and the verdict; nothing where it is not compared."""
    if not line.compared or line.tolerance is None:
        return ["", "", ""]
    verdict = "within" if line.within else "OUTSIDE"
    return [number(line.difference, sign="+"), f"± {line.tolerance:.{digits + 1}f}", verdict]
