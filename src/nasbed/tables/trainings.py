"""Trainings of NAS-Bench-201 and NATS-Bench, put together again out of a table as the source had them, to the bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NotInTable
from nasbed.readers.names import TRAIN
from nasbed.readers.natsbench.texts import read
from nasbed.readers.natsbench.trainings import Measured, Published, Run
from nasbed.tables.column import Measure, Rows, Seed
from nasbed.tables.encoding import is_absent
from nasbed.tables.published import column_name
from nasbed.tables.table import Table


def seeds_of(table: Table, recipe: str, data: str) -> tuple[Seed, ...]:
    """Return the seeds of a recipe's trainings on a data set; not every architecture need have each.

    Raises:
        NotInTable: When the data set was not trained with it.
    """
    for measure in table.measures.values():
        if measure.recipes == (recipe,) and measure.data == data and measure.seeds:
            return measure.seeds
    raise NotInTable(f"{table.path.name} has no trainings with {recipe} on {data}; it has: {', '.join(table.groups)}")


def order_of(table: Table, recipe: str, data: str, rows: Rows | None = None) -> NDArray[np.int32]:
    """Return the place of each training among those of its architecture in the source, ``(n, seeds)``; −1 for none.

    Args:
        table: The table.
        recipe: Of the trainings.
        data: Of the trainings.
        rows: Of which architectures; None for all.
    """
    name = column_name(recipe, data, None, "order")
    if name in table.file:
        placed: NDArray[np.int32] = table.file.array(name)
        return placed if rows is None else placed[rows]
    seeds = seeds_of(table, recipe, data)
    there = np.zeros((len(table) if rows is None else len(rows), len(seeds)), np.bool_)
    for one in table.find(None, None, data, recipe):
        if one.measure.seeds == seeds:
            there |= ~np.isnan(one.curve(rows)).all(axis=2)
    return np.where(there, np.arange(len(seeds)), -1).astype(np.int32)


def row_of(table: Table, index: int) -> int:
    """Find the row of an architecture by its official number.

    Raises:
        NotInTable: When the table does not have it.
    """
    row = int(table.rows_of(np.array([index]))[0])
    if row < 0:
        raise NotInTable(
            f"{table.path.name} has no results of architecture {index}; it has {len(table):,} architectures"
        )
    return row


def text_of(table: Table, index: int) -> str:
    """Return the string of an architecture by its official number."""
    return table.space.format(table.space.archs_of(np.array([index], np.int64))[0])


def run_of(table: Table, index: int, recipe: str, data: str, seed: int) -> Run:
    """Put one training of an architecture, by its official number, together.

    Raises:
        NotInTable: When there is none, or the file beside the table is missing.
    """
    row, seeds = row_of(table, index), seeds_of(table, recipe, data)
    order = order_of(table, recipe, data, np.array([row]))[0]
    known = [seeds[i] for i in np.argsort(order, kind="stable") if order[i] >= 0]
    if seed not in known:
        has = ", ".join(map(str, known)) or "none"
        raise NotInTable(
            f"architecture {index} was not trained on {recipe}/{data} with seed {seed!r}; there are: {has}"
        )
    which = seeds.index(seed)
    measured: list[tuple[Measure, NDArray[np.float64]]] = []
    numbers = {"epochs": [float(recipe)], "params": [np.nan], "flops": [np.nan], "latency": []}
    for name, measure in table.measures.items():
        if measure.recipes == (recipe,) and measure.data == data and "seed" in measure.axes:
            values = np.atleast_1d(table.column(name).values(np.array([row]))[0, which])
            if measure.split:
                measured.append((measure, values))
            else:
                numbers[measure.metric] = values[~is_absent(values)].tolist() or numbers.get(measure.metric, [])
    epochs = int(numbers["epochs"][0])
    layout, parts = [], [np.zeros(0)]
    for measure, values in measured:
        is_curve = measure.split == TRAIN
        places = np.arange(len(values))[:epochs] if is_curve else np.flatnonzero(~is_absent(values))
        if not is_absent(values).all():
            after = tuple(places.tolist()) if is_curve else tuple(measure.epochs[place] - 1 for place in places)
            layout.append((f"{measure.published}/{measure.metric}", after))
            parts.append(values[places])
    return Run(
        hp=recipe,
        data=data,
        seed=seed,
        epochs=epochs,
        params=numbers["params"][0],
        flops=numbers["flops"][0],
        measured=Measured(tuple(layout), np.concatenate(parts)),
        latency=tuple(numbers["latency"]),
        other=_other(table, row, column_name(recipe, data, None, "other"), which),
    )


def published_of(table: Table, index: int) -> Published:
    """Put all trainings of an architecture, by its official number, together, in the order of the source.

    Raises:
        NotInTable: When there are none, or the file beside the table is missing.
    """
    row, placed = row_of(table, index), list[tuple[int, str, str, int]]()
    for recipe, data in (name.split("/") for name in table.groups):
        orders = order_of(table, recipe, data, np.array([row]))[0].tolist()
        for order, seed in zip(orders, seeds_of(table, recipe, data), strict=True):
            if order >= 0 and isinstance(seed, int):
                placed.append((order, recipe, data, seed))
    runs = tuple(run_of(table, index, recipe, data, seed) for _, recipe, data, seed in sorted(placed))
    return Published(index, text_of(table, index), runs, _other(table, row, "other"))


def _other(table: Table, row: int, name: str, which: int = 0) -> dict[str, object]:
    """Read what else the source says of a row's architecture, or of one of its trainings."""
    if table.missing:
        raise NotInTable(f"{table.path.name} lacks {next(iter(table.missing.values()))}; put it back, or import anew")
    if "texts" not in table.columns:
        return {}
    codes = next(file.array(name) for file in (table.file, *table.beside.companions.values()) if name in file)
    index, code = int(table.indices[row]), np.atleast_1d(codes[row])[which]
    found: dict[str, object] = read(table.column("texts").stored[code], text_of(table, index), index)
    return found
