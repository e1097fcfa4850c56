"""``nasbed query``: what a table says of one architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import Json, percent, print_facts, print_json, print_table

if TYPE_CHECKING:
    from nasbed.tables.table import Table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("query", epilog="Example: nasbed query digits101 011/001/000:conv3x3 --epochs 36")(command)


def command(
    table: Annotated[str, typer.Argument(help="A benchmark's name, or the path of a table.")],
    architecture: Annotated[str, typer.Argument(help="As 'nasbed show' writes it, or its published hash or number.")],
    epochs: Annotated[int | None, typer.Option(help="Training budget; the longest if not given.")] = None,
    data: Annotated[str | None, typer.Option(help="Data set, such as cifar10-valid; all if not given.")] = None,
    split: Annotated[
        str | None, typer.Option(help="train, x-valid, x-test, ori-test, valid or test; all if not given.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="accuracy, loss, time, params, …; all if not given.")] = None,
    hp: Annotated[str | None, typer.Option(help="Recipe, by its epochs; the longest if not given.")] = None,
    seed: Annotated[int | None, typer.Option(help="One training's; all, and their mean, if not given.")] = None,
    json: Json = False,
) -> None:
    """Look an architecture up: accuracies on each split and training time, training by training.

    The options from --data to --seed are for tables of NAS-Bench-201 and NATS-Bench.
    """
    from nasbed.cli.query_curves import show
    from nasbed.cli.values import any_table
    from nasbed.core.errors import BadSetting, NotInTable
    from nasbed.tables.curves.table import CurveTable

    benchmark = any_table(table, "queried")
    asked = {"data": data, "split": split, "metric": metric, "hp": hp, "seed": seed}
    found = benchmark.table
    if isinstance(found, CurveTable):
        show(benchmark, architecture, epochs, asked, json)  # type: ignore[arg-type]  # it is what the table's are
        return
    given = [f"--{name}" for name, value in asked.items() if value is not None]
    if given:
        raise BadSetting(f"{found.path.name} is a table of NAS-Bench-101's kind, for which there is no {given[0]}")
    row = _row(benchmark, architecture)
    budget = len(found.budgets) - 1 if epochs is None else _position(found, epochs)
    space = found.space
    results = {
        name: found.column(name).values(_one(row), budget)[0].tolist()
        for name in found.columns
        if found.shape(name)[1:] and not found.column(name).cold
    }
    facts = {
        "architecture": space.format(found.archs[row]),
        "hash": found.hashes[row].tobytes().hex(),
        "trainable parameters": int(found.trainable_parameters[row]),
        "epochs": found.budgets[budget],
    }
    if json:
        print_json({**facts, "table": found.path.name, "repeats": results})
        return
    if all(value != value for values in results.values() for value in values):
        raise NotInTable(f"{found.path.name} has no results of this architecture at {found.budgets[budget]} epochs")
    print_facts(facts)
    headers = ["at the end of training", *(f"repeat {r + 1}" for r in range(found.repeats)), "mean"]
    print_table(headers, [_cells(found, name, values) for name, values in results.items() if "halfway" not in name])


def _row(benchmark: Any, text: str) -> int:
    """Find a row by a hash or by an architecture's text."""
    if len(text) == 32 and all(digit in "0123456789abcdefABCDEF" for digit in text):
        return int(benchmark.table.row_of_hash(text.lower()))
    return int(benchmark.rows(benchmark.space.parse(text)[None])[0])


def _one(row: int) -> Any:
    import numpy as np

    return np.array([row])


def _position(table: Table, epochs: int) -> int:
    from nasbed.core.errors import NotInTable

    if epochs not in table.budgets:
        raise NotInTable(
            f"{table.path.name} has no results at {epochs} epochs; it has {', '.join(map(str, table.budgets))}"
        )
    return table.budgets.index(epochs)


def _cells(table: Table, name: str, values: list[float]) -> list[str]:
    """Write one column of results: percentages for accuracies, seconds for times."""
    there = [value for value in values if value == value]
    every = [*values, sum(there) / len(there) if there else float("nan")]
    unit = table.column(name).description.unit
    if unit == "fraction":
        return [f"{name.replace('_', ' ')} %", *(percent(value) for value in every)]
    texts = ["–" if value != value else f"{value:.4g}" for value in every]
    return [f"{name.replace('_', ' ')}{f', {unit}' if unit else ''}", *texts]
