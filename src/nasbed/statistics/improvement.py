"""Probability of improvement: how likely a run of one search ends better than a run of another.

Ties count half. Runs are not paired, so this says what somebody meets who runs each once. On one benchmark it is
Vargha and Delaney's A; over several it is the mean. Whether two searches are told apart is the exact test of Mann and
Whitney, which counts every way in which the runs could have been dealt to the two, corrected by Holm for the number of
pairs; of more runs than can be counted it is the normal approximation. The interval is Newcombe's fifth, with Student's
quantile: it needs no resampling, and covers from two runs of each search on.

References: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264; Vargha and Delaney, "A Critique and Improvement of the CL Common Language Effect Size
Statistics", Journal of Educational and Behavioral Statistics 25, 2000; Newcombe, "Confidence intervals for an effect
size measure based on the Mann–Whitney statistic", Part 2, Statistics in Medicine 25, 2006
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.statistics.exact import Strata, doubled_ranks, fewest, improvement_p
from nasbed.statistics.means import CONFIDENCE
from nasbed.statistics.ranks_signed import holm
from nasbed.statistics.selected import Comparisons, Judged, Selected, naming_failed_runs, selected
from nasbed.statistics.statistic import Column, Interval, Statistic, few, listed, p_value, scaled

_SIZES = ((0.71, "large"), (0.64, "medium"), (0.56, "small"))  # Vargha and Delaney's


def probability_of_improvement(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Give how likely a value of the first is higher than one of the second, ties counting half; NaN without any.

    It is Mann and Whitney's U over the number of pairs, and Vargha and Delaney's A.
    """
    one, other = one[~np.isnan(one)], np.sort(other[~np.isnan(other)])
    if not len(one) or not len(other):
        return np.nan
    below, upto = (np.searchsorted(other, one, side).sum() for side in ("left", "right"))
    return float(below + upto) / (2 * len(one) * len(other))


@dataclass(frozen=True)
class Improvement:
    """How likely one search ends better than another, the likelier first.

    Attributes:
        better: Label of the search that is better in half of the cases or more.
        worse: Label of the other.
        probability: How likely, with its interval.
        p: How likely runs dealt at random differ as much, on two sides; NaN where one of them found nothing.
        corrected: The same by Holm, over all pairs.
    """

    better: str
    worse: str
    probability: Interval
    p: float
    corrected: float

    @property
    def apart(self) -> bool:
        """Whether they are told apart."""
        return self.corrected < 1 - CONFIDENCE  # false when it is NaN

    @property
    def size(self) -> str:
        """Vargha and Delaney's word for such an effect: large from 0.71, medium from 0.64, small from 0.56."""
        return next((word for least, word in _SIZES if self.probability.value >= least), "negligible")


@dataclass(frozen=True)
class Improvements(Statistic):
    """Every pair of searches.

    Attributes:
        labels: The searches.
        pairs: In the order of the searches.
        words: What was compared.
        where: On which benchmarks.
        runs: How many runs the search with the fewest has on a benchmark.
        needed: How many runs of each a test of so many pairs needs to tell any of them apart.
    """

    labels: tuple[str, ...]
    pairs: tuple[Improvement, ...]
    words: str
    where: str
    runs: int
    needed: int
    figure: ClassVar[str] = "improvement"

    def matrix(self) -> NDArray[np.float64]:
        """Give how likely the search of a row is better than that of a column; NaN on the diagonal."""
        result = np.full((len(self.labels), len(self.labels)), np.nan)
        place = {label: i for i, label in enumerate(self.labels)}
        for pair in self.pairs:
            i, j = place[pair.better], place[pair.worse]
            result[i, j], result[j, i] = pair.probability.value, 1 - pair.probability.value
        return result

    def facts(self) -> dict[str, Any]:
        """Say what was compared, where, and how."""
        test = "Mann-Whitney, exact where it can be counted, two-sided"
        return {"metric": self.words, "benchmarks": self.where, "test": test, "correction": "Holm"}

    def columns(self) -> list[Column]:
        """Return ``better, worse, probability, size, p, corrected_p, apart``; for people in percent."""
        header = "probability of improvement %"
        return [
            Column("better", "better", [pair.better for pair in self.pairs]),
            Column("worse", "worse", [pair.worse for pair in self.pairs]),
            Column("probability", header, [pair.probability for pair in self.pairs], scaled(100, 1)),
            Column("size", "effect", [pair.size for pair in self.pairs]),
            Column("p", "p", [pair.p for pair in self.pairs], p_value),
            Column("corrected_p", "p (Holm)", [pair.corrected for pair in self.pairs], p_value),
            Column("apart", "", [pair.apart for pair in self.pairs]),
        ]

    def finding(self) -> str:
        """Say which searches are likelier to end better than others."""
        sure = [
            f"{pair.better} over {pair.worse} {pair.probability.text(100, 0)} %" for pair in self.pairs if pair.apart
        ]
        how = "95 % intervals; told apart by Mann and Whitney's test, Holm-corrected, 5 %"
        said = f"How likely a run ends better than another by {self.words} on {self.where} ({how}): "
        said += f"{listed(sure) or 'of no pair is it surely more than half'}."
        return said + few(self.runs, self.needed, f"tell any of {len(self.labels)} searches apart by it")


@naming_failed_runs
def improvements(comparisons: Comparisons, metric: Judged | None = None) -> Improvements:
    """Give how likely each search ends better than each other, whichever way that is more likely than not.

    Args:
        comparisons: One, or several of the same searches on different benchmarks.
        metric: What to compare; see ``selected.selected``.
    """
    chosen = selected(comparisons, metric)
    there = {(i, j): _there(chosen, i, j) for i, j in combinations(range(len(chosen.labels)), 2)}
    p_values = [_p_value(strata) for strata in there.values()]
    pairs = tuple(
        _pair(chosen.labels[i], chosen.labels[j], _interval(strata), p, float(corrected))
        for ((i, j), strata), p, corrected in zip(there.items(), p_values, holm(p_values), strict=True)
    )
    missing = None
    if not pairs:
        missing = f"There is one search, {chosen.labels[0]}, and nothing that it could be better than."
    elif all(np.isnan(pair.probability.value) for pair in pairs):
        missing = chosen.nothing_found
    runs = min((side.shape[-1] for strata in there.values() for pair in strata for side in pair), default=0)
    needed = fewest(lambda n: 2 / math.comb(2 * n, n) ** len(chosen.strata(0)), len(pairs))
    return Improvements(chosen.labels, pairs, chosen.words, chosen.where, runs, needed, missing=missing)


def _there(chosen: Selected, i: int, j: int) -> Strata:
    """Give what the runs of two searches are worth on those benchmarks on which both found something.

    Runs that go together over benchmarks count where they found something on all of them.
    """
    sign = -1 if chosen.quantity.is_regret else 1
    pairs = zip(chosen.strata(i), chosen.strata(j), strict=True)
    strata = [(sign * _known(one), sign * _known(other)) for one, other in pairs]
    return [(one, other) for one, other in strata if one.size and other.size]


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known: NDArray[np.float64] = values[..., ~np.isnan(np.atleast_2d(values)).any(axis=0)]
    return known


def _pair(one: str, other: str, found: Interval, p: float, corrected: float) -> Improvement:
    if found.value < 0.5:
        one, other, found = other, one, Interval(1 - found.value, 1 - found.high, 1 - found.low)
    return Improvement(one, other, found, p, corrected)


def _mean(strata: Strata) -> float:
    pairs = (zip(np.atleast_2d(one), np.atleast_2d(other), strict=True) for one, other in strata)
    return float(np.mean([probability_of_improvement(one, other) for some in pairs for one, other in some]))


def _p_value(strata: Strata) -> float:
    """Give the p-value of Mann and Whitney's test of the mean over benchmarks; NaN without any."""
    if not strata:
        return np.nan
    exact = improvement_p(strata)
    if exact is not None:
        return exact
    variance = sum(_variance(*pair) for pair in strata)
    if variance == 0:
        return 1.0
    step = min(1 / (one.size * other.shape[-1]) for one, other in strata)
    z = (abs(_mean(strata) - 0.5) * len(strata) - step / 2) / math.sqrt(variance)
    return min(1.0, 2 * float(require("scipy.special", "report").ndtr(-z)))


def _variance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Give the variance of the probability where runs are dealt at random: that of a sum of some of the ranks."""
    ranks, n, m = doubled_ranks(one, other) / 2, one.shape[-1], other.shape[-1]
    return float(n * m / (n + m) * ranks.var(ddof=1) / (one.size * m) ** 2)


def _interval(strata: Strata) -> Interval:
    """Give the mean over benchmarks with Newcombe's interval, which is where the probability found is not too far off.

    The variance of runs of a probability is greatest where it is one half, so that of the mean over benchmarks is no
    less than the mean of theirs. That of runs which go together over benchmarks is at most that of one benchmark.
    """
    if not strata:
        return Interval(np.nan)
    sizes = [(one.shape[-1], other.shape[-1]) for one, other in strata]
    value, freedom = _mean(strata), sum(n + m - 2 for n, m in sizes)
    if freedom < 2:
        return Interval(value)
    quantile = float(require("scipy.special", "report").stdtrit(freedom, (1 + CONFIDENCE) / 2))

    def too_far(probability: float) -> float:
        variance = sum(_newcombe(probability, *size) for size in sizes) / len(sizes) ** 2
        return (value - probability) ** 2 - quantile**2 * variance

    find, edge = require("scipy.optimize", "report").brentq, 1e-12
    low = 0.0 if value <= edge else find(too_far, 0.0, min(value, 1 - edge))
    high = 1.0 if value >= 1 - edge else find(too_far, max(value, edge), 1.0)
    return Interval(value, float(low), float(high))


def _newcombe(probability: float, n: int, m: int) -> float:
    """Give the variance of the probability found in n and m runs, by its true value."""
    other = 1 - probability
    return (
        probability * other * (1 + ((n + m) / 2 - 1) * (other / (1 + other) + probability / (1 + probability))) / n / m
    )
