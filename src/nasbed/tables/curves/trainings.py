"""Trainings put together again out of a table of curves, as the source had them, to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import NotInTable
from nasbed.tables.curves.encoding import is_absent
from nasbed.tables.curves.names import TRAIN, group_name
from nasbed.tables.natsbench.trainings import Published, Run

if TYPE_CHECKING:
    from nasbed.tables.curves.table import CurveTable


def run_of(table: CurveTable, index: int, hp: str, data: str, seed: int) -> Run:
    """Put one training of an architecture, by its official number, together.

    Raises:
        NotInTable: When there is none, or the file beside the table is missing.
    """
    row, known = table.row_of(index), table.seeds(index, hp, data)
    if seed not in known:
        has = ", ".join(map(str, known)) or "none"
        name = group_name(hp, data)
        raise NotInTable(f"architecture {index} was not trained on {name} with seed {seed!r}; there are: {has}")
    if table.missing:
        raise NotInTable(f"{table.path.name} lacks {next(iter(table.missing.values()))}; put it back, or import anew")
    which = table.axis(hp, data).index(seed)
    numbers: dict[str, float] = {"epochs": float(hp), "params": float("nan"), "flops": float("nan")}
    latency: tuple[float, ...] = ()
    curves: dict[str, NDArray[np.float64]] = {}
    evaluations: dict[tuple[str, int], dict[str, float]] = {}
    for name in table.columns_of(hp, data):
        column = table.column(name)
        values = column.values(np.array([row]))[0, which]
        metric = name.rpartition("/")[2]
        if metric == "latency":
            latency = tuple(values[~is_absent(values)].tolist())
        elif column.split is None:
            numbers[metric] = float(values)
        elif column.split == TRAIN:
            curves[f"{TRAIN}/{metric}"] = values
        else:
            there = np.flatnonzero(~is_absent(values))
            for place, value in zip(there.tolist(), values[there].tolist(), strict=True):
                evaluations.setdefault((column.split, column.epochs[place]), {})[metric] = value
    epochs = int(numbers["epochs"])
    return Run(
        hp=hp,
        data=data,
        seed=seed,
        epochs=epochs,
        params=numbers["params"],
        flops=numbers["flops"],
        curves={name: curve[:epochs].copy() for name, curve in curves.items() if not is_absent(curve).all()},
        evaluations=evaluations,
        latency=latency,
        other=table.other(row, (hp, data, which)),
    )


def published_of(table: CurveTable, index: int) -> Published:
    """Put all trainings of an architecture, by its official number, together, in the order of the source.

    Raises:
        NotInTable: When there are none, or the file beside the table is missing.
    """
    row = table.row_of(index)
    groups: list[tuple[str, str]] = [(hp, data) for hp, data in (name.split("/") for name in table.groups)]
    placed = sorted(
        (int(order), hp, data, seed)
        for hp, data in groups
        for order, seed in zip(table.order(hp, data)[row], table.axis(hp, data), strict=True)
        if order >= 0
    )
    runs = tuple(run_of(table, index, hp, data, seed) for _, hp, data, seed in placed if isinstance(seed, int))
    return Published(index, table.text(index), runs, table.other(row))
