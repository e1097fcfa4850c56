"""``nasbed compare``: several methods on one benchmark, with the statistics to say which is better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli import fronts
from nasbed.cli.console import print_json, print_note, print_table, print_text, print_warnings, progress
from nasbed.cli.options import Author, Json, Log, Notes, Title
from nasbed.cli.searching import Given, budgeted, search_options
from nasbed.cli.words import mean_shown, percent, runs_shown, shown, standing
from nasbed.core.errors import BadSetting, NothingTrained
from nasbed.run.settings import SearchSettings

if TYPE_CHECKING:
    from nasbed.statistics.comparison import Comparison
    from nasbed.statistics.pareto_comparison import TradeOffs


_USUAL = SearchSettings(runs=500)


@search_options(_USUAL)
def command(
    optimizers: Annotated[list[str], typer.Argument(help="Names, with settings if need be: NAME:key=value,key=value.")],
    given: Given,
    benchmark: Annotated[
        str, typer.Option(help="A benchmark's name, a table's path or scored:FILE:PROXY.")
    ] = "digits101",
    out: Annotated[Path | None, typer.Option(help="Folder for figures, tables and histories.")] = None,
    forms: Annotated[str, typer.Option(help="Of the figures in the folder: png, svg, pdf.")] = "png,svg",
    report: Annotated[
        Path | None, typer.Option(help="One HTML file with interactive figures, tables and drawings.")
    ] = None,
    fresh_seed: Annotated[
        int | None, typer.Option(help="Play all once more under this seed, and say whether the findings agree.")
    ] = None,
    title: Title = None,
    author: Author = None,
    notes: Notes = None,
    log: Log = None,
    json: Json = False,
) -> None:
    """Compare searches under one budget: means with 95 % intervals, figures, and which are told apart."""
    import nasbed
    from nasbed.benchmarks.resolve import resolve
    from nasbed.report import folder
    from nasbed.report.page import page
    from nasbed.run.about import command_line
    from nasbed.statistics.fresh import fresh_seed as found_again

    kinds = [form.strip() for form in forms.split(",")]
    if report is not None and (out is None or report.parent != out):
        page.door(report)
    if report is None and (title or author or notes):
        raise BadSetting("--title, --author and --notes are of the page; name its file with --report")
    twice = {text for text in optimizers if optimizers.count(text) > 1}
    if twice:
        raise BadSetting(f"{', '.join(sorted(twice))} is given twice; a comparison needs different searches")
    answers = resolve(benchmark)
    if answers.live is not None and answers.live.trains:
        raise BadSetting(
            f"{answers.name} really trains, and a comparison would keep nothing of it before its end; play each search "
            "with nasbed search --out, and compare them with nasbed report"
        )
    methods = {text: nasbed.optimizer(text) for text in optimizers}
    if out is not None:
        folder.door(out, kinds)
        if report is not None:
            page.door(report)
    with progress("searching") as move:
        comparison = nasbed.compare(
            methods,
            answers,
            _USUAL.but(budgeted(given)),
            progress=lambda status: move(status.share, standing(status, answers)),
            log=log,
            fresh_seed=fresh_seed,
        )
    comparison = replace(comparison, command=command_line())
    with progress("writing"):
        written = [] if out is None else comparison.save(out, kinds)
        if report is not None:
            page.write(comparison, report, title, (answers,), author, notes)
    together = fronts.trade_offs_of(comparison, answers)
    if json:
        found = {"summary": comparison.summary(), "separation": comparison.separated().as_dict()}
        found |= {} if fresh_seed is None else {"fresh_seed": found_again(comparison).as_dict()}
        print_json(found | ({} if together is None else {"trade_offs": fronts.as_dict(together)}))
    else:
        _print(comparison, together)
        if out is not None:
            there = [path.name for path in written if path.parent == out]
            print_note(
                f"{len(written)} files in {out}: {', '.join(there)}, and in statistics and histories", apart=True
            )
        if report is not None:
            print_note(f"the page: {report}")
    if nothing := fronts.nothing_came(*comparison.histories.values()):
        raise NothingTrained(f"{nothing}, so there is nothing to compare")


def _print(comparison: Comparison, together: TradeOffs | None) -> None:
    from nasbed.report.words import shown_as
    from nasbed.statistics.fresh import fresh_seed as found_again

    accuracies = comparison.factor("validation") == 100
    heard = f"{comparison.split} %" if accuracies else comparison.words("validation")
    tested = "accuracy" if comparison.factor("test") == 100 else comparison.words("test")
    tests = [shown_as(comparison, metric) for metric in ("test", "test-regret")]
    headers = ["optimizer", "trained", "unique", heard, *tests, "found best %"]
    rows = [
        [
            row["optimizer"],
            f"{row['evaluations']:,.0f}",
            f"{row['unique_evaluations']:,.0f}",
            percent(row["mean_validation"]) if accuracies else f"{row['mean_validation']:.6g}",
            shown(row["test"], tested),
            mean_shown(row, "test_regret", tested),
            percent(row["optimum_found"], 1),
        ]
        for row in comparison.summary()
    ]
    print_table(headers, rows, f"{comparison.benchmark}, {runs_shown(comparison.runs)} of each")
    print()
    nothing = fronts.nothing_found(*comparison.histories.values())
    print_text(comparison.separated().sentence() if nothing is None else nothing)
    if comparison.again is not None:
        print()
        print_text(found_again(comparison).sentence())
    if together is not None:
        print()
        fronts.print_shares(together)
    print_warnings(comparison.warnings)
