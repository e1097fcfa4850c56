"""The door of a study: whether a benchmark can be searched as it says, and what that takes, before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.resolve import resolve
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations
from nasbed.core.rng import Streams
from nasbed.core.spelling import named
from nasbed.run.settings import BUDGETS
from nasbed.statistics.normalised import evaluations_within, mean_seconds
from nasbed.studies.cell import BASE, Cell, Source
from nasbed.studies.parts import at

SECONDS_A_STEP = 8e-5
"""Of one core, for a step of however many runs: measured with evolution on digits101, 20 to 100 runs at a time."""
SECONDS_AN_EVALUATION = 6e-7
"""On top of it, for each run."""
_SECONDS_A_CELL = 0.02  # to attach, to write


def checked_source(name: str, settings: dict[str, Any], pace: float, search: Mapping[str, list[Any]]) -> Source:
    """Open a benchmark and hold the study's search settings against it.

    Raises:
        UnknownName: When there is no such benchmark.
        BadSetting: When it really trains, or cannot be searched so.
    """
    benchmark = _opened(name, tuple(settings.items()), pace)
    if benchmark.live is not None:
        raise BadSetting(f"{name} really trains, which a study does not wait for; use nasbed search, one by one")
    _check(search, benchmark)
    return source_of(name, settings, pace)


def source_of(name: str, settings: dict[str, Any], pace: float = 1.0) -> Source:
    """Open a benchmark, and return where it is from.

    Raises:
        UnknownName: When there is no such benchmark.
        BadSetting: When it does not have such settings.
    """
    benchmark = _opened(name, tuple(settings.items()), pace)
    stem = benchmark.name if benchmark.table is None else named(benchmark.name)[0]
    return Source(name, settings, pace, benchmark.name, stem, benchmark.describe().get("checksum"))


def opened(source: Source) -> Benchmark:
    """Open a benchmark, once a process."""
    return _opened(source.name, tuple(source.settings.items()), source.pace)


@cache
def _opened(name: str, settings: tuple[tuple[str, Any], ...], pace: float) -> Benchmark:
    benchmark = resolve(name, **dict(settings))
    return benchmark if pace == 1 else Paced(benchmark, pace)


def _check(search: Mapping[str, list[Any]], benchmark: Benchmark) -> None:
    """See that every value of the search settings is allowed."""
    if not any(key in search for key in BUDGETS):
        raise BadSetting(f"search: a study needs a budget for its runs, one of {', '.join(BUDGETS)}")
    first = {key: values[0] for key, values in search.items() if key in BUDGETS}  # so that errors name their own key
    for key, values in search.items():
        with at(f"search.{key}"):
            for value in values:
                settings = BASE.but({**first, key: value})
                if settings.epochs is not None and settings.epochs not in benchmark.budgets:
                    has = ", ".join(map(str, benchmark.budgets))
                    raise BadSetting(f"{benchmark.name} has no results at {settings.epochs!r} epochs; it has {has}")
                settings.check(benchmark)


class Paced(Benchmark):
    """Another benchmark's answers, each training of which takes so many times as long.

    Args:
        benchmark: Whose answers.
        pace: How many simulated seconds a second of its trainings stands for.

    Raises:
        BadSetting: When the pace is not positive.
    """

    def __init__(self, benchmark: Benchmark, pace: float) -> None:
        if not 0 < pace < float("inf"):
            raise BadSetting(f"a pace is a positive number of simulated seconds a second, not {pace}")
        self.benchmark, self.pace = benchmark, pace
        self.name, self.space, self.budgets = benchmark.name, benchmark.space, benchmark.budgets
        self.measure, self.tested = benchmark.measure, benchmark.tested
        self.split, self.continues, self.table = benchmark.split, benchmark.continues, benchmark.table

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Answer as the benchmark does, in its own time."""
        heard = self.benchmark.query(archs, epochs, streams)
        return heard._replace(seconds=heard.seconds * self.pace)

    def outcomes(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64] | None:
        """Give the benchmark's."""
        return self.benchmark.outcomes(archs, epochs)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the benchmark's."""
        return self.benchmark.test(archs, epochs)

    @property
    def costs(self) -> tuple[str, ...]:
        """Those that the benchmark knows."""
        return self.benchmark.costs

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give the benchmark's."""
        return self.benchmark.cost(name, archs)

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the benchmark's."""
        return self.benchmark.optimum(epochs)

    def describe(self) -> dict[str, Any]:
        """Say, besides what the benchmark says, that its clock was changed."""
        said = self.benchmark.describe()
        warning = f"simulated time: a second of {self.name}'s trainings stands for {self.pace:g} seconds"
        return {**said, "pace": self.pace, "warnings": [*said.get("warnings", []), warning]}


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
    count, each = evaluations(cell), mean_seconds(opened(cell.source), cell.search.epochs)
    parts = -(-cell.runs // part)
    work = count * (parts * SECONDS_A_STEP + cell.runs * SECONDS_AN_EVALUATION) + parts * _SECONDS_A_CELL
    return Estimate(count, count * each / (cell.search.workers or 1), work)


def evaluations(cell: Cell) -> float:
    """Say how many evaluations a run of a cell will have, by its budget and what a random architecture costs."""
    how = cell.search
    found = evaluations_within(how.budget, how.epochs, how.workers or 1, opened(cell.source))
    return found if found < np.inf else 1.0
