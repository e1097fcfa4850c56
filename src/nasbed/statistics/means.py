"""Intervals of means: Student's, widened by how skewed the runs are, or none.

What a search ends with is skewed: most runs come near the best there is, and few are left far below. Student's interval
of such runs lies too high, and misses their mean in a tenth to a quarter of cases where it says 5 %. Hall's
transformation of the t statistic takes the skewness into account; as few runs show only part of it, it counts twice
here. The interval given reaches as far as either of the two does.

No interval of a mean covers whatever runs may be like (Bahadur and Savage 1956): nothing in thirty runs tells of the
one in twenty that is lost, if it is not among them. So none is given of fewer than ``FEWEST`` runs, or where more than
half of them ended alike, so that all depends on how rare the others are. A test of the runs themselves does not help:
those that look as if nothing were amiss are the ones that miss. Medians and interquartile means do not depend on lost
runs, and have intervals of far fewer.

References: Hall, "On the Removal of Skewness by Transformation", Journal of the Royal Statistical Society B 54, 1992;
Bahadur and Savage, "The Nonexistence of Certain Statistical Procedures in Nonparametric Problems", The Annals of
Mathematical Statistics 27, 1956
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require

CONFIDENCE = 0.95

FEWEST = 50
"""Runs whose mean has an interval: it misses in up to a sixth of cases of ten runs, and even of thirty, where one
search in twenty is lost; see ``test_few_runs``."""

_SKEWNESS = 2.0  # times that of the sample; once, 30 runs of the most skewed searches miss in a tenth of cases
_TIED = 1e-9  # of the largest size: values that differ by less are alike
_STRAIGHT = 1e-9  # skewness that is none

Ends = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Mean, low end and high end of its interval, each ``(…)``."""


class _Moments(NamedTuple):
    """Of the mean over runs, each ``(…)``.

    Attributes:
        mean: The mean.
        error: Its standard error.
        skewness: Its skewness, counted as often as ``_SKEWNESS`` says.
        freedom: Degrees of freedom of the error.
    """

    mean: NDArray[np.float64]
    error: NDArray[np.float64]
    skewness: NDArray[np.float64]
    freedom: int


def mean_with_ends(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> Ends:
    """Return the mean over the first axis with its interval, each ``(…)``.

    The mean is NaN where any value is, or where there is none; the ends are NaN where no interval is given.
    """
    return pooled_mean_with_ends([values], confidence)


def pooled_mean_with_ends(strata: Sequence[NDArray[np.float64]], confidence: float = CONFIDENCE) -> Ends:
    """Return the mean over the runs of all strata, each ``(runs, …)``, with its interval."""
    if not sum(map(len, strata)):
        nothing = np.full(strata[0].shape[1:] if strata else (), np.nan)
        return nothing, nothing, nothing
    found, shown = _moments(strata), _has_interval(strata)
    quantile = _quantile(0.5 + confidence / 2, found.freedom)
    straight = np.abs(found.skewness) < _STRAIGHT
    bent = np.where(straight, 1.0, found.skewness)
    ends = []
    for t, farther in ((quantile, np.maximum), (-quantile, np.minimum)):
        transformed = np.where(straight, t, 3 / bent * (np.cbrt(1 + bent * (t - bent / 6)) - 1))  # Hall's, inverted
        ends.append(np.where(shown, found.mean - farther(t, transformed) * found.error, np.nan))
    return found.mean, ends[0], ends[1]


def student_reach(values: NDArray[np.float64], confidence: float = CONFIDENCE) -> NDArray[np.float64]:
    """Return how far Student's interval of the mean over the first axis reaches to either side; NaN of one run.

    It tests whether paired differences of like searches, which are not skewed, are 0 on average.
    """
    n = len(values)
    if n < 2:
        return np.full(values.shape[1:], np.nan)
    reach: NDArray[np.float64] = _quantile(0.5 + confidence / 2, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return reach


def outside_p(values: NDArray[np.float64], margin: float) -> float:
    """Return one less the confidence with which the interval of the mean of values, ``(runs,)``, is within ± margin.

    NaN where no interval is given; 0.05 where its end at 95 % is at the margin.
    """
    if not len(values) or not _has_interval([values]):
        return np.nan
    found = _moments([values])
    tail = require("scipy.special", "report").stdtr
    sides = []
    for sign in (1, -1):  # the mean above −margin is the mean of −values below margin
        t, skewness = (sign * found.mean - margin) / found.error, sign * found.skewness
        transformed = t + skewness * (t**2 / 3 + 1 / 6) + skewness**2 * t**3 / 27
        sides.append(float(max(tail(found.freedom, t), tail(found.freedom, transformed))))
    return min(1.0, 2 * max(sides))


def _has_interval(strata: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Say where runs are enough, and not alike in more than half of them, ``(…)``."""
    runs = [len(values) for values in strata]
    if sum(runs) < FEWEST or min(runs) < 3:
        return np.zeros(strata[0].shape[1:], np.bool_)
    alike = [_alike(values) for values in strata]
    known = [~np.isnan(values).any(axis=0) for values in strata]
    found: NDArray[np.bool_] = (2 * np.sum(alike, axis=0) <= sum(runs)) & np.all(known, axis=0)
    return found


def _alike(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the runs that have the middle value, which is what more than half of them have, if they have one."""
    middle = np.sort(values, axis=0)[len(values) // 2]
    count: NDArray[np.int64] = (np.abs(values - middle) <= _TIED * np.abs(values).max(axis=0)).sum(axis=0)
    return count


def _moments(strata: Sequence[NDArray[np.float64]]) -> _Moments:
    runs = sum(map(len, strata))
    mean = np.sum([values.sum(axis=0) for values in strata], axis=0) / runs
    if min(map(len, strata)) < 3:
        nothing = np.full(mean.shape, np.nan)
        return _Moments(mean, nothing, nothing, max(1, runs - len(strata)))
    second, third = np.zeros(mean.shape), np.zeros(mean.shape)
    for values in strata:
        n, off = len(values), values - values.mean(axis=0)
        second = second + n * (off**2).sum(axis=0) / (n - 1)
        third = third + n * n * (off**3).sum(axis=0) / ((n - 1) * (n - 2))  # without bias, as the variance is
    error = np.sqrt(second) / runs
    size = np.where(error > 0, error, 1.0)
    return _Moments(mean, error, _SKEWNESS * third / runs**3 / size**3, runs - len(strata))


def _quantile(share: float, freedom: int) -> float:
    if freedom < 1:
        return math.nan
    return float(require("scipy.special", "report").stdtrit(freedom, share))
