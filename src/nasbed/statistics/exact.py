"""Exact p-values of rank tests, with ties or without: every way in which the ranks could have fallen is counted.

Ranks are whole numbers once doubled, so the ways are counted sum by sum, one rank after the other, instead of one by
one: fifty pairs have 10^15 ways and 2551 sums.

Reference: Streitberg and Röhmel, "Exact Distributions for Permutation and Rank Tests", Statistical Software Newsletter
12, 1986 (the shift algorithm)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.extras import require
from nasbed.statistics.means import CONFIDENCE

_CELLS = 20_000_000  # additions that a distribution may take: 40 runs against 40, a few hundredths of a second
_SUMS = 4_000_000  # different sums over several strata

Strata = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
"""What the runs of two searches are worth, ``(runs,)`` and ``(runs,)`` on each benchmark; where runs go together over
benchmarks there is one pair, ``(benchmarks, runs)`` and ``(benchmarks, runs)``."""


def signed_rank_p(ranks: NDArray[np.float64], favour: float) -> float:
    """Return how likely signs at random give a sum of ranks as far from its middle as the one found, on two sides.

    Args:
        ranks: Of the differences' sizes, equals sharing the mean of theirs, ``(n,)``.
        favour: Sum of the ranks of those differences that are positive.
    """
    doubled = np.rint(2 * ranks).astype(np.int64)
    chance = np.zeros(doubled.sum() + 1)
    chance[0] = 1.0
    for rank in doubled:
        chance[rank:] += chance[: len(chance) - rank].copy()
        chance /= 2
    return _two_sided(chance, round(2 * favour))


def improvement_p(strata: Strata) -> float | None:
    """Return how likely runs dealt to two searches at random differ as much, on two sides.

    What differs is how likely a run of one search is better than one of the other (Mann and Whitney's U over the
    number of pairs), in the mean over benchmarks. Runs are dealt anew on each benchmark by itself, or those that go
    together on all of them.

    Returns:
        None where there are too many runs to count every deal.
    """
    pairs = [one.shape[-1] * other.shape[-1] for one, other in strata]
    whole = math.lcm(*pairs)  # the sums of all strata in one unit: a U of 1/2 is whole / pairs units
    if sum(map(_additions, strata)) > _CELLS or 2 * whole * len(strata) > _SUMS:
        return None
    chance, found = np.ones(1), 0
    for (one, other), n in zip(strata, pairs, strict=True):
        ways, doubled_u = _deals(one, other)
        spread = np.zeros((len(ways) - 1) * (whole // n) + 1)
        spread[:: whole // n] = ways
        chance = spread if len(chance) == 1 else _convolved(chance, spread)
        found += doubled_u * (whole // n)
    return _two_sided(chance, found)


def fewest(smallest: Callable[[int], float], pairs: int) -> int:
    """Return how many runs a test needs to tell any of so many pairs apart.

    Args:
        smallest: The smallest p-value that so many runs can have.
        pairs: For how many p-values are corrected.
    """
    return next(n for n in count(1) if smallest(n) * max(pairs, 1) < 1 - CONFIDENCE)


def doubled_ranks(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return twice the rank of each run among those of both, summed over benchmarks, ``(runs of both,)``."""
    ranks = [_doubled(both) for both in np.atleast_2d(np.concatenate([one, other], axis=-1))]
    whole: NDArray[np.int64] = np.sum(ranks, axis=0)
    return whole


def _additions(stratum: tuple[NDArray[np.float64], NDArray[np.float64]]) -> int:
    n, m = (side.shape[-1] for side in stratum)
    return int(len(np.atleast_2d(stratum[0])) * n * (n + m) * (n * n + 2 * n * m))


def _deals(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return the chance of each doubled U of the first, ``(2 n m + 1,)``, and the one that was found.

    Of runs that go together it is the sum over so many benchmarks, ``(2 n m benchmarks + 1,)``.
    """
    n, m, benchmarks = one.shape[-1], other.shape[-1], len(np.atleast_2d(one))
    doubled = doubled_ranks(one, other)
    unit = int(np.gcd.reduce(doubled))  # 2 where no two are equal: then there are half as many sums
    ranks = np.sort(doubled) // unit
    ways = np.zeros((n + 1, int(ranks[m:].sum()) + 1))
    ways[0, 0] = 1.0
    reach = 0  # beyond the sum of the ranks so far there is nothing yet
    for k, rank in enumerate(ranks.tolist()):
        reach = min(reach + rank, ways.shape[1] - 1)
        ways[1 : k + 2, rank : reach + 1] += ways[: min(k + 1, n), : reach + 1 - rank].copy()
    least = benchmarks * n * (n + 1)  # twice the sum of the lowest ranks
    chances = np.zeros(2 * n * m * benchmarks + 1)
    sums = unit * np.arange(ways.shape[1]) - least
    chances[sums[sums >= 0]] = ways[n, sums >= 0]
    return chances / chances.sum(), int(doubled[:n].sum()) - least


def _doubled(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return twice the rank of each, equals sharing the mean of theirs, ``(n,)``."""
    _, place, sizes = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(sizes) - sizes
    twice: NDArray[np.int64] = (2 * below + sizes + 1)[place]
    return twice


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each, the lowest 1, equals sharing the mean of theirs, ``(n,)``."""
    return _doubled(values) / 2


def clopper_pearson(counts: ArrayLike, runs: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the ends of Clopper and Pearson's 95 % interval of each share of runs, ``(…)``; NaN without runs."""
    counts, runs = np.asarray(counts, np.float64), np.asarray(runs, np.float64)
    beta, tail = require("scipy.special", "report").betaincinv, (1 - CONFIDENCE) / 2
    low = np.where(counts > 0, beta(np.maximum(counts, 1), np.maximum(runs - counts, 0) + 1, tail), 0.0)
    high = np.where(counts < runs, beta(counts + 1, np.maximum(runs - counts, 1), 1 - tail), 1.0)
    nothing = np.broadcast_to(runs == 0, counts.shape)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def _convolved(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    size = len(one) + len(other) - 1
    product = np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size), size)
    return np.maximum(product, 0.0)


def _two_sided(chance: NDArray[np.float64], at: int) -> float:
    return min(1.0, 2 * float(min(chance[: at + 1].sum(), chance[at:].sum())))
