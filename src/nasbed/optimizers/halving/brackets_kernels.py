"""The loops over runs that move brackets on."""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import kernel, overwrite, stable_order


@kernel
def next_jobs(
    plan_counts: Any, number: int, opened: Any, serial: Any, rung: Any, size: Any, asked: Any, told: Any, numbers: Any
) -> Any:
    """Give each run the next job of its oldest bracket that has one, or of a new one: its place and slot."""
    runs, places = serial.shape
    place, slot = np.empty(runs, np.int64), np.empty(runs, np.int64)
    for run in range(runs):
        oldest, free = -1, -1
        for p in range(places):
            if serial[run, p] < 0:
                if free < 0:
                    free = p
            elif asked[run, p] < size[run, p] and (oldest < 0 or serial[run, p] < serial[run, oldest]):
                oldest = p
        if oldest < 0:
            oldest = free
            serial[run, free] = opened[run]
            size[run, free] = plan_counts[opened[run] % len(plan_counts), 0]
            rung[run, free] = asked[run, free] = told[run, free] = 0
            opened[run] += 1
        place[run], slot[run] = oldest, asked[run, oldest]
        numbers[run, oldest, slot[run]] = number
        asked[run, oldest] += 1
    return place, slot


@kernel
def _find(serial: Any, asked: Any, numbers: Any, number: int) -> Any:
    """Find the place and slot of one run's trial; −1 where no rung waits for it."""
    for p in range(len(serial)):
        if serial[p] >= 0:
            for s in range(asked[p]):
                if numbers[p, s] == number:
                    return p, s
    return -1, -1


@kernel
def _advance(counts: Any, rung: int, size: int, archs: Any, values: Any, numbers: Any, earlier: Any) -> Any:
    """Keep the best of a rung, in order, as the next one's, and give how many; none when the bracket is over."""
    if rung + 1 >= len(counts):
        return 0
    order, before = stable_order(-values[:size]), archs.copy()
    kept = 0
    while kept < min(size, counts[rung + 1]) and not np.isnan(values[order[kept]]):
        overwrite(archs[kept], before[order[kept]])
        earlier[kept] = numbers[order[kept]]
        kept += 1
    return kept


@kernel
def hear(
    plan_counts: Any,
    serial: Any,
    rung: Any,
    size: Any,
    asked: Any,
    told: Any,
    numbers: Any,
    heard: Any,
    archs: Any,
    values: Any,
    earlier: Any,
    number: Any,
    value: Any,
    active: Any,
) -> Any:
    """Put each run's answer to its trial, and move a bracket on whose rung is complete; say who waited for it."""
    known = np.zeros(len(number), np.bool_)
    for run in range(len(number)):
        if not active[run] or number[run] < 0:
            continue
        p, s = _find(serial[run], asked[run], numbers[run], number[run])
        if p < 0 or heard[run, p, s]:
            continue
        known[run] = heard[run, p, s] = True
        values[run, p, s] = value[run]
        told[run, p] += 1
        if told[run, p] < size[run, p]:
            continue
        counts = plan_counts[serial[run, p] % len(plan_counts)]
        kept = _advance(
            counts, rung[run, p], size[run, p], archs[run, p], values[run, p], numbers[run, p], earlier[run, p]
        )
        rung[run, p] += 1
        size[run, p] = kept
        asked[run, p] = told[run, p] = 0
        numbers[run, p] = -1
        heard[run, p] = False
        values[run, p] = np.nan
        if kept == 0:
            serial[run, p] = -1
            earlier[run, p] = -1
    return known
