"""Trainings of NAS-Bench-201 and NATS-Bench, put together again out of a table as the source had them, to the bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NotInTable
from nasbed.readers.natsbench.trainings import Measured, Published, Run
from nasbed.tables.column import Rows, Seed
from nasbed.tables.encoding import is_absent
from nasbed.tables.published import column_name
from nasbed.tables.table import Table
from nasbed.tables.texts import read


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
    found = [one for one in table.find(None, None, data, recipe) if one.measure.seeds == seeds]
    there = np.any([~np.isnan(one.curve(rows)).all(axis=2) for one in found], axis=0)
    return np.where(there, np.arange(len(seeds)), -1).astype(np.int32)


def published_of(table: Table, index: int, group: str | None = None) -> Published:
    """Put the trainings of an architecture, by its official number, together, in the order of the source.

    Args:
        table: The table.
        index: Of the architecture.
        group: Recipe and data set of the trainings, ``200/cifar10``; None for all of them.

    Raises:
        NotInTable: When there are none, or the file beside the table is missing.
    """
    archs = table.space.archs_of(np.array([index], np.int64))
    row, arch = table.rows(archs), table.space.format(archs[0])
    placed = [pair for one in table.groups if group in (None, one) for pair in _runs(table, row, arch, *one.split("/"))]
    runs = tuple(run for _, run in sorted(placed, key=lambda pair: pair[0]))
    return Published(index, arch, runs, _other(table, row, arch, "other"))


def _runs(table: Table, row: Rows, arch: str, recipe: str, data: str) -> Iterator[tuple[int, Run]]:
    """Put the trainings of a row by a recipe on a data set together, each behind its place in the source."""
    seeds = seeds_of(table, recipe, data)
    columns = [
        (measure, table.column(name).values(row).reshape(len(seeds), -1))
        for name, measure in table.measures.items()
        if (measure.recipes, measure.data, measure.seeds) == ((recipe,), data, seeds) and "seed" in measure.axes
    ]
    for which, (order, seed) in enumerate(zip(order_of(table, recipe, data, row)[0].tolist(), seeds, strict=True)):
        if order < 0 or not isinstance(seed, int):
            continue
        numbers = {"epochs": [float(recipe)], "params": [np.nan], "flops": [np.nan], "latency": []}
        layout, parts = [], [np.zeros(0)]
        for measure, values in columns:
            places = np.flatnonzero(~is_absent(values[which]))
            if len(places) and measure.split:
                after = tuple(measure.epochs[place] - 1 for place in places.tolist())
                layout.append((f"{measure.published}/{measure.metric}", after))
                parts.append(values[which, places])
            elif len(places):
                numbers[measure.metric] = values[which, places].tolist()
        run = Run(
            hp=recipe,
            data=data,
            seed=seed,
            epochs=int(numbers["epochs"][0]),
            params=numbers["params"][0],
            flops=numbers["flops"][0],
            measured=Measured(tuple(layout), np.concatenate(parts)),
            latency=tuple(numbers["latency"]),
            other=_other(table, row, arch, column_name(recipe, data, None, "other"), which),
        )
        yield order, run


def _other(table: Table, row: Rows, arch: str, name: str, which: int = 0) -> dict[str, object]:
    """Read what else the source says of a row's architecture, or of one of its trainings."""
    if "texts" not in table.columns and not table.missing:
        return {}
    texts = table.column("texts").stored
    codes = next(file.array(name) for file in (table.file, *table.beside.companions.values()) if name in file)
    found: dict[str, object] = read(texts[codes[row].reshape(-1)[which]], arch, int(table.indices[row[0]]))
    return found
