"""Building: from arrays to a table's file, whole or not at all."""

from __future__ import annotations

import hashlib
import json
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
from nasbed.tables.encoding import Encoding, compress, compress_texts, encode
from nasbed.tables.seal import BLANK, seal
from nasbed.tables.table import FORMAT, METADATA, METADATA_CHECKSUM, SEAL, Table, checksums

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
    cold: dict[str, bytes] = {}
    for name, given in results.items():
        values = given() if callable(given) else np.asarray(given)
        if values.shape not in (shape, shape[:1]):
            raise BadSetting(f"the column {name} has shape {values.shape}; it should have {shape}")
        columns[name] = _add(name, values, describe(name), name not in REPORTED, stored, cold)
        del values
    modules = _modules(space, archs, vertices, hashes() if callable(hashes) else hashes)
    modules["trainable_parameters"] = pa.array(_narrow(trainable_parameters))
    metadata = {
        "format": FORMAT,
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

    Raises:
        BadSetting: When the name is taken or the shape does not fit.
    """
    taken = {*table.columns, *table.batch.schema.names}
    if name in taken:
        raise BadSetting(f"{table.path.name} has a column {name!r} already; choose another name")
    values = np.asarray(values, np.float64)
    shape = (len(table), len(table.budgets), table.repeats)
    if values.shape not in (shape, shape[:1]):
        raise BadSetting(f"the column {name} has shape {values.shape}; it should have {shape[:1]} or {shape}")
    stored = {field: table.batch.column(field) for field in table.batch.schema.names if field != "cold"}
    cold = table.cold_blocks()
    about = _add(name, values, Description(unit, split, meaning), False, stored, cold)
    metadata = {**table.metadata, "columns": {**table.metadata["columns"], name: about}}
    path = table.path if path is None else Path(path).expanduser()
    _write(path, stored, cold, metadata)
    return Table.open(path)


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
        "arch": _column(archs),
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
    blocks: dict[str, bytes],
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
            stored[name] = _column(numbers)
    return {
        **asdict(description),
        "encoding": encoding.to_dict(),
        "cold": cold or values.dtype == object,
        "scalar": values.ndim == 1,
    }


def _column(values: NDArray[Any]) -> pa.Array:
    """Make a column of numbers, or of tensors of one shape, without copying."""
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if values.ndim == 1:
        return flat
    shape = values.shape[1:]
    tensors = pa.FixedSizeListArray.from_arrays(flat, int(np.prod(shape)))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(flat.type, shape), tensors)


def _narrow(counts: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Take four bytes for a number where they are enough."""
    counts = np.asarray(counts)
    return counts.astype(np.int32 if int(counts.max()) < 2**31 else np.int64)


def _write(path: Path, columns: Mapping[str, pa.Array], cold: Mapping[str, bytes], metadata: dict[str, Any]) -> None:
    """Write the file beside, then let it take its name."""
    arrays = dict(columns)
    n = len(arrays["hash"])
    ends = np.full(n + 1, len(cold), np.int32)
    ends[0] = 0
    arrays["cold"] = pa.ListArray.from_arrays(ends, pa.array(list(cold.values()), pa.binary()))
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
    text = json.dumps({**metadata, "checksums": dict(checksums(batch, cold))}).encode()
    checksum = hashlib.sha256(text).hexdigest().encode()
    schema = batch.schema.with_metadata({METADATA: text, METADATA_CHECKSUM: checksum, SEAL: BLANK})
    with replacing(path) as beside:
        with pa.ipc.new_file(str(beside), schema) as writer:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
        seal(beside)
