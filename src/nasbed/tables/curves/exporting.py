"""Export of a table of curves: a row a training, as Parquet with whole curves or as CSV with where they end."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.tables.column_file import METADATA
from nasbed.tables.curves.encoding import is_absent
from nasbed.tables.curves.names import RUN_METRICS
from nasbed.tables.curves.table import CurveTable

Progress = Callable[[float], None]


def export_curves(table: CurveTable, path: str | Path, progress: Progress | None = None) -> None:
    """Write a table in the format that the name ends with: ``.parquet`` or ``.csv``.

    A row is a training: ``index``, ``arch``, ``hp``, ``data``, ``seed``, and what was measured, by its name, such as
    ``x-valid/accuracy``. In Parquet that is a list over the epochs that the metadata name, null where there is none; in
    CSV it is the last value.

    Raises:
        BadSetting: When the ending is another one, or the file cannot be written.
        NotInTable: When what the table was written with is not beside it.
    """
    path = Path(path).expanduser()
    if path.suffix not in (".parquet", ".csv"):
        raise BadSetting(f"{path.name} should end in .parquet or .csv; a table of curves has no TFRecord form")
    for name in table.missing:
        _ = table.column(name)
    with replacing(path) as part:
        if path.suffix == ".csv":
            _write_csv(table, part, progress)
        else:
            _write_parquet(table, part, progress)


def _measured(table: CurveTable) -> list[str]:
    """Name what is measured of trainings, in whichever group: ``params``, ``x-valid/accuracy``, …."""
    names = dict.fromkeys(name.split("/", 2)[2] for name in table.columns if name not in table.attached)
    return sorted(names, key=lambda name: (name not in RUN_METRICS, name))


def _write_parquet(table: CurveTable, part: Path, progress: Progress | None) -> None:
    import pyarrow.parquet as pq

    measured = _measured(table)
    texts = np.array(table.archs_text, object)
    lists = pa.list_(pa.float64())
    schema = pa.schema(
        {"index": pa.int32(), "arch": pa.string(), "hp": pa.string(), "data": pa.string(), "seed": pa.string()}
        | {name: pa.float64() if name in RUN_METRICS and name != "latency" else lists for name in measured}
        | dict.fromkeys(table.attached, pa.float64()),
        metadata={METADATA: table.file.batch.schema.metadata[METADATA]},
    )
    groups = [tuple(name.split("/")) for name in table.groups]
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for i, (hp, data) in enumerate(groups):
            order = table.order(hp, data)
            for which, seed in enumerate(table.axis(hp, data)):
                rows = np.flatnonzero(order[:, which] >= 0)
                arrays: dict[str, Any] = {
                    "index": table.indices[rows],
                    "arch": texts[rows],
                    "hp": [hp] * len(rows),
                    "data": [data] * len(rows),
                    "seed": [str(seed)] * len(rows),
                }
                for name in measured:
                    arrays[name] = _of_training(table, f"{hp}/{data}/{name}", rows, which, schema.field(name).type)
                arrays |= {name: table.values(name)[rows] for name in table.attached}
                writer.write_table(pa.table(arrays, schema=schema))
            if progress is not None:
                progress((i + 1) / len(groups))


def _of_training(table: CurveTable, name: str, rows: Any, which: int, kind: pa.DataType) -> pa.Array:
    """Give one seed's numbers of some rows, null where there is none."""
    if name not in table.columns:
        return pa.nulls(len(rows), kind)
    values = table.column(name).values(rows)[:, which]
    if not pa.types.is_list(kind):
        return pa.array(values, mask=is_absent(values))
    flat = pa.array(values.reshape(-1), mask=is_absent(values).reshape(-1))
    return pa.ListArray.from_arrays(np.arange(0, flat.__len__() + 1, values.shape[1], dtype=np.int32), flat)


def _write_csv(table: CurveTable, part: Path, progress: Progress | None) -> None:
    measured = _measured(table)
    groups = [tuple(name.split("/")) for name in table.groups]
    texts = table.archs_text
    attached = {name: table.values(name) for name in table.attached}
    with part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "arch", "hp", "data", "seed", *measured, *attached])
        for i, (hp, data) in enumerate(groups):
            order = table.order(hp, data)
            last = {}
            for name in measured:
                whole = f"{hp}/{data}/{name}"
                if whole in table.columns:
                    column = table.column(whole)
                    last[name] = column.at(len(column.epochs) - 1) if column.epochs else column.values()
            for row, which in zip(*np.nonzero(order >= 0), strict=True):
                numbers = [np.ravel(last[name][row, which])[0] if name in last else np.nan for name in measured]
                numbers += [values[row] for values in attached.values()]
                cells = ["" if np.isnan(number) else repr(float(number)) for number in numbers]
                seed = table.axis(hp, data)[which]
                writer.writerow([int(table.indices[row]), texts[row], hp, data, seed, *cells])
            if progress is not None:
                progress((i + 1) / len(groups))
