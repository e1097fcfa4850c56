"""Fidelity: for how many epochs the rungs of a search train.

Rungs lie at R, R/η, R/η², …, down to the least epochs that are worth a look. A table has trained for some epochs and
not for others, so a rung that would lie between two of its budgets is at the one below; rungs that come to lie on the
same budget are one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Annotated, Literal

from nasbed.core.bounds import Bounds
from nasbed.core.errors import BadSetting

Continuation = Literal["restart", "resume"]
"""Whether what is promoted trains anew from its first epoch, or goes on where it was and pays for the rest."""


Eta = Annotated[int, Bounds(least=2)]
"""Of so many at a rung one goes on to the next, which is so many times as long."""


def rungs(
    budgets: Sequence[int], min_epochs: int | None = None, max_epochs: int | None = None, eta: int = 3
) -> tuple[int, ...]:
    """Give the epochs of the rungs, ascending: those of ``max_epochs · eta^−s`` that can be had.

    Args:
        budgets: The epochs that may be asked for, ascending; empty where any may.
        min_epochs: No rung is below; None for the smallest budget, or 1.
        max_epochs: The last rung is here, or at the budget below; None for the largest budget.
        eta: By how much a rung is longer than the one before it.

    Raises:
        BadSetting: When there is no rung, or nothing says where the last one is.

    >>> rungs(range(1, 201))
    (2, 7, 22, 66, 200)
    """
    if max_epochs is None and not budgets:
        raise BadSetting("nobody said for how many epochs may be trained; give max_epochs")
    lowest = (budgets[0] if budgets else 1) if min_epochs is None else min_epochs
    highest = budgets[-1] if max_epochs is None else max_epochs
    if not 1 <= lowest <= highest:
        raise BadSetting(f"rungs from {lowest} to {highest} epochs are none; give 1 ≤ min_epochs ≤ max_epochs")
    last = _not_above(budgets, highest)
    found, divisor = set[int](), 1
    while last >= lowest * divisor:  # integers: logarithms in floating point miss a rung
        found.add(_not_above(budgets, last // divisor))
        divisor *= eta
    ladder = tuple(sorted(epochs for epochs in found if epochs >= lowest))
    if not ladder:
        raise BadSetting(
            f"no budget lies from {lowest} to {highest} epochs; there are {', '.join(map(str, budgets))}: "
            "change min_epochs or max_epochs"
        )
    return ladder


def _not_above(budgets: Sequence[int], epochs: int) -> int:
    """Give the largest budget that is not above; 0 where all are."""
    if not budgets:
        return epochs
    place = bisect_right(budgets, epochs)
    return budgets[place - 1] if place else 0
