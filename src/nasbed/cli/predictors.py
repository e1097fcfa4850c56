"""``nasbed predictors``: the predictor study, on tables: predictors × training sizes × fidelities × draws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_json, print_note, print_table, print_text, print_warnings, progress
from nasbed.cli.door import same_command
from nasbed.cli.options import Address, Author, Json, Notes, Title, panel, place
from nasbed.cli.words import in_words
from nasbed.core.errors import Interrupted

if TYPE_CHECKING:
    from nasbed.studies.prediction.results import PredictorResults
    from nasbed.studies.prediction.study import PredictorStudy

learning = panel("What is tried")


def command(
    benchmark: Annotated[
        list[str] | None, typer.Argument(help="Tables: names, settings if need be, or paths; digits101 if none.")
    ] = None,
    predictor: Annotated[
        list[str] | None,
        learning("A name, with settings if need be: NAME:key=value; more than once; five, if installed, if not given."),
    ] = None,
    sizes: Annotated[str, learning("From how many architectures they learn.")] = "25,50,100,200,400",
    epochs: Annotated[
        str | None, learning("Fidelities: epochs of the values that are learned from; the most if not given.")
    ] = None,
    early: Annotated[
        str, learning("Epochs after which values of all architectures are read beside their structure: none,4,4+12.")
    ] = "none",
    draws: Annotated[int, learning("How often training sets are drawn.")] = 20,
    seed: Annotated[int, learning("Of the draws.")] = 0,
    published: Annotated[
        str | None,
        learning("Test sets of published protocols beside the standard ones, which leak; --list says which."),
    ] = None,
    most: Annotated[int, learning("So many of a test set are predicted at most.")] = 20_000,
    out: Annotated[Path | None, typer.Option(help="The folder; predictors-TABLE if not given.")] = None,
    executor: Annotated[str, place("Where predictors learn; 'nasbed list executors'.")] = "processes",
    workers: Annotated[int | None, place("Parts at a time; the executor's choice if not given.")] = None,
    address: Address = None,
    title: Title = None,
    author: Author = None,
    notes: Notes = None,
    forms: Annotated[str, typer.Option(help="Of the figures: png, svg, pdf.")] = "png,svg,pdf",
    list_: Annotated[bool, typer.Option("--list", help="List the test sets and what leaks in each.")] = False,
    json: Json = False,
) -> None:
    """Study how well predictors rank what they have not learned from, on three test sets, and what that costs.

    The test sets are all other architectures, those of functions that were not learned from, and one for each of these.
    Stopped in any way, the same command goes on where it was.
    """
    from nasbed.studies.prediction.study import PredictorStudy, early_of
    from nasbed.studies.prediction.testsets import TEST_SETS

    if list_:
        about = {name: [one.about, one.leak or "nothing"] for name, one in TEST_SETS.items()}
        print_json(about) if json else print_table(
            ["test set", "what it is", "what leaks"], [[name, *said] for name, said in about.items()]
        )
        return
    study = PredictorStudy.of(
        benchmark or ["digits101"],
        predictor,
        _integers(sizes, "--sizes"),
        epochs=[None] if epochs is None else _integers(epochs, "--epochs"),
        early=early_of(early),
        draws=draws,
        seed=seed,
        published=[] if published is None else [name.strip() for name in published.split(",")],
        most=most,
    )
    _show(study, out or Path(study.name), executor, workers, address, (title, author, notes), forms, json)


def _integers(text: str, what: str) -> list[int]:
    from nasbed.cli.values import integers

    return integers(text, what)


def _show(
    study: PredictorStudy,
    folder: Path,
    executor: str,
    workers: int | None,
    address: str | None,
    said: tuple[str | None, str | None, str | None],
    forms: str,
    json: bool,
) -> None:
    """Play the study, and show and write what came of it."""
    from nasbed.report.figures import prepared
    from nasbed.studies.prediction.reporting import report

    drawn = prepared(folder, [form.strip() for form in forms.split(",")])
    with progress("predicting", remaining=False) as move:
        results = study.run(
            drawn,
            executor=executor,
            workers=workers,
            executor_settings={} if address is None else {"address": address},
            command=same_command(),
            progress=lambda status: move(status.share, in_words(status, "parts")),
        )
    try:
        with progress("reporting"):
            written = report(results, *said, [form.strip() for form in forms.split(",")])
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; what was played is kept in {folder}; to go on: {same_command()}") from None
    if json:
        words = ("tau", "rho", "rmse", "n")
        ceilings = {name: dict(zip(words, results.ceiling(name), strict=True)) for name in results.benchmarks}
        print_json(
            {
                "summary": results.summary,
                "ceilings": ceilings,
                "warnings": results.warnings,
                "failures": dict(results.failures),
            }
        )
    else:
        _print(results)
        print_note(f"report: {len(written)} files in {folder / 'report'}", apart=True)
    if results.missing:
        raise typer.Exit(1)


def _print(results: PredictorResults) -> None:
    """Print a table of each benchmark, then what one should know."""
    from nasbed.studies.prediction.chapter import written_of

    for number, name in enumerate(results.benchmarks):
        if number:
            print()
        columns = [f"{one}/tau" for one in results.study.sets]
        columns += [f"unseen-functions/{one}" for one in ("rho", "best10", "coverage")]
        headers = ["predictor", "learned from", *(f"τ, {one.replace('-', ' ')}" for one in results.study.sets)]
        headers += ["ρ, unseen", "best of top 10, unseen", "within 90 %, unseen", "learn, s", "query 1,000, s"]
        rows = [
            [
                label,
                f"{row['size']:,}",
                *(written_of(results, name, row, column) for column in columns),
                *("–" if row.get(one) is None else f"{row[one]:.2g}" for one in ("fit", "query")),
            ]
            for label, some in results.lines(name).items()
            for row in some
        ]
        print_table(headers, rows, f"{name}: mean ± deviation over {results.study.draws} draws")
        print()
        print_text(results.sentence(name))
        tau, _, _, twins = results.ceiling(name)
        if twins:
            print_text(f"{twins:,} have twins, which predict each other with τ {tau:.3f}: what is better has seen them")
    names = {cell.hash: cell.name for cell in results.study.cells}
    for unit, reason in list(results.failures.items())[:5]:
        print_text(f"not played: {names.get(unit.partition('-')[0], unit)}: {reason}")
    print_warnings(results.warnings)
