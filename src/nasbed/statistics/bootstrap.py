"""The stratified bootstrap: how sure a number over many runs is.

Runs are drawn anew, with replacement, within each stratum by itself: the runs on one benchmark never stand in for those
on another. The interval is that of the percentiles.

Reference: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021,
https://arxiv.org/abs/2108.13264
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.statistics.statistic import Interval
from nasbed.statistics.summary import CONFIDENCE

RESAMPLES = 2000
"""Which know the ends to 3 % of half the interval; the reference has as many for probabilities of improvement."""

_CELLS_AT_ONCE = 4_000_000  # resampled numbers in one block: 32 MB


def draws(generator: np.random.Generator, resamples: int, runs: int) -> NDArray[np.int64]:
    """Draw the numbers of runs, with replacement, ``(resamples, runs)``."""
    return generator.integers(runs, size=(resamples, runs))


def percentiles(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Give the ends of the 95 % interval that the middle of the resampled values fills."""
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def bootstrap(
    strata: Sequence[NDArray[np.float64]],
    statistic: Callable[[Any], NDArray[np.float64]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Give a statistic of the runs of all strata with its 95 % interval.

    Args:
        strata: The runs of each, ``(runs,)``; NaN and strata without runs are left out.
        statistic: From ``(…, runs of all strata)`` to ``(…)``.
        resamples: How many times runs are drawn anew.
        seed: Of these draws.

    Returns:
        NaN without a run, and as the ends where no stratum has two.
    """
    there = [values[~np.isnan(values)] for values in strata]
    there = [values for values in there if len(values)]
    if not there:
        return Interval(np.nan)
    value = float(statistic(np.concatenate(there)))
    if max(map(len, there)) < 2:
        return Interval(value)
    generator = np.random.default_rng(seed)
    block = max(1, _CELLS_AT_ONCE // sum(map(len, there)))
    drawn = []
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        again = [values[draws(generator, count, len(values))] for values in there]
        drawn.append(statistic(np.concatenate(again, axis=1)))
    return Interval(value, *percentiles(np.concatenate(drawn)))
