"""The compiled half of looking a table up: for a lone search's one row a step, NumPy's calls would cost most."""

from __future__ import annotations

from typing import Any

import numba


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
def place_draws(rows: Any, budget: Any, repeat: Any, epochs: Any, repeats: int, places: Any, trained: Any) -> None:
    """Write where in a flat column each row's value at its budget and its repeat stands, and the epochs of it.

    Args:
        rows: ``(n,)``.
        budget: Number of each row's budget, ``(n,)``, or of the one that all have, ``(1,)``.
        repeat: One draw a row, ``(n, 1)``.
        epochs: Those of every budget, ``(budgets,)``.
        repeats: How many repeats the table has.
        places: To be written, ``(n,)``.
        trained: To be written, ``(n,)``.
    """
    for i in range(len(rows)):
        at = budget[min(i, len(budget) - 1)]
        places[i] = (rows[i] * len(epochs) + at) * repeats + repeat[i, 0]
        trained[i] = epochs[at]
