"""Reference: the exact course of random search on a benchmark that can be enumerated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import NotInTable
from nasbed.report.random_search import expected_best


@dataclass(frozen=True, eq=False)
class RandomReference:
    """What random search with replacement comes to in the mean over endless runs.

    Attributes:
        values: Validation accuracies that a draw of each class may hear, ``(classes, repeats)``.
        test: Mean test accuracy of each class, ``(classes,)``.
        probabilities: How likely a draw is of each class, ``(classes,)``.
    """

    values: NDArray[np.float64]
    test: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def validation_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected best validation accuracy heard in so many evaluations."""
        return expected_best(self.values, self.probabilities, evaluations)

    def test_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected test accuracy of the incumbent after so many evaluations."""
        return expected_best(self.values, self.probabilities, evaluations, of=self.test)

    def recorded(self, evaluations: ArrayLike) -> RecordedReference:
        """Keep the course at some counts of evaluations alone: enough to draw it, and small enough for a file."""
        at = np.asarray(evaluations, np.float64)
        return RecordedReference(at, self.validation_after(at), self.test_after(at))


@dataclass(frozen=True, eq=False)
class RecordedReference:
    """The same course as it was written down; between the counts that it has, it is drawn straight.

    Attributes:
        at: Counts of evaluations, ascending, ``(points,)``.
        validation: Expected best validation accuracy heard by then, ``(points,)``.
        test: Expected test accuracy of the incumbent by then, ``(points,)``; NaN where nobody knows it.
    """

    at: NDArray[np.float64]
    validation: NDArray[np.float64]
    test: NDArray[np.float64]

    @classmethod
    def from_dict(cls, written: Mapping[str, Any] | None) -> RecordedReference | None:
        """Read what ``as_dict`` gave; None of None."""
        if written is None:
            return None
        return cls(*(np.array(written[name], np.float64) for name in ("evaluations", "validation", "test")))

    def as_dict(self) -> dict[str, list[float | None]]:
        """Give it JSON-able; None for what is not known."""
        columns = {"evaluations": self.at, "validation": self.validation, "test": self.test}
        return {name: [None if np.isnan(x) else float(x) for x in values] for name, values in columns.items()}

    def validation_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected best validation accuracy heard in so many evaluations; NaN beyond what was written."""
        return np.interp(np.asarray(evaluations, np.float64), self.at, self.validation, right=np.nan)

    def test_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected test accuracy of the incumbent after so many evaluations; NaN beyond what was written."""
        return np.interp(np.asarray(evaluations, np.float64), self.at, self.test, right=np.nan)

    def recorded(self, evaluations: ArrayLike) -> RecordedReference:
        """Keep the course at other counts alone."""
        at = np.asarray(evaluations, np.float64)
        return RecordedReference(at, self.validation_after(at), self.test_after(at))


def random_reference(
    benchmark: Benchmark, epochs: int | None = None, repeats: Literal["draw", "mean"] = "draw"
) -> RandomReference | None:
    """Take the reference from a benchmark that knows everything about a space that numbers its architectures.

    Args:
        benchmark: Whose answers.
        epochs: Training budget of each evaluation; None for the benchmark's largest.
        repeats: Whether a draw hears one of the repeats or their mean.

    Returns:
        None where the space is not enumerated, says nothing of its chances, or the benchmark lacks some of it.
    """
    space = benchmark.space
    if space.size is None:
        return None
    try:
        probabilities = space.probabilities()
        archs = space.enumerate()
        values = (
            benchmark.query(archs, epochs).value[:, None] if repeats == "mean" else benchmark.outcomes(archs, epochs)
        )
        test = benchmark.test(archs, epochs)
    except (NotImplementedError, NotInTable):
        return None
    return None if values is None else RandomReference(values, test, probabilities)
