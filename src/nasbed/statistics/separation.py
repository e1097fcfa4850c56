"""Separation: which searches a study tells apart, and by how much those differ at most that it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.printing import Printed
from nasbed.statistics.exact import fewest
from nasbed.statistics.means import CONFIDENCE, mean_with_ends, student_reach
from nasbed.statistics.statistic import (
    Column,
    Interval,
    Statistic,
    decimals,
    few,
    headed,
    no_interval,
    scaled,
    told_apart,
)

FEWEST = 5
"""Paired runs that tell anything apart: of fewer, a handful of like results passes for a small spread."""


@dataclass(frozen=True)
class Difference(Printed):
    """How much better one search ended than another, run for run.

    Attributes:
        better: Label of the search with the higher mean.
        worse: Label of the other.
        interval: Mean over runs of the difference of the two, never negative, with its interval where ``means`` gives
            one.
        apart: Whether the two are told apart.
    """

    better: str
    worse: str
    interval: Interval
    apart: bool

    @property
    def mean(self) -> float:
        """The mean alone."""
        return self.interval.value

    @property
    def reach(self) -> float:
        """How far the interval reaches to its longer side; NaN where there is none."""
        return max(self.interval.high - self.mean, self.mean - self.interval.low)

    @property
    def within(self) -> float:
        """Within which margin of each other the means of the two are, with 95 %; NaN where there is no interval."""
        return max(self.interval.high, -self.interval.low)


@dataclass(frozen=True)
class Separation(Statistic):
    """Which pairs of searches are told apart by the accuracy they ended with.

    The interval of a pair is that of the mean difference between run k of one and run k of the other, from fifty runs
    on (see ``means``). Pairing is exact where runs of one number share their random draws, as they do here, and costs
    nothing where they do not. The intervals of all pairs together hold with 95 % confidence: each is widened for the
    number of pairs (Bonferroni), and so is the test. Two searches are told apart by the paired t-test, unless the
    interval has 0 in it; two bands in a figure may overlap even so. Where all runs differ by the same, that test has
    nothing to go by; they are told apart where so many runs in one direction are no chance (the sign test).

    Attributes:
        metric: What was compared, in words.
        pairs: How much each pair of searches differs, in the order of the searches.
        runs: How many runs each pair had in common.
        factor: What differences are multiplied with to be said.
        unit: What they are then.
    """

    metric: str
    pairs: tuple[Difference, ...]
    runs: int
    factor: float = 100.0
    unit: str = " points"
    figure: ClassVar[str] = "separation"

    @classmethod
    def of(
        cls, finals: Mapping[str, NDArray[np.float64]], metric: str, factor: float = 100.0, unit: str = " points"
    ) -> Separation:
        """Compare every pair of searches.

        Args:
            finals: What each run of each search ended with, higher is better, ``(runs,)`` for each label. Runs that
                are NaN in any search count in none.
            metric: What that is, in words.
            factor: What differences are multiplied with to be said: percentage points if not given.
            unit: What they are then.
        """
        values = in_common(finals)
        couples = list(combinations(values, 2))
        pairs = tuple(_difference(one, other, values[one] - values[other], len(couples)) for one, other in couples)
        missing = None if pairs else "There is one search, and nothing to tell it apart from."
        return cls(metric, pairs, len(next(iter(values.values()))), factor, unit, missing=missing)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The pairs, by the name that they had in version 0.1."""
        return self.pairs

    def finding(self) -> str:
        """Say it, for a terminal or a caption; long lists are counted."""
        if self.runs < 2:
            allows = "one run of each allows" if self.runs else "no run that has a value in each of them allows"
            return f"By {self.metric}, {allows} no statement: what differs may be chance. Play more, such as runs=100."
        apart = [
            f"{d.better} over {d.worse} (+{d.interval.text(self.factor, decimals(self.factor))}{self.unit})"
            for d in self.pairs
            if d.apart
        ]
        others = [f"{d.better} and {d.worse}{self._within(d)}" for d in self.pairs if not d.apart]
        said = f"By {self.metric} (95 % intervals of all pairs together, {self.runs} paired runs), "
        tests = "two searches" if len(self.pairs) == 1 else "any of the searches"
        found = f"{said}{told_apart(apart, others)}."
        if self.runs < FEWEST:
            return found + few(self.runs, FEWEST, f"tell {tests} apart")
        return found + no_interval(self.runs, [pair.interval for pair in self.pairs])

    def _said(self, difference: float) -> str:
        return f"{self.factor * difference:.{decimals(self.factor)}f}"

    def _within(self, pair: Difference) -> str:
        return "" if np.isnan(pair.within) else f" (within ± {self._said(pair.within)}{self.unit} of each other)"

    def facts(self) -> dict[str, Any]:
        """Say what was compared, how surely, and over how many runs."""
        return {"metric": self.metric, "confidence": CONFIDENCE, "runs": self.runs}

    def columns(self) -> list[Column]:
        """Return ``better, worse, difference, mean, reach, within, apart``."""
        write = scaled(self.factor, decimals(self.factor))
        return [
            Column("better", "better", [pair.better for pair in self.pairs]),
            Column("worse", "worse", [pair.worse for pair in self.pairs]),
            Column("difference", headed("difference", self.unit), [pair.interval for pair in self.pairs], write),
            Column("mean", "", [pair.mean for pair in self.pairs]),
            Column("reach", "", [pair.reach for pair in self.pairs]),
            Column("within", headed("within ±", self.unit), [pair.within for pair in self.pairs], write),
            Column("apart", "told apart", [pair.apart for pair in self.pairs], lambda apart: "yes" if apart else "no"),
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        return {**self.facts(), "pairs": self.rows(), "sentence": self.sentence()}


def in_common(finals: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return what those runs ended with that ended with something in every search, ``(runs,)`` for each label."""
    values = np.stack(list(finals.values()))
    return dict(zip(finals, values[:, ~np.isnan(values).any(axis=0)], strict=True))


def _difference(one: str, other: str, values: NDArray[np.float64], tests: int) -> Difference:
    confidence = 1 - (1 - CONFIDENCE) / tests
    found = Interval(*map(float, mean_with_ends(values, confidence)))
    if found.value < 0:
        one, other, found = other, one, Interval(-found.value, -found.high, -found.low)
    needed = FEWEST
    reach = float(student_reach(values, confidence))
    if reach == 0:
        needed = max(needed, fewest(lambda n: 2.0 ** (1 - n), tests))
    apart = len(values) >= needed and found.value > reach and not found.low <= 0
    return Difference(one, other, found, bool(apart))
