"""Trainings looked up in a table.

What a call needs of an architecture after one epoch lies in a dozen columns, far from each other. It is packed some
hundred rows at a time, when one of them is asked for: one look into memory gives it all.
"""

from __future__ import annotations

from functools import cache, cached_property
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from nasbed.compat.made import Made
from nasbed.compat.nats_bench.answers import Answers, Trials, absent
from nasbed.compat.nats_bench.result import Info, NotMeasured, ResultsCount, mean
from nasbed.compat.nats_bench.sheets import Sheet, Sizes
from nasbed.compat.nats_bench.trainings import order_of, published_of, seeds_of
from nasbed.core.space import Space
from nasbed.readers.names import TRAIN
from nasbed.readers.natsbench.trainings import Published
from nasbed.tables.column import Column
from nasbed.tables.published import column_name
from nasbed.tables.table import Table

Floats = NDArray[np.float64]

_SHIFT = 9
_CHUNK = 1 << _SHIFT
_PAGES = 32  # epochs of a data set that are kept packed, 5 MB each
_TRIALS = 256  # data sets of architectures whose curves are kept, 0.2 MB each
_FIELDS = 3  # loss, accuracy, seconds so far


class Tabled(Answers):
    """Trainings in a table.

    Args:
        table: The table.
    """

    def __init__(self, table: Table) -> None:
        space, indices = table.metadata["space"]["name"], table.indices.tolist()
        super().__init__(space, table.path.name, int(table.space.size or 0), indices, table.recipes)
        self.table = table
        self._row = None if table.complete else {index: row for row, index in enumerate(indices)}
        self._groups: Made[tuple[str, str], _Group] = Made(self._group, 64)
        self._pages: Made[tuple[str, str, int], _Page] = Made(lambda key: _Page(self._groups[key[:2]], key[2]), _PAGES)
        self._runs: Made[tuple[int, str, str], Trials] = Made(lambda key: self.copied(*key), _TRIALS)

    def strings(self) -> list[str]:
        """Give the strings of all architectures of the space, of which the table may have some."""
        return list(_texts(self.table.space, self.architectures))

    def trained(self, index: int) -> list[tuple[str, str]]:
        """Give the recipes by which, and the data sets on which, an architecture was trained."""
        row = np.array([self._row_of(index, "", "")])
        return [pair for pair in _pairs(self.table) if (order_of(self.table, *pair, row) >= 0).any()]

    def trials(self, index: int, hp: str, data: str) -> Trials:
        """Give an architecture's trainings by a recipe on a data set."""
        return self._runs[index, hp, data]

    def copied(self, index: int, hp: str, data: str) -> Trials:
        """Give them in new objects."""
        group, _, which = self._asked(index, hp, data)
        seeds = [group.seeds[i] for i in which]
        runs = {run.seed: run for run in published_of(self.table, index, f"{hp}/{data}").runs}
        return seeds, [ResultsCount(runs[seed]) for seed in seeds]

    def sheet(self, index: int, hp: str, data: str, iepoch: int | None) -> Sheet:
        """Give what they gave after an epoch."""
        group, row, which = self._asked(index, hp, data)
        epoch = group.epochs - 1 if iepoch is None else iepoch
        if not 0 <= epoch < group.epochs:
            raise NotMeasured(f"invalid iepoch={iepoch} < {group.epochs}: epochs count from 0; None is the last")
        splits = self._pages[hp, data, epoch].splits(row, which)
        if splits is None:  # something is out of the ordinary
            return super().sheet(index, hp, data, iepoch)
        return Sheet([group.seeds[i] for i in which], epoch + 1, splits)

    def sizes(self, index: int, hp: str, data: str) -> Sizes:
        """Give what they say of the network."""
        group, row, which = self._asked(index, hp, data)
        values = [group.numbers[name][row].tolist() for name in ("flops", "params", "latency")]
        return Sizes([group.seeds[i] for i in which], *([some[i] for i in which] for some in values))

    def costs(self, index: int, hp: str, data: str) -> Info:
        """Give what they cost, on average."""
        group, row, which = self._asked(index, hp, data)
        splits = self._pages[hp, data, group.epochs - 1].splits(row, which)
        if splits is None or len(splits) != len(group.timed):  # something is out of the ordinary
            return super().costs(index, hp, data)
        info = self.sizes(index, hp, data).means
        for split, (each, whole) in group.timed.items():
            seconds = [values[2] for values in splits[split]]
            info[each] = mean([some / group.epochs for some in seconds])
            info[whole] = mean(seconds)
        return info

    def published(self, index: int) -> Published:
        """Put all of an architecture together."""
        self._row_of(index, "", "")
        return published_of(self.table, index)

    def _asked(self, index: int, hp: str, data: str) -> tuple[_Group, int, tuple[int, ...]]:
        """Find a group, the row of an architecture, and which of the group's seeds that has: at least one."""
        group, row = self._groups[hp, data], self._row_of(index, hp, data)
        which = group.which(row)
        if not which:
            raise self._absent(index, hp, data)
        return group, row, which

    def _row_of(self, index: int, hp: str, data: str) -> int:
        if self._row is None:
            return index
        if index not in self._row:
            raise self._absent(index, hp, data)
        return self._row[index]

    def _absent(self, index: int, hp: str, data: str) -> NotMeasured:
        if index not in self.evaluated:
            return self.unfound(index, len(self.table))
        return absent(index, hp, data, self.trained(index))

    def _group(self, key: tuple[str, str]) -> _Group:
        hp, data = key
        pairs = _pairs(self.table)
        if key not in pairs:
            there = ", ".join(f"hp={hp!r} on {data}" for hp, data in pairs)
            raise NotMeasured(f"{self.name} has no trainings with hp={hp!r} on {data!r}; it has those with {there}")
        return _Group(self.table, hp, data)


class _Group:
    """The trainings of all architectures by one recipe on one data set.

    Attributes:
        seeds: Of all, ascending; not every architecture has each.
        axis: The position of each in the table's columns.
        epochs: How many there were.
    """

    def __init__(self, table: Table, hp: str, data: str) -> None:
        self.table, self.hp, self.data = table, hp, data
        placed = sorted((seed, i) for i, seed in enumerate(seeds_of(table, hp, data)) if isinstance(seed, int))
        if not placed:
            raise NotMeasured(
                f"{table.path.name} has but the means of seeds of hp={hp!r} on {data}; this interface answers for seeds"
            )
        self.seeds, self.axis = [seed for seed, _ in placed], [i for _, i in placed]
        there = order_of(table, hp, data)[:, self.axis] >= 0
        self._codes: list[int] = (there @ (1 << np.arange(len(placed)))).tolist()
        self._places = {code: _places_of(code) for code in set(self._codes)}
        self.epochs = len(self.column(TRAIN, "accuracy").measure.epochs)

    def which(self, row: int) -> tuple[int, ...]:
        """Give the places, among all seeds, of those that an architecture has."""
        return self._places[self._codes[row]]

    def column(self, split: str | None, metric: str) -> Column:
        """Give a column of the table's."""
        return self.table.column(column_name(self.hp, self.data, split, metric))

    @cached_property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """What was measured on each split."""
        found: dict[str, list[str]] = {}
        for measure in self.table.measures.values():
            if measure.recipes == (self.hp,) and measure.data == self.data and measure.split:
                found.setdefault(measure.published, []).append(measure.metric)
        return {split: tuple(found[split]) for split in sorted(found, key=lambda split: (split != TRAIN, split))}

    @cached_property
    def timed(self) -> dict[str, tuple[str, str]]:
        """What the times of each split are called, an epoch's and all; in the order of the first training."""
        first = int(np.argmax(np.array(self._codes) > 0))
        runs = published_of(self.table, int(self.table.indices[first]), f"{self.hp}/{self.data}").runs
        names = ResultsCount(min(runs, key=lambda run: run.seed)).eval_names
        there = dict.fromkeys([TRAIN, *(name for name in names if name in self.splits), *self.splits])
        return {name: (f"T-{name}@epoch", f"T-{name}@total") for name in there}

    @cached_property
    def numbers(self) -> dict[str, Floats]:
        """What trainings say of the network, ``(n, seeds)``: flops, params (millions), latency (s, −1 for none)."""
        found = {name: self.column(None, name).values()[:, self.axis] for name in ("flops", "params")}
        found["latency"] = np.full_like(found["flops"], -1.0)
        if column_name(self.hp, self.data, None, "latency") in self.table.columns:
            values = self.column(None, "latency").values()[:, self.axis]
            values = values.reshape(*found["flops"].shape, -1)
            there = ~np.isnan(values)
            seconds = np.add.accumulate(np.where(there, values, 0.0), axis=2)[:, :, -1]
            count = there.sum(axis=2)
            np.divide(seconds, count, out=found["latency"], where=count > 0)
        return found


class _Page:
    """What all trainings of a group gave after one epoch, packed.

    Args:
        group: The trainings.
        epoch: The epoch, from 0.
    """

    def __init__(self, group: _Group, epoch: int) -> None:
        self._group, self._epoch = group, epoch
        rows, seeds = len(group.table), len(group.seeds)
        self._packed = np.empty((rows, len(group.splits), seeds, _FIELDS))
        self._is_packed = bytearray(-(-rows // _CHUNK))
        width = seeds * _FIELDS
        record = Struct(f"={len(group.splits) * width}d")
        self._unpack, self._size = record.unpack_from, record.size
        self._flat = self._packed.reshape(-1).view(np.uint8).data
        self._starts = {split: range(i * width, (i + 1) * width, _FIELDS) for i, split in enumerate(group.splits)}

    def splits(self, row: int, which: tuple[int, ...]) -> dict[str, list[tuple[float, ...]]] | None:
        """Give loss, accuracy and seconds of some seeds on each split on which they all have them.

        None: something is there without the seconds that it took.
        """
        if not self._is_packed[row >> _SHIFT]:
            self._pack(row >> _SHIFT)
        record = self._unpack(self._flat, row * self._size)
        found = {}
        for split, starts in self._starts.items():
            values = [record[starts[i] : starts[i] + _FIELDS] for i in which]
            for _, accuracy, seconds in values:
                if accuracy != accuracy:
                    break
                if seconds != seconds:
                    return None
            else:
                found[split] = values
        return found if TRAIN in found else None

    def _pack(self, chunk: int) -> None:
        rows = np.arange(chunk << _SHIFT, min((chunk + 1) << _SHIFT, len(self._packed)))
        packed = self._packed[rows[0] : rows[-1] + 1]
        packed.fill(np.nan)
        for i, (split, metrics) in enumerate(self._group.splits.items()):
            for field, metric in enumerate(("loss", "accuracy", "time")):
                if metric in metrics:
                    values = self._values(self._group.column(split, metric), rows, summed=metric == "time")
                    if values is not None:
                        packed[:, i, :, field] = values[:, self._group.axis]
        self._is_packed[chunk] = True

    def _values(self, column: Column, rows: NDArray[np.int64], summed: bool) -> Floats | None:
        """Give a column's values after the epoch, or their sum until then; None where it has none."""
        epochs, epoch = column.measure.epochs, self._epoch + 1  # which the published interface counts from 0
        if epoch not in epochs or (summed and epochs[epoch - 1 : epoch] != (epoch,)):
            return None
        place = epochs.index(epoch)
        return column.until(place, rows) if summed else column.layer(epoch=place).values(rows)


def _pairs(table: Table) -> list[tuple[str, str]]:
    """Give the recipe and data set of every group."""
    return [(hp, data) for hp, _, data in (group.partition("/") for group in table.groups)]


def _places_of(code: int) -> tuple[int, ...]:
    return tuple(i for i in range(code.bit_length()) if code >> i & 1)


@cache
def _texts(space: Space, count: int) -> tuple[str, ...]:
    """Write the first architectures of a space; once in a process, for there are tens of thousands."""
    return tuple(map(space.format, space.archs_of(np.arange(count))))
