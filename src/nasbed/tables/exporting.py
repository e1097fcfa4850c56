"""Export: a table as the published TFRecord file, as Parquet or as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.core.graph import Graph
from nasbed.readers.record import Record, format_record
from nasbed.tables.column import Column, Seed
from nasbed.tables.encoding import is_absent
from nasbed.tables.file import METADATA
from nasbed.tables.published import DOUBLES, PATHS, POINTS
from nasbed.tables.table import Progress, Table

_BATCH = 2**15
_ROWS = 2**12  # of a table that are written at once


def export(table: Table, path: str | Path, progress: Progress | None = None) -> None:
    """Write a table in the format that the name ends with: ``.tfrecord``, ``.parquet`` or ``.csv``.

    Raises:
        BadSetting: When the ending is another one, or the file cannot be written.
        NotInTable: When values that the table was written with are not beside it: the file would not have all there is.
    """
    path = Path(path).expanduser()
    writers = {".parquet": export_rows, ".csv": export_rows}
    if "hash" in table.file:
        writers[".tfrecord"] = export_tfrecord
    if path.suffix not in writers:
        why = "" if ".tfrecord" in writers else "; TFRecord is the format of modules of NAS-Bench-101"
        raise BadSetting(f"{path.name} should end in {' or '.join(writers)}, which says the format to write{why}")
    for name in table.missing:
        _ = table.column(name)
    writers[path.suffix](table, path, progress)


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

    lists, headings, trainings = path.suffix == ".parquet", _headings(table), list(_trainings(table))
    firsts = {name: next(iter(places.values())) for name, places in headings.items()}
    empty = _identity(table, np.arange(0)) | dict.fromkeys(("recipe", "data", "seed"), pa.nulls(0, pa.string()))
    empty |= {name: _numbers(table, *first, None, np.arange(0), lists) for name, first in firsts.items()}
    schema = pa.schema({name: array.type for name, array in empty.items()})
    schema = schema.with_metadata({METADATA: table.file.batch.schema.metadata[METADATA]})
    with replacing(path) as beside:
        writer = parquet.ParquetWriter(beside, schema, compression="zstd") if lists else csv.CSVWriter(beside, schema)
        with writer:
            for done, (recipe, data, seed, every) in enumerate(trainings, 1):
                said = {"recipe": recipe, "data": data, "seed": str(seed)}
                for rows in np.array_split(every, -(-len(every) // _ROWS)):
                    found = _identity(table, rows) | {name: pa.repeat(text, len(rows)) for name, text in said.items()}
                    for name, places in headings.items():
                        place = places.get((recipe, data), places.get(None))
                        if place is None or ("seed" in place[0].measure.axes and seed not in place[0].measure.seeds):
                            found[name] = pa.nulls(len(rows), schema.field(name).type)
                        else:
                            found[name] = _numbers(table, *place, seed, rows, lists)
                    writer.write_table(pa.table(found, schema=schema))
                if progress is not None:
                    progress(done / len(trainings))


def _trainings(table: Table) -> Iterator[tuple[str, str, Seed, NDArray[np.int64]]]:
    """Give recipe, data set, seed and rows of the trainings that there are; no seed where there is but a mean."""
    groups: dict[tuple[str, str], dict[Seed, Any]] = {}
    for one in table.find():
        if one.recipe or one.split:
            seeds = groups.setdefault((one.recipe, one.data), {})
            there = np.asarray(~np.isnan(one.curve()).all(axis=2))
            for i, seed in enumerate(one.measure.seeds or ("",)):
                seeds[seed] = there[:, i] | seeds.get(seed, False)
    for (recipe, data), seeds in groups.items():
        for seed, having in seeds.items():
            if having.any():
                yield recipe, data, seed, np.flatnonzero(having)


def _headings(table: Table) -> dict[str, dict[tuple[str, str] | None, tuple[Column, int]]]:
    """Return, by what columns are called, where they are read: by recipe and data set the table's column, and recipe.

    What belongs to no training stands in the row of each.
    """
    found: dict[str, dict[tuple[str, str] | None, tuple[Column, int]]] = {}
    for name in table.columns:
        column = table.column(name)
        measure = column.measure
        if measure.recipes or measure.split:
            heading = name if "recipe" in measure.axes else "/".join(filter(None, (measure.published, measure.metric)))
            for i, recipe in enumerate(measure.recipes or ("",)):
                found.setdefault(heading, {})[recipe, measure.data] = column, i
        elif name in table.measures:
            found[name] = {None: (column, 0)}
    return found


def _numbers(
    table: Table, column: Column, recipe: int, seed: Seed | None, rows: NDArray[np.int64], lists: bool
) -> pa.Array:
    """Return one training's numbers of some rows, null where there is none; None stands for the first seed."""
    measure, kind = column.measure, column.encoding.kind
    found = column.stored.reshape(-1, *measure.shape)[rows] if kind == "text" else column.values(rows)
    if "recipe" in measure.axes:
        found = found[:, recipe]
    if "seed" in measure.axes:
        found = found[:, 0 if seed is None else measure.seeds.index(seed)]
    if kind == "text":
        return pa.array(found.tolist(), pa.string())
    if found.ndim > 1 and not lists:
        found = found[:, -1]
    absent = is_absent(found) if table.continues and lists else np.isnan(found)
    flat = pa.array(np.ascontiguousarray(found).reshape(-1), mask=absent.reshape(-1))
    if found.ndim == 1:
        return flat.cast(pa.int64()) if kind == "whole" else flat
    return pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, found.shape[1], dtype=np.int32), flat)


def _identity(table: Table, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return what says which architecture a row is, in words."""
    found: dict[str, list[str]] = {"arch": [table.space.format(arch) for arch in table.archs[rows]]}
    if "hash" in table.file:
        graphs = [table.modules.graph(int(row)) for row in rows]
        found["hash"] = [table.modules.hashes[row].tobytes().hex() for row in rows]
        found["adjacency"] = [_adjacency(graph) for graph in graphs]
        found["operations"] = [",".join(graph.labels) for graph in graphs]
    index = {} if table.space.size is None else {"index": pa.array(table.indices[rows], pa.int64())}
    return {**index, **{name: pa.array(texts, pa.string()) for name, texts in found.items()}}


def _adjacency(graph: Graph) -> str:
    return "".join(str(x) for line in graph.adjacency for x in line)


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
        _adjacency(graph),
        graph.labels,
        (),
        int(table.column("trainable_parameters").stored[row]),
    )
