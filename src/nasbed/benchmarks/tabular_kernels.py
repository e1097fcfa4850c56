"""The compiled half of looking a table up: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

import numba

from nasbed.core.rng import below, word_at


@numba.njit(cache=True)
def find_rows(classes: Any, row_of_class: Any, rows: Any) -> Any:
    """Write the row of each class, −1 where there is none, and say whether all were found.

    Args:
        classes: Numbers of classes, ``(n,)``; −1 for what is no architecture.
        row_of_class: ``(size,)``; −1 where the table lacks a class.
        rows: To be written, ``(n,)``.
    """
    found = True
    for i in range(len(classes)):
        rows[i] = row_of_class[classes[i]] if classes[i] >= 0 else -1
        found &= rows[i] >= 0
    return found


@numba.njit(cache=True)
def draw_places(
    rows: Any, budget: Any, keys: Any, positions: Any, epochs: Any, repeats: int, places: Any, trained: Any
) -> None:
    """Draw a repeat for each row, and write where in a flat column its value stands and how long it was trained.

    Args:
        rows: ``(n,)``.
        budget: Number of each row's budget, ``(n,)``, or of the one that all have, ``(1,)``.
        keys: Of the streams, ``(n,)``.
        positions: Of the streams, each of which moves on by the word of ``Streams.integers``, ``(n,)``.
        epochs: Those of every budget, ``(budgets,)``.
        repeats: How many repeats the table has.
        places: To be written, ``(n,)``.
        trained: To be written, ``(n,)``.
    """
    for i in range(len(rows)):
        repeat = below(word_at(keys[i], positions[i]), repeats)
        positions[i] += 1
        at = budget[min(i, len(budget) - 1)]
        places[i] = (rows[i] * len(epochs) + at) * repeats + repeat
        trained[i] = epochs[at]
