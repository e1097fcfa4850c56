"""Separation: which searches a study tells apart, and which it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.printing import Printed
from nasbed.statistics.statistic import known, told_apart
from nasbed.statistics.summary import CONFIDENCE, mean_and_reach


@dataclass(frozen=True)
class Difference(Printed):
    """How much better one search ended than another, run for run.

    Attributes:
        better: Label of the search with the higher mean.
        worse: Label of the other.
        mean: Mean over runs of the difference of the two, never negative.
        reach: How far its interval reaches to either side.
    """

    better: str
    worse: str
    mean: float
    reach: float

    @property
    def apart(self) -> bool:
        """Whether the interval excludes no difference at all."""
        return self.mean > self.reach  # false when the reach is NaN: one run tells nothing apart


@dataclass(frozen=True)
class Separation(Printed):
    """Which pairs of searches are told apart by the accuracy they ended with.

    The interval of a pair is that of the mean difference between run k of one and run k of the other (Student's t).
    Pairing is exact where runs of one number share their random draws, as they do here, and costs nothing where they do
    not. The intervals of all pairs together hold with 95 % confidence: each is widened for the number of pairs
    (Bonferroni). Two searches are told apart when theirs excludes 0; two bands in a figure may overlap even so.

    Attributes:
        metric: What was compared, in words.
        differences: One a pair, in the order of the searches.
        runs: How many runs each pair had in common.
        factor: What differences are multiplied with to be said.
        unit: What they are then.
    """

    metric: str
    differences: tuple[Difference, ...]
    runs: int
    factor: float = 100.0
    unit: str = " points"

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
        values = np.stack(list(finals.values()))
        values = values[:, ~np.isnan(values).any(axis=0)]
        pairs = list(combinations(range(len(values)), 2))
        confidence = 1 - (1 - CONFIDENCE) / max(len(pairs), 1)
        labels = list(finals)
        differences = []
        for i, j in pairs:
            mean, reach = (float(x) for x in mean_and_reach(values[i] - values[j], confidence))
            better, worse = (i, j) if not mean < 0 else (j, i)
            differences.append(Difference(labels[better], labels[worse], abs(mean), reach))
        return cls(metric, tuple(differences), values.shape[1], factor, unit)

    def sentence(self) -> str:
        """Say it, for a terminal or a caption; long lists are counted."""
        if not self.differences:
            return "There is one search, and nothing to tell it apart from."
        if self.runs < 2:
            few = "one run of each allows" if self.runs else "no run that has a value in each of them allows"
            return f"By {self.metric}, {few} no statement: what differs may be chance. Play more, such as runs=100."
        apart = [
            f"{d.better} over {d.worse} (+{self.factor * d.mean:.2f} ± {self.factor * d.reach:.2f}{self.unit})"
            for d in self.differences
            if d.apart
        ]
        others = [f"{d.better} and {d.worse}" for d in self.differences if not d.apart]
        said = f"By {self.metric} (95 % intervals of all pairs together, {self.runs} paired runs), "
        return f"{said}{told_apart(apart, others)}."

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        pairs = [
            {"better": d.better, "worse": d.worse, "mean": known(d.mean), "reach": known(d.reach), "apart": d.apart}
            for d in self.differences
        ]
        return {"metric": self.metric, "confidence": CONFIDENCE, "runs": self.runs, "pairs": pairs}
