"""Export: a table as the published TFRecord file, as Parquet or as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.readers.names import POINTS
from nasbed.readers.record import Record, format_record
from nasbed.tables.column import Column, Seed
from nasbed.tables.encoding import is_absent
from nasbed.tables.file import METADATA
from nasbed.tables.published import DOUBLES, PATHS
from nasbed.tables.table import Progress, Table

_BATCH = 2**15
_ROWS = 2**12  # of a table that are written at once
_TRAINING = ("recipe", "data", "seed")

Training = tuple[str | None, str, Seed]
"""Recipe, data set and seed."""

Place = tuple[Column, tuple[Any, ...]]
"""A column, and where in the values of each row the numbers of one training are."""


def export(table: Table, path: str | Path, progress: Progress | None = None) -> None:
    """Write a table in the format that the name ends with: ``.tfrecord``, ``.parquet`` or ``.csv``.

    Raises:
        BadSetting: When the ending is another one, or the file cannot be written.
        NotInTable: When values that the table was written with are not beside it: the file would not have all there is.
    """
    path = Path(path).expanduser()
    formats = [".parquet", ".csv", ".tfrecord"][: 3 if "hash" in table.file else 2]
    if path.suffix not in formats:
        why = "" if ".tfrecord" in formats else "; TFRecord is the format of modules of NAS-Bench-101"
        raise BadSetting(f"{path.name} should end in {' or '.join(formats)}, which says the format to write{why}")
    for name in table.missing:
        _ = table.column(name)
    (export_tfrecord if path.suffix == ".tfrecord" else export_rows)(table, path, progress)


def export_tfrecord(table: Table, path: Path, progress: Progress | None = None) -> None:
    """Write a record a training, in the order of the file that the table was imported from, else by hash.

    Values that the table lacks are NaN in the file, where the published API reports them as they are.
    """
    from nasbed.readers.tfrecord import framed

    slots = _record_order(table)
    epochs, repeats = table.modules.trainings
    budgets = np.array(epochs)
    texts = [table.column(name).stored.reshape(-1) if name in table.columns else None for name in PATHS]
    known = lru_cache(1)(partial(_module, table))  # records of one module follow each other
    with replacing(path) as beside, beside.open("wb") as file:
        for start in range(0, len(slots), _BATCH):
            some = slots[start : start + _BATCH]
            rows, budget = np.divmod(some // repeats, len(budgets))
            values = np.stack([_doubles(table, name, some, budgets[budget]) for name in DOUBLES], axis=1)
            for slot, row, place, numbers in zip(some, rows.tolist(), budget.tolist(), values, strict=True):
                paths = tuple(None if text is None else text[slot] for text in texts)
                record = replace(
                    known(row), epochs=epochs[place], values=tuple(numbers.tolist()), checkpoint_paths=paths
                )
                file.write(framed(format_record(record)))
            if progress is not None:
                progress((start + len(some)) / len(slots))


def export_rows(table: Table, path: Path, progress: Progress | None = None) -> None:
    """Write a row for each training: its architecture, recipe, data set and seed, and what was measured.

    What is measured epoch by epoch is a list in Parquet, over the epochs that the metadata name, and the last value in
    CSV. Numbers are written so that they read back exactly; what is missing is null, or an empty cell.
    """
    from pyarrow import csv, parquet

    lists, places = path.suffix == ".parquet", _places(table)
    everything = {heading: place for some in places.values() for heading, place in some.items()}
    empty = _rows(table, everything, ("", "", ""), np.arange(0), lists)
    empty = empty.replace_schema_metadata({METADATA: table.file.batch.schema.metadata[METADATA]})
    trainings = [training for training in places if training[0] is not None]
    with replacing(path) as beside:
        kind = partial(parquet.ParquetWriter, compression="zstd") if lists else csv.CSVWriter
        with kind(beside, empty.schema) as writer:
            for done, (recipe, data, seed) in enumerate(trainings, 1):
                keys: list[Training] = [(None, "", ""), (None, "", seed), (recipe, data, ""), (recipe, data, seed)]
                read = {heading: place for key in keys for heading, place in places.get(key, {}).items()}
                for rows in np.array_split(np.arange(len(table)), -(-len(table) // _ROWS)):
                    some = _rows(table, read, (recipe, data, seed), rows, lists)
                    whole = pa.concat_tables([empty, some], promote_options="default")
                    # In one chunk: until version 23 Arrow writes what came before once more for an empty one.
                    writer.write_table(whole.combine_chunks())
                if progress is not None:
                    progress(done / len(trainings))


def _places(table: Table) -> dict[Training, dict[str, Place]]:
    """Return where the numbers of each training are read, by heading; what is of no training has None as its recipe."""
    found: dict[Training, dict[str, Place]] = {}
    for column in map(table.column, table.columns):
        measure, axes = column.measure, column.measure.axes
        if not measure.is_trained and column.name not in table.measures:
            continue  # texts beside the results
        whole = "recipe" in axes or not measure.is_trained
        heading = column.name if whole else "/".join(filter(None, (measure.published, measure.metric)))
        for i, recipe in enumerate(measure.recipes or ("",)):
            for j, seed in enumerate(measure.seeds if "seed" in axes else ("",)):
                training = (recipe, measure.data, seed) if measure.is_trained else (None, "", seed)
                at = [place for axis, place in (("recipe", i), ("seed", j)) if axis in axes]
                found.setdefault(training, {})[heading] = column, (slice(None), *at)
    return found


def _rows(
    table: Table, places: Mapping[str, Place], training: Training, rows: NDArray[np.int64], lists: bool
) -> pa.Table:
    """Return the rows among some that have a number of a training; what is of no seed stands in the row of each."""
    there, found = np.zeros(len(rows), np.bool_), {}
    for heading, (column, at) in places.items():
        is_text, measure = column.encoding.kind == "text", column.measure
        values = column.stored.reshape(-1, *measure.shape)[rows] if is_text else column.values(rows)
        found[heading] = values[at]
        if not is_text and measure.is_trained and ("seed" in measure.axes) == (training[2] != ""):
            there |= ~np.isnan(values[at]).all(axis=tuple(range(1, values[at].ndim)))
    said = {name: pa.repeat(str(text), int(there.sum())) for name, text in zip(_TRAINING, training, strict=True)}
    numbers = {name: _array(table, places[name][0], values[there], lists) for name, values in found.items()}
    return pa.table({**_identity(table, rows[there]), **said, **numbers})


def _array(table: Table, column: Column, values: NDArray[Any], lists: bool) -> pa.Array:
    """Return texts, numbers or lists of numbers, null where there is none."""
    if column.encoding.kind == "text":
        return pa.array(values.tolist(), pa.string())
    if values.ndim > 1 and not lists:
        values = values[:, -1]
    absent = is_absent(values) if table.continues and lists else np.isnan(values)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1), mask=absent.reshape(-1))
    if values.ndim == 1:
        return flat.cast(pa.int64()) if column.encoding.kind == "whole" else flat
    return pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, values.shape[1], dtype=np.int32), flat)


def _identity(table: Table, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return what says which architecture a row is, in words."""
    found: dict[str, list[str]] = {"arch": [table.space.format(arch) for arch in table.archs[rows]]}
    if "hash" in table.file:
        modules = [_module(table, int(row)) for row in rows]
        found["hash"] = [module.module for module in modules]
        found["adjacency"] = [module.adjacency for module in modules]
        found["operations"] = [",".join(module.operations) for module in modules]
    index = {"index": pa.array(table.indices[rows], pa.int64())} if table.space.is_enumerable else {}
    return {**index, **{name: pa.array(texts, pa.string()) for name, texts in found.items()}}


def _record_order(table: Table) -> NDArray[np.int64]:
    """Give the slots, numbers into ``(modules, budgets, repeats)``, that have a record, in the order of the file."""
    budgets, repeats = table.modules.trainings
    found = np.zeros((len(table), len(budgets), repeats), bool)
    if "record" in table.columns:
        number = table.column("record").values().reshape(-1) + np.arange(found.size)
        there = np.flatnonzero(~np.isnan(number))
        return there[np.argsort(number[there], kind="stable")]
    for name, measure in table.measures.items():
        if measure.shape == found.shape[1:]:
            found |= ~np.isnan(table.column(name).values())
    order = slice(None) if table.modules.by_hash is None else table.modules.by_hash
    slots = np.arange(found.size).reshape(found.shape)
    return slots[order][found[order]]


def _doubles(table: Table, name: str, slots: NDArray[np.int64], epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return one of the doubles of some slots' records, of trainings with so many epochs."""
    if name in table.columns:
        return table.column(name).at(slots)
    share = POINTS.get(name.removesuffix("current_epoch"), np.nan)
    return np.asarray(epochs * share, np.float64)


def _module(table: Table, row: int) -> Record:
    """Return a record of a module that says nothing of a training yet."""
    graph = table.modules.graph(row)
    return Record(
        table.modules.hashes[row].tobytes().hex(),
        0,
        "".join(str(x) for line in graph.adjacency for x in line),
        graph.labels,
        (),
        int(table.column("trainable_parameters").stored[row]),
    )
