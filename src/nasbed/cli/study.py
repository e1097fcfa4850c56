"""``nasbed study``: optimizers × benchmarks × settings × repetitions, from a TOML file or from words."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_json, print_note, print_table, print_text, print_warnings, progress
from nasbed.cli.door import same_command
from nasbed.cli.options import Address, Author, Json, Notes, Title, place
from nasbed.cli.searching import Given, budgeted, search_options
from nasbed.cli.words import duration, in_words, mean_shown, runs_shown, shown
from nasbed.core.errors import BadSetting, Interrupted
from nasbed.run.settings import SearchSettings

if TYPE_CHECKING:
    from nasbed.studies.oneshot_study import OneShotStudy
    from nasbed.studies.results import Results
    from nasbed.studies.study import Study

_SHOWN = 40  # cells; beyond that a table is for programs, and the best are enough
_BEST = 10


@search_options(SearchSettings(runs=100), without=("workers", "first_run", "patience"))
def command(
    what: Annotated[
        list[str], typer.Argument(help="A study's FILE.toml; or optimizers, with settings if need be: NAME:key=value.")
    ],
    given: Given,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="A benchmark's name or a table's path; several, if given again.")
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            help="Values to try: key=a,b,c or key=1..99..2; a key of the search, of optimizers, NAME.key; "
            "workers=1,4 are simulated ones."
        ),
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Which combinations of settings: 'selected <= tournament'.")
    ] = None,
    differing: Annotated[
        list[str] | None,
        typer.Option(help="A setting of the search that is studied: searches that differ in it are compared, too."),
    ] = None,
    keep: Annotated[
        str | None, typer.Option(help="trials, a row a trial, for curves; outcomes, a row a run, for sweeps.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder; the study's name if not given.")] = None,
    executor: Annotated[str, place("Where to play; 'nasbed list executors'.")] = "processes",
    workers: Annotated[int | None, place("Parts at a time; the executor's choice if not given.")] = None,
    address: Address = None,
    title: Title = None,
    author: Author = None,
    notes: Notes = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the cells and what they will take; play nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Play a study, each cell once, and report on it; what is done already is not done again.

    Stopped in any way, the same command goes on where it was. A changed study plays what has changed.
    """

    one_shot = _one_shot(what)
    if one_shot is not None:
        if given or benchmark or grid or where or differing or keep:
            raise BadSetting("a study of one-shot searches takes --out, --dry-run and --json; all else is in its file")
        _play_one_shot(one_shot, out or Path(one_shot.name), dry_run, json)
        return
    runs = given.pop("runs", None)
    study = _study(what, benchmark, where, given)
    study = _changed(study, grid or [], runs, keep, differing)
    place = out or Path(study.name)
    if dry_run:
        _print_plan(study, place, json)
        return
    with progress("studying", remaining=False) as move:
        results = study.run(
            place,
            executor=executor,
            workers=workers,
            executor_settings={} if address is None else {"address": address},
            command=same_command(),
            progress=lambda status: move(status.share, in_words(status, "parts")),
        )
    try:
        with progress("reporting"):
            written = results.report(title, author, notes)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; what was played is kept in {place}; to go on: {same_command()}") from None
    if json:
        print_json({"summary": results.summary, "warnings": results.warnings, "failures": dict(results.failures)})
    else:
        _print(results)
        print_note(f"report: {len(written)} files in {place / 'report'}")
    if results.missing:
        raise typer.Exit(1)


def _one_shot(what: list[str]) -> OneShotStudy | None:
    """Return a study of one-shot searches, by its name or out of its file; None where it is another."""
    import tomllib

    if len(what) > 1:
        return None
    from nasbed.studies.oneshot_study import NAMED, OneShotStudy

    if what[0] in NAMED:
        return NAMED[what[0]]
    path = Path(what[0])
    try:
        content = tomllib.loads(path.read_text("utf-8")) if path.suffix == ".toml" else {}
    except (OSError, ValueError):  # which is said where studies of searches are read
        return None
    return OneShotStudy.of(content, path.stem) if "oneshot" in content else None


def _play_one_shot(study: OneShotStudy, folder: Path, dry_run: bool, json: bool) -> None:
    from nasbed.cli.door import stopping
    from nasbed.core.errors import MissingExtra
    from nasbed.studies.oneshot_report import report, summary

    if dry_run:
        cells = [[variant.name, variant.space, method, str(seed)] for variant, method, seed in study.cells]
        print_json(cells) if json else print_table(["space", "what spells it", "method", "seed"], cells, study.name)
        return
    with progress("studying") as move, stopping() as stop:
        try:
            found = study.run(folder, stop=stop, progress=move)
        except Interrupted as error:
            raise Interrupted(f"{error}: {same_command()}") from None
    try:
        written = report(study, found, folder)
    except MissingExtra as error:
        written = []
        print_note(str(error))
    headers, rows = summary(found)
    if json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
        return
    print_table(headers, rows, study.name)
    print_warnings([study.note] if study.note else [])
    print_note(f"report: {len(written)} files in {folder / 'report'}")


def _study(what: list[str], benchmarks: list[str] | None, where: list[str] | None, search: Given) -> Study:
    """Read the study's file, or make a study of words; what is said beside a file goes before what is in it.

    Raises:
        BadSetting: When files and optimizers are mixed, or something is not allowed.
    """
    from nasbed.studies.study import Study

    files = [text for text in what if text.endswith(".toml")]
    if files and len(what) > 1:
        raise BadSetting("a study is one TOML file, or optimizers by name; not both, and not several files")
    if not files:
        words = {"optimizers": what, "benchmarks": benchmarks or ["digits101"], "search": budgeted(search)}
        return Study.of(words).with_conditions(where or [])
    study = Study.read(files[0])
    if benchmarks:
        study = replace(study, benchmarks=Study.of({"optimizers": "random", "benchmarks": benchmarks}).benchmarks)
    for key, value in search.items():
        study = study.with_grid(key, [value])
    return study.with_conditions(where or [])


def _changed(study: Study, grid: list[str], runs: int | None, keep: str | None, differing: list[str] | None) -> Study:
    """Lay the command line's grid over the study."""
    from nasbed.studies.reading import checked_differing, checked_keep
    from nasbed.studies.values import grid_of

    for text in grid:
        study = study.with_grid(*grid_of(text))
    if runs is not None and runs < 1:
        raise BadSetting(f"--runs is at least 1, not {runs}")
    studied = study.differing if differing is None else checked_differing([d.replace("-", "_") for d in differing])
    kept = study.keep if keep is None else checked_keep(keep)
    return replace(study, runs=runs or study.runs, keep=kept, differing=studied)


def _print_plan(study: Study, out: Path, json: bool) -> None:
    """List the cells, which of them are there, and what the others will take."""
    from nasbed.studies.door import estimate
    from nasbed.studies.results import Results

    results = Results.of(study, out)
    found = [(cell, cell.hash in results.files, estimate(cell, study.part)) for cell in study.cells]
    work = sum(guess.work for _, done, guess in found if not done)
    if json:
        cells = [
            {"cell": cell.name, "hash": cell.hash, "done": done, "spec": cell.spec}
            | {"evaluations": guess.evaluations, "seconds": guess.seconds, "core_seconds": guess.work}
            for cell, done, guess in found
        ]
        print_json({"cells": cells, "core_seconds": work, "stale": [str(path) for path in results.stale]})
        return
    rows = [
        [cell.name, "done" if done else "", f"{cell.runs:,}", f"{guess.evaluations:,.0f}", _time(guess.seconds)]
        for cell, done, guess in found[:_SHOWN]
    ]
    print_table(["cell", "done", "runs", "evaluations each", "simulated time each"], rows, study.title or study.name)
    if len(found) > _SHOWN:
        print_text(f"and {len(found) - _SHOWN:,} cells more; --json has them all")
    print()
    missing = sum(not done for _, done, _ in found)
    print_text(f"{len(found):,} cells, {missing:,} to play: about {duration(work)} of one core")
    if results.stale:
        print_text(f"{len(results.stale)} files in {out / 'cells'} are of an earlier form of the study, and not used")


def _time(seconds: float) -> str:
    return "–" if math.isnan(seconds) else duration(seconds)


def _print(results: Results) -> None:
    """Print a row a cell, or the best of many; then what one should know."""
    rows, metric = results.summary, results.metric
    regret = metric.endswith("regret")
    if len(rows) > _SHOWN:
        known = [row for row in rows if row[metric] is not None]
        rows = sorted(known, key=lambda row: row[metric] if regret else -row[metric])[:_BEST]
    search = [key for key in results.study.search if key in results.study.varied]
    measures = results.measures
    accuracies = all(found[name] == "accuracy" for found in measures.values() for name in ("test", metric))
    units = (" %", ", points") if accuracies else ("", "")
    headers = ["benchmark", "optimizer", *search, "trained", f"test{units[0]}", f"{metric.replace('-', ' ')}{units[1]}"]
    cells = [
        [
            str(row["benchmark"]),
            str(row["optimizer"]),
            *(str(row[key]) for key in search),
            f"{row['evaluations']:,.0f}",
            shown(row["test"], measures[str(row["benchmark"])]["test"]),
            mean_shown(row, metric, measures[str(row["benchmark"])][metric], "-low -high"),
        ]
        for row in rows
    ]
    title = f"{results.study.title or results.study.name}, {runs_shown(results.study.runs)} of each cell"
    many = len(rows) < len(results.summary)
    print_table(headers, cells, title + (f": the best of {len(results.summary):,} cells" if many else ""))
    print()
    for name, grid in results.grids().items():
        print_text(f"surface on {name}: {grid.sentence()}")
    for comparison in results.comparisons.values():
        print_text(f"{comparison.benchmark}: {comparison.separated().sentence()}")
    names = {cell.hash: cell.name for cell in results.study.cells}
    for unit, reason in list(results.failures.items())[:5]:
        print_text(f"not played: {names.get(unit.partition('-')[0], unit)}: {reason}")
    print_warnings(results.warnings)
