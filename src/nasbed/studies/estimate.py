"""Estimates: what a cell will take, before it is played."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.core.rng import Streams
from nasbed.studies.cell import Cell
from nasbed.studies.door import opened
from nasbed.tables.column import mean_of

SECONDS_A_STEP = 8e-5
"""Of one core, for a step of however many runs: measured with evolution on digits101, 20 to 100 runs at a time."""
SECONDS_AN_EVALUATION = 6e-7
"""On top of it, for each run."""
_SECONDS_A_CELL = 0.02  # to attach, to write

_SAMPLE = 500  # architectures whose mean training time stands for those that a search meets


@dataclass(frozen=True)
class Estimate:
    """What a cell takes, roughly: searches that look for short trainings, or meet what they know, take more.

    Attributes:
        evaluations: Of a run.
        seconds: Simulated, of a run; NaN where the benchmark knows no times.
        work: Seconds of one core, for all runs.
    """

    evaluations: float
    seconds: float
    work: float


def estimate(cell: Cell, part: int) -> Estimate:
    """Say what a cell takes that is played in parts of so many runs."""
    count, each = evaluations(cell), _mean_seconds(opened(cell.source), cell.search.epochs)
    parts = -(-cell.runs // part)
    work = count * (parts * SECONDS_A_STEP + cell.runs * SECONDS_AN_EVALUATION) + parts * _SECONDS_A_CELL
    return Estimate(count, count * each / (cell.search.workers or 1), work)


def evaluations(cell: Cell) -> float:
    """Say how many evaluations a run of a cell will have, by its budget and what a random architecture costs."""
    how, limits = cell.search, []
    benchmark = opened(cell.source)
    each = _mean_seconds(benchmark, how.epochs)
    if how.evaluations is not None:
        limits.append(float(how.evaluations))
    if how.total_epochs is not None:
        limits.append(np.ceil(how.total_epochs / (how.fidelity(benchmark))))
    if each > 0:
        if how.seconds is not None:
            limits.append(np.ceil(how.seconds * (how.workers or 1) / each))
        if how.total_seconds is not None:
            limits.append(np.ceil(how.total_seconds / each))
    return float(min(limits, default=1.0))


@cache
def _mean_seconds(benchmark: Benchmark, epochs: int | None) -> float:
    """Give what training a random architecture takes, on average; NaN where nobody knows."""
    archs = benchmark.space.sample(Streams.from_seed(0, _SAMPLE, 0, "estimate"))
    seconds = benchmark.query(archs, epochs).seconds
    return float(mean_of(seconds[None])[0])
