"""A column of a table of curves: numbers of the trainings of each architecture, decoded when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.tables.curves.encoding import CurveEncoding

Rows = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class CurveColumn:
    """Numbers of every row, seed and epoch, ``(n, seeds, epochs)``; of every row and seed; or of every row.

    Attributes:
        name: The column's name.
        unit: ``"percent"``, ``"s"``, ….
        split: The images that it is about; None for what is about none.
        meaning: A sentence.
        seeds: Of the second axis; none where there is none.
        epochs: Of the third axis, from 0; none where there is none.
        encoding: How the numbers are stored.
        load: Gives the stored numbers.
    """

    name: str
    unit: str
    split: str | None
    meaning: str
    seeds: tuple[int | str, ...]
    epochs: tuple[int, ...]
    encoding: CurveEncoding
    load: Callable[[], NDArray[Any]]

    @cached_property
    def stored(self) -> NDArray[Any]:
        """The numbers as they are stored, a view of the mapped file; of level curves one a training."""
        return self.load()

    def values(self, rows: Rows | None = None) -> NDArray[np.float64]:
        """Give all values of some rows, or of every row; NaN where there is none.

        Returns:
            ``(n, seeds, epochs)``, or with fewer axes where the column has them not.
        """
        values = self.encoding.decode(self.stored if rows is None else self.stored[rows])
        if self.encoding.level:
            return np.broadcast_to(values[..., None], (*values.shape, len(self.epochs)))
        return values

    def at(self, epoch: int, rows: Rows | None = None) -> NDArray[np.float64]:
        """Give the values after one epoch, given by its position among ``epochs``, ``(n, seeds)``."""
        stored = self.stored if self.encoding.level else self.stored[:, :, epoch]
        return self.encoding.decode(stored if rows is None else stored[rows])

    def until(self, epoch: int, rows: Rows | None = None) -> NDArray[np.float64]:
        """Give the sum of the values of the epochs up to and with one, given by its position, ``(n, seeds)``.

        Summed one after the other from the first, as the published interface does.
        """
        if self.encoding.level:
            return _summed(self.at(epoch, rows), epoch + 1)
        stored = self.stored if rows is None else self.stored[rows]
        total: NDArray[np.float64] = np.cumsum(self.encoding.decode(stored[:, :, : epoch + 1]), axis=2)[:, :, -1]
        return total


def _summed(values: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    """Add a number up so many times, which rounding makes another than a product."""
    total = np.zeros_like(values)
    for _ in range(times):
        total += values
    return total
