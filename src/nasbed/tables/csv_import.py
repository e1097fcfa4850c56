"""Files of columns, such as CSV, as tables, and as columns beside one, by what the columns mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.readers.csv import ColumnsRead, Declaration, known_declaration, read_columns
from nasbed.readers.measure import MEAN, Measure, Seed
from nasbed.readers.names import ABSENT
from nasbed.tables.table import Table
from nasbed.tables.writing import Given, attach, importing_to, write_table

Column = tuple[NDArray[np.float64], Measure]


def import_csv(path: Path, out: Path, declared: Declaration | None) -> Table:
    """Make a table of a CSV file.

    Columns of one measurement, which differ in seed or epoch alone, are put together; where a column is a mean over
    seeds, its seed is ``"mean"``.

    Args:
        path: The file.
        out: The table's file; it appears when it is whole.
        declared: What the columns mean; None for what is known of files of this name.

    Raises:
        BadSetting: When it is not said what each column means, or none is of trained networks.
        CorruptFile: When a row has no number, or an unknown architecture, or that of another row.
    """
    declared = declared or known_declaration(path.name)
    return import_columns(path, out, read_columns(path, declared), declared.missing)


def import_columns(path: Path, out: Path, read: ColumnsRead, missing: Mapping[str, float] | None = None) -> Table:
    """Make a table of the columns that a file was read as.

    Args:
        path: The file.
        out: The table's file; it appears when it is whole.
        read: What the file says.
        missing: What stood for no value in those columns that have such a number.

    Raises:
        BadSetting: When no column is of trained networks.
    """
    given = _together(read.columns)
    measures = [one.measure for one in given if one.measure]
    if not any(measure.role in ("told", "reported") for measure in measures):
        raise BadSetting(f"{path} has no results of trained networks; add --into {read.space.name}, a table, for such")
    continues = any(len(measure.epochs) > 1 for measure in measures)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    said, missing = {name: measure.to_dict() for name, (_, measure) in read.columns.items()}, missing or {}
    provenance = {
        "source": f"columns of {read.space.name}",
        "file": path.name,
        "sha256": hashlib.sha256(f"{digest}{said}{missing}".encode()).hexdigest(),
        "checksums": {path.name: digest},
        "architectures": len(read.archs),
        "columns": said,
        "missing": missing,
    }
    with importing_to(out):
        return write_table(out, read.space, read.archs, given, provenance=provenance, continues=continues)


def attach_csv(table: Table, path: Path, declared: Declaration | None) -> Table:
    """Put the columns of a CSV file beside a table, by architecture, under ``<data set>/<metric>``.

    Args:
        table: The table.
        path: The file, whose name without its ending names what lies beside the table.
        declared: What the columns mean; None for what is known of files of this name.

    Raises:
        BadSetting: When it is not said what each column means, or the table has no such architectures, or has such
            columns.
        CorruptFile: When a row has no number, or an unknown architecture, or that of another row.
    """
    read = read_columns(path, declared or known_declaration(path.name))
    if read.space.name != table.space.name:
        raise BadSetting(f"{path} is about {read.space.name}, {table.path.name} about {table.space.name}")
    rows = table.places(read.archs)
    there = np.flatnonzero(rows >= 0)[::-1]  # of several lines for one row, the first counts
    if not len(there):
        raise BadSetting(f"{table.path.name} has none of the architectures of these columns")
    here = {}
    for name, (values, measure) in read.columns.items():
        here[name] = np.full(len(table), np.nan), measure
        here[name][0][rows[there]] = values[there]
    return attach(table, _together(here), room=re.sub(r"[^A-Za-z0-9_-]", "-", path.stem))


def _together(columns: Mapping[str, Column]) -> list[Given]:
    """Put columns of one measurement together, with axes for seeds and epochs where they have several."""
    groups: dict[str, list[Column]] = {}
    for column in columns.values():
        groups.setdefault(column[1].name, []).append(column)
    return [_given(some, [measure for _, measure in columns.values()]) for some in groups.values()]


def _given(some: Sequence[Column], every: Sequence[Measure]) -> Given:
    """Put columns together: one that needs no images stays as it is, others get the seeds of all of their trainings."""
    first, measure = some[0]
    # The seeds of several columns are told by their axis.
    measure = replace(measure, meaning=_sentence(measure if len(some) == 1 else replace(measure, seeds=())))
    if len(some) == 1 and not measure.split:
        return Given(replace(measure, seeds=(), epochs=()), first)
    training = [one for one in every if one.split and (one.recipes, one.data) == (measure.recipes, measure.data)]
    seeds = tuple(sorted({_seed(one) for one in (*training, *(one for _, one in some))}, key=str))
    epochs = sorted({_epoch(one) for _, one in some})
    values = np.full((len(first), len(seeds), len(epochs)), ABSENT)
    for numbers, one in some:
        place = values[:, seeds.index(_seed(one)), epochs.index(_epoch(one))]
        if not np.isnan(place).all():
            raise BadSetting(f"{measure.name} comes twice; say another split, seed or epochs of one of them")
        place[:] = numbers
    if not epochs[-1]:
        return Given(replace(measure, seeds=seeds, axes=("seed",)), values[:, :, 0])
    return Given(replace(measure, seeds=seeds, epochs=tuple(epochs), axes=("seed", "epoch")), values)


def _seed(measure: Measure) -> Seed:
    """Return the seed of a column; of a mean over several, the word for it."""
    return measure.seeds[0] if len(measure.seeds) == 1 else MEAN


def _epoch(measure: Measure) -> int:
    """Return the epoch of a column, 0 where it has none."""
    return next(iter(measure.epochs), 0)


def _sentence(measure: Measure) -> str:
    """Say what a column means."""
    on = f"on {measure.published} of {measure.data}" if measure.split else f"for {measure.data}"
    after = f" after {measure.epochs[0]} epochs" if measure.epochs else ""
    which = "seed" if len(measure.seeds) == 1 else "mean over such seeds as there are of"
    seeds = f", {which} {', '.join(map(str, measure.seeds))}" if measure.seeds else ""
    return f"{measure.metric} {on}{after}{seeds}" + (f"; {measure.meaning}" if measure.meaning else "")
