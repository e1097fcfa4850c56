"""The stratified bootstrap: how sure a number over many runs is.

Runs are drawn anew, with replacement, within each stratum by itself: the runs on one benchmark never stand in for those
on another. The interval is that of the percentiles, expanded for the number of runs: drawn runs scatter less than new
ones by the factor √((n − 1)/n), and their normal tails are too thin for few, so that plain percentiles of 3 runs cover
70 %, and of 5 runs 88 %, where they say 95 %.

References: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264; Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician
69, 2015 (expanded percentiles, and the studentised bootstrap of means)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.statistics.statistic import Interval
from nasbed.statistics.summary import CONFIDENCE

RESAMPLES = 2000
"""Which know the ends to 3 % of half the interval; the reference has as many for probabilities of improvement."""

FEWEST = 7
"""Runs that have an interval: all that fewer could be drawn to does not reach over what 95 % needs."""

FEWEST_OF_MEAN = 10
"""Runs whose mean has an interval: rare lost runs move a mean, and are not seen among fewer."""

_ALIKE = 1e-9  # of the standard error is none

_CELLS_AT_ONCE = 4_000_000  # resampled numbers in one block: 32 MB


def draws(generator: np.random.Generator, resamples: int, runs: int) -> NDArray[np.int64]:
    """Draw the numbers of runs, with replacement, ``(resamples, runs)``."""
    return generator.integers(runs, size=(resamples, runs))


def percentiles(drawn: NDArray[np.float64], beyond: float = (1 - CONFIDENCE) / 2) -> tuple[float, float]:
    """Give the ends of the interval that leaves the same share of resampled values beyond either of them."""
    low, high = np.quantile(drawn, [beyond, 1 - beyond])
    return float(low), float(high)


def expanded(runs: Sequence[int]) -> float:
    """Return the share of resampled values that lies beyond either end of a 95 % interval of so few runs a stratum."""
    special = require("scipy.special", "report")
    freedom = sum(runs) - len(runs)
    scatter = math.sqrt(sum(runs) / freedom)
    return float(special.ndtr(scatter * special.stdtrit(freedom, (1 - CONFIDENCE) / 2)))


def bootstrap(
    strata: Sequence[NDArray[np.float64]],
    statistic: Callable[[Any], NDArray[np.float64]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Give a statistic of the runs of all strata with its 95 % interval.

    Args:
        strata: The runs of each, ``(runs,)``, or ``(benchmarks, runs)`` where run k of all of them is drawn as one; a
            run that is NaN anywhere is left out, and so are strata without runs.
        statistic: From ``(…, results of all strata)`` to ``(…)``.
        resamples: How many times runs are drawn anew.
        seed: Of these draws.

    Returns:
        NaN without a run, and as the ends where runs are fewer than ``FEWEST``, or than two a stratum.
    """
    there = _found(strata)
    if not there:
        return Interval(np.nan)
    value, runs = float(statistic(np.concatenate([values.ravel() for values in there]))), list(map(len, there))
    if sum(runs) < max(FEWEST, 2 * len(runs)):
        return Interval(value)
    generator = np.random.default_rng(seed)
    block = max(1, _CELLS_AT_ONCE // sum(values.size for values in there))
    drawn = []
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        again = [values[draws(generator, count, len(values))].reshape(count, -1) for values in there]
        drawn.append(statistic(np.concatenate(again, axis=1)))
    return Interval(value, *percentiles(np.concatenate(drawn), expanded(runs)))


def studentised_mean(strata: Sequence[NDArray[np.float64]], *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Give the mean of the runs of all strata with its 95 % interval by the studentised bootstrap, symmetric.

    What is resampled is how many standard errors off a mean is, which skewed runs, few of them far below the others,
    change more than Student's t knows. Lost runs so rare that there is none among those played stay unknown.

    Args:
        strata: As for ``bootstrap``.
        resamples: How many times runs are drawn anew.
        seed: Of these draws.

    Returns:
        NaN without a run, and as the ends where there are fewer than ``FEWEST_OF_MEAN`` runs, or all are alike.
    """
    there = [values.mean(axis=1) for values in _found(strata)]
    runs = sum(map(len, there))
    if not runs:
        return Interval(np.nan)
    value = float(np.concatenate(there).mean())
    if runs < FEWEST_OF_MEAN or min(map(len, there)) < 2:
        return Interval(value)
    error = float(_standard_error([values[None] for values in there])[0])
    generator = np.random.default_rng(seed)
    again = [values[draws(generator, resamples, len(values))] for values in there]
    off = np.abs(np.concatenate(again, axis=1).mean(axis=1) - value)
    scatter = _standard_error(again)
    known = scatter > _ALIKE * error  # a resample of one value again and again says nothing of its own error
    if not error > 0 or not known.any():
        return Interval(value)
    reach = float(np.quantile(off[known] / scatter[known], CONFIDENCE)) * error
    return Interval(value, value - reach, value + reach)


def _found(strata: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Give the runs of each stratum that found something on all its benchmarks, ``(runs, benchmarks)``."""
    rows = [np.atleast_2d(values).T for values in strata]
    there = [values[~np.isnan(values).any(axis=1)] for values in rows]
    return [values for values in there if len(values)]


def _standard_error(strata: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Give the standard error of the mean over the runs of all strata, each ``(resamples, runs)``, ``(resamples,)``."""
    runs = sum(values.shape[1] for values in strata)
    error: NDArray[np.float64] = np.sqrt(sum(values.shape[1] * values.var(axis=1, ddof=1) for values in strata)) / runs
    return error
