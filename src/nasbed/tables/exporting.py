"""Export: a table as the published TFRecord file, as Parquet or as CSV."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.tables.column_file import METADATA
from nasbed.tables.record import MEASURES, POINTS, Record, format_record
from nasbed.tables.table import Table

Progress = Callable[[float], None]
_BATCH = 2**15
_RECORD_AT_MOST = 2048  # bytes of the usual layout without the operations' names


def export(table: Table, path: str | Path, progress: Progress | None = None) -> None:
    """Write a table in the format that the name ends with: ``.tfrecord``, ``.parquet`` or ``.csv``.

    Raises:
        BadSetting: When the ending is another one, or the file cannot be written.
    """
    path = Path(path).expanduser()
    writers = {".tfrecord": export_tfrecord, ".parquet": export_parquet, ".csv": export_csv}
    if path.suffix not in writers:
        raise BadSetting(f"{path.name} should end in one of {', '.join(writers)}, which says the format to write")
    writers[path.suffix](table, path, progress)


def export_tfrecord(table: Table, path: Path, progress: Progress | None = None) -> None:
    """Write a record a training, in the order of the file that the table was imported from, else by hash.

    Values that the table lacks are NaN in the file, where the published API reports them as they are.

    Raises:
        NotInTable: When values that the table was written with are not beside it: the file would not have all there is.
    """
    for name in table.missing:
        _ = table.column(name)
    from nasbed.tables.tfrecord_writing import write_records

    slots = _record_order(table)
    columns = _sources(table)
    texts = [name for point in POINTS if (name := f"{point}checkpoint_path") in table.columns]
    names = [json.dumps(name)[1:-1].encode() for name in table.metadata["space"]["settings"]["operations"]]
    joined, ends = np.frombuffer(b"".join(names), np.uint8), np.cumsum([len(name) for name in names])
    room = _RECORD_AT_MOST + len(table.space.cardinalities) * max(map(len, names))
    buffer = np.empty(min(_BATCH, len(slots)) * room, np.uint8)
    plain = bool(texts) or int(table.trainable_parameters.min()) < 0
    with replacing(path) as beside, beside.open("wb") as file:
        for start in range(0, len(slots), _BATCH):
            some = slots[start : start + _BATCH]
            row, budget, repeat = np.unravel_index(some, (len(table), len(table.budgets), table.repeats))
            values = np.stack([column(row, budget, repeat) for column in columns], axis=1)
            if plain:
                for i in range(len(some)):
                    paths = tuple(_text(table, point, int(some[i])) for point in POINTS)
                    file.write(_framed(format_record(_record(table, int(row[i]), int(budget[i]), values[i], paths))))
            else:
                end = write_records(
                    buffer,
                    row,
                    np.array(table.budgets)[budget],
                    values.view(np.uint64),
                    table.hashes,
                    table.archs,
                    table.vertices,
                    table.metadata["space"]["settings"]["vertices"],
                    table.trainable_parameters,
                    joined,
                    ends,
                )
                file.write(buffer.data[:end])
            if progress is not None:
                progress((start + len(some)) / len(slots))


def export_parquet(table: Table, path: Path, progress: Progress | None = None) -> None:
    """Write a row a module with every column decoded, the results as nested lists, the metadata kept."""
    from pyarrow import parquet

    columns = _module_columns(table, np.arange(len(table)))
    for name in table.columns:
        column = table.column(name)
        if column.encoding.kind == "text":
            columns[name] = pa.array(column.stored.tolist())
            continue
        values = pa.array(column.values().reshape(-1))
        for size in reversed(table.shape(name)[1:]):
            values = pa.FixedSizeListArray.from_arrays(values, size).cast(pa.list_(values.type))
        columns[name] = values
    made = pa.table(columns).replace_schema_metadata({METADATA: table.file.batch.schema.metadata[METADATA]})
    with replacing(path) as beside:
        parquet.write_table(made, beside, row_group_size=2**16)
    if progress is not None:
        progress(1.0)


def export_csv(table: Table, path: Path, progress: Progress | None = None) -> None:
    """Write a row for each module, budget and repeat; numbers as Python prints them, which reads back exactly."""
    import csv

    named = [name for name in table.columns if table.column(name).encoding.kind != "text"]
    texts = [name for name in table.columns if name not in named]
    with replacing(path) as beside, beside.open("w", newline="") as file:
        writer = csv.writer(file)
        head = ("hash", "vertices", "adjacency", "operations", "trainable_parameters")
        writer.writerow([*head, "epochs", "repeat", *named, *texts])
        for start in range(0, len(table), _BATCH // 8):
            rows = np.arange(start, min(start + _BATCH // 8, len(table)))
            modules = _module_columns(table, rows)
            fixed = list(zip(*(modules[name].to_pylist() for name in head), strict=True))
            values = [
                np.broadcast_to(
                    (found := table.column(name).values(rows)).reshape(len(rows), *(found.shape[1:] or (1, 1))),
                    (len(rows), len(table.budgets), table.repeats),
                ).tolist()
                for name in named
            ] + [table.column(name).stored[rows].tolist() for name in texts]
            for i, module in enumerate(fixed):
                for b, epochs in enumerate(table.budgets):
                    for r in range(table.repeats):
                        writer.writerow([*module, epochs, r, *(column[i][b][r] for column in values)])
            if progress is not None:
                progress((int(rows[-1]) + 1) / len(table))


def _module_columns(table: Table, rows: NDArray[np.int64]) -> dict[str, pa.Array]:
    """Give what says which module a row is, in words."""
    graphs = [table.graph(int(row)) for row in rows]
    return {
        "hash": pa.array([table.hashes[row].tobytes().hex() for row in rows]),
        "vertices": pa.array([graph.vertices for graph in graphs], pa.int8()),
        "adjacency": pa.array(["".join(str(x) for line in graph.adjacency for x in line) for graph in graphs]),
        "operations": pa.array([",".join(graph.labels) for graph in graphs]),
        "trainable_parameters": pa.array(table.trainable_parameters[rows]),
    }


def _record_order(table: Table) -> NDArray[np.int64]:
    """Give the slots, numbers into ``(modules, budgets, repeats)``, that have a record, in the order of the file."""
    size = len(table) * len(table.budgets) * table.repeats
    if "record" in table.columns:
        number = table.column("record").values().reshape(-1) + np.arange(size)
        there = np.flatnonzero(~np.isnan(number))
        return there[np.argsort(number[there], kind="stable")]
    order = np.arange(len(table)) if table.by_hash is None else table.by_hash
    slots = np.arange(size).reshape(len(table), -1)[order]
    return slots[table.there().reshape(len(table), -1)[order]]


def _sources(table: Table) -> list[Callable[..., NDArray[np.float64]]]:
    """Give, for each double of a record, what looks it up."""
    budgets = np.array(table.budgets, np.float64)
    shares = {"start_": 0.0, "halfway_": 0.5, "": 1.0}

    def source(name: str, point: str) -> Callable[..., NDArray[np.float64]]:
        if name in table.columns:
            return table.column(name).take
        if name == f"{point}current_epoch":
            return lambda row, budget, repeat: budgets[budget] * shares[point]
        return lambda row, budget, repeat: np.full(len(row), np.nan)

    return [
        *(source(f"{point}{measure}", point) for point in POINTS for measure in MEASURES),
        source("total_time", ""),
    ]


def _record(table: Table, row: int, budget: int, values: NDArray[np.float64], paths: tuple[str | None, ...]) -> Record:
    graph = table.graph(row)
    return Record(
        table.hashes[row].tobytes().hex(),
        table.budgets[budget],
        "".join(str(x) for line in graph.adjacency for x in line),
        graph.labels,
        tuple(values.tolist()),
        int(table.trainable_parameters[row]),
        paths,
    )


def _text(table: Table, point: str, slot: int) -> str | None:
    name = f"{point}checkpoint_path"
    if name not in table.columns:
        return None
    text: str | None = table.column(name).stored.reshape(-1)[slot]
    return text


def _framed(text: bytes) -> bytes:
    """Put length and checksums around a record."""
    from nasbed.tables.tfrecord_layout import masked_crc

    length = len(text).to_bytes(8, "little")

    def crc(part: bytes) -> bytes:
        return int(masked_crc(np.frombuffer(part, np.uint8), 0, len(part))).to_bytes(4, "little")

    return length + crc(length) + text + crc(text)
