"""Writing: from arrays to a table's one file, whole or not at all, and columns beside a table that is there."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.files import check_place, replacing, scratch
from nasbed.core.locks import CLAIM, locked
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.tables.column import Measure
from nasbed.tables.companions import companion_path
from nasbed.tables.encoding import Encoding, compress, encode
from nasbed.tables.file import COLD, Block, write_columns
from nasbed.tables.published import PARAMETERS, REPORTED, training_measure
from nasbed.tables.table import ROW_COLUMNS, Table

_BESIDE = "what the source says beside its numbers"
_WORTH_KEEPING = 2**20  # bytes of a column from which on it waits in a file

Values = NDArray[Any] | Callable[[], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Given(Printed):
    """A measurement to be written.

    Attributes:
        measure: What the numbers are; None for what the source of an import has beside its results: whole numbers, of
            which nothing is said, in the order of the table's rows, or texts, as many as there are.
        values: ``(n, *measure.shape)``, NaN where one is missing, or a function that makes them when their turn comes.
            An array of objects is a column of texts.
        name: Of the column; ``measure.name`` if not given.
        cold: Whether it is seldom read, and so compressed, as texts always are.
    """

    measure: Measure | None
    values: Values
    name: str = ""
    cold: bool = False


@dataclass
class Columns:
    """What is to be written.

    Attributes:
        scratch: A folder where encoded columns wait, mapped, so that they take no memory; None to keep them there.
        hot: Columns that are mapped.
        cold: Columns that are compressed.
        described: What is said of each column of results.
        taken: Names that other columns have.
    """

    scratch: Path | None = None
    hot: dict[str, pa.Array] = field(default_factory=dict)
    cold: dict[str, Block] = field(default_factory=dict)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    taken: tuple[str, ...] = (*ROW_COLUMNS, COLD)

    def add(self, given: Given, rows: int, order: NDArray[Any] | None = None) -> None:
        """Encode a column.

        Raises:
            BadSetting: When its name is taken or its shape does not fit.
        """
        measure = given.measure or Measure(given.name, role="detail", meaning=_BESIDE)
        name = given.name or measure.name
        values = given.values() if callable(given.values) else np.asarray(given.values)
        if given.measure and values.shape != (rows, *measure.shape):
            raise BadSetting(f"the column {name} has shape {values.shape}; it should have {(rows, *measure.shape)}")
        if name in self.described or name in self.taken:
            raise BadSetting(
                f"there is a column {name!r} already; choose another name, or another split, seed or epoch"
            )
        values = values if order is None or given.measure is None else values[order]
        about: dict[str, Any] = measure.to_dict()
        if given.measure is None and values.dtype != object:
            self.hot[name] = arrow_column(values)
            return
        if values.dtype == object:
            self.cold[name], encoding = compress(values), Encoding("text")
        elif values.dtype.kind in "iu":
            self.hot[name], encoding, about["whole"] = arrow_column(_narrow(values)), Encoding("whole"), True
        else:
            floats = values if values.dtype == np.float32 else np.asarray(values, np.float64)
            numbers, encoding = encode(floats, measure.unit, level="epoch" in measure.axes)
            about["whole"] = bool(not np.isnan(floats.min(initial=0.0)))
            if given.cold:
                self.cold[name] = compress(numbers)
            else:
                self.hot[name] = arrow_column(self._kept(numbers))
        self.described[name] = {**about, "encoding": encoding.to_dict(), "cold": name in self.cold}

    def _kept(self, numbers: NDArray[Any]) -> NDArray[Any]:
        if self.scratch is None or numbers.nbytes < _WORTH_KEEPING:
            return numbers
        place = self.scratch / f"column-{len(self.described)}.npy"
        np.save(place, numbers)
        return np.asarray(np.load(place, mmap_mode="r"))


def write_table(
    path: str | Path,
    space: Space,
    rows: Archs | None,
    measurements: Iterable[Given] | Mapping[Measure, Values],
    *,
    provenance: Mapping[str, Any] | None = None,
    continues: bool = False,
    failed: bool = False,
    by_key: bool = False,
    vertices: NDArray[np.int8] | None = None,
    hashes: NDArray[np.uint8] | Callable[[], NDArray[np.uint8]] | None = None,
    scratch: Path | None = None,
) -> Table:
    """Write a table and open it.

    Args:
        path: The file, replaced when the new one is whole.
        space: Of the architectures.
        rows: ``(n, decisions)``: any of the space's, each once; None for all, in the space's order.
        measurements: What was measured of them, in the order of ``rows``.
        provenance: Where the results come from, JSON-able.
        continues: Whether a short training is the beginning of a longer one.
        failed: Whether a training that is missing has failed: who draws it pays for it.
        by_key: Whether a row stands for all architectures with its ``key``.
        vertices: Of modules of NAS-Bench-101, how many vertices each was given with, ``(n,)``.
        hashes: Their digests, ``(n, 16)``, if they have been computed already, or a function that is asked for them
            once the results are ready.
        scratch: A folder for what waits to be written, so that it takes no memory.

    Raises:
        BadSetting: When shapes do not fit, or an architecture or a measurement comes twice.
        InvalidArchitecture: When a row is none of the space.
    """
    archs = np.ascontiguousarray(space.enumerate() if rows is None else rows, np.int8)
    if not len(archs) or archs.shape[1:] != (space.decisions,):
        raise BadSetting(f"a table needs rows of {space.decisions} decisions, at least one, not {archs.shape}")
    has_hashes = hasattr(space, "hashes")
    columns, order = Columns(scratch), None
    if not has_hashes:
        identity, order = _identity(space, archs, by_key)
    for one in _made_ahead(_given(measurements)):
        columns.add(one, len(archs), order)
    if has_hashes:
        identity = _modules(space, archs, vertices, hashes() if callable(hashes) else hashes)
    name, first = next(iter(identity.items()))
    about: dict[str, Any] = {
        "space": {"name": space.kind, "settings": space.settings()},
        "rows": name,
        "of": hashlib.sha256(np.ascontiguousarray(first).data).hexdigest(),
        "complete": len(archs) == (len(space.unique()) if by_key else space.size),
        "by_key": by_key,
        "continues": continues,
        "failed": failed,
        "provenance": dict(provenance or {}),
    }
    path, arrays = Path(path).expanduser(), {key: arrow_column(found) for key, found in identity.items()}
    with replacing(path) as part:
        write_columns(part, arrays | columns.hot, columns.cold, about | {"columns": columns.described})
    return Table.open(path)


def given_trainings(
    results: Mapping[str, Values],
    budgets: Sequence[int],
    repeats: int,
    data: str,
    parameters: NDArray[np.integer[Any]],
) -> list[Given]:
    """Return what is given to ``write_table`` of trainings of their own for each budget, as NAS-Bench-101 has them.

    Args:
        results: ``(n, budgets, repeats)`` numbers by column, such as ``halfway_training_time``.
        budgets: Epochs, ascending; each is a recipe.
        repeats: Trainings of an architecture at a budget, at most.
        data: What was trained on.
        parameters: Trainable ones, ``(n,)``.

    Raises:
        BadSetting: When budgets do not ascend, or there are no repeats.
    """
    if not len(budgets) or list(budgets) != sorted(set(budgets)) or repeats < 1:
        raise BadSetting(f"budgets must ascend and repeats be at least 1, not {list(budgets)} and {repeats}")
    given = [
        Given(training_measure(name, budgets, repeats, data), values, name, cold=name not in REPORTED)
        for name, values in results.items()
    ]
    return [*given, Given(PARAMETERS, np.asarray(parameters), "trainable_parameters")]


@contextmanager
def importing_to(out: Path) -> Iterator[Path]:
    """Claim the place of a table that is imported; give a folder beside it for what is needed until the block ends.

    Raises:
        BadSetting: When the table cannot be written, or another process imports to it.
    """
    check_place(out)
    with locked(out, f"imports to {out}", CLAIM), scratch(out) as folder:
        yield folder


def attach(table: Table, measurements: Iterable[Given] | Mapping[Measure, Values], *, room: str) -> Table:
    """Put measurements beside a table, which is not written again, and open it.

    Args:
        table: The table.
        measurements: In the order of the table's rows.
        room: What the file beside it is called, such as ``"hardware"``; what it has already stays there.

    Raises:
        BadSetting: When a name is taken, a shape does not fit, or the room is another table's.
    """
    path = companion_path(table.path, room)
    if room == COLD:
        raise BadSetting(f"the room {COLD!r} is for what earlier versions wrote with a table; choose another name")
    with locked(table.path, f"writes columns of {table.path}"):
        table, columns = Table.open(table.path), Columns()  # with what another process may have given it
        if (there := table.beside.companions.get(room)) is not None:
            columns = Columns(None, there.arrays(), dict(there.blocks()), dict(there.columns))
        elif path.exists():
            raise BadSetting(
                f"{path} is there and does not belong to {table.path.name}; move it or choose another name"
            )
        columns.taken += (*table.columns, *table.missing)
        for one in _given(measurements):
            columns.add(one, len(table))
        with replacing(path) as part:
            about = {"room": room, "of": table.metadata["of"], "columns": columns.described}
            write_columns(part, columns.hot, columns.cold, about)
        return Table.open(table.path)


def _given(measurements: Iterable[Given] | Mapping[Measure, Values]) -> Iterable[Given]:
    return [Given(*pair) for pair in measurements.items()] if isinstance(measurements, Mapping) else measurements


def _made_ahead(measurements: Iterable[Given]) -> Iterator[Given]:
    """Let another thread make the values of the next while those of one are encoded."""
    waiting: list[tuple[Given, Future[NDArray[Any]]]] = []
    with ThreadPoolExecutor(1) as beside:
        for one in measurements:
            waiting.append(
                (one, beside.submit(one.values if callable(one.values) else partial(np.asarray, one.values)))
            )
            if len(waiting) > 1:
                made, values = waiting.pop(0)
                yield replace(made, values=values.result())
        for made, values in waiting:
            yield replace(made, values=values.result())


def _identity(space: Space, archs: Archs, by_key: bool) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64] | None]:
    """Return the column that says which architecture each row is, and the order in which rows are written."""
    space.check_valid(archs)
    _ascending(space.key(archs) if by_key or not space.is_enumerable else space.index(archs))
    if not space.is_enumerable:
        return {"arch": space.canonical(archs)}, None
    index = space.index(archs)
    order = np.argsort(index, kind="stable")
    return {"index": index[order].astype(np.int32)}, None if (np.diff(order) == 1).all() else order


def _modules(
    space: Any, archs: Archs, vertices: NDArray[np.int8] | None, hashes: NDArray[np.uint8] | None
) -> dict[str, NDArray[Any]]:
    """Return the columns that say which modules there are."""
    from nasbed.spaces import nasbench101_kernels as kernels

    hashes = np.ascontiguousarray(space.hashes(archs) if hashes is None else hashes)
    if vertices is None:
        vertices, masks, labels = kernels.pruned_rows(archs, space.vertices)
        archs = kernels.embedded_rows(vertices, masks, labels, space.vertices)
    columns = {"hash": hashes, "arch": archs, "vertices": np.asarray(vertices, np.int8)}
    if space.is_enumerable:
        columns["class"] = space.index(archs).astype(np.int32)
    first, second = hashes.view(">u8").astype(np.uint64).T
    order = _ascending(second, first)
    if not np.array_equal(order, np.arange(len(order))):
        columns["by_hash"] = order.astype(np.int32)
    return columns


def _ascending(*numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Return the order of rows by the numbers of their architectures, the last number first.

    Raises:
        BadSetting: When two rows have the same.
    """
    order = np.lexsort(numbers)
    twice = np.flatnonzero(np.all([some[order[1:]] == some[order[:-1]] for some in numbers], axis=0))
    if len(twice):
        one, other = sorted(order[twice[0] : twice[0] + 2].tolist())
        raise BadSetting(f"rows {one} and {other} are the same architecture; a table has each once")
    return order


def _narrow(counts: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Take four bytes for a number where they are enough."""
    wide = counts.size and not -(2**31) <= int(counts.min()) <= int(counts.max()) < 2**31
    return counts.astype(np.int64 if wide else np.int32)


def arrow_column(values: NDArray[Any]) -> pa.Array:
    """Make a column of numbers, of tensors of one shape or, of uint8, of digests, without copying."""
    numbers = np.ascontiguousarray(values).reshape(-1)
    if numbers.dtype == np.uint8:
        return pa.Array.from_buffers(pa.binary(values.shape[1]), len(values), [None, pa.py_buffer(numbers)])
    # What pa.array makes as well, but not without importing pandas where it is installed.
    flat = pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [None, pa.py_buffer(numbers)])
    if values.ndim == 1:
        return flat
    shape = values.shape[1:]
    tensors = pa.FixedSizeListArray.from_arrays(flat, math.prod(shape))
    return pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(flat.type, shape), tensors)
