"""The compiled half of looking a table up: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

from nasbed.core.compiled import kernel
from nasbed.core.rng import below, word_at


@kernel
def draw(index: Any, row_of: Any, budget: Any, keys: Any, positions: Any, seeds: Any, layout: Any, places: Any) -> Any:
    """Draw a seed for each architecture, and write where its value and its time stand in flat columns.

    Args:
        index: Numbers of architectures, ``(n,)``; −1 for what is none.
        row_of: The row of each number, −1 where there is none and at the end; empty where they are the same.
        budget: Number of each architecture's fidelity, ``(n,)``, or of the one that all have, ``(1,)``.
        keys: Of the streams, ``(n,)``.
        positions: Of the streams, each of which moves on by the word of ``Streams.integers``, ``(n,)``.
        seeds: How many seeds each row has, and which come first, ``(rows, 1 + seeds)``; or that of all rows.
        layout: Of each fidelity, for values and for times: place of the first number, distance of rows, of seeds;
            ``(fidelities, 2, 3)``.
        places: To be written: places of values and of times, ``(2, n)``.

    Returns:
        Whether all have a row.
    """
    complete = True
    for i in range(len(index)):
        row = index[i]
        if len(row_of):
            row = row_of[row]
        word = word_at(keys[i], positions[i])
        positions[i] += 1
        if row < 0:
            complete = False
            continue
        some = seeds[min(row, len(seeds) - 1)]
        seed = some[1 + below(word, some[0])]
        at = layout[budget[min(i, len(budget) - 1)]]
        for which in range(2):
            places[which, i] = at[which, 0] + row * at[which, 1] + seed * at[which, 2]
    return complete
