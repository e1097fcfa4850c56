"""Timing: the median of several calls."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def median_seconds(call: Callable[[], Any], rounds: int, clock: Callable[[], float] = time.process_time) -> float:
    """Return the median seconds of some calls, by default of the processor."""
    times = []
    for _ in range(rounds):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)
