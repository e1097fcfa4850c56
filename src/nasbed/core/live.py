"""Live benchmark: answers that are made, not looked up, and take as long as they take."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple, Self

from nasbed.core.benchmark import Benchmark
from nasbed.core.executor import Executor, Work
from nasbed.core.records import Archs


class Answer(NamedTuple):
    """What one training came to.

    Attributes:
        validation: What the benchmark's ``measure`` says, such as accuracy in [0, 1]; NaN where the training failed.
        test: What ``tested`` says, which no search sees.
        seconds: Its cost; NaN where that is not known.
        failure: Why it failed, in one line; None where it did not.
    """

    validation: float
    test: float
    seconds: float
    failure: str | None = None


def failed(why: str, seconds: float = float("nan")) -> Answer:
    """Give the answer of a training that was given up."""
    return Answer(float("nan"), float("nan"), seconds, why)


class LiveBenchmark(Benchmark):
    """A benchmark that hands its trainings out as calls, so that a search can have them made side by side."""

    trains: bool = True
    """Whether an answer is a training, by a recipe, which takes its time; where nothing is trained, there is none."""
    executor: str = "processes"
    """Where a search has its answers made, if it is told nothing else: a registered name."""
    attempts: int
    """How often a training is tried whose worker dies, before it has failed."""

    @property
    def live(self) -> Self:
        """The benchmark itself."""
        return self

    @abstractmethod
    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that trains one architecture: JSON-able when it returns, and the same for the same seed.

        Args:
            arch: ``(decisions,)``.
            epochs: Any number that the trainings allow, one of ``budgets`` or not.
            seed: Any integer that is not negative.
        """

    @abstractmethod
    def answer(self, value: Any) -> Answer:
        """Read what a call returned."""

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """See, where the work will be done, that it can be done; give what else decides its results, JSON-able.

        Raises:
            BadSetting: When nothing can be trained.
        """
        return {}
