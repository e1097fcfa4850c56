"""The compiled half of looking a table up: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

from nasbed.core.compiled import kernel
from nasbed.core.rng import below, word_at


@kernel
def draw(index: Any, row_of: Any, some: Any, keys: Any, positions: Any, seeds: Any, layout: Any, places: Any) -> Any:
    """Draw a seed for each architecture, and write where its value and its time stand in flat columns.

    Args:
        index: Numbers of architectures, ``(n,)``; −1 for what is none.
        row_of: The row of each number, −1 where there is none and at the end; empty where they are the same.
        some: Which stream draws for each, ``(n,)``; empty where there are as many streams, in the same order.
        keys: Of the streams.
        positions: Of the streams, each of which moves on by the word of ``Streams.integers``.
        seeds: How many seeds each row has, and which come first, ``(rows, 1 + seeds)``; or that of all rows.
        layout: For values and for times: place of the first number, distance of rows, of seeds; ``(2, 3)``.
        places: To be written: places of values and of times, ``(2, n)``.

    Returns:
        Whether all have a row.
    """
    for i in range(len(index)):
        row = row_of[index[i]] if len(row_of) else index[i]
        if row < 0:
            return False
        stream = some[i] if len(some) else i
        of_row = min(row, len(seeds) - 1)
        seed = seeds[of_row, 1 + below(word_at(keys[stream], positions[stream]), seeds[of_row, 0])]
        positions[stream] += 1
        for which in range(2):
            places[which, i] = layout[which, 0] + row * layout[which, 1] + seed * layout[which, 2]
    return True
