"""Building: from arrays to a table's file, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import replacing
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.spaces import nasbench101_kernels as kernels
from nasbed.tables.column import REPORTED, Description, describe
from nasbed.tables.column_file import COLD, Block, arrow_column, checksums, write_columns
from nasbed.tables.companion import check_room, companion_path, copy_companions, is_companion, write_companion
from nasbed.tables.encoding import Encoding, compress, compress_texts, encode
from nasbed.tables.table import MODULE_COLUMNS, Table

INSIDE_AT_MOST = 2**22
"""Bytes of compressed columns that a table keeps in its own file; more of them lie beside it."""

Values = NDArray[Any] | Callable[[], NDArray[Any]]


def build_table(
    path: str | Path,
    *,
    space: Space,
    archs: Archs,
    budgets: Sequence[int],
    repeats: int,
    results: Mapping[str, Values],
    trainable_parameters: NDArray[np.integer[Any]],
    provenance: Mapping[str, Any],
    vertices: NDArray[np.int8] | None = None,
    hashes: NDArray[np.uint8] | Callable[[], NDArray[np.uint8]] | None = None,
) -> Table:
    """Write a table and open it.

    Args:
        path: The file, replaced when the new one is whole.
        space: Of the architectures.
        archs: ``(n, decisions)``, each module once, in the order that the rows shall have.
        budgets: Epochs, ascending.
        repeats: Trainings of a module at a budget, at most.
        results: ``(n, budgets, repeats)`` numbers by column, or a function that makes them when their turn comes; NaN
            where one is missing. An array of objects is a column of texts.
        trainable_parameters: ``(n,)``.
        provenance: Where the results come from, JSON-able.
        vertices: How many vertices each module was given with, ``(n,)``; those that are left when pruned if None.
        hashes: The digest of each module, ``(n, 16)``, if they have been computed already, or a function that is asked
            for them once the results are ready.

    Raises:
        BadSetting: When shapes do not fit, or a module comes twice.
        InvalidArchitecture: When a row is not a module.
    """
    path, archs = Path(path).expanduser(), np.ascontiguousarray(archs, np.int8)
    shape = (len(archs), len(budgets), repeats)
    _check(space, archs, budgets, repeats, trainable_parameters)
    columns: dict[str, Any] = {}
    stored: dict[str, pa.Array] = {}
    cold: dict[str, Block] = {}
    for name, given in results.items():
        values = given() if callable(given) else np.asarray(given)
        if values.shape not in (shape, shape[:1]):
            raise BadSetting(f"the column {name} has shape {values.shape}; it should have {shape}")
        columns[name] = _add(name, values, describe(name), name not in REPORTED, stored, cold)
        del values
    modules = _modules(space, archs, vertices, hashes() if callable(hashes) else hashes)
    modules["trainable_parameters"] = pa.array(_narrow(trainable_parameters))
    metadata = {
        "space": {"name": space.name, "settings": space.settings()},
        "budgets": [int(epochs) for epochs in budgets],
        "repeats": int(repeats),
        "provenance": dict(provenance),
        "columns": columns,
    }
    _write(path, {**modules, **stored}, cold, metadata)
    return Table.open(path)


def append_column(
    table: Table,
    name: str,
    values: NDArray[Any],
    *,
    unit: str = "",
    split: str | None = None,
    meaning: str = "",
    path: str | Path | None = None,
    beside: str | None = None,
) -> Table:
    """Write a table with a column more, such as a score of every module, and open it.

    Args:
        table: The table.
        name: Of the new column.
        values: ``(n,)`` or ``(n, budgets, repeats)`` numbers, NaN where one is missing.
        unit: Of the numbers.
        split: The images that they are about, if there are such.
        meaning: A sentence that says what the numbers are.
        path: The file to write; the table's own, which is replaced, if not given.
        beside: A room, such as ``"latency"``, to keep the column in instead, beside the table, which is not written
            again then. What the room has already stays there.

    Raises:
        BadSetting: When the name is taken, the shape does not fit, or the room is another table's.
    """
    if name in {*table.columns, *table.missing, *MODULE_COLUMNS, COLD}:
        raise BadSetting(f"{table.path.name} has a column {name!r} already; choose another name")
    values = np.asarray(values, np.float64)
    shape = (len(table), len(table.budgets), table.repeats)
    if values.shape not in (shape, shape[:1]):
        raise BadSetting(f"the column {name} has shape {values.shape}; it should have {shape[:1]} or {shape}")
    description = Description(unit, split, meaning)
    if beside is not None:
        _attach(table, beside, name, values, description)
        return Table.open(table.path)
    target = table.path if path is None else Path(path).expanduser()
    if target != table.path:
        copy_companions(table.companions, target)
    stored, cold = table.file.arrays(), table.file.blocks()
    about = _add(name, values, description, False, stored, cold)
    _write(target, stored, cold, {**table.metadata, "columns": {**table.metadata["columns"], name: about}})
    return Table.open(target)


def _attach(table: Table, room: str, name: str, values: NDArray[Any], description: Description) -> None:
    """Write a companion with a column more."""
    path = companion_path(table.path, room)
    if room == COLD:
        raise BadSetting(f"the room {COLD!r} is for what the table was written with; choose another name")
    there = table.companions.get(room)
    if there is None and path.exists():
        raise BadSetting(f"{path} is there and does not belong to {table.path.name}; move it or choose another name")
    arrays = there.arrays() if there is not None else {}
    blocks = there.blocks() if there is not None else {}
    columns = there.columns if there is not None else {}
    about = _add(name, values, description, False, arrays, blocks)
    with replacing(path) as part:
        write_companion(part, room, table.metadata["checksums"]["hash"], arrays, blocks, {**columns, name: about})


def _check(
    space: Space, archs: Archs, budgets: Sequence[int], repeats: int, parameters: NDArray[np.integer[Any]]
) -> None:
    if not len(archs) or archs.shape[1:] != (space.decisions,):
        raise BadSetting(f"a table needs rows of {space.decisions} decisions, at least one, not {archs.shape}")
    if not len(budgets) or list(budgets) != sorted(set(budgets)) or repeats < 1:
        raise BadSetting(f"budgets must ascend and repeats be at least 1, not {list(budgets)} and {repeats}")
    if np.shape(parameters) != (len(archs),):
        raise BadSetting(f"trainable_parameters has shape {np.shape(parameters)}; it should have ({len(archs)},)")


def _modules(
    space: Any, archs: Archs, vertices: NDArray[np.int8] | None, hashes: NDArray[np.uint8] | None
) -> dict[str, pa.Array]:
    """Make the columns that say which modules there are."""
    hashes = np.ascontiguousarray(space.hashes(archs) if hashes is None else hashes)
    if vertices is None:
        vertices, masks, labels = kernels.pruned_rows(archs, space.vertices)
        archs = kernels.embedded_rows(vertices, masks, labels, space.vertices)
    columns = {
        "hash": pa.Array.from_buffers(pa.binary(16), len(hashes), [None, pa.py_buffer(hashes)]),
        "arch": arrow_column(archs),
        "vertices": pa.array(np.asarray(vertices, np.int8)),
    }
    if space.size is not None:
        columns["class"] = pa.array(space.index(archs).astype(np.int32))
    words = hashes.view(">u8").reshape(-1, 2).astype(np.uint64)
    order = np.lexsort((words[:, 1], words[:, 0]))
    twice = (words[order[1:]] == words[order[:-1]]).all(axis=1)
    if twice.any():
        one, other = sorted(order[int(np.argmax(twice)) :][:2].tolist())
        raise BadSetting(f"rows {one} and {other} are the same module; a table has each once")
    if not np.array_equal(order, np.arange(len(order))):
        columns["by_hash"] = pa.array(order.astype(np.int32))
    return columns


def _add(
    name: str,
    values: NDArray[Any],
    description: Description,
    cold: bool,
    stored: dict[str, pa.Array],
    blocks: dict[str, Block],
) -> dict[str, Any]:
    """Encode a column into ``stored`` or, a cold one, into ``blocks``; give what the metadata say of it."""
    if values.dtype == object:
        encoding = Encoding("text")
        blocks[name] = compress_texts(values)
    else:
        floats = values if values.dtype == np.float32 else np.asarray(values, np.float64)
        numbers, encoding = encode(floats, accuracies=description.unit == "fraction")
        if cold:
            blocks[name] = compress(numbers)
        else:
            stored[name] = arrow_column(numbers)
    return {
        **asdict(description),
        "encoding": encoding.to_dict(),
        "cold": cold or values.dtype == object,
        "scalar": values.ndim == 1,
        "whole": values.dtype != object and not np.isnan(values.min()),
    }


def _narrow(counts: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Take four bytes for a number where they are enough."""
    counts = np.asarray(counts)
    return counts.astype(np.int32 if int(counts.max()) < 2**31 else np.int64)


def _write(path: Path, columns: Mapping[str, pa.Array], cold: Mapping[str, Block], metadata: dict[str, Any]) -> None:
    """Write the file, and what is too large for it beside it; each takes its name when both are whole."""
    companion = companion_path(path, COLD)
    if sum(map(len, cold.values())) <= INSIDE_AT_MOST:
        with replacing(path) as part:
            write_columns(part, columns, cold, metadata)
        if not any("beside" in about for about in metadata["columns"].values()) and is_companion(companion):
            companion.unlink()  # of the table that was here before
        return
    check_room(companion)
    modules = dict(checksums({"hash": columns["hash"]}, {}))["hash"]
    described = {name: metadata["columns"][name] for name in cold}
    beside = {name: {**about, "beside": COLD} for name, about in described.items()}
    with replacing(path) as part, replacing(companion) as other:  # which is renamed before the table
        found = write_companion(other, COLD, modules, {}, cold, described)
        every = {**metadata["columns"], **beside}
        write_columns(part, columns, {}, {**metadata, "columns": every, "checksums": found})
