"""Random search in closed form: what the best of n draws is worth, from order statistics.

With F the distribution of one draw's result, the best of n independent draws is at most v with chance F(v)ⁿ. So the
mean over endless runs of random search needs no run at all, and a measured mean can be held against it.

A budget of epochs pays for a whole number of draws. By some time, a run has made more draws or fewer; the count is
taken as its mean, t/μ − (1 − c²)/2 after t seconds of draws of μ seconds with coefficient of variation c (the renewal
function). From ten draws on that is right to a hundredth of a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.printing import Printed
from nasbed.run.history import Clock

_ROUNDING = 1e-9  # draws: whole budgets are whole numbers of them

_CELLS_AT_ONCE = 4_000_000  # levels × draws in one block: 32 MB


def expected_best(
    values: ArrayLike, probabilities: ArrayLike, n: ArrayLike, of: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Give the mean of the best of n independent draws, the first of equals counting.

    Args:
        values: What a draw is judged by, ``(rows,)``; or ``(rows, repeats)``, of which each draw hears one, all with
            the same chance. NaN is a failed training, which is never the best.
        probabilities: Chance of each row, ``(rows,)``; weights will do.
        n: How many draws, of any shape; between whole numbers the chances go on in between.
        of: What to read of the best instead of the value it was chosen by, ``(rows,)``: its test accuracy, say.

    Returns:
        Float64 of the shape of ``n``; the mean over those runs in which not every training failed.

    >>> expected_best([0.0, 1.0], [0.5, 0.5], [1, 2, 3])
    array([0.5  , 0.75 , 0.875])
    """
    heard, read = _outcomes(values, of)
    weights = np.asarray(probabilities, np.float64)
    if weights.shape != heard.shape[:1] or not (weights >= 0).all() or not weights.sum() > 0:
        raise BadSetting(
            f"probabilities are one number a row that is not negative, with a positive sum: "
            f"{len(heard)} rows, but shape {weights.shape}"
        )
    chance = np.broadcast_to((weights / weights.sum() / heard.shape[1])[:, None], heard.shape)
    above, worth = _levels(heard, read, chance)
    with np.errstate(divide="ignore"):
        log_below = np.log1p(-np.minimum(above, 1.0))  # precise where it matters: at the top, F is nearly 1
    draws = np.asarray(n, np.float64)
    if not (draws >= 1).all():
        raise BadSetting(f"the best of {draws.min():g} draws is not defined; n is at least 1")
    flat = draws.ravel()
    result = np.empty(len(flat))
    block = max(1, _CELLS_AT_ONCE // (len(worth) + 1))
    for start in range(0, len(flat), block):
        at_most = np.exp(flat[start : start + block, None] * log_below)  # the chance that all n are at most at a level
        best = np.diff(at_most, axis=1)
        result[start : start + block] = (best @ worth) / best.sum(axis=1)
    return result.reshape(draws.shape)


def _outcomes(values: ArrayLike, of: ArrayLike | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give what each row and repeat is judged by, and what is read of it; both ``(rows, repeats)``."""
    heard = np.asarray(values, np.float64)
    heard = heard[:, None] if heard.ndim == 1 else heard
    if heard.ndim != 2 or np.isnan(heard).all():
        raise BadSetting("values are (rows,) or (rows, repeats), not all of them NaN")
    if of is None:
        return heard, heard
    read = np.asarray(of, np.float64)
    if read.shape != heard.shape[:1]:
        raise BadSetting(f"what is read of the best is one number a row: {len(heard)} rows, but shape {read.shape}")
    return heard, np.broadcast_to(read[:, None], heard.shape)


def _levels(
    heard: NDArray[np.float64], read: NDArray[np.float64], chance: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give, for each different value ascending, the chance of a better draw and what is read there on average.

    Failed trainings make a level of their own at the bottom, so that there always is one below every value.
    """
    value = np.where(np.isnan(heard), -np.inf, heard).ravel()
    levels, level = np.unique(np.append(value, -np.inf), return_inverse=True)
    level = level[:-1]
    weights, read = chance.ravel(), read.ravel()
    mass = np.bincount(level, weights, len(levels))
    above = np.append(np.cumsum(mass[::-1])[::-1][1:], 0.0)
    certain = np.where(weights > 0, weights * read, 0.0)  # what is never drawn is not read, be it NaN
    total = np.bincount(level, certain, len(levels))
    worth = np.divide(total, mass, out=np.zeros(len(levels)), where=mass > 0)
    return above, worth[1:]


@dataclass(frozen=True)
class DrawCost(Printed):
    """What one draw of random search costs.

    Attributes:
        epochs: That it trains.
        seconds: That it takes on average; NaN where nobody knows.
        variation: The standard deviation of these seconds over their mean.
    """

    epochs: float
    seconds: float
    variation: float

    @classmethod
    def of(cls, epochs: ArrayLike, seconds: ArrayLike, probabilities: NDArray[np.float64]) -> DrawCost:
        """Take it from what each class costs, ``(classes,)``, and how likely a draw is of each."""
        chance = probabilities / probabilities.sum()
        mean = float(chance @ np.asarray(seconds, np.float64))
        scatter = float(chance @ (np.asarray(seconds, np.float64) - mean) ** 2)
        return cls(float(chance @ np.asarray(epochs)), mean, scatter**0.5 / mean if mean > 0 else np.nan)

    def draws(self, spent: ArrayLike, clock: Clock) -> NDArray[np.float64] | None:
        """Give how many draws so much pays for, on average; NaN for less than one, None on clocks that do not say."""
        points = np.asarray(spent, np.float64)
        if clock == "evaluations":
            count = points
        elif clock == "epochs" and self.epochs > 0:
            count = np.floor(points / self.epochs + _ROUNDING)
        elif clock == "seconds" and self.seconds > 0:
            late = (1 - self.variation**2) / 2
            count = np.where(points < self.seconds, np.nan, np.maximum(points / self.seconds - late, 1))
        else:
            return None
        return np.where(count >= 1, count, np.nan)


@dataclass(frozen=True, eq=False)
class RandomReference(Printed):
    """What random search with replacement comes to in the mean over endless runs.

    Attributes:
        values: Validation accuracies that a draw of each class may hear, ``(classes, repeats)``.
        test: Mean test accuracy of each class, ``(classes,)``.
        probabilities: How likely a draw is of each class, ``(classes,)``.
        cost: What a draw costs; None where nobody knows.
    """

    values: NDArray[np.float64]
    test: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    cost: DrawCost | None = None

    def validation_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected best validation accuracy heard in so many evaluations."""
        return expected_best(self.values, self.probabilities, evaluations)

    def test_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected test accuracy of the incumbent after so many evaluations."""
        return expected_best(self.values, self.probabilities, evaluations, of=self.test)


@dataclass(frozen=True, eq=False)
class RecordedReference(Printed):
    """The same course as it was written down; between the counts that it has, it is drawn straight.

    Attributes:
        at: Counts of evaluations, ascending, ``(points,)``.
        validation: Expected best validation accuracy heard by then, ``(points,)``.
        test: Expected test accuracy of the incumbent by then, ``(points,)``; NaN where nobody knows it.
        cost: What a draw costs; None where nobody knows.
    """

    at: NDArray[np.float64]
    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    cost: DrawCost | None = None

    @classmethod
    def from_dict(cls, written: Mapping[str, Any] | None) -> RecordedReference | None:
        """Read what ``as_dict`` gave; None of None."""
        if written is None:
            return None
        at, validation, test = (np.array(written[name], np.float64) for name in ("evaluations", "validation", "test"))
        cost = written.get("cost")
        known = None if cost is None else {name: np.nan if x is None else float(x) for name, x in cost.items()}
        return cls(at, validation, test, None if known is None else DrawCost(**known))

    def as_dict(self) -> dict[str, Any]:
        """Give it JSON-able; None for what is not known."""
        columns = {"evaluations": self.at, "validation": self.validation, "test": self.test}
        lists = {name: [_known(x) for x in values] for name, values in columns.items()}
        return (
            lists if self.cost is None else lists | {"cost": {name: _known(x) for name, x in vars(self.cost).items()}}
        )

    def validation_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected best validation accuracy heard in so many evaluations; NaN beyond what was written."""
        return np.interp(np.asarray(evaluations, np.float64), self.at, self.validation, right=np.nan)

    def test_after(self, evaluations: ArrayLike) -> NDArray[np.float64]:
        """Give the expected test accuracy of the incumbent after so many evaluations; NaN beyond what was written."""
        return np.interp(np.asarray(evaluations, np.float64), self.at, self.test, right=np.nan)


def expected_along(
    reference: RandomReference | RecordedReference,
    split: Literal["validation", "test"],
    spent: ArrayLike,
    clock: Clock = "evaluations",
) -> NDArray[np.float64] | None:
    """Give the expected result of the incumbent once so much of a clock is spent; None where the clock does not say.

    NaN before the first draw is finished.
    """
    points = np.asarray(spent, np.float64)
    draws = points if reference.cost is None else reference.cost.draws(points, clock)
    if draws is None or (reference.cost is None and clock != "evaluations"):
        return None
    there = draws >= 1  # false where it is NaN
    course = np.full(draws.shape, np.nan)
    after = reference.validation_after if split == "validation" else reference.test_after
    # Of some draws or one more: between whole numbers it is drawn straight, as of a course that was written down.
    few, share = np.divmod(draws[there], 1.0)
    course[there] = (1 - share) * after(few) + share * after(np.ceil(draws[there]))
    return course


def recorded(reference: RandomReference | RecordedReference, evaluations: ArrayLike) -> RecordedReference:
    """Keep the course at some counts of evaluations alone: enough to draw it, and small enough for a file."""
    at = np.asarray(evaluations, np.float64)
    return RecordedReference(at, reference.validation_after(at), reference.test_after(at), reference.cost)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


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
    if not space.is_enumerable:
        return None
    try:
        probabilities = space.probabilities()
        archs = space.enumerate()
        told = benchmark.query(archs, epochs)
        values = told.value[:, None] if repeats == "mean" else benchmark.outcomes(archs, epochs)
        test = benchmark.test(archs, epochs)
    except (NotImplementedError, NotInTable):
        return None
    cost = DrawCost.of(told.epochs, np.nan_to_num(told.seconds), probabilities)
    return None if values is None else RandomReference(values, test, probabilities, cost)
