"""Building a table of curves: from shards, or from columns that somebody computed, to a file, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import replacing
from nasbed.core.space import Space
from nasbed.tables.column_file import COLD, Block, arrow_column, checksums, write_columns
from nasbed.tables.companion import check_room, companion_path, is_companion, write_companion
from nasbed.tables.curves.encoding import ABSENT, encode_curves, is_absent
from nasbed.tables.curves.names import MEANINGS, RUN_METRICS, TRAIN, UNITS, column_name
from nasbed.tables.curves.shards import Group, Shard
from nasbed.tables.curves.table import KIND, ROWS, CurveTable
from nasbed.tables.curves.texts import Texts
from nasbed.tables.encoding import Encoding, compress_texts

INSIDE_AT_MOST = 2**22
"""Bytes of columns that no benchmark reads and that a table keeps in its own file; more of them lie beside it."""

Progress = Callable[[float], None]
Seed = int | str


@dataclass
class _Columns:
    """What is to be written.

    Attributes:
        scratch: Where encoded columns wait, mapped, so that they take no memory; None to keep them there.
    """

    scratch: Path | None = None
    hot: dict[str, pa.Array] = field(default_factory=dict)
    cold: dict[str, pa.Array] = field(default_factory=dict)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, values: NDArray[np.float64], about: Mapping[str, Any]) -> None:
        """Encode a column; of what no benchmark reads, to lie beside the table."""
        metric, split = about["metric"], about["split"]
        stored, encoding = encode_curves(values, percent=about["unit"] == "percent")
        read = metric in RUN_METRICS or metric == "time" or (metric == "accuracy" and split != TRAIN)
        (self.hot if read else self.cold)[name] = arrow_column(self._kept(stored, len(self.described)))
        self.described[name] = {**about, "encoding": encoding.to_dict(), "cold": False, "scalar": False}

    def _kept(self, stored: NDArray[Any], number: int) -> NDArray[Any]:
        if self.scratch is None:
            return stored
        place = self.scratch / f"column-{number}.npy"
        np.save(place, stored)
        mapped: NDArray[Any] = np.load(place, mmap_mode="r")
        return mapped


def build_from_shards(
    path: str | Path,
    *,
    space: Space,
    shards: Sequence[Path],
    provenance: Mapping[str, Any],
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> CurveTable:
    """Put shards together into a table and open it.

    Args:
        path: The file, replaced when the new one is whole.
        space: Whose architectures these are.
        shards: What ``write_shards`` wrote, in any order; no architecture twice.
        provenance: Where the results come from, JSON-able.
        scratch: A folder for what waits to be written, so that it takes no memory.
        progress: Called now and then with the share done.

    Raises:
        CorruptFile: When an architecture comes twice, or nothing comes at all.
    """
    found = [Shard(shard) for shard in shards]
    indices = [shard["index"] for shard in found]
    every = np.concatenate(indices) if indices else np.array([], np.int64)
    index = np.unique(every)
    if not len(every) or len(index) < len(every):
        raise CorruptFile("an architecture comes twice" if len(every) else "there are no results of any architecture")
    rows = [np.searchsorted(index, some) for some in indices]
    groups = list(dict.fromkeys((group["hp"], group["data"]) for shard in found for group in shard.about["groups"]))
    columns, texts, described = _Columns(scratch), Texts(), []
    for i, group in enumerate(sorted(groups, key=lambda group: (int(group[0]), group[1]))):
        described.append(_add_group(columns, group, found, rows, len(index), texts))
        if progress is not None:
            progress((i + 1) / (len(groups) + 1))
    other = np.full(len(index), -1, np.int32)
    for shard, where in zip(found, rows, strict=True):
        other[where] = _renumbered(shard["other"], shard, texts)
    columns.cold["other"] = arrow_column(other)
    metadata = {"groups": described, "provenance": dict(provenance)}
    return _write(Path(path).expanduser(), space, index, columns, {"texts": texts.all}, metadata)


def _add_group(
    columns: _Columns, group: Group, shards: Sequence[Shard], rows: Sequence[NDArray[Any]], count: int, texts: Texts
) -> dict[str, Any]:
    """Make the columns of one group; give what the metadata say of it."""
    parts = []
    for shard, where in zip(shards, rows, strict=True):
        row = shard.get(group, "row")
        if row is not None:
            parts.append((shard, where[row]))
    seeds = np.unique(np.concatenate([shard.of(group, "seed") for shard, _ in parts]))
    places = [(shard, row, np.searchsorted(seeds, shard.of(group, "seed"))) for shard, row in parts]
    order = np.full((count, len(seeds)), -1, np.int32)
    other = np.full((count, len(seeds)), -1, np.int32)
    for shard, row, seed in places:
        order[row, seed] = shard.of(group, "order")
        other[row, seed] = _renumbered(shard.of(group, "other"), shard, texts)
    columns.hot[column_name(*group, None, "order")] = arrow_column(order)
    columns.cold[column_name(*group, None, "other")] = arrow_column(other)
    names = dict.fromkeys(
        name
        for shard, _ in parts
        for about in shard.about["groups"]
        if (about["hp"], about["data"]) == group
        for name in about["names"]
    )
    for name in names:
        if name in ("row", "seed", "order", "other"):
            continue
        split, _, metric = name.rpartition("/")
        axis = sorted({epoch for shard, _ in parts for epoch in shard.epochs(group, name)})
        values = np.full((count, len(seeds), *([len(axis)] if axis else [])), ABSENT)
        for shard, row, seed in places:
            some = shard.get(group, name)
            if some is None:
                continue
            if axis:
                values[row[:, None], seed[:, None], np.searchsorted(axis, shard.epochs(group, name))] = some
            else:
                values[row, seed] = some
        about = _about(*group, split or None, metric, axis if split else None)
        columns.add(column_name(*group, split or None, metric), values, about)
    return {"hp": group[0], "data": group[1], "seeds": seeds.tolist()}


def _about(hp: str, data: str, split: str | None, metric: str, epochs: list[int] | None) -> dict[str, Any]:
    """Give what the metadata say of a column."""
    unit = RUN_METRICS.get(metric, UNITS.get(metric, ""))
    return {
        "hp": hp,
        "data": data,
        "split": split,
        "metric": metric,
        "epochs": epochs,
        "unit": unit,
        "meaning": MEANINGS.get(metric, ""),
    }


def _renumbered(codes: NDArray[Any], shard: Shard, texts: Texts) -> NDArray[np.int32]:
    """Turn a shard's numbers of texts into the table's."""
    new = np.array([texts.number(text) for text in shard.about["texts"]], np.int32)
    renumbered: NDArray[np.int32] = new[codes]
    return renumbered


@dataclass(frozen=True, eq=False)
class Computed:
    """A column that somebody else made of published results, such as one of a CSV file.

    Attributes:
        hp: Epochs of the trainings, as text.
        data: What they were trained on.
        split: The images; None for what is about none.
        metric: ``accuracy``, ``loss``, ``time``, ``params``, ….
        values: One an architecture, ``(n,)``; NaN where it is not known.
        seed: Of the training; a text such as ``"mean"`` where it is of several.
        epoch: After which, from 0.
        unit: ``percent`` or ``fraction``, ``s``, ….
        meaning: A sentence.
    """

    hp: str
    data: str
    split: str | None
    metric: str
    values: NDArray[np.float64]
    seed: Seed
    epoch: int | None
    unit: str
    meaning: str = ""


def build_computed(
    path: str | Path,
    *,
    space: Space,
    index: NDArray[np.integer[Any]],
    computed: Iterable[Computed],
    provenance: Mapping[str, Any],
) -> CurveTable:
    """Make a table of columns with one number an architecture and open it.

    Args:
        path: The file, replaced when the new one is whole.
        space: Whose architectures these are.
        index: Number of each architecture in its space's order, ``(n,)``, ascending.
        computed: The columns.
        provenance: Where the results come from, JSON-able.

    Raises:
        BadSetting: When indices do not ascend, or a column comes twice or has another length.
    """
    index = np.asarray(index, np.int64)
    if not len(index) or (np.diff(index) <= 0).any():
        raise BadSetting("a table needs architectures, each once, in the order of their numbers")
    given = list(computed)
    seeds: dict[Group, list[Seed]] = {}
    epochs: dict[str, list[int]] = {}
    for column in given:
        seeds.setdefault((column.hp, column.data), []).append(column.seed)
        if column.epoch is not None:
            name = column_name(column.hp, column.data, column.split, column.metric)
            epochs.setdefault(name, []).append(column.epoch)
    axes = {group: sorted(set(some), key=str) for group, some in seeds.items()}
    made: dict[str, tuple[NDArray[np.float64], dict[str, Any]]] = {}
    for column in given:
        group = column.hp, column.data
        name = column_name(*group, column.split, column.metric)
        axis = sorted(set(epochs[name])) if column.epoch is not None else None
        shape = (len(index), len(axes[group]), *([] if axis is None else [len(axis)]))
        about = _about(*group, column.split, column.metric, axis)
        about |= {"unit": column.unit, "meaning": column.meaning or about["meaning"]}
        values, _ = made.setdefault(name, (np.full(shape, ABSENT), about))
        seed = axes[group].index(column.seed)
        place = values[:, seed] if axis is None or column.epoch is None else values[:, seed, axis.index(column.epoch)]
        if column.values.shape != index.shape or not is_absent(place).all():
            raise BadSetting(f"the column {name} comes twice, or has not one number for each of {len(index)} rows")
        place[:] = column.values
    columns, described = _Columns(), []
    for (hp, data), axis_of_seeds in axes.items():
        some = [np.isnan(values) for values, about in made.values() if (about["hp"], about["data"]) == (hp, data)]
        there = np.stack([~nan.reshape(*nan.shape[:2], -1).all(axis=2) for nan in some]).any(axis=0)
        order = np.where(there, np.arange(len(axis_of_seeds)), -1).astype(np.int32)
        columns.hot[column_name(hp, data, None, "order")] = arrow_column(order)
        described.append({"hp": hp, "data": data, "seeds": axis_of_seeds})
    for name, (values, about) in made.items():
        columns.add(name, values, about)
    metadata = {"groups": described, "provenance": dict(provenance)}
    return _write(Path(path).expanduser(), space, index, columns, {}, metadata)


def attach(
    table: CurveTable,
    columns: Mapping[str, NDArray[Any]],
    *,
    room: str,
    units: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
) -> CurveTable:
    """Put columns with one number an architecture beside a table, which is not written again, and open it.

    Args:
        table: The table.
        columns: By name, ``(n,)`` in the order of the table's rows; NaN where there is none.
        room: What the file beside it is called, such as ``"hardware"``; what it has already stays there.
        units: Of some of them.
        meanings: Of some of them, a sentence each.

    Raises:
        BadSetting: When a name is taken, a shape does not fit, or the room is another table's.
    """
    path = companion_path(table.path, room)
    if room == COLD:
        raise BadSetting(f"the room {COLD!r} is for what the table was written with; choose another name")
    there = table.companions.get(room)
    if there is None and path.exists():
        raise BadSetting(f"{path} is there and does not belong to {table.path.name}; move it or choose another name")
    arrays: dict[str, pa.Array] = there.arrays() if there is not None else {}
    described: dict[str, Any] = dict(there.columns) if there is not None else {}
    for name, given in columns.items():
        if name in table.columns or name in table.missing or name in table.reserved:
            raise BadSetting(f"{table.path.name} has a column {name!r} already; choose another name")
        values = np.asarray(given, np.float64)
        if values.shape != (len(table),):
            raise BadSetting(f"the column {name} has shape {values.shape}; it should have ({len(table)},)")
        stored, encoding = encode_curves(values, percent=False)
        arrays[name] = arrow_column(stored)
        described[name] = {
            "unit": (units or {}).get(name, ""),
            "split": None,
            "meaning": (meanings or {}).get(name, ""),
            "encoding": encoding.to_dict(),
            "cold": False,
            "scalar": True,
        }
    with replacing(path) as part:
        write_companion(part, room, table.metadata["checksums"][ROWS], arrays, {}, described)
    return CurveTable.open(table.path)


def _write(
    path: Path,
    space: Space,
    index: NDArray[np.integer[Any]],
    columns: _Columns,
    texts: Mapping[str, list[str]],
    about: Mapping[str, Any],
) -> CurveTable:
    """Write the file, and what is large and seldom read beside it; each takes its name when both are whole."""
    rows = {ROWS: arrow_column(np.asarray(index, np.int32))}
    blocks: dict[str, Block] = {}
    described = dict(columns.described)
    for name, some in texts.items():
        blocks[name] = compress_texts(np.array(some, object))
        described[name] = {
            "unit": "",
            "split": None,
            "meaning": "what the source says beside its numbers",
            "encoding": Encoding("text").to_dict(),
            "cold": True,
            "scalar": True,
            "count": len(some),
        }
    metadata: dict[str, Any] = {
        "kind": KIND,
        "rows": ROWS,
        "space": {"name": space.name, "settings": space.settings()},
        "architectures": space.size,
        **about,
        "columns": described,
    }
    companion = companion_path(path, COLD)
    size = sum(array.nbytes for array in columns.cold.values()) + sum(map(len, blocks.values()))
    with ExitStack() as stack:
        part = stack.enter_context(replacing(path))
        if size <= INSIDE_AT_MOST:
            write_columns(part, {**rows, **columns.hot, **columns.cold}, blocks, metadata)
        else:
            check_room(companion)
            other = stack.enter_context(replacing(companion))  # which is renamed before the table
            modules = dict(checksums(rows, {}))[ROWS]
            away = {name: described[name] for name in (*columns.cold, *blocks) if name in described}
            found = write_companion(other, COLD, modules, columns.cold, blocks, away)
            beside = {name: {**column, "beside": COLD} for name, column in away.items()}
            every = {**described, **beside}
            write_columns(part, {**rows, **columns.hot}, {}, {**metadata, "columns": every, "checksums": found})
    if size <= INSIDE_AT_MOST and is_companion(companion):
        companion.unlink()  # of the table that was here before
    return CurveTable.open(path)
