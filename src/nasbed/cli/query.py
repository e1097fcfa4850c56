"""``nasbed query``: what a table says of one architecture, every split by its name, every seed in its column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_facts, print_json, print_table
from nasbed.cli.options import Json
from nasbed.core.errors import InvalidArchitecture, NotInTable

if TYPE_CHECKING:
    from nasbed.tables.column import Measurement
    from nasbed.tables.table import Table


def command(
    table: Annotated[str, typer.Argument(help="A benchmark's name, or the path of a table.")],
    architecture: Annotated[str, typer.Argument(help="As 'nasbed show' writes it, or its published hash or number.")],
    epochs: Annotated[int | None, typer.Option(help="After how many; the last that there are if not given.")] = None,
    data: Annotated[str | None, typer.Option(help="Data set, such as cifar10-valid; all if not given.")] = None,
    split: Annotated[
        str | None, typer.Option(help="train, valid or test, or as published, such as ori-test; all if not given.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="accuracy, loss, time, params, …; all if not given.")] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", "--hp", help="Recipe, such as 200; the longest if not given.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="One training's; all, and their mean, if not given.")] = None,
    json: Json = False,
) -> None:
    """Look an architecture up: what was measured of it, training by training."""
    from nasbed.cli.values import table_of

    found = table_of(table, "queried")
    row = _row(found, architecture)
    asked = _asked(found, epochs, data, split, metric, recipe)
    there = [one for one in asked if epochs is None or epochs in (one.epochs or (epochs,))]
    lines = [_line(one, row, epochs if one.epochs else None, seed) for one in there or asked[:1]]
    if all(value != value for line in lines for value in line["seeds"].values()):
        raise NotInTable(f"{found.path.name} has none of it for {architecture}; it has: {', '.join(found.groups)}")
    facts: dict[str, Any] = {"architecture": found.space.format(found.archs[row])}
    if found.by_key:
        facts["trained"] = "this one, for all that are equal to it"
    if found.space.is_enumerable:
        facts["index"] = int(found.indices[row])
    if "hash" in found.file:
        facts["hash"] = found.modules.hashes[row].tobytes().hex()
    for line in lines:
        if not line["split"] and not line["recipe"]:
            last = list(line["seeds"].values())[-1]  # the mean, or the seed that was asked for
            name = "/".join(filter(None, (line["data"], line["metric"])))
            facts[name] = last if json else f"{last:,.9g} {line['unit']}"
    if json:
        print_json({**facts, "table": found.path.name, "results": lines})
        return
    print_facts(facts)
    trained = [line for line in lines if (line["split"] or line["recipe"]) and line["metric"] != "epochs"]
    names = dict.fromkeys(name for line in trained for name in line["seeds"])
    shown = sorted(names, key="mean".__eq__)  # which comes last
    headers = [name if name == "mean" else f"seed {name}" for name in shown]
    print_table(["data", "recipe", "epochs", "split", "metric", *headers], [_cells(line, shown) for line in trained])


def _row(table: Table, text: str) -> int:
    """Find a row by an architecture's text, else by its published hash or its official number."""
    import numpy as np

    if "hash" in table.file and len(text) == 32 and all(digit in "0123456789abcdefABCDEF" for digit in text):
        return table.modules.row_of(text.lower())
    size = table.space.size if table.space.is_enumerable else None
    try:
        return int(table.rows(table.space.parse(text)[None])[0])
    except InvalidArchitecture:
        # A number is written without zeros before it: 00000003 can only be an architecture that is not one.
        if size is None or not re.fullmatch("0|[1-9][0-9]*", text.strip()):
            raise
    row = int(table.rows_of(np.array([min(int(text), size)]))[0])
    if row < 0:
        name, last = table.space.name, size - 1
        raise NotInTable(f"architecture {text} is not in the table {table.path.name}; {name} ends at {last}")
    return row


def _asked(
    table: Table, epochs: int | None, data: str | None, split: str | None, metric: str | None, recipe: str | None
) -> list[Measurement]:
    """Choose measurements: of one recipe, that of so many epochs or the longest of each data set, and of none."""
    if recipe is None and epochs is not None and not table.continues:
        recipe = str(epochs)
    found = table.find(metric, split, data, recipe)
    if not found:
        table.measurement(metric or "accuracy", split=split, data=data, recipe=recipe)  # says what there is
    if recipe is not None:
        return [*found, *(one for one in table.find(metric, split, data, "") if one not in found)]
    order = ["", *table.recipes]
    last = {one.data: one.recipe for one in sorted(found, key=lambda one: order.index(one.recipe))}
    return [one for one in found if one.recipe in ("", last[one.data])]


def _line(one: Measurement, row: int, epoch: int | None, seed: int | None) -> dict[str, Any]:
    """Return what was measured after an epoch; None for the last, or where there are none."""
    if seed is not None and one.seeds:
        seeds = {str(seed): float(one.values([row], seed, epoch)[0])}
    else:
        values = one.values([row], epoch=epoch)[0].tolist()
        seeds = {**dict(zip(map(str, one.seeds), values, strict=False)), "mean": float(one.mean([row], epoch)[0])}
    return {
        "data": one.data,
        "recipe": one.recipe,
        "split": one.published,
        "metric": one.metric,
        "epochs": (epoch or one.epochs[-1]) if one.epochs else None,
        "unit": one.unit,
        "seeds": seeds,
    }


def _cells(line: dict[str, Any], seeds: list[str]) -> list[str]:
    unit, scale = line["unit"], 100.0 if line["unit"] == "fraction" else 1.0
    shown = {"percent": ", %", "fraction": ", %", "": ""}.get(unit, f", {unit}")
    values = [scale * line["seeds"].get(seed, float("nan")) for seed in seeds]
    digits = ".2f" if shown == ", %" else ",.6g"
    texts = ["–" if value != value else f"{value:{digits}}" for value in values]
    return [line["data"], line["recipe"], str(line["epochs"] or ""), line["split"], line["metric"] + shown, *texts]
