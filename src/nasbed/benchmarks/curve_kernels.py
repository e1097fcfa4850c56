"""The compiled half of drawing a seed: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.core.rng import below, word_at


@numba.njit(cache=True)
def draw(rows: Any, values: Any, costs: Any, count: Any, keys: Any, positions: Any, value: Any, seconds: Any) -> None:
    """Draw one of the seeds of each row, and write its value and its cost; NaN where a row has none.

    Args:
        rows: ``(n,)``.
        values: Of each row, first those that it has, ``(rows, seeds)``.
        costs: ``(rows, seeds)``.
        count: How many each row has, ``(rows,)``.
        keys: Of the streams, ``(n,)``.
        positions: Of the streams, each of which moves on by the word of ``Streams.integers``, ``(n,)``.
        value: To be written, ``(n,)``.
        seconds: To be written, ``(n,)``.
    """
    for i in range(len(rows)):
        row = rows[i]
        word = word_at(keys[i], positions[i])
        positions[i] += 1
        if count[row] > 0:
            seed = below(word, count[row])
            value[i] = values[row, seed]
            seconds[i] = costs[row, seed]
        else:
            value[i] = np.nan
            seconds[i] = np.nan
