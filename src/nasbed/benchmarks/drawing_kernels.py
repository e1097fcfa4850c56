"""The compiled half of looking a table up: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import kernel
from nasbed.core.rng import below, word_at


@kernel
def draw(index: Any, row_of: Any, budget: Any, streams: Any, seeds: Any, told: Any, paid: Any, found: Any) -> Any:
    """Draw a seed for each architecture, and write where its value and its time stand in flat columns.

    Args:
        index: Numbers of architectures, ``(n,)``; −1 for what is none.
        row_of: The row of each number, −1 where there is none and at the end; empty where they are the same.
        budget: Number of each architecture's fidelity, ``(n,)``, or of the one that all have, ``(1,)``.
        streams: Keys and positions of the streams, ``(n,)`` each; each moves on by the word of ``Streams.integers``.
        seeds: How many seeds each row has, ``(rows,)`` or ``(1,)``, and which are the first of them, ``(rows, seeds)``
            or ``(1, seeds)``.
        told: Of the column of values: place of each fidelity's first number, ``(fidelities,)``; distance of rows, of
            seeds.
        paid: Of the column of times, likewise.
        found: To be written: places of values and of times, ``(n,)`` each; −1 where there is no row, −2 where it has no
            seed.

    Returns:
        Whether all have a row.
    """
    keys, positions = streams
    count, which = seeds
    values, seconds = found
    complete = True
    for i in range(len(index)):
        row = np.int64(index[i])
        if len(row_of) and row >= 0:
            row = np.int64(row_of[row])
        word = word_at(keys[i], positions[i])
        positions[i] += 1
        if row < 0:
            complete = False
            values[i], seconds[i] = -1, -1
            continue
        there = count[min(row, len(count) - 1)]
        if there == 0:
            values[i], seconds[i] = -2, -2
            continue
        seed = np.int64(which[min(row, len(which) - 1), below(word, there)])
        at = budget[min(i, len(budget) - 1)]
        values[i] = told[0][at] + row * told[1] + seed * told[2]
        seconds[i] = paid[0][at] + row * paid[1] + seed * paid[2]
    return complete
