"""Pace: a benchmark whose simulated clock runs faster or slower, so that a small table can stand in for a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Evaluations

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


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
        self.measure, self.continues = benchmark.measure, benchmark.continues

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
