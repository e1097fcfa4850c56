"""A table of curves: every training of every architecture, by recipe, data set and seed, epoch by epoch.

The file is like that of ``table``: Arrow IPC, one record batch, a row an architecture, in the order of the space's
numbers, which the column ``index`` has. All trainings with one recipe (``hp``, named by its epochs) on one data set
make a group, and all of a group's columns have an axis for its seeds, whose values are in the metadata:

* ``<hp>/<data>/order``: the place of a training among those of its architecture in the source, −1 where there is none;
* ``<hp>/<data>/<metric>``: one number a training, such as ``params``;
* ``<hp>/<data>/<split>/<metric>``: with a third axis for epochs, counted from 0, whose values are in the metadata. The
  split ``train`` is the training itself.

Numbers come back to the last bit: accuracies are in percent and seconds in seconds, as published. What no benchmark
reads (losses, accuracies on training images, what else a source says) lies beside a large table, in
``NAME.cold.arrow``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, NotInTable, UnknownName
from nasbed.core.files import replacing
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.tables.column import mean_of
from nasbed.tables.column_file import ColumnFile
from nasbed.tables.companion import companion_path, copy_companions, find_companions
from nasbed.tables.curves.column import CurveColumn
from nasbed.tables.curves.encoding import CurveEncoding
from nasbed.tables.curves.names import (
    ONLY_TEST,
    RUN_METRICS,
    TRAIN,
    UNITS,
    WARNINGS,
    column_name,
    group_name,
    published_split,
)
from nasbed.tables.curves.texts import read
from nasbed.tables.encoding import decompress_texts

if TYPE_CHECKING:
    from nasbed.core.rng import Streams  # kept from running: numba takes longer to import than a table to open
    from nasbed.tables.natsbench.published import Published, Run

KIND, ROWS = "curves", "index"
_BATCH = 256
"""From so many rows on a query decodes an epoch of the whole column, and keeps it."""
_KEPT = 32  # of those

Seed = int | str


class CurveTable:
    """What was measured; see the module's text for the file. Values are read from the mapped file when asked for.

    Args:
        file: The open file.
    """

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self.path, self.metadata = file.path, file.metadata
        self.provenance: dict[str, Any] = self.metadata["provenance"]
        self._seeds: dict[tuple[str, str], tuple[Seed, ...]] = {
            (group["hp"], group["data"]): tuple(group["seeds"]) for group in self.metadata["groups"]
        }
        self._columns: dict[str, CurveColumn] = {}
        self._whole: dict[tuple[str, int, bool], NDArray[np.float64]] = {}

    @classmethod
    def open(cls, path: str | Path) -> CurveTable:
        """Map a table file.

        Raises:
            BadSetting: When there is no such file, or it is a table of another kind.
            CorruptFile: When it is no table, has been cut off, or was made by a later version.
        """
        path = Path(path).expanduser()
        if not path.is_file():
            raise BadSetting(f"there is no file {path}")
        return cls.of(ColumnFile.open(path))

    @classmethod
    def of(cls, file: ColumnFile) -> CurveTable:
        """Look at an open file as a table of curves.

        Raises:
            BadSetting: When it is a table of another kind, or lies beside one.
            CorruptFile: When it lacks what it should have.
        """
        if "room" in file.metadata:
            whole = f"{file.path.stem.removesuffix('.' + file.metadata['room'])}.arrow"
            raise BadSetting(f"{file.path} is what lies beside a table; open {whole}")
        if file.metadata.get("kind") != KIND:
            raise BadSetting(f"{file.path} is no table of curves; nasbed.table opens tables of every kind")
        lacking = [name for name in (ROWS, *file.columns) if name not in file and name not in _cold(file)]
        if lacking:
            raise CorruptFile(f"{file.path} lacks the columns {', '.join(lacking)}")
        return cls(file)

    def __len__(self) -> int:
        return len(self.file)

    def __repr__(self) -> str:
        return (
            f"CurveTable({str(self.path)!r}: {len(self)} of {self.metadata['space']['name']}; {', '.join(self.groups)})"
        )

    # ── architectures ─────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def space(self) -> Space:
        """The space of the architectures."""
        settings = {k: tuple(v) if isinstance(v, list) else v for k, v in self.metadata["space"]["settings"].items()}
        made: Space = spaces.make(self.metadata["space"]["name"], settings)
        return made

    @cached_property
    def indices(self) -> NDArray[np.int32]:
        """The official number of each row's architecture, ``(n,)``, ascending."""
        return self.file.array(ROWS)

    @cached_property
    def archs(self) -> Archs:
        """The architecture of each row, ``(n, decisions)``."""
        return self.space.archs_of(self.indices.astype(np.int64))

    @cached_property
    def archs_text(self) -> tuple[str, ...]:
        """The string of each row's architecture."""
        return tuple(map(self.space.format, self.archs))

    @property
    def complete(self) -> bool:
        """Whether there is a row for every architecture of the space, so that a row's number is the architecture's."""
        return len(self) == int(self.metadata["architectures"])

    def text(self, index: int) -> str:
        """Give the string of an architecture by its official number."""
        return self.space.format(self.space.archs_of(np.array([index], np.int64))[0])

    def rows_of(self, indices: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Find rows by the architectures' official numbers, ``(n,)``; −1 for what is not there."""
        indices = np.asarray(indices, np.int64)
        last = len(self._row_of_index) - 1  # where −1 stands
        inside = (indices >= 0) & (indices < last)
        return self._row_of_index.take(indices if inside.all() else np.where(inside, indices, last))

    @cached_property
    def _row_of_index(self) -> NDArray[np.int64]:
        """The row of each number of the space, ``(size + 1,)``; −1 where there is none, and at the end."""
        rows = np.full(int(self.metadata["architectures"]) + 1, -1)
        rows[self.indices] = np.arange(len(self))
        return rows

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or the table does not have it.
        """
        rows = self.space.index(archs)
        if not self.complete:
            rows = self._row_of_index.take(rows)  # of −1, the last
        if len(rows) and rows.min() < 0:
            lost = int(np.argmin(rows))
            why = "is not in the table" if self.space.valid(archs[lost : lost + 1])[0] else "is not valid"
            raise NotInTable(f"architecture {lost} of {len(archs)} {why}: {archs[lost].tolist()}")
        return rows

    def row_of(self, index: int) -> int:
        """Find the row of an architecture by its official number.

        Raises:
            NotInTable: When the table does not have it.
        """
        row = int(self.rows_of(np.array([index]))[0])
        if row < 0:
            raise NotInTable(
                f"{self.path.name} has no results of architecture {index}; it has {len(self):,} architectures"
            )
        return row

    # ── what there is ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def groups(self) -> tuple[str, ...]:
        """Which trainings there are: ``200/cifar10-valid``, ….  recipe and data set."""
        return tuple(group_name(*group) for group in self._seeds)

    @property
    def hps(self) -> tuple[str, ...]:
        """The recipes, named by their epochs, ascending."""
        return tuple(sorted({hp for hp, _ in self._seeds}, key=int))

    def hp(self, hp: str | int | None, data: str) -> str:
        """Find a recipe by its name or its epochs; the longest that a data set was trained with when it is None.

        Raises:
            NotInTable: When the data set was not trained with it, with what there is.
        """
        there = [name for name in self.hps if (name, data) in self._seeds]
        if not there:
            known = dict.fromkeys(name for _, name in self._seeds)
            raise NotInTable(f"{self.path.name} has no data set {data!r}; it has: {', '.join(known)}")
        if hp is None:
            return there[-1]
        for name in there:
            if hp == name or (str(hp).isdecimal() and int(hp) == int(name)):
                return name
        raise NotInTable(f"{data} was not trained with the recipe of {hp} epochs here; there are: {', '.join(there)}")

    def axis(self, hp: str, data: str) -> tuple[Seed, ...]:
        """Give the seeds of the columns of a group; not every architecture need have each.

        ``"mean"`` among them is no seed: there, the source has but the mean over seeds.
        """
        return self._seeds[self.hp(hp, data), data]

    def splits(self, hp: str, data: str) -> dict[str, tuple[str, ...]]:
        """Give the splits of a group, with what was measured on each; ``train`` is the training itself."""
        found: dict[str, list[str]] = {}
        for about in self._described.values():
            if about.get("hp") == hp and about.get("data") == data and about["split"] is not None:
                found.setdefault(about["split"], []).append(about["metric"])
        order = [*UNITS, *{metric for metrics in found.values() for metric in metrics} - set(UNITS)]
        return {
            split: tuple(sorted(found[split], key=order.index))
            for split in sorted(found, key=lambda split: (split != TRAIN, split))
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns that can be read, those beside the table included."""
        return tuple(self._described)

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of the columns that were put beside the table, with one number an architecture."""
        return tuple(name for name, about in self._described.items() if "hp" not in about)

    @property
    def missing(self) -> dict[str, str]:
        """Columns that the table was written with and that cannot be read, with the reason: their file is not there."""
        described = self.metadata["columns"].items()
        rooms = {
            name: about["beside"] for name, about in described if about.get("beside") not in (None, *self.companions)
        }
        return {name: self._found[1][room] for name, room in rooms.items()}

    @property
    def reserved(self) -> frozenset[str]:
        """Names that no column can be given."""
        return frozenset({ROWS, "cold", "other", *self.file.batch.schema.names})

    @property
    def companions(self) -> dict[str, ColumnFile]:
        """The files that lie beside the table and belong to it, by room."""
        return self._found[0]

    @cached_property
    def _found(self) -> tuple[dict[str, ColumnFile], dict[str, str]]:
        return find_companions(self.file)

    @cached_property
    def _described(self) -> dict[str, dict[str, Any]]:
        """What is said of each column of numbers that can be read."""
        described = {name: about for name, about in self.metadata["columns"].items() if name not in self.missing}
        for companion in self.companions.values():
            described |= {name: about for name, about in companion.columns.items() if name not in described}
        return {name: about for name, about in described.items() if not about["cold"]}

    def columns_of(self, hp: str, data: str) -> list[str]:
        """Name the columns of a group that can be read."""
        return [name for name, about in self._described.items() if about.get("hp") == hp and about.get("data") == data]

    def column(self, name: str) -> CurveColumn:
        """Give a column.

        Raises:
            NotInTable: When the file beside the table that should have it is missing.
            UnknownName: When there is none of that name.
        """
        if name not in self._columns:
            self._columns[name] = self._opened(name)
        return self._columns[name]

    def _opened(self, name: str) -> CurveColumn:
        about = self.file.columns.get(name)  # which spares looking for companions
        if about is None:
            if name in self.missing:
                raise NotInTable(
                    f"{name} of {self.path.name} cannot be read: {self.missing[name]}. Put the file that was written "
                    "with the table beside it again, or import it anew"
                )
            about = self._described.get(name)
        if about is None or about["cold"]:
            raise UnknownName("column of the table", name, self.columns)
        seeds = self._seeds[about["hp"], about["data"]] if "hp" in about else ()
        encoding = CurveEncoding(**about["encoding"])
        file = self._file_of(name)
        return CurveColumn(
            name, about["unit"], about["split"], about["meaning"], seeds, tuple(about.get("epochs") or ()), encoding,
            lambda: file.array(name),
        )  # fmt: skip

    def _file_of(self, name: str) -> ColumnFile:
        """Give the file that has an array."""
        if name in self.file:
            return self.file
        for companion in self.companions.values():
            if name in companion:
                return companion
        raise NotInTable(f"{name} of {self.path.name} cannot be read: there is no {companion_path(self.path, 'cold')}")

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────────

    def query(
        self,
        archs: Archs,
        *,
        data: str,
        split: str | None = None,
        metric: str = "accuracy",
        hp: str | int | None = None,
        epoch: int | None = None,
        seed: Seed = "mean",
        streams: Streams | None = None,
    ) -> NDArray[np.float64]:
        """Look one number up for each architecture; NaN where its training is not there.

        Args:
            archs: ``(n, decisions)``.
            data: What was trained on: ``cifar10-valid`` is the half of CIFAR-10 that leaves a validation split.
            split: The images that it was measured on: as published (``x-valid``, ``x-test``, ``ori-test``), ``train``
                for the training itself, ``valid`` for x-valid, ``test`` for x-test or, where there is none, ori-test;
                None for what is about no images: ``params``, ``flops``, ``latency``, ``epochs``.
            metric: ``accuracy`` and ``top5`` in percent, ``loss``, ``time`` in seconds (of one pass over the images).
            hp: The recipe, by its epochs; None for the longest.
            epoch: After which epoch, counted from 0 as published: 199 is the last of 200. None for the last there is.
            seed: One training's; ``"mean"`` over those that an architecture has; or ``"random"``, one of them.
            streams: What draws a random seed: one stream an architecture, each moved on by 1 word.

        Returns:
            ``(n,)``.

        Raises:
            NotInTable: When the table has no such data set, recipe, split, metric, epoch or seed, with what it has.
            BadSetting: When a split or streams are missing, or not wanted.
        """
        rows = self.rows(archs)
        hp = self.hp(hp, data)
        column = self._measured(hp, data, split, metric)
        place = self._place(column, epoch)
        if (seed == "random") != (streams is not None):
            raise BadSetting("seed='random' and streams that draw it go together; give both or neither")
        if streams is not None:
            return self._drawn(column, place, rows, hp, data, streams)
        if seed == "mean" and "mean" not in column.seeds:
            return self._at(column, place, rows, mean=True)
        which = self._position(column.seeds, seed, hp, data)
        found: NDArray[np.float64] = self._at(column, place, rows)[:, which]
        return found

    def outcomes(
        self,
        archs: Archs,
        *,
        data: str,
        split: str | None = None,
        metric: str = "accuracy",
        hp: str | int | None = None,
        epoch: int | None = None,
    ) -> NDArray[np.float64]:
        """Look up what ``query`` does for every seed of the group's axis, ``(n, seeds)``; NaN where one is missing."""
        rows = self.rows(archs)
        column = self._measured(self.hp(hp, data), data, split, metric)
        return self._at(column, self._place(column, epoch), rows)

    def curves(
        self, archs: Archs, *, data: str, split: str, metric: str = "accuracy", hp: str | int | None = None
    ) -> tuple[tuple[int, ...], NDArray[np.float64]]:
        """Give learning curves: the epochs, from 0, and ``(n, seeds, epochs)``."""
        column = self._measured(self.hp(hp, data), data, split, metric)
        return column.epochs, _in_percent(column, column.values(self.rows(archs)))

    def measured(self, data: str, split: str | None, metric: str, hp: str | int | None = None) -> CurveColumn:
        """Find the column that a query reads; see ``query`` for what is allowed and what is refused."""
        return self._measured(self.hp(hp, data), data, split, metric)

    def _measured(self, hp: str, data: str, split: str | None, metric: str) -> CurveColumn:
        if split is None and metric not in RUN_METRICS:
            raise BadSetting(
                f"say which images: split is one of {', '.join(self.splits(hp, data))} (or valid, test), or the metric "
                f"one of {', '.join(RUN_METRICS)}"
            )
        if metric in RUN_METRICS:
            name = column_name(hp, data, None, metric)
            if name not in self.columns:
                raise NotInTable(f"{self.path.name} has no {metric} of {group_name(hp, data)}")
            return self.column(name)
        if split is None:  # for the type checker
            raise AssertionError
        name = column_name(hp, data, split, metric)
        if name in self.file.columns:
            return self.column(name)
        there = self.splits(hp, data)
        known = dict.fromkeys([*there, *(about["split"] for about in self._lost(hp, data))])
        split = published_split(split, known, data)
        name = column_name(hp, data, split, metric)
        if name in self.missing:
            return self.column(name)  # which says what is missing
        if metric not in there.get(split, ()):
            has = ", ".join(there.get(split, ()))
            raise NotInTable(f"{group_name(hp, data)} has no {metric} of the split {split}; it has: {has}")
        return self.column(name)

    def _lost(self, hp: str, data: str) -> Iterator[dict[str, Any]]:
        """Give what is said of columns whose file is missing."""
        for name in self.missing:
            about = self.metadata["columns"][name]
            if about.get("hp") == hp and about.get("data") == data and about["split"] is not None:
                yield about

    def _place(self, column: CurveColumn, epoch: int | None) -> int | None:
        """Give the position of an epoch; None for a column that has none."""
        if not column.epochs:
            if epoch is not None:
                raise BadSetting(f"{column.name} is one number a training; leave epoch out")
            return None
        if epoch is None:
            return len(column.epochs) - 1
        first, last = column.epochs[0], column.epochs[-1]
        whole = len(column.epochs) == last - first + 1
        if whole and first <= epoch <= last:
            return epoch - first
        if epoch in column.epochs:
            return column.epochs.index(epoch)
        there = f"{first} to {last}" if whole and last > first else ", ".join(map(str, column.epochs))
        raise NotInTable(f"{column.name} was not measured after epoch {epoch} (counted from 0); it was after: {there}")

    def _position(self, seeds: tuple[Seed, ...], seed: Seed, hp: str, data: str) -> int:
        if seed in seeds:
            return seeds.index(seed)
        has = "but the mean over seeds" if seeds == ("mean",) else f"the seeds {', '.join(map(str, seeds))}"
        raise NotInTable(f"{group_name(hp, data)} has no seed {seed!r}; it has {has} (seed is one, 'mean' or 'random')")

    def _at(
        self, column: CurveColumn, place: int | None, rows: NDArray[np.int64], mean: bool = False
    ) -> NDArray[np.float64]:
        """Give the values of some rows at one place of the last axis, ``(n, seeds)``, or their means, ``(n,)``."""
        if len(rows) < _BATCH:
            values = column.at(place, rows) if place is not None else _first(column.values(rows))
            values = _in_percent(column, values)
            return mean_of(values) if mean else values
        key = column.name, -1 if place is None else place, mean
        if key not in self._whole:
            while len(self._whole) >= _KEPT:
                self._whole.pop(next(iter(self._whole)))
            whole = _in_percent(column, column.at(place) if place is not None else _first(column.values()))
            self._whole[key] = mean_of(whole) if mean else whole
        return self._whole[key].take(rows, axis=0)

    def _drawn(
        self, column: CurveColumn, place: int | None, rows: NDArray[np.int64], hp: str, data: str, streams: Streams
    ) -> NDArray[np.float64]:
        """Draw one of the seeds that each architecture has."""
        if len(streams) != len(rows):
            raise BadSetting(f"{len(rows)} architectures need as many streams to draw from, not {len(streams)}")
        there = self.order(hp, data)[rows] >= 0
        drawn = (streams.uniform()[:, 0] * there.sum(axis=1)).astype(np.int64)
        which = np.argmax(np.cumsum(there, axis=1) > drawn[:, None], axis=1)
        found: NDArray[np.float64] = self._at(column, place, rows)[np.arange(len(rows)), which]
        return found

    def values(self, name: str, archs: Archs | None = None) -> NDArray[np.float64]:
        """Give an attached column, ``(n,)``, for some architectures or for every row."""
        return self.column(name).values(None if archs is None else self.rows(archs))

    # ── trainings as they were published ──────────────────────────────────────────────────────────────────────

    def order(self, hp: str, data: str) -> NDArray[np.int32]:
        """Give the place of each training among those of its architecture in the source, ``(n, seeds)``; −1: none."""
        return self.file.array(column_name(self.hp(hp, data), data, None, "order"))

    def seeds(self, index: int, hp: str | int, data: str) -> tuple[Seed, ...]:
        """Give the seeds with which an architecture, by its official number, was trained, in the source's order.

        Raises:
            NotInTable: When the table does not have the architecture, the data set or the recipe.
        """
        hp = self.hp(hp, data)
        order = self.order(hp, data)[self.row_of(index)]
        axis = self._seeds[hp, data]
        return tuple(axis[i] for i in np.argsort(order, kind="stable") if order[i] >= 0)

    def run(self, index: int, hp: str | int, data: str, seed: int) -> Run:
        """Put one training of an architecture, by its official number, together again, as the source had it.

        Raises:
            NotInTable: When there is none, or the file beside the table is missing.
        """
        from nasbed.tables.curves.trainings import run_of

        return run_of(self, index, self.hp(hp, data), data, seed)

    def published(self, index: int) -> Published:
        """Put all trainings of an architecture, by its official number, together again, as the source had them.

        Raises:
            NotInTable: When there are none, or the file beside the table is missing.
        """
        from nasbed.tables.curves.trainings import published_of

        return published_of(self, index)

    def other(self, row: int, training: tuple[str, str, int] | None = None) -> Any:
        """Read what else the source says of a row's architecture.

        Args:
            row: The row.
            training: Of which training instead: recipe, data set and position of its seed.
        """
        if "texts" not in self.metadata["columns"]:
            return {}
        name = "other" if training is None else column_name(*training[:2], None, "other")
        code = self._file_of(name).array(name)[row]
        index = int(self.indices[row])
        return read(self._texts[int(code if training is None else code[training[2]])], self.text(index), index)

    @cached_property
    def _texts(self) -> list[str]:
        about = self.metadata["columns"]["texts"]
        file = self.companions[about["beside"]] if "beside" in about else self.file
        texts: list[str] = decompress_texts(file.blocks()["texts"]).tolist()
        return texts

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def checksum(self) -> str:
        """The SHA-256 of everything that the table was written with: of metadata that have the columns' checksums."""
        return self.file.checksum

    @property
    def warnings(self) -> list[str]:
        """What one should know before citing a number."""
        about = {data: WARNINGS[data] for _, data in self._seeds if data in WARNINGS}
        accuracies = [name.split("/") for name in self.metadata["columns"] if name.endswith("/accuracy")]
        only_test = [f"there are {ONLY_TEST}"] if all(name[2] not in ("x-valid", TRAIN) for name in accuracies) else []
        said = self.provenance.get("warnings", [])
        return [*only_test, *said, *(f"{data}: {text}" for data, text in about.items())]

    def describe(self) -> dict[str, Any]:
        """Give provenance, checksum, data sets with their splits, seeds and epochs, warnings and sizes."""
        from nasbed.tables.curves.description import described

        return described(self)

    def copy(self, path: str | Path) -> CurveTable:
        """Copy the table and what lies beside it, the table last; give the copy.

        Raises:
            BadSetting: When it cannot be written there.
        """
        path = Path(path).expanduser()
        copy_companions(self.companions, path)
        with replacing(path) as part:
            shutil.copyfile(self.path, part)
        return CurveTable.open(path)

    def verify(self) -> None:
        """See that the files are to the bit what was written, and that rows ascend within the space.

        A companion that is not there is no damage; ``missing`` tells of it.

        Raises:
            CorruptFile: Saying which column differs, if it is one.
        """
        self.file.verify()
        for room, fault in self._found[1].items():
            if companion_path(self.path, room).exists():
                raise CorruptFile(fault)
        for companion in self.companions.values():
            companion.verify()
        ascending = (np.diff(self.indices.astype(np.int64)) > 0).all()
        if not ascending or self.indices[0] < 0 or self.indices[-1] >= self.metadata["architectures"]:
            raise CorruptFile(f"{self.path}: its rows are not different architectures in the order of their numbers")
        if not self.missing and "texts" in self.metadata["columns"]:
            _ = self._texts


def _in_percent(column: CurveColumn, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give what a query answers in, whatever a source has: accuracies in percent."""
    return 100.0 * values if column.unit == "fraction" else values


def _first(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give one number a training: of several measurements of latency, their mean."""
    return mean_of(values) if values.ndim == 3 else values


def _cold(file: ColumnFile) -> set[str]:
    return {name for name, about in file.columns.items() if about["cold"]}
