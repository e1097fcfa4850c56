"""Columns: numbers that are known of architectures beside their structure: scores, parameters, FLOPs, latencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.encodings.block import Block
from nasbed.encodings.quantiles import normal_quantiles
from nasbed.tables.column import Measurement
from nasbed.tables.table import Table

RESULTS = ("told", "reported")
"""The roles of what is to be predicted."""

_MOST, _TRIED, _SHARE = 2**16, 256, 0.5
"""Of more architectures, neighbours are not looked up; how many are tried first; which share of theirs is needed."""


@dataclass(frozen=True, eq=False)
class Columns(Block):
    """Named numbers of listed architectures.

    An architecture that is not listed has the mean of those listed that compute the same function.

    Attributes:
        archs: The architectures, ``(m, decisions)``.
        columns: The numbers by name, ``(m,)`` each.
        log: Whether x counts as sign(x)·log(1 + |x|), which suits scores over many orders of magnitude.
        neighbours: Whether predictors also learn from what is around an architecture; see ``around``.
    """

    archs: Archs
    columns: Mapping[str, NDArray[np.float64]]
    log: bool = False
    neighbours: bool = True

    simplified = False

    def __post_init__(self) -> None:
        self.space.check_valid(self.archs)
        for name, values in self.columns.items():
            if np.shape(values) != (len(self.archs),):
                raise BadSetting(
                    f"the column {name!r} has shape {np.shape(values)}; it takes a number for each of the "
                    f"{len(self.archs):,} architectures"
                )
        if not self.columns or not len(self.archs):
            raise BadSetting("there are no columns, or no architectures; give one of each at least")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.columns)

    @property
    def known(self) -> Archs:
        """The architectures that are listed; others may have numbers, too."""
        return self.archs

    @cached_property
    def _numbers(self) -> NDArray[np.float64]:
        numbers = np.stack([np.asarray(values, np.float64) for values in self.columns.values()], axis=1)
        return np.sign(numbers) * np.log1p(np.abs(numbers)) if self.log else numbers

    def _named(self, rows: Archs) -> NDArray[Any]:
        return self.space.index(rows) if self.space.is_enumerable else self.space.key(rows)

    @cached_property
    def _by_row(self) -> tuple[NDArray[Any], NDArray[np.float64]]:
        return _means(self._named(self.archs), self._numbers)

    @cached_property
    def _by_function(self) -> tuple[NDArray[Any], NDArray[np.float64]]:
        return _means(self.space.function_key(self.archs), self._numbers)

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the numbers, ``(n, columns)``.

        Raises:
            InvalidArchitecture: When an architecture has none, and none that computes the same has.
        """
        found = self._known(rows)
        for row, column in np.argwhere(np.isnan(found))[:1].tolist():
            raise InvalidArchitecture(
                f"the column {self.names[column]!r} has no number for {self.space.format(rows[row])}, nor for another "
                "architecture that computes the same; leave the column out, or these architectures"
            )
        return found

    def _known(self, rows: Archs) -> NDArray[np.float64]:
        """Return the numbers that there are, ``(n, columns)``, NaN elsewhere."""
        found = _looked_up(*self._by_row, self._named(rows))
        lost = np.flatnonzero(np.isnan(found).any(axis=1))
        if len(lost):
            found[lost] = _looked_up(*self._by_function, self.space.function_key(rows[lost]))
        return found

    @cached_property
    def around(self) -> Columns | None:
        """What is around each architecture: of each column, the mean over it and its neighbours, by their ranks.

        A score is measured on few images and with weights as they were drawn; the mean over two dozen architectures
        that are one decision apart says more of where in the space an architecture stands. Ranks are normal quantiles.
        None where fewer than half of the neighbours have numbers, more than 65,536 architectures are listed, or
        ``neighbours`` says so.
        """
        if not self.neighbours or len(self.archs) > _MOST:
            return None
        ranks = {name: _ranked(numbers) for name, numbers in zip(self.names, self._numbers.T, strict=True)}
        ranked = replace(self, columns=ranks, log=False)
        some = np.random.default_rng(0).permutation(len(self.archs))[:_TRIED]
        if ranked._near(self.archs[some])[1] < _SHARE:
            return None
        means = ranked._near(self.archs)[0]
        return replace(ranked, columns={f"{name} around": mean for name, mean in zip(ranks, means.T, strict=True)})

    def _near(self, rows: Archs) -> tuple[NDArray[np.float64], float]:
        """Return means over architectures and their neighbours, ``(n, columns)``, and the share of these with any."""
        numbers = self._known(rows)
        counts = (~np.isnan(numbers)).astype(np.float64)
        total, active = np.nan_to_num(numbers), self.space.active(rows)
        asked = found = 0
        for move, (decision, _) in enumerate(self.space.moves.tolist()):
            near = self.space.moved(rows, np.full(len(rows), move))
            there = np.flatnonzero(active[:, decision] & self.space.valid(near))
            numbers = self._known(near[there])
            known = ~np.isnan(numbers)
            counts[there] += known
            total[there] += np.where(known, numbers, 0.0)
            asked += len(there)
            found += int(known.any(axis=1).sum())
        means = np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)
        return means, found / max(asked, 1)


def from_table(
    space: Space, table: str = "", of: tuple[str, ...] = ("params", "flops"), log: bool = False, neighbours: bool = True
) -> Columns:
    """Numbers that a table has of its architectures, such as parameters, latencies and scores.

    Args:
        space: The space that the architectures are from.
        table: The path of the table.
        of: The measurements, by name, such as params. Validation and test results are refused: they are what is to be
            predicted.
        log: Whether x counts as sign(x)·log(1 + abs(x)), which suits scores over many orders of magnitude.
        neighbours: Whether predictors also learn from the mean over an architecture's neighbours.

    Raises:
        BadSetting: When the table is of another space, or a measurement is a result.
        NotInTable: When it has no such measurement.
    """
    opened = table_of(space, table, "columns:table=FILE.arrow,of=[params]")
    found = {text: _measured(opened, text) for text in of}
    for text, one in found.items():
        if one.role in RESULTS:
            raise BadSetting(
                f"{text!r} is a result in {opened.path.name}, which is to be predicted; take costs or scores"
            )
    return Columns(space, opened.archs, {text: one.mean() for text, one in found.items()}, log, neighbours)


def table_of(space: Space, table: str, example: str) -> Table:
    """Open a table of a space.

    Raises:
        BadSetting: When none is named, with an example of how, or it is of another space.
    """
    if not table:
        raise BadSetting(f"that is read from a table; name its file, such as {example}")
    opened = Table.open(table)
    if opened.space.whole != space.whole:
        raise BadSetting(f"{opened.path.name} is a table of {opened.space!r}, not of {space!r}")
    return opened


def _measured(table: Table, text: str) -> Measurement:
    named = [one for one in table.find() if one.name == text]
    return named[0] if named else table.measurement(text)


def _ranked(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return normal quantiles of ranks, ``(n,)``; NaN stays."""
    found, known = numbers.copy(), ~np.isnan(numbers)
    _, quantiles, which = normal_quantiles(numbers[known])
    found[known] = quantiles[which]
    return found


def _means(keys: NDArray[Any], numbers: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the keys, ascending, and the means of the numbers of each, NaN where there is none."""
    found, which = np.unique(keys, return_inverse=True)
    known = ~np.isnan(numbers)
    counts, sums = np.zeros((2, len(found), numbers.shape[1]))
    np.add.at(counts, which, known)
    np.add.at(sums, which, np.where(known, numbers, 0.0))
    return found, np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def _looked_up(keys: NDArray[Any], numbers: NDArray[np.float64], asked: NDArray[Any]) -> NDArray[np.float64]:
    """Return the numbers of what is asked, NaN where there is no such key."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where((keys[place] == asked)[:, None], numbers[place], np.nan)
