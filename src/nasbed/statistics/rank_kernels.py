"""Compiled loops: rank correlations of many resamples of the same pairs, without sorting any of them again.

A resample is how often each pair was drawn. Its order is that of the pairs themselves, so ranks and discordant pairs
are counted in one walk: n log n steps, where sorting anew would take several times as many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import heavy_kernel


@heavy_kernel
def correlations(
    weights: Any, x_order: Any, x_level: Any, y_order: Any, y_level: Any, x: Any, y: Any, out: Any
) -> None:
    """Write Kendall's τ-b, Spearman's ρ and Pearson's r of each resample; NaN where one side does not vary.

    Args:
        weights: How often each pair is in each resample, int32, ``(resamples, n)``.
        x_order: The pairs by ascending x, int64, ``(n,)``.
        x_level: The dense rank of each x, from 0, int64, ``(n,)``.
        y_order: As for x.
        y_level: As for x.
        x: The values, ``(n,)``; NaN for those that are ranked but are no number, which Pearson's r passes over.
        y: As for x.
        out: ``(resamples, 3)``.
    """
    n = weights.shape[1]
    x_rank, y_rank = np.empty(n), np.empty(n)
    below = np.empty(n + 1, np.int64)
    for b in range(weights.shape[0]):
        w = weights[b]
        x_ties = _ranks(w, x_order, x_level, x_rank)
        y_ties = _ranks(w, y_order, y_level, y_rank)
        out[b, 0] = _tau(w, x_order, x_level, y_level, x_ties, y_ties, below)
        out[b, 1] = _pearson(w, x_rank, y_rank)
        out[b, 2] = _pearson(w, x, y)


@heavy_kernel
def _ranks(w: Any, order: Any, level: Any, rank: Any) -> Any:
    """Write the mean rank of each pair; give how many pairs of pairs are tied."""
    n = len(w)
    before = np.int64(0)
    ties = np.int64(0)
    i = 0
    while i < n:
        j, count = i, np.int64(0)
        while j < n and level[order[j]] == level[order[i]]:
            count += w[order[j]]
            j += 1
        for k in range(i, j):
            rank[order[k]] = before + 0.5 * (count + 1)
        before += count
        ties += count * (count - 1) // 2
        i = j
    return ties


@heavy_kernel
def _tau(w: Any, x_order: Any, x_level: Any, y_level: Any, x_ties: Any, y_ties: Any, below: Any) -> Any:
    """Count, for each pair by ascending x, who came before with a lower and with a higher y (a Fenwick tree)."""
    n = len(w)
    below[:] = 0
    surplus = np.int64(0)  # of concordant pairs over discordant ones
    seen = np.int64(0)
    i = 0
    while i < n:
        j = i
        while j < n and x_level[x_order[j]] == x_level[x_order[i]]:
            pair = x_order[j]
            if w[pair]:
                lower = _sum(below, y_level[pair])
                higher = seen - _sum(below, y_level[pair] + 1)
                surplus += w[pair] * (lower - higher)
            j += 1
        for k in range(i, j):
            pair = x_order[k]
            if w[pair]:
                place = y_level[pair] + 1
                while place <= n:
                    below[place] += w[pair]
                    place += place & -place
                seen += w[pair]
        i = j
    total = seen * (seen - 1) // 2
    scale = np.sqrt(float(total - x_ties) * float(total - y_ties))
    return np.nan if scale == 0.0 else surplus / scale


@heavy_kernel
def _sum(below: Any, count: Any) -> Any:
    """Give how many have one of the ``count`` lowest levels."""
    total = np.int64(0)
    while count > 0:
        total += below[count]
        count -= count & -count
    return total


@heavy_kernel
def _pearson(w: Any, x: Any, y: Any) -> Any:
    """Correlate weighted values, those that are NaN left out."""
    total, x_sum, y_sum = 0, 0.0, 0.0
    for i in range(len(w)):
        if w[i] > 0 and not (np.isnan(x[i]) or np.isnan(y[i])):
            total += w[i]
            x_sum += w[i] * x[i]
            y_sum += w[i] * y[i]
    x_mean, y_mean = x_sum / max(total, 1), y_sum / max(total, 1)
    xx, yy, xy = 0.0, 0.0, 0.0
    for i in range(len(w)):
        if w[i] > 0 and not (np.isnan(x[i]) or np.isnan(y[i])):
            dx, dy = x[i] - x_mean, y[i] - y_mean
            xx += w[i] * dx * dx
            yy += w[i] * dy * dy
            xy += w[i] * dx * dy
    if not (xx > 0.0 and yy > 0.0):
        return np.nan
    return min(1.0, max(-1.0, xy / np.sqrt(xx) / np.sqrt(yy)))
