"""CSV files of published results as tables of curves, and as columns beside one, by what their columns mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.registry import spaces
from nasbed.tables.curves.build import Computed, attach, build_computed
from nasbed.tables.curves.names import RUN_METRICS
from nasbed.tables.curves.table import CurveTable
from nasbed.tables.natsbench.csv import ColumnsRead, Meaning, read_columns

_ROOM = "columns"
"""Where a table keeps what a CSV file has beside results of trainings."""


def import_csv(path: Path, out: Path, meaning: str | Path | None = None) -> CurveTable:
    """Make a table of a CSV file.

    Columns of trained networks become results, by data set, split, epochs and seed; where a column is a mean over
    seeds, its seed is ``"mean"``. Others, such as latencies, are attached under ``<data set>/<heading>``.

    Args:
        path: The file.
        out: The table's file; it appears when it is whole.
        meaning: A TOML file that says what the columns mean; public files are known.

    Raises:
        BadSetting: When it is not said what each column means, or none is of trained networks.
        CorruptFile: When a row has no number, or an unknown architecture, or that of another row.
    """
    read = read_columns(path, meaning)
    trained = {name: column for name, column in read.columns.items() if _is_of_training(column[1])}
    if not trained:
        raise BadSetting(
            f"{path} has no results of trained networks; put its columns beside a table: "
            f"nasbed import {path} --into nasbench201"
        )
    table = build_computed(
        out,
        space=spaces.make(read.space, {}),
        index=read.indices,
        computed=[_computed(values, means) for values, means in trained.values()],
        provenance=_provenance(path, read),
    )
    others = {name: column for name, column in read.columns.items() if name not in trained}
    return _attached(table, others, read.indices, _ROOM) if others else table


def attach_csv(table: CurveTable, path: Path, meaning: str | Path | None = None) -> CurveTable:
    """Put the columns of a CSV file beside a table, by architecture, under ``<data set>/<heading>``.

    Args:
        table: The table.
        path: The file, whose name without its ending names what lies beside the table.
        meaning: A TOML file that says what the columns mean; public files are known.

    Raises:
        BadSetting: When it is not said what each column means, or the table has no such architectures, or has such
            columns.
        CorruptFile: When a row has no number, or an unknown architecture, or that of another row.
    """
    read = read_columns(path, meaning)
    if read.space != table.space.name:
        raise BadSetting(f"{path} is about architectures of {read.space}, {table.path.name} about {table.space.name}")
    return _attached(table, read.columns, read.indices, re.sub(r"[^A-Za-z0-9_-]", "-", path.stem))


def _attached(
    table: CurveTable,
    columns: Mapping[str, tuple[NDArray[np.float64], Meaning]],
    indices: NDArray[np.int64],
    room: str,
) -> CurveTable:
    rows = table.rows_of(indices)
    if (rows < 0).all():
        raise BadSetting(f"{table.path.name} has none of the architectures of these columns")
    values, units, meanings = {}, {}, {}
    for heading, (given, means) in columns.items():
        name = f"{means.data}/{heading}" if means.data else heading
        values[name] = np.full(len(table), np.nan)
        values[name][rows[rows >= 0]] = given[rows >= 0]
        units[name], meanings[name] = means.unit, _sentence(means)
    return attach(table, values, room=room, units=units, meanings=meanings)


def _is_of_training(meaning: Meaning) -> bool:
    measured = meaning.split and meaning.metric in ("accuracy", "top5", "loss", "time")
    return meaning.epochs > 0 and bool(measured or (not meaning.split and meaning.metric in RUN_METRICS))


def _computed(values: NDArray[np.float64], meaning: Meaning) -> Computed:
    return Computed(
        hp=str(meaning.epochs),
        data=meaning.data,
        split=meaning.split or None,
        metric=meaning.metric,
        values=values,
        seed=meaning.seeds[0] if len(meaning.seeds) == 1 else "mean",
        epoch=meaning.epochs - 1 if meaning.split else None,
        unit=meaning.unit,
        meaning=_sentence(meaning),
    )


def _sentence(meaning: Meaning) -> str:
    """Say what a column means."""
    on = f" on {meaning.split} of {meaning.data}" if meaning.split else f" for {meaning.data}" if meaning.data else ""
    after = f" after {meaning.epochs} epochs" if meaning.epochs else ""
    seeds = f", seed {meaning.seeds[0]}" if len(meaning.seeds) == 1 else ""
    seeds = (
        f", mean over such seeds as there are of {', '.join(map(str, meaning.seeds))}"
        if len(meaning.seeds) > 1
        else seeds
    )
    return f"{meaning.metric}{on}{after}{seeds}" + (f"; {meaning.note}" if meaning.note else "")


def _provenance(path: Path, read: ColumnsRead) -> dict[str, Any]:
    """Say where the results come from, and what one should know of them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    declared = {name: {k: v for k, v in asdict(means).items() if v} for name, (_, means) in read.columns.items()}
    said = hashlib.sha256(
        f"{digest}{sorted((name, sorted(map(str, about.items()))) for name, about in declared.items())}".encode()
    )
    return {
        "source": f"columns of {read.space}",
        "file": path.name,
        "sha256": said.hexdigest(),
        "checksums": {path.name: digest},
        "architectures": len(read.indices),
        "columns": declared,
        "warnings": [],
    }
