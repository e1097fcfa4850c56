"""Work: some runs of a cell, played wherever there is room, as the bytes of a Parquet file: trials, or outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.registry import optimizers
from nasbed.run.history import Clock, History, Metric
from nasbed.run.rows_file import table_of, to_parquet
from nasbed.run.search import search
from nasbed.studies.cell import Cell
from nasbed.studies.door import opened

CLOCKS: tuple[Clock, ...] = ("evaluations", "unique", "epochs", "seconds")
"""Of an outcome, what a run spent."""


def play(cell: Cell, first: int, count: int) -> bytes:
    """Play ``count`` runs of a cell from number ``first`` on, and give their file; run k depends on k alone."""
    benchmark = opened(cell.source)
    settings = replace(cell.search, runs=count, first_run=first)
    history = search(optimizers.make(cell.optimizer, cell.settings), benchmark, settings).attach(benchmark)
    history.info["benchmark"].pop("path", None)  # of the machine, where a file shall be the same on every one
    history.info["study"] = {"cell": cell.name, "hash": cell.hash, "spec": cell.spec, "varied": cell.varied}
    if cell.keep == "trials":
        return written(history.to_arrow())
    for long in ("columns", "provenance"):  # which the checksum stands for, and thousands of small files need not have
        history.info["benchmark"].pop(long, None)
    return written(outcomes(history))


def written(table: pa.Table) -> bytes:
    """Give the bytes of a Parquet file with its checksum."""
    fields = [field.with_type(_plain(field.type)) for field in table.schema]
    return to_parquet(table.cast(pa.schema(fields, table.schema.metadata)))


def _plain(kind: pa.DataType) -> pa.DataType:
    """Call the elements of a list what Arrow calls them; Parquet gives back another name, and the file has both."""
    return pa.list_(kind.value_type, kind.list_size) if pa.types.is_fixed_size_list(kind) else kind


def outcomes(history: History) -> Any:
    """Give what each run's last incumbent is, is worth by every metric, and what the run spent by every clock.

    A column's name is the metric's or the clock's; ``arch`` is the incumbent's row in the space.
    """
    first = int(history.info.get("first_run", 0))
    columns: dict[str, NDArray[Any]] = {
        "run": np.arange(first, first + history.runs, dtype=np.int32),
        "arch": history.best,
    }
    columns |= {metric: history.metric(metric)[-1] for metric in get_args(Metric)}
    columns |= {clock: history.clock(clock)[-1] for clock in CLOCKS}
    about = {
        "space": {"name": history.space.kind, "settings": history.space.settings()},
        "info": history.info,
        "optimum": list(history.optimum),
        "shape": [1, history.runs],
    }
    return table_of(columns, about)
