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
            help="Folders of 'nasbed compare --out' and of 'nasbed oneshot --out', and histories of 'nasbed search "
            "--out'; those of one benchmark under the same rules are compared.",
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
    from nasbed.oneshot.course import COURSE, Course
    from nasbed.report.page.chapters import chapters
    from nasbed.report.page.oneshot import chapter
    from nasbed.report.page.page import door, write_chapters
    from nasbed.statistics.reading import read

    door(out)
    with progress("writing"):
        courses = [Course.read(run) for run in runs if (run / COURSE).is_file()]
        others = [run for run in runs if not (run / COURSE).is_file()]
        found = read(others, [name.replace("-", "_") for name in differing or ()]) if others or not courses else {}
        named = found if len(found) + len(courses) > 1 else dict(zip([""], found.values(), strict=False))
        written = chapters(named, []) if named else []
        written += [chapter(one, i, len(named) + len(courses) == 1) for i, one in enumerate(courses)]
        places = [one.benchmark for one in found.values()] + [one.described["name"] for one in courses]
        write_chapters(written, out, title or f"Searches on {', '.join(dict.fromkeys(places))}", author, notes)
    searches = sum(len(comparison.histories) for comparison in found.values()) + len(courses)
    if json:
        print_json({"page": str(out), "searches": searches, "benchmarks": list(dict.fromkeys(places))})
        return
    print_text(
        f"the page: {out}, {searches} search{'es' if searches > 1 else ''} on {'; '.join(dict.fromkeys(places))}"
    )
