"""Interquartile means with stratified bootstrap intervals: at the end of searches, and along a clock.

A mean that a few lucky or lost runs do not move, and that is surer than a median.

Reference: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.run.history import Clock, History, Metric
from nasbed.statistics.bootstrap import RESAMPLES, Interval, bootstrap, draws
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.selected import Comparisons, Selected, selected
from nasbed.statistics.statistic import Cells, Statistic, headed, known, number
from nasbed.statistics.summary import CONFIDENCE, horizon

POINTS = 60
"""Where a curve is asked for when no points are given; each costs as many bootstraps as a table's row."""

CURVE_RESAMPLES = 500
"""Of a curve; fewer than of a table, since a band is looked at and not read off."""


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
        words: What was measured.
        where: On which benchmarks.
        factor: What values are multiplied with to be shown.
        unit: What they are then.
        resamples: Of the bootstrap.
        higher_is_better: Whether more is better.
        missing: Why there is nothing.
    """

    labels: tuple[str, ...]
    intervals: tuple[Interval, ...]
    medians: tuple[float, ...]
    runs: tuple[int, ...]
    lost: tuple[int, ...]
    words: str
    where: str
    factor: float
    unit: str
    resamples: int
    higher_is_better: bool
    missing: str | None = None

    def facts(self) -> dict[str, Any]:
        """Say what was measured, where, and how often it was drawn."""
        return {"metric": self.words, "benchmarks": self.where, "resamples": self.resamples}

    def rows(self) -> list[dict[str, Any]]:
        """Give ``optimizer, runs, lost, interquartile_mean`` with ``_low`` and ``_high``, ``median``."""
        return [
            {
                "optimizer": label,
                "runs": self.runs[i],
                "lost": self.lost[i],
                **self.intervals[i].as_dict("interquartile_mean"),
                "median": known(self.medians[i]),
            }
            for i, label in enumerate(self.labels)
        ]

    def cells(self) -> Cells:
        """Give the same for people."""
        names = [headed(name, self.unit) for name in ("interquartile mean", "median")]
        headers = ["optimizer", "runs", *names]
        return headers, [
            [label, str(self.runs[i]), self.intervals[i].text(self.factor), number(self.medians[i], self.factor)]
            for i, label in enumerate(self.labels)
        ]

    def sentence(self) -> str:
        """Say which search's middle half is best, and how sure that is."""
        if self.missing:
            return self.missing
        sign = 1 if self.higher_is_better else -1
        best = max((i for i in range(len(self.labels)) if self.runs[i]), key=lambda i: sign * self.intervals[i].value)
        interval = self.intervals[best]
        said = f"{self.labels[best]} has the best interquartile mean of {self.words} on {self.where}: "
        said += f"{interval.text(self.factor)}{self.unit}"
        return said + (", one run, which has no interval." if np.isnan(interval.low) else ", 95 % bootstrap interval.")


def interquartile_means(
    comparisons: Comparisons, metric: Metric | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> InterquartileMeans:
    """Give each search's interquartile mean over the runs on all benchmarks together, each benchmark a stratum.

    Args:
        comparisons: One, or several of the same searches on different benchmarks. Means over several make sense for
            what is of one size on all, such as regrets.
        metric: What to read; None for the test accuracy where it is known, else the validation accuracy.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    chosen = selected(comparisons, metric)
    strata = [[block[i] for block in chosen.blocks.values()] for i in range(len(chosen.labels))]
    found = [
        tuple(bootstrap(some, statistic, resamples=n, seed=seed) for some in strata)
        for statistic, n in ((interquartile_mean, resamples), (_median, 1))
    ]
    runs = chosen.found
    return InterquartileMeans(
        chosen.labels,
        found[0],
        tuple(interval.value for interval in found[1]),
        runs,
        tuple(chosen.played - there for there in runs),
        chosen.words,
        chosen.where,
        chosen.factor,
        chosen.unit,
        resamples,
        not chosen.metric.endswith("regret"),
        None if any(runs) else nothing_found(chosen),
    )


def nothing_found(chosen: Selected) -> str:
    """Say that no run has what was asked for."""
    return f"No run of {', '.join(chosen.labels)} has a {chosen.words} on {chosen.where}: there is nothing to compare."


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.median(values, axis=-1))


@dataclass(frozen=True, eq=False)
class InterquartileCurve:
    """The interquartile mean of one search's runs at points of a clock; all arrays are ``(points,)``.

    As in ``summary.Curve``, runs that never find anything do not count, and before the last of the others has
    its first result everything is NaN.

    Attributes:
        at: The points.
        value: The interquartile mean.
        low: Lower end of its 95 % bootstrap interval; NaN of a single run.
        high: Its upper end.
    """

    at: NDArray[np.float64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def interquartile_curves(
    comparison: Comparison,
    metric: Metric = "validation",
    against: Clock = "evaluations",
    at: NDArray[np.float64] | None = None,
    *,
    resamples: int = CURVE_RESAMPLES,
    seed: int = 0,
) -> dict[str, InterquartileCurve]:
    """Give the curve of each search.

    Args:
        comparison: The searches.
        metric: What to read of the incumbents.
        against: Which clock.
        at: Points of the clock; None for ``POINTS`` up to the end of the first run whose budget was spent.
        resamples: Of the bootstrap; the same runs are drawn at all points, so that bands are smooth.
        seed: Of the bootstrap.
    """
    if resamples < 1:
        raise BadSetting(f"a bootstrap draws at least once, not {resamples} times")
    return {
        label: _curve(history, metric, against, _points(history, against) if at is None else at, resamples, seed)
        for label, history in comparison.histories.items()
    }


def _points(history: History, against: Clock) -> NDArray[np.float64]:
    """Spread points evenly; counts are whole."""
    end = horizon(history, against)
    if against in ("evaluations", "unique"):
        return np.unique(np.rint(np.linspace(1, max(end, 1), POINTS)))
    return np.linspace(0, end, POINTS + 1)[1:]


def _curve(
    history: History, metric: Metric, against: Clock, at: NDArray[np.float64], resamples: int, seed: int
) -> InterquartileCurve:
    points, values = history.curve(metric, against, at)
    values = values[~np.isnan(history.metric(metric)[-1])]
    value, low, high = np.full((3, len(points)), np.nan)
    if not len(values):
        return InterquartileCurve(points, value, low, high)
    known = ~np.isnan(values).any(axis=0)
    value[known] = interquartile_mean(values[:, known].T)
    if len(values) > 1:
        drawn = draws(np.random.default_rng(seed), resamples, len(values))
        ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
        for point in np.flatnonzero(known):
            low[point], high[point] = np.quantile(interquartile_mean(values[drawn, point]), ends)
    return InterquartileCurve(points, value, low, high)
