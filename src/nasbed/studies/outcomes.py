"""Outcomes: a row a run, what it ended with and what it spent."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.run.history import Clock, History, Metric
from nasbed.run.rows_file import table_of

CLOCKS: tuple[Clock, ...] = ("evaluations", "unique", "epochs", "seconds")


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
        "space": {"name": history.space.name, "settings": history.space.settings()},
        "info": history.info,
        "optimum": list(history.optimum),
        "shape": [1, history.runs],
    }
    return table_of(columns, about)
