"""Trainings of NAS-Bench-201 and NATS-Bench, put together again out of a table as the source had them, to the bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NotInTable
from nasbed.readers.natsbench.texts import read
from nasbed.readers.natsbench.trainings import Measured, Published, Run
from nasbed.tables.column import Rows, Seed
from nasbed.tables.encoding import is_absent
from nasbed.tables.published import TRAIN, column_name
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
        placed: NDArray[np.int32] = table.source(name)
        return placed if rows is None else placed[rows]
    seeds = seeds_of(table, recipe, data)
    there = np.zeros((len(table) if rows is None else len(rows), len(seeds)), np.bool_)
    for one in table.find(None, None, data, recipe):
        if one.measure.seeds == seeds:
            there |= ~np.isnan(one.curve(rows)).all(axis=2)
    return np.where(there, np.arange(len(seeds)), -1).astype(np.int32)


def trained_with(table: Table, index: int, recipe: str, data: str) -> tuple[Seed, ...]:
    """Return the seeds with which an architecture, by its official number, was trained, in the source's order.

    Raises:
        NotInTable: When the table does not have the architecture, the data set or the recipe.
    """
    order = order_of(table, recipe, data, np.array([row_of(table, index)]))[0]
    axis = seeds_of(table, recipe, data)
    return tuple(axis[i] for i in np.argsort(order, kind="stable") if order[i] >= 0)


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
    row, known = row_of(table, index), trained_with(table, index, recipe, data)
    if seed not in known:
        has = ", ".join(map(str, known)) or "none"
        raise NotInTable(
            f"architecture {index} was not trained on {recipe}/{data} with seed {seed!r}; there are: {has}"
        )
    if table.missing:
        raise NotInTable(f"{table.path.name} lacks {next(iter(table.missing.values()))}; put it back, or import anew")
    which = seeds_of(table, recipe, data).index(seed)
    numbers: dict[str, float] = {"epochs": float(recipe), "params": float("nan"), "flops": float("nan")}
    latency: tuple[float, ...] = ()
    curves: dict[str, NDArray[np.float64]] = {}
    evaluations: dict[tuple[str, int], dict[str, float]] = {}
    for name, measure in table.measures.items():
        if measure.recipes != (recipe,) or measure.data != data or "seed" not in measure.axes:
            continue
        values = table.column(name).values(np.array([row]))[0, which]
        if measure.metric == "latency":
            values = np.atleast_1d(values)
            latency = tuple(values[~is_absent(values)].tolist())
        elif not measure.split:
            numbers[measure.metric] = float(values)
        elif measure.split == TRAIN:
            curves[f"{TRAIN}/{measure.metric}"] = values
        else:
            there = np.flatnonzero(~is_absent(values))
            for place, value in zip(there.tolist(), values[there].tolist(), strict=True):
                evaluations.setdefault((measure.published, measure.epochs[place] - 1), {})[measure.metric] = value
    epochs = int(numbers["epochs"])
    return Run(
        hp=recipe,
        data=data,
        seed=seed,
        epochs=epochs,
        params=numbers["params"],
        flops=numbers["flops"],
        measured=Measured.of(
            {name: curve[:epochs] for name, curve in curves.items() if not is_absent(curve).all()}, evaluations
        ),
        latency=latency,
        other=_other(table, row, column_name(recipe, data, None, "other"), which),
    )


def published_of(table: Table, index: int) -> Published:
    """Put all trainings of an architecture, by its official number, together, in the order of the source.

    Raises:
        NotInTable: When there are none, or the file beside the table is missing.
    """
    row = row_of(table, index)
    placed = sorted(
        (int(order), recipe, data, seed)
        for recipe, data in (name.split("/") for name in table.groups)
        for order, seed in zip(
            order_of(table, recipe, data, np.array([row]))[0], seeds_of(table, recipe, data), strict=True
        )
        if order >= 0
    )
    runs = tuple(run_of(table, index, recipe, data, seed) for _, recipe, data, seed in placed if isinstance(seed, int))
    return Published(index, text_of(table, index), runs, _other(table, row, "other"))


def _other(table: Table, row: int, name: str, which: int | None = None) -> dict[str, object]:
    """Read what else the source says of a row's architecture, or of one of its trainings."""
    if "texts" not in table.metadata["columns"]:
        return {}
    codes = table.source(name)[row]
    index = int(table.indices[row])
    code = int(codes if which is None else codes[which])
    found: dict[str, object] = read(table.column("texts").stored[code], text_of(table, index), index)
    return found
