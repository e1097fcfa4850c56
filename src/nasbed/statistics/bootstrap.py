"""The stratified bootstrap: how sure a number over many runs is.

Runs are drawn anew, with replacement, within each stratum by itself: the runs on one benchmark never stand in for those
on another. The interval is that of the percentiles, expanded for the number of runs: drawn runs scatter less than new
ones by the factor √((n − 1)/n), and their normal tails are too thin for few, so that plain percentiles of 3 runs cover
70 %, and of 5 runs 88 %, where they say 95 %.

References: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264; Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician
69, 2015 (expanded percentiles)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.statistics.means import CONFIDENCE
from nasbed.statistics.statistic import Interval

RESAMPLES = 2000
"""Which know the ends to 3 % of half the interval; the reference has as many for probabilities of improvement."""

FEWEST = 9
"""Runs that have an interval: all that fewer could be drawn to does not reach over what 95 % needs."""

FEWEST_OF_STRATUM = 5
"""Runs of each of several strata that have one."""

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
        NaN without a run, and as the ends where runs are fewer than ``FEWEST``, or one of several strata has fewer
        than ``FEWEST_OF_STRATUM``.
    """
    there = _found(strata)
    if not there:
        return Interval(np.nan)
    value, runs = float(statistic(np.concatenate([values.ravel() for values in there]))), list(map(len, there))
    if sum(runs) < FEWEST or (len(runs) > 1 and min(runs) < FEWEST_OF_STRATUM):
        return Interval(value)
    generator = np.random.default_rng(seed)
    block = max(1, _CELLS_AT_ONCE // sum(values.size for values in there))
    drawn = []
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        again = [values[draws(generator, count, len(values))].reshape(count, -1) for values in there]
        drawn.append(statistic(np.concatenate(again, axis=1)))
    return Interval(value, *percentiles(np.concatenate(drawn), expanded(runs)))


def interquartile_band(
    values: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give the interquartile mean over the first axis with its 95 % interval, each ``(points,)``.

    Runs drawn anew are in order whatever they are worth, so that one matrix of how much each place in the order counts
    serves all points: hundreds of them take as long as one.

    Args:
        values: ``(runs, points)``; NaN anywhere at a point gives NaN there.
        resamples: How many times runs are drawn anew.
        seed: Of these draws.

    Returns:
        Interquartile means and the ends of their intervals; these are NaN where runs are fewer than ``FEWEST``.
    """
    n, nothing = len(values), np.full(values.shape[1:], np.nan)
    if n == 0:
        return nothing, nothing, nothing
    hidden, ordered = np.isnan(values).any(axis=0), np.sort(values, axis=0)
    cut = n // 4
    middle = np.where(hidden, np.nan, ordered[cut : n - cut].mean(axis=0))
    if n < FEWEST:
        return middle, nothing, nothing
    beyond = expanded([n])
    low, high = np.quantile(_weights(n, resamples, seed) @ ordered, [beyond, 1 - beyond], axis=0)
    return middle, np.where(hidden, np.nan, low), np.where(hidden, np.nan, high)


@lru_cache(maxsize=2)
def _weights(runs: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """Return how much each run counts, in ascending order, in interquartile means of runs drawn anew.

    Returns:
        Weights ``(resamples, runs)``; each row adds up to 1.
    """
    cut = runs // 4
    drawn = draws(np.random.default_rng(seed), resamples, runs)
    places = (drawn + runs * np.arange(resamples)[:, None]).ravel()
    counts = np.bincount(places, minlength=resamples * runs).reshape(resamples, runs)
    upto = np.clip(np.cumsum(counts, axis=1), cut, runs - cut)
    weights: NDArray[np.float64] = np.diff(upto, axis=1, prepend=cut) / (runs - 2 * cut)
    return weights


def _found(strata: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Give the runs of each stratum that found something on all its benchmarks, ``(runs, benchmarks)``."""
    rows = [np.atleast_2d(values).T for values in strata]
    there = [values[~np.isnan(values).any(axis=1)] for values in rows]
    return [values for values in there if len(values)]
