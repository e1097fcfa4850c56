"""``nasbed report``: what searches left on disk, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import print_json, print_text, progress
from nasbed.cli.options import Author, Json, Notes, Title


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of 'nasbed compare --out', and histories of 'nasbed search --out'; those of one benchmark "
            "under the same rules are compared.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    differing: Annotated[
        list[str] | None,
        typer.Option(help="A setting that is studied, such as epochs: searches that differ in it are compared, too."),
    ] = None,
    title: Title = None,
    author: Author = None,
    notes: Notes = None,
    json: Json = False,
) -> None:
    """Write one HTML file with interactive figures, tables, drawings and what was run; it needs no network."""
    from nasbed.report.page.page import door, write
    from nasbed.statistics.reading import read

    door(out)
    with progress("writing"):
        found = read(runs, [name.replace("-", "_") for name in differing or ()])
        write(found if len(found) > 1 else next(iter(found.values())), out, title, author=author, notes=notes)
    searches = sum(len(comparison.histories) for comparison in found.values())
    if json:
        print_json({"page": str(out), "searches": searches, "benchmarks": list(found)})
        return
    print_text(f"the page: {out}, {searches} search{'es' if searches > 1 else ''} on {'; '.join(found)}")
