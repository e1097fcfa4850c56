"""Performance profiles and optimality gaps: how all runs are spread, and how far they stay below a goal.

References: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264; Dolan and Moré, "Benchmarking optimization software with performance profiles",
Mathematical Programming 91, 2002
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import BadSetting
from nasbed.run.history import Metric
from nasbed.statistics.exact import clopper_pearson
from nasbed.statistics.selected import Comparisons, Judged, accuracy_of, naming_failed_runs, selected, together
from nasbed.statistics.statistic import Column, Interval, Quantity, Statistic, few, headed, no_interval, said, scaled

_POINTS = 21  # at which a profile is read: from the worst run to the best


@dataclass(frozen=True, eq=False)
class PerformanceProfiles(Statistic):
    """Which share of a search's runs is better than each of some values.

    Attributes:
        labels: The searches.
        at: Values, from the worst to the best, ``(points,)``.
        shares: Which share of the runs is better than that, ``(labels, points)``; NaN for a search that found nothing.
        low: Lower end of its 95 % interval (Clopper and Pearson), ``(labels, points)``.
        high: Upper end.
        runs: How many runs of each search count.
        quantity: What was measured.
        where: On which benchmarks.
    """

    labels: tuple[str, ...]
    at: NDArray[np.float64]
    shares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    runs: tuple[int, ...]
    quantity: Quantity
    where: str
    figure: ClassVar[str] = "profiles"

    def facts(self) -> dict[str, Any]:
        """Say what was measured, and where."""
        return {"metric": self.quantity.words, "benchmarks": self.where}

    def columns(self) -> list[Column]:
        """Return ``optimizer, runs, at, share``, a row a search and value."""
        each = [(i, j) for i in range(len(self.labels)) for j in range(len(self.at))]
        shares = [Interval(*(float(some[i, j]) for some in (self.shares, self.low, self.high))) for i, j in each]
        at = headed("less than" if self.quantity.is_regret else "more than", self.quantity.unit)
        return [
            Column("optimizer", "optimizer", [self.labels[i] for i, _ in each]),
            Column("runs", "runs", [self.runs[i] for i, _ in each]),
            Column("at", at, [float(self.at[j]) for _, j in each], self.quantity.write),
            Column("share", "share of runs %", shares, scaled(100, 1)),
        ]

    def finding(self) -> str:
        """Say which search's profile is nowhere below another's, if there is one."""
        by = f"By the share of runs that are better than each {self.quantity.words} on {self.where}, "
        with np.errstate(invalid="ignore"):
            above = [i for i in range(len(self.labels)) if (self.shares[i] >= np.nan_to_num(self.shares)).all()]
        if len(self.labels) == 1:
            told = f"{self.labels[0]} is alone"
        elif len(above) == 1:
            told = f"{self.labels[above[0]]} is nowhere behind another search"
        else:
            told = "no search is ahead of all others throughout"
        return f"{by}{told}.{few(min(filter(None, self.runs)))}"


@naming_failed_runs
def performance_profiles(
    comparisons: Comparisons, metric: Judged | None = None, at: ArrayLike | None = None
) -> PerformanceProfiles:
    """Give which share of each search's runs on all benchmarks is better than each of some values.

    Args:
        comparisons: One, or several of the same searches on different benchmarks.
        metric: What to read; see ``selected.selected``.
        at: The values, ``(points,)``; None for 21 from the worst run to the best.

    Raises:
        BadSetting: When there is no value, or one of them is no number.
    """
    chosen = selected(comparisons, metric)
    ended = [np.concatenate([block[i] for block in chosen.blocks.values()]) for i in range(len(chosen.labels))]
    ended = [values[~np.isnan(values)] for values in ended]
    if not any(map(len, ended)):
        nothing = np.empty((len(ended), 0))
        none = np.empty(0), nothing, nothing, nothing, chosen.found, chosen.quantity, chosen.where
        return PerformanceProfiles(chosen.labels, *none, missing=chosen.nothing_found)
    points = _points(at, np.concatenate(ended), chosen.quantity)
    sign = -1.0 if chosen.quantity.is_regret else 1.0
    better = np.array([[(sign * values > sign * point).sum() for point in points] for values in ended])
    runs = np.array(chosen.found)[:, None]
    shares = np.divide(better, runs, out=np.full(better.shape, np.nan), where=runs > 0)
    together = len(chosen.blocks) if chosen.shared else 1  # results that come of one run count once
    low, high = clopper_pearson(better / together, runs / together)
    return PerformanceProfiles(chosen.labels, points, shares, low, high, chosen.found, chosen.quantity, chosen.where)


@dataclass(frozen=True)
class OptimalityGaps(Statistic):
    """By how much the runs of each search stay below a goal, on average.

    Attributes:
        labels: The searches.
        intervals: The gap of each, with its interval where ``means`` gives one.
        runs: How many of each search's runs had anything, on all benchmarks.
        lost: How many had nothing; they do not count.
        goals: On each benchmark.
        quantity: What was measured.
    """

    labels: tuple[str, ...]
    intervals: tuple[Interval, ...]
    runs: tuple[int, ...]
    lost: tuple[int, ...]
    goals: dict[str, float]
    quantity: Quantity
    figure: ClassVar[str] = "optimality-gaps"

    @property
    def goals_in_words(self) -> str:
        """The goal of each benchmark: ``94.37 % on digits101``."""
        return ", ".join(
            f"{said(self.quantity.factor * goal, self.quantity.unit)} on {name}" for name, goal in self.goals.items()
        )

    def facts(self) -> dict[str, Any]:
        """Say what was measured, and what the goals are."""
        return {"metric": self.quantity.words, "goals": self.goals}

    def columns(self) -> list[Column]:
        """Return ``optimizer, runs, lost, optimality_gap``."""
        header = headed("optimality gap", self.quantity.difference_unit)
        return [
            Column("optimizer", "optimizer", self.labels),
            Column("runs", "runs", self.runs),
            Column("lost", "", self.lost),
            Column("optimality_gap", header, self.intervals, self.quantity.write),
        ]

    def finding(self) -> str:
        """Say which search stays least below the goal."""
        there = {label: gap for label, gap in zip(self.labels, self.intervals, strict=True) if not np.isnan(gap.value)}
        best = min(there, key=lambda label: there[label].value)
        told = f"{best} stays least below the goal in {self.quantity.words} ({self.goals_in_words}): "
        told += f"{self.quantity.write(there[best])}{self.quantity.difference_unit} on average."
        return told + no_interval(min(filter(None, self.runs)), self.intervals)


@naming_failed_runs
def optimality_gaps(
    comparisons: Comparisons,
    goal: float | None = None,
    metric: Metric | None = None,
) -> OptimalityGaps:
    """Give by how much the runs of each search stay below a goal, with what is above it counted as at it.

    Args:
        comparisons: One, or several of the same searches on different benchmarks.
        goal: As the metric has it, 0.94 for 94 %; None for the best that each benchmark has.
        metric: What to read, no regret; None for the test accuracy where it is known, else the validation accuracy.

    Raises:
        BadSetting: For a regret, of which the gap is the mean; or where no goal is given and nobody knows the best.
    """
    found = together(comparisons)
    chosen = selected(found, metric or accuracy_of(found))
    if chosen.quantity.is_regret:
        raise BadSetting(f"the optimality gap of a {chosen.quantity.words} is its mean; give an accuracy as the metric")
    best = 1 if chosen.quantity.metric == "test" else 0
    goals = {one.benchmark: one.optimum[best] if goal is None else float(goal) for one in found}
    if not np.isfinite(list(goals.values())).all():
        raise BadSetting(
            f"nobody knows the best {chosen.quantity.words} on {chosen.where}; give a goal, such as goal=0.94"
        )
    below = {name: np.maximum(goals[name] - block, 0.0) for name, block in chosen.blocks.items()}  # NaN stays
    short = replace(chosen, blocks=below)
    intervals = tuple(Interval.of_pooled_mean(short.strata(i)) for i in range(len(chosen.labels)))
    lost = tuple(chosen.played - there for there in chosen.found)
    missing = None if any(chosen.found) else chosen.nothing_found
    return OptimalityGaps(chosen.labels, intervals, chosen.found, lost, goals, chosen.quantity, missing=missing)


def _points(at: ArrayLike | None, ended: NDArray[np.float64], quantity: Quantity) -> NDArray[np.float64]:
    """Give the values at which profiles are read, from the worst to the best."""
    points = np.linspace(ended.min(), ended.max(), _POINTS) if at is None else np.atleast_1d(np.asarray(at, np.float64))
    if points.ndim != 1 or not len(points) or not np.isfinite(points).all():
        raise BadSetting(f"a profile is read at a list of numbers, such as at=[0.9, 0.92, 0.94], not {at!r}")
    points = np.unique(points)
    return points[::-1] if quantity.is_regret else points
