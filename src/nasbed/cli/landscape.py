"""``nasbed landscape``: what a table looks like to a search that moves from neighbour to neighbour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from nasbed.cli.console import print_json, print_note, print_table, print_text, print_warnings, progress
from nasbed.cli.options import Json
from nasbed.cli.words import percent

if TYPE_CHECKING:
    from nasbed.landscape.study import LandscapeStudy


def command(
    benchmark: Annotated[
        str, typer.Argument(help="A name, settings if need be, or the path of a table.")
    ] = "digits101",
    split: Annotated[str, typer.Option(help="Whose values: validation or test.")] = "validation",
    epochs: Annotated[int | None, typer.Option(help="At which budget; the largest if not given.")] = None,
    lags: Annotated[int, typer.Option(help="Of the autocorrelation.")] = 10,
    tolerance: Annotated[float, typer.Option(help="Neighbours whose values differ by no more are neutral.")] = 0.0,
    out: Annotated[Path | None, typer.Option(help="Folder for figures and the optima.")] = None,
    json: Json = False,
) -> None:
    """Look over the landscape of a whole table: neighbours, local optima and their basins, random walks, distances."""
    from nasbed.benchmarks.resolve import resolve
    from nasbed.landscape.landscape import Landscape, Split
    from nasbed.landscape.study import study

    with progress("looking over"):
        found = study(Landscape.of(resolve(benchmark), cast(Split, split), epochs), lags, tolerance)
        written = [] if out is None else found.save(out)
    if json:
        print_json(found.as_dict())
        return
    _print(found)
    if out is not None:
        print_note(f"{len(written)} files in {out}: {', '.join(path.name for path in written)}", apart=True)


def _print(found: LandscapeStudy) -> None:
    facts = found.facts()
    around, optima, distance = facts["neighbourhood"], facts["local_optima"], facts["fitness_distance"]
    print_text(found.sentence())
    print()
    average = {
        "neighbours": _short(around["neighbours"]),
        "better %": percent(around["improving"], 1),
        "neutral %": percent(around["neutral"], 1),
        "ρ(1)": _short(facts["random_walk"]["rho"][1]),
        "correlation length": _short(facts["random_walk"]["length"]),
        "distance correlation": _short(distance["pearson"]),
        "rank correlation": _short(distance["spearman"]),
    }
    print_table([*average], [[*average.values()]], "on average over architectures")
    print()
    headers = ["climbing by", "to the best %", "moves", "evaluations", "largest basin %", "median basin %"]
    ways = {"best improvement": optima["best_improvement"], "first improvement": optima["first_improvement"]}
    rows = [
        [
            name,
            percent(way["success"], 1),
            _short(way["steps"]),
            f"{way['evaluations']:,.0f}",
            percent(way["largest_basin"], 1),
            percent(way["median_basin"], 2),
        ]
        for name, way in ways.items()
    ]
    strict = f"{optima['optima']:,} local optima, {optima['strict']:,} of them better than every neighbour"
    print_table(headers, rows, f"{strict}, on {optima['peaks']:,} peaks")
    print()
    print_table(*found.cells(), "the best of them")
    print_warnings(found.landscape.warnings)


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
