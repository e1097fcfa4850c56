"""Scheduling: when a worker that is done takes the next trial."""

from __future__ import annotations

from typing import Literal, get_args

from nasbed.core.errors import BadSetting

Scheduling = Literal["asynchronous", "synchronous"]
"""At once, or when all workers are done."""


def check_scheduling(scheduling: str, workers: int) -> None:
    """Refuse what there is not.

    Raises:
        BadSetting: With what there is.
    """
    if scheduling not in get_args(Scheduling):
        raise BadSetting(f"scheduling is one of {', '.join(get_args(Scheduling))}, not {scheduling!r}")
    if workers < 1:
        raise BadSetting(f"a run has at least 1 worker, not {workers}")
