"""Curves: how trainings began, as numbers: the value after each epoch, and how much it changed since the one before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.space import Space
from nasbed.encodings.columns import RESULTS, Columns, table_of

VALUE = "value@"
"""What the names of the values begin with; the epoch follows."""


def curve_columns(curves: ArrayLike, epochs: Sequence[int] | None = None) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of some curves by name, ``(n,)`` each: values, then changes.

    Args:
        curves: ``(n, epochs)``; higher is better, so that losses are given with a minus.
        epochs: After which epochs, ascending; 1, 2, 3, … when not given.

    Raises:
        BadSetting: When they are no such array, or the epochs are others, or do not ascend.
    """
    given = np.asarray(curves, np.float64)
    if given.ndim != 2 or not given.shape[1]:
        raise BadSetting(f"curves are an array (n, epochs) with an epoch at least, not of shape {given.shape}")
    after = list(range(1, given.shape[1] + 1)) if epochs is None else list(epochs)
    if len(after) != given.shape[1] or after != sorted(set(after)):
        raise BadSetting(f"curves of {given.shape[1]} epochs have as many that ascend, not {after}")
    values = {f"{VALUE}{epoch}": given[:, i] for i, epoch in enumerate(after)}
    changes = {f"change@{later}": given[:, i + 1] - given[:, i] for i, (_, later) in enumerate(pairwise(after))}
    return {**values, **changes}


def from_table(
    space: Space,
    table: str = "",
    epochs: int = 0,
    metric: str = "accuracy",
    split: str = "valid",
    data: str | None = None,
    recipe: str | int | None = None,
) -> Columns:
    """Return the beginnings of the trainings that a table has, means over its seeds.

    Args:
        space: The space that the architectures are from.
        table: The path of the table.
        epochs: Up to and with which epoch; half of them when not given.
        metric: Such as accuracy, or loss, which is then given with a minus.
        split: Of which images: valid, or train.
        data: The data set; see ``Table.measurement``.
        recipe: The recipe, likewise.

    Raises:
        BadSetting: When the table is of another space, the end of a result is asked for, which is what is to be
            predicted, or nothing is so early.
        NotInTable: When it has no such measurement.
    """
    opened = table_of(space, table, "curve:table=FILE.arrow,epochs=12")
    one = opened.measurement(metric, split=split, data=data, recipe=recipe)
    last = epochs or max(one.epochs[-1] // 2, one.epochs[0])
    if last >= one.epochs[-1] and one.role in RESULTS:
        raise BadSetting(f"{one.name} ends after {one.epochs[-1]} epochs, and its end is to be predicted; take fewer")
    some = [epoch for epoch in one.epochs if 0 < epoch <= last]
    if not some:
        raise BadSetting(f"{one.name} was measured after {one.after} epochs, none of which is up to {last}")
    sign = -1.0 if one.goal == "min" else 1.0
    curves = sign * np.stack([one.mean(epoch=epoch) for epoch in some], axis=1)
    known = np.isfinite(curves).all(axis=1)
    if not known.any():
        raise BadSetting(f"{opened.path.name} has no architecture with {one.name} after {some} epochs")
    return Columns(space, opened.archs[known], curve_columns(curves[known], some))
