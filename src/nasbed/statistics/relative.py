"""Relative improvement: by how much better than random search a search is, in percent of what that comes to.

The paper's denominator is the average of architectures drawn at random, each trained once, which says how much of an
accuracy comes from the space alone. Random search of the same budget, which keeps the best that it draws, is harder to
beat, so both are given.

Reference: Yang, Esperança and Carlucci, "NAS evaluation is frustratingly hard", ICLR 2020,
https://arxiv.org/abs/1912.12522
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.run.history import Metric
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.random_search import random_reference
from nasbed.statistics.selected import naming_failed_runs, selected
from nasbed.statistics.statistic import Column, Interval, Quantity, Statistic, known, no_interval, scaled


@dataclass(frozen=True)
class RelativeImprovements(Statistic):
    """By how much better than random search each search ended, relative to it.

    Attributes:
        labels: The searches.
        over_draw: Over the average of architectures drawn at random, with its interval where ``means`` gives one; one
            a search.
        over_search: Over the average of random search of the same budget, likewise; NaN where that is not known.
        draw: What an architecture drawn at random is worth on average.
        search: What random search of the budget comes to on average, exactly.
        runs: How many runs of each search had anything.
        quantity: What was measured.
        where: On which benchmark.
    """

    labels: tuple[str, ...]
    over_draw: tuple[Interval, ...]
    over_search: tuple[Interval, ...]
    draw: float
    search: float
    runs: tuple[int, ...]
    quantity: Quantity
    where: str
    figure: ClassVar[str] = "relative-improvements"

    def facts(self) -> dict[str, Any]:
        """Say what was measured, and what random search comes to."""
        return {
            "metric": self.quantity.words,
            "benchmarks": self.where,
            "random_architecture": known(self.draw),
            "random_search": known(self.search),
        }

    def columns(self) -> list[Column]:
        """Return ``optimizer, runs, over_draw, over_search``."""
        write = scaled(100)
        return [
            Column("optimizer", "optimizer", self.labels),
            Column("runs", "runs", self.runs),
            Column("over_draw", "over random architectures %", self.over_draw, write),
            Column("over_search", "over random search %", self.over_search, write),
        ]

    def finding(self) -> str:
        """Say which search improves most on random architectures, and on random search."""
        quantity = self.quantity
        over = {label: one.value for label, one in zip(self.labels, self.over_draw, strict=True)}
        best = max(over, key=lambda label: np.nan_to_num(over[label], nan=-np.inf))
        place = self.labels.index(best)
        told = f"{best} is {self.over_draw[place].text(100)} % better in {quantity.words} on {self.where} than the "
        told += f"average random architecture ({quantity.write(self.draw)}{quantity.unit})"
        if not np.isnan(self.search):
            told += (
                f", and {self.over_search[place].text(100)} % better than random search of the same budget on average "
            )
            told += f"({quantity.write(self.search)}{quantity.unit})"
        return f"{told}.{no_interval(min(filter(None, self.runs)), self.over_draw)}"


@naming_failed_runs
def relative_improvements(
    comparison: Comparison, benchmark: Benchmark | None = None, metric: Metric | None = None
) -> RelativeImprovements:
    """Give by how much better than the average of random search each search ended, as a share of that.

    Args:
        comparison: The searches.
        benchmark: The one that they were played on; None where the comparison has random search's expectation, as
            those with ``random`` among the searches do.
        metric: ``"test"`` or ``"validation"``; None for the first where it is known.

    Raises:
        BadSetting: For another metric.
    """
    chosen = selected(comparison, metric)
    if chosen.quantity.metric not in ("test", "validation"):
        raise BadSetting(f"random search is known by test or validation, not by {chosen.quantity.metric}")
    if comparison.reference is None and benchmark is not None:
        info = next(iter(comparison.histories.values())).info
        reference = random_reference(benchmark, info.get("epochs"), info.get("repeats") or "draw")
        comparison = replace(comparison, reference=reference)
    draw, search = _averages(comparison, chosen.quantity.metric)
    over = [tuple(_over(values, average) for values in chosen.alone) for average in (draw, search)]
    missing = None if any(chosen.found) else chosen.nothing_found
    if np.isnan(draw):
        missing = "What random search comes to is not known; put random among the searches, or give the benchmark."
    return RelativeImprovements(
        chosen.labels, over[0], over[1], draw, search, chosen.found, chosen.quantity, chosen.where, missing=missing
    )


def _averages(comparison: Comparison, metric: Metric) -> tuple[float, float]:
    """Give what one random draw, and random search of the comparison's budget, comes to."""
    clock = comparison.clock
    budget = (next(iter(comparison.histories.values())).info.get("budget") or {}).get(clock)
    one = comparison.expected(metric, np.ones(1))
    whole = None if budget is None else comparison.expected(metric, np.array([float(budget)]), clock)
    return tuple(np.nan if found is None else float(found[0]) for found in (one, whole))  # type: ignore[return-value]


def _over(values: NDArray[np.float64], average: float) -> Interval:
    """Give the mean of by how much values exceed an average, as a share of its size: it may be negative."""
    return Interval(np.nan) if np.isnan(average) else Interval.of_mean((values - average) / abs(average))
