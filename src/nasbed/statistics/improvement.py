"""Probability of improvement: how likely a run of one search ends better than a run of another.

Ties count half. Runs are not paired, so this says what somebody meets who runs each once. Over several benchmarks it
is the mean, and intervals are from the stratified bootstrap.

Reference: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.run.history import Metric
from nasbed.statistics.bootstrap import RESAMPLES, draws, percentiles
from nasbed.statistics.selected import Comparisons, selected
from nasbed.statistics.statistic import Column, Interval, Statistic, listed, scaled


def probability_of_improvement(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Give how likely a value of the first is higher than one of the second, ties counting half; NaN without any.

    It is Mann and Whitney's U over the number of pairs.
    """
    one, other = one[~np.isnan(one)], other[~np.isnan(other)]
    if not len(one) or not len(other):
        return np.nan
    return float(_at_each_draw(np.arange(len(one))[None], np.arange(len(other))[None], one, other)[0])


@dataclass(frozen=True)
class Improvement:
    """How likely one search ends better than another, the likelier first.

    Attributes:
        better: Label of the search that is better in half of the cases or more.
        worse: Label of the other.
        probability: How likely, with its interval.
    """

    better: str
    worse: str
    probability: Interval

    @property
    def apart(self) -> bool:
        """Whether the interval is above one half."""
        return self.probability.low > 0.5  # false when it is NaN


@dataclass(frozen=True)
class Improvements(Statistic):
    """Every pair of searches.

    Attributes:
        labels: The searches.
        pairs: In the order of the searches.
        words: What was compared.
        where: On which benchmarks.
        resamples: Of the bootstrap.
    """

    labels: tuple[str, ...]
    pairs: tuple[Improvement, ...]
    words: str
    where: str
    resamples: int

    def matrix(self) -> NDArray[np.float64]:
        """Give how likely the search of a row is better than that of a column; NaN on the diagonal."""
        result = np.full((len(self.labels), len(self.labels)), np.nan)
        place = {label: i for i, label in enumerate(self.labels)}
        for pair in self.pairs:
            i, j = place[pair.better], place[pair.worse]
            result[i, j], result[j, i] = pair.probability.value, 1 - pair.probability.value
        return result

    def facts(self) -> dict[str, Any]:
        """Say what was compared, where, and how often it was drawn."""
        return {"metric": self.words, "benchmarks": self.where, "resamples": self.resamples}

    def columns(self) -> list[Column]:
        """Return ``better, worse, probability, apart``; for people in percent."""
        header = "probability of improvement %"
        return [
            Column("better", "better", [pair.better for pair in self.pairs]),
            Column("worse", "worse", [pair.worse for pair in self.pairs]),
            Column("probability", header, [pair.probability for pair in self.pairs], scaled(100, 1)),
            Column("apart", "", [pair.apart for pair in self.pairs]),
        ]

    def finding(self) -> str:
        """Say which searches are likelier to end better than others."""
        sure = [
            f"{pair.better} over {pair.worse} {pair.probability.text(100, 0)} %" for pair in self.pairs if pair.apart
        ]
        said = f"How likely a run ends better than another by {self.words} on {self.where} (95 % intervals): "
        return f"{said}{listed(sure) if sure else 'of no pair is it surely more than half'}."


def improvements(
    comparisons: Comparisons, metric: Metric | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> Improvements:
    """Give how likely each search ends better than each other, whichever way that is more likely than not.

    Args:
        comparisons: One, or several of the same searches on different benchmarks.
        metric: What to compare; None for the test accuracy where it is known, else the validation accuracy.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    chosen = selected(comparisons, metric)
    worth = list(chosen.worth.values())
    pairs = []
    for i, j in combinations(range(len(chosen.labels)), 2):
        strata = [(block[i][~np.isnan(block[i])], block[j][~np.isnan(block[j])]) for block in worth]
        found = _interval(strata, resamples, seed)
        better, worse = (i, j) if not found.value < 0.5 else (j, i)
        turned = found if better == i else Interval(1 - found.value, 1 - found.high, 1 - found.low)
        pairs.append(Improvement(chosen.labels[better], chosen.labels[worse], turned))
    missing = None
    if not pairs:
        missing = f"There is one search, {chosen.labels[0]}, and nothing that it could be better than."
    elif all(np.isnan(pair.probability.value) for pair in pairs):
        missing = chosen.nothing_found
    return Improvements(chosen.labels, tuple(pairs), chosen.quantity.words, chosen.where, resamples, missing=missing)


def _interval(strata: list[tuple[NDArray[np.float64], NDArray[np.float64]]], resamples: int, seed: int) -> Interval:
    """Give the mean over those benchmarks on which both found something, with its interval."""
    there = [(one, other) for one, other in strata if len(one) and len(other)]
    if not there:
        return Interval(np.nan)
    value = float(np.mean([probability_of_improvement(one, other) for one, other in there]))
    if max(min(len(one), len(other)) for one, other in there) < 2:
        return Interval(value)
    generator = np.random.default_rng(seed)
    drawn = [
        _at_each_draw(draws(generator, resamples, len(one)), draws(generator, resamples, len(other)), one, other)
        for one, other in there
    ]
    return Interval(value, *percentiles(np.mean(drawn, axis=0)))


def _at_each_draw(
    ones: NDArray[np.int64], others: NDArray[np.int64], one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the probability for each row of drawn runs, ``(draws, runs)`` of either search, as ``(draws,)``."""
    values, level = np.unique(np.concatenate([one, other]), return_inverse=True)
    better, worse = (_counted(some, len(values)) for some in (level[: len(one)][ones], level[len(one) :][others]))
    below = np.cumsum(worse, axis=1) - worse / 2  # of equals half count as worse
    result: NDArray[np.float64] = (better * below).sum(axis=1) / (ones.shape[1] * others.shape[1])
    return result


def _counted(levels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Count how often each of so many levels is in each row, ``(draws, runs)`` → ``(draws, count)``."""
    places = levels + count * np.arange(len(levels))[:, None]
    return np.bincount(places.ravel(), minlength=count * len(levels)).reshape(len(levels), count)
