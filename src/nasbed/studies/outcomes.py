"""Outcomes: a row a run, what it ended with and what it spent."""

from __future__ import annotations

import json
from typing import Any, get_args

import pyarrow as pa

from nasbed.run.history import Clock, History, Metric

CLOCKS: tuple[Clock, ...] = ("evaluations", "unique", "epochs", "seconds")


def outcomes(history: History) -> pa.Table:
    """Give what each run's last incumbent is, is worth by every metric, and what the run spent by every clock.

    A column's name is the metric's or the clock's; ``arch`` is the incumbent's row in the space.
    """
    best, first = history.best, int(history.info.get("first_run", 0))
    columns: dict[str, Any] = {
        "run": pa.array(range(first, first + history.runs), pa.int32()),
        "arch": pa.FixedSizeListArray.from_arrays(pa.array(best.ravel(), pa.int8()), best.shape[1]),
    }
    for metric in get_args(Metric):
        columns[metric] = pa.array(history.metric(metric)[-1])
    for clock in CLOCKS:
        columns[clock] = pa.array(history.clock(clock)[-1])
    about = {
        "space": {"name": history.space.name, "settings": history.space.settings()},
        "info": history.info,
        "optimum": list(history.optimum),
        "shape": [1, history.runs],
    }
    return pa.table(columns).replace_schema_metadata({"nasbed": json.dumps(about)})
