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
            help="Folders of 'nasbed compare --out', 'nasbed oneshot --out' and 'nasbed predictors --out', and "
            "histories of 'nasbed search --out'; those of one benchmark under the same rules are compared.",
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
    from nasbed.studies.prediction.chapter import chapters as of_predictors
    from nasbed.studies.prediction.reporting import is_study, results_in

    door(out)
    with progress("writing"):
        courses = [Course.read(run) for run in runs if (run / COURSE).is_file()]
        ranked = [results_in(run) for run in runs if is_study(run)]
        others = [run for run in runs if not (run / COURSE).is_file() and not is_study(run)]
        alone = len(courses) + len(ranked)  # which are chapters of their own
        found = read(others, [name.replace("-", "_") for name in differing or ()]) if others or not alone else {}
        named = found if len(found) + alone > 1 else dict(zip([""], found.values(), strict=False))
        written = chapters(named, []) if named else []
        written += [chapter(one, i, len(named) + alone == 1) for i, one in enumerate(courses)]
        for i, one in enumerate(ranked):
            written += of_predictors(one, f"predictors{i}-", len(named) + alone == 1)
        places = [one.benchmark for one in found.values()] + [one.described["name"] for one in courses]
        places += [name for one in ranked for name in one.benchmarks]
        what = "Searches" if found or courses else "Predictors"
        write_chapters(written, out, title or f"{what} on {', '.join(dict.fromkeys(places))}", author, notes)
    searches = sum(len(comparison.histories) for comparison in found.values()) + len(courses)
    if json:
        print_json({"page": str(out), "searches": searches, "benchmarks": list(dict.fromkeys(places))})
        return
    counted = [f"{searches} search{'es' if searches > 1 else ''}"] if searches else []
    counted += [f"{len(ranked)} stud{'ies' if len(ranked) > 1 else 'y'} of predictors"] if ranked else []
    print_text(f"the page: {out}, {' and '.join(counted)} on {'; '.join(dict.fromkeys(places))}")
