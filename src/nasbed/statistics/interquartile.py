"""Interquartile means with stratified bootstrap intervals.

A mean that a few lucky or lost runs do not move, and that is surer than a median.

Reference: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.statistics.bootstrap import FEWEST, FEWEST_OF_STRATUM, RESAMPLES, bootstrap
from nasbed.statistics.selected import Comparisons, Judged, naming_failed_runs, selected
from nasbed.statistics.statistic import Column, Interval, Quantity, Statistic, few, headed


def interquartile_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the mean over the last axis without the lowest and the highest quarter; ⌊n/4⌋ values each are left out."""
    n = values.shape[-1]
    cut = n // 4
    kept = np.partition(values, (cut, n - cut - 1), axis=-1)[..., cut : n - cut]
    mean: NDArray[np.float64] = kept.mean(axis=-1)
    return mean


@dataclass(frozen=True)
class InterquartileMeans(Statistic):
    """The interquartile mean of what each search's runs ended with.

    Attributes:
        labels: The searches.
        intervals: One a search.
        medians: One a search.
        runs: How many of each search's runs had anything, on all benchmarks.
        lost: How many had nothing, because all their trainings failed; they do not count.
        quantity: What was measured.
        where: On which benchmarks.
        resamples: Of the bootstrap.
    """

    labels: tuple[str, ...]
    intervals: tuple[Interval, ...]
    medians: tuple[float, ...]
    runs: tuple[int, ...]
    lost: tuple[int, ...]
    quantity: Quantity
    where: str
    resamples: int
    figure: ClassVar[str] = "interquartile-means"

    def facts(self) -> dict[str, Any]:
        """Say what was measured, where, and how often it was drawn."""
        return {"metric": self.quantity.words, "benchmarks": self.where, "resamples": self.resamples}

    def columns(self) -> list[Column]:
        """Return ``optimizer, runs, lost, interquartile_mean, median``."""
        write, unit = self.quantity.write, self.quantity.unit
        return [
            Column("optimizer", "optimizer", self.labels),
            Column("runs", "runs", self.runs),
            Column("lost", "", self.lost),
            Column("interquartile_mean", headed("interquartile mean", unit), self.intervals, write),
            Column("median", headed("median", unit), self.medians, write),
        ]

    def finding(self) -> str:
        """Say which search's middle half is best, and how sure that is."""
        found, quantity = dict(zip(self.labels, self.intervals, strict=True)), self.quantity
        best = quantity.best({label: interval.value for label, interval in found.items()})
        said = f"{best} has the best interquartile mean of {quantity.words} on {self.where}: "
        said += f"{quantity.write(found[best])}{quantity.unit}"
        if not np.isnan(found[best].low):
            return f"{said}, 95 % bootstrap interval.{few(min(filter(None, self.runs)))}"
        runs = self.runs[self.labels.index(best)]
        alone = ", one run, which has no interval" if runs == 1 else ""
        why = few(runs, FEWEST, "give it an interval")
        if runs >= FEWEST:
            each = f"{FEWEST_OF_STRATUM} runs on each, or {FEWEST} that go together"
            why = f" An interval over several benchmarks takes {each}."
        return f"{said}{alone}.{why}"


@naming_failed_runs
def interquartile_means(
    comparisons: Comparisons, metric: Judged | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> InterquartileMeans:
    """Give each search's interquartile mean over the runs on all benchmarks together, each benchmark a stratum.

    Args:
        comparisons: One, or several of the same searches on different benchmarks. Means over several make sense for
            what is of one size on all, such as normalised regrets. Runs that share random streams over benchmarks are
            drawn on all of them together.
        metric: What to read; see ``selected.selected``.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    chosen = selected(comparisons, metric)
    strata = [chosen.strata(i) for i in range(len(chosen.labels))]
    intervals = tuple(bootstrap(some, interquartile_mean, resamples=resamples, seed=seed) for some in strata)
    ended = [np.concatenate(some, axis=None) for some in strata]
    runs = chosen.found
    return InterquartileMeans(
        chosen.labels,
        intervals,
        tuple(float(np.median(values[~np.isnan(values)])) if runs[i] else np.nan for i, values in enumerate(ended)),
        runs,
        tuple(chosen.played - there for there in runs),
        chosen.quantity,
        chosen.where,
        resamples,
        missing=None if any(runs) else chosen.nothing_found,
    )
