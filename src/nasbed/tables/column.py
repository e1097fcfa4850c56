"""A column of a table: results of every module at every budget in every repeat, decoded when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.tables.encoding import Encoding

Rows = NDArray[np.integer[Any]]

_MOMENTS = {"": "at the end of training", "halfway_": "halfway through training", "start_": "before training"}
_SPLITS = {"train_accuracy": "train", "validation_accuracy": "validation", "test_accuracy": "test"}
REPORTED = tuple(f"{prefix}{name}" for prefix in ("", "halfway_") for name in ("training_time", *_SPLITS))
"""The columns that queries read; other ones are cold, unless they were appended."""


@dataclass(frozen=True)
class Description:
    """What the numbers of a column mean.

    Attributes:
        unit: ``"s"``, ``"fraction"``, …
        split: The images that an accuracy is of; None for what has none.
        meaning: A sentence.
    """

    unit: str = ""
    split: str | None = None
    meaning: str = ""


def describe(name: str) -> Description:
    """Describe the columns that every table of trainings has; an unknown name is described by nothing."""
    prefix = next((p for p in ("halfway_", "start_") if name.startswith(p)), "")
    moment = _MOMENTS[prefix]
    measured = name.removeprefix(prefix)
    if measured in _SPLITS:
        split = _SPLITS[measured]
        return Description("fraction", split, f"fraction of the {split} images classified correctly, {moment}")
    return {
        "training_time": Description("s", None, f"time of the training steps, {moment}"),
        "total_time": Description("s", None, "time of the whole training, with evaluations and saving"),
        "current_epoch": Description("epochs", None, f"epochs trained, {moment}"),
        "checkpoint_path": Description("", None, f"where the weights were saved, {moment}"),
        "record": Description("", None, "number of the record in the imported file, minus the number of the slot"),
    }.get(measured, Description())


@dataclass(frozen=True, eq=False)
class Column:
    """Numbers of every row, ``(n, budgets, repeats)``, or one a row, ``(n,)``.

    Attributes:
        name: The column's name.
        description: What the numbers mean.
        encoding: How they are stored.
        cold: Whether they are compressed; a cold column is decompressed whole, once.
        load: Gives the stored numbers.
        whole: Whether it is known that no number is missing.
    """

    name: str
    description: Description
    encoding: Encoding
    cold: bool
    load: Callable[[], NDArray[Any]]
    whole: bool = False

    @cached_property
    def stored(self) -> NDArray[Any]:
        """The numbers as they are stored; of a column that is not cold, a view of the mapped file."""
        return self.load()

    def values(self, rows: Rows | None = None, budget: int | None = None) -> NDArray[np.float64]:
        """Give values as doubles, NaN where one is missing.

        Args:
            rows: Which rows; None for all.
            budget: The position of a budget among the table's, or None for all.

        Returns:
            ``(n, budgets, repeats)``, ``(n, repeats)`` with a budget, ``(n,)`` for a column with one number a row.
        """
        stored = self.stored
        if stored.ndim > 1 and budget is not None:
            stored = stored[:, budget]
        return self.encoding.decode(stored if rows is None else stored[rows])

    def take(self, rows: Rows, budget: Rows | int, repeat: Rows | int) -> NDArray[np.float64]:
        """Give one value a row, ``(n,)``, each at its own budget and repeat."""
        _, budgets, repeats = self.stored.shape
        return self.at((rows * budgets + budget) * repeats + repeat)

    def at(self, places: Rows) -> NDArray[np.float64]:
        """Give the values at some places of the flat column, ``(n,)``: row, then budget, then repeat make a place."""
        return self.encoding.decode(self._flat.take(places))

    def item(self, row: int, budget: int, repeat: int) -> float:
        """Give a single value."""
        return float(self.encoding.decode(self.stored[row, budget, repeat]))

    @cached_property
    def _flat(self) -> NDArray[Any]:
        return self.stored.reshape(-1)


def mean_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the last axis, what is missing left out; NaN where all is."""
    there = ~np.isnan(values)
    count = there.sum(axis=-1)
    total = np.where(there, values, 0.0).sum(axis=-1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return mean
