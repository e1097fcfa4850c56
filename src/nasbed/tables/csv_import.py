"""CSV files of results as tables, and as columns beside one, by what their columns mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.readers.csv import ColumnsRead, read_columns
from nasbed.readers.meaning import Declaration, Meaning
from nasbed.readers.names import ABSENT
from nasbed.tables.column import MEAN, Measure, Seed
from nasbed.tables.published import SPLITS
from nasbed.tables.table import Table
from nasbed.tables.writing import Given, attach, importing_to, write_table

Column = tuple[NDArray[np.float64], Meaning]


def import_csv(path: Path, out: Path, declared: Declaration) -> Table:
    """Make a table of a CSV file.

    Columns of one measurement, which differ in seed or epoch alone, are put together; where a column is a mean over
    seeds, its seed is ``"mean"``.

    Args:
        path: The file.
        out: The table's file; it appears when it is whole.
        declared: What the columns mean.

    Raises:
        BadSetting: When it is not said what each column means, or none is of trained networks.
        CorruptFile: When a row has no number, or an unknown architecture, or that of another row.
    """
    read = read_columns(path, declared)
    given = _together(read.columns, ABSENT)
    measures = [one.measure for one in given if one.measure]
    if not any(measure.role in ("told", "reported") for measure in measures):
        raise BadSetting(
            f"{path} has no results of trained networks; put its columns beside a table: "
            f"nasbed import {path} --into nasbench201"
        )
    continues = any(len(measure.epochs) > 1 for measure in measures)
    with importing_to(out):
        return write_table(out, read.space, read.archs, given, provenance=_provenance(path, read), continues=continues)


def attach_csv(table: Table, path: Path, declared: Declaration) -> Table:
    """Put the columns of a CSV file beside a table, by architecture, under ``<data set>/<metric>``.

    Args:
        table: The table.
        path: The file, whose name without its ending names what lies beside the table.
        declared: What the columns mean.

    Raises:
        BadSetting: When it is not said what each column means, or the table has no such architectures, or has such
            columns.
        CorruptFile: When a row has no number, or an unknown architecture, or that of another row.
    """
    read = read_columns(path, declared)
    if read.space.name != table.space.name:
        raise BadSetting(f"{path} is about {read.space.name}, {table.path.name} about {table.space.name}")
    rows = table.places(read.archs)
    there = np.flatnonzero(rows >= 0)[::-1]  # of several lines for one row, the first counts
    if not len(there):
        raise BadSetting(f"{table.path.name} has none of the architectures of these columns")
    here = {}
    for name, (values, means) in read.columns.items():
        here[name] = np.full(len(table), np.nan), means
        here[name][0][rows[there]] = values[there]
    return attach(table, _together(here, np.nan), room=re.sub(r"[^A-Za-z0-9_-]", "-", path.stem))


def _together(columns: Mapping[str, Column], missing: float) -> list[Given]:
    """Put columns of one measurement together, with axes for seeds and epochs where they have several."""
    groups: dict[tuple[str, ...], list[Column]] = {}
    seeds: dict[tuple[str, ...], set[Seed]] = {}
    for values, means in columns.values():
        recipe = means.recipe or (str(means.epochs) if means.epochs else "")
        groups.setdefault((recipe, means.data, means.split, means.metric), []).append((values, means))
        if means.split:
            seeds.setdefault((recipe, means.data), set()).add(_seed(means))
    axes = {key: tuple(sorted(seeds.get(key[:2], {MEAN}), key=str)) for key in groups}
    return [_given(key, some, axes[key], missing) for key, some in groups.items()]


def _given(key: tuple[str, ...], some: Sequence[Column], seeds: tuple[Seed, ...], missing: float) -> Given:
    recipe, data, split, metric = key
    values, means = some[0]
    epochs = tuple(sorted({means.epochs for _, means in some if means.epochs}))
    axes: tuple[str, ...] = ("seed", "epoch") if epochs else ("seed",)
    if len(some) == 1 and not split:
        seeds, epochs, axes = (), (), ()
    else:
        values = np.full((len(values), len(seeds), *([len(epochs)] if epochs else [])), missing)
        for numbers, means in some:
            at: Any = (slice(None), seeds.index(_seed(means)), *([epochs.index(means.epochs)] if epochs else []))
            place = values[at]
            if not np.isnan(place).all():
                raise BadSetting(
                    f"{'/'.join(filter(None, key))} comes twice; say another split, seed or epochs of one of them"
                )
            place[:] = numbers
    measure = Measure(
        metric,
        SPLITS.get(split, split),
        data,
        (recipe,) if recipe and split else (),
        seeds,
        epochs,
        axes=axes,
        unit=means.unit,
        goal=means.goal,
        role=means.role or ("" if split or not means.epochs else "detail" if metric == "epochs" else "cost"),
        published=split,
        meaning=_sentence(means),
    )
    return Given(measure, values)


def _seed(means: Meaning) -> Seed:
    return means.seeds[0] if len(means.seeds) == 1 else MEAN


def _sentence(meaning: Meaning) -> str:
    """Say what a column means."""
    on = f" on {meaning.split} of {meaning.data}" if meaning.split else f" for {meaning.data}" if meaning.data else ""
    after = f" after {meaning.epochs} epochs" if meaning.epochs else ""
    which = "seed" if len(meaning.seeds) == 1 else "mean over such seeds as there are of"
    seeds = f", {which} {', '.join(map(str, meaning.seeds))}" if meaning.seeds else ""
    return f"{meaning.metric}{on}{after}{seeds}" + (f"; {meaning.note}" if meaning.note else "")


def _provenance(path: Path, read: ColumnsRead) -> dict[str, Any]:
    """Say where the results come from, and what one should know of them."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    declared = {name: {k: v for k, v in asdict(means).items() if v} for name, (_, means) in read.columns.items()}
    said = sorted((name, sorted(map(str, about.items()))) for name, about in declared.items())
    return {
        "source": f"columns of {read.space.name}",
        "file": path.name,
        "sha256": hashlib.sha256(f"{digest}{said}".encode()).hexdigest(),
        "checksums": {path.name: digest},
        "architectures": len(read.archs),
        "columns": declared,
        "warnings": [],
    }
