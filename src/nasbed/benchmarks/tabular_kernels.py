"""The compiled half of looking a table up: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.core.rng import below, word_at


@numba.njit(cache=True)
def row_of(number: Any, row_of_class: Any) -> Any:
    """Give the row of one class; −1 where the table lacks it, and for −1."""
    return np.int64(row_of_class[number]) if number >= 0 else -1


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
        rows[i] = row_of(classes[i], row_of_class)
        found &= rows[i] >= 0
    return found


@numba.njit(cache=True)
def draw_places(
    classes: Any,
    row_of_class: Any,
    budget: Any,
    keys: Any,
    positions: Any,
    epochs: Any,
    repeats: int,
    places: Any,
    trained: Any,
) -> Any:
    """Draw a repeat for each class, and write where in a flat column its value stands and how long it was trained.

    Args:
        classes: As ``find_rows`` has them, ``(n,)``.
        row_of_class: As ``find_rows`` has it.
        budget: Number of each row's budget, ``(n,)``, or of the one that all have, ``(1,)``.
        keys: Of the streams, ``(n,)``.
        positions: Of the streams, each of which moves on by the word of ``Streams.integers``, ``(n,)``.
        epochs: Those of every budget, ``(budgets,)``.
        repeats: How many repeats the table has.
        places: To be written, ``(n,)``; −1 where there is no row.
        trained: To be written, ``(n,)``.

    Returns:
        Whether all were found.
    """
    found = True
    for i in range(len(classes)):
        row = row_of(classes[i], row_of_class)
        found &= row >= 0
        repeat = below(word_at(keys[i], positions[i]), repeats)
        positions[i] += 1
        at = budget[min(i, len(budget) - 1)]
        places[i] = (row * len(epochs) + at) * repeats + repeat if row >= 0 else -1
        trained[i] = epochs[at]
    return found
