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
    architecture: Annotated[str, typer.Argument(help="As 'nasbed show' writes it, or its published hash.")],
    epochs: Annotated[int | None, typer.Option(help="Training budget; the longest if not given.")] = None,
    json: Json = False,
) -> None:
    """Look an architecture up: accuracies on each split and training time, repeat by repeat."""
    from nasbed.cli.values import tabular
    from nasbed.core.errors import NotInTable

    benchmark = tabular(table, "queried")
    found = benchmark.table
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
