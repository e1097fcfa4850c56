"""Import of the published files ``nasbench_full.tfrecord``, ``nasbench_only108.tfrecord`` and others of their format.

Every record's two checksums are verified, and every hash against its module. The file is read once, in order, some
megabytes at a time, while another thread computes its SHA-256. What is kept of a record is about fifty bytes, and while
columns are made of them, another thread computes the hashes.

Reference: https://github.com/google-research/nasbench
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture
from nasbed.core.files import check_place, remove_left
from nasbed.core.locks import CLAIM, locked
from nasbed.readers import tfrecord as kernels
from nasbed.readers.record import MEASURES, POINTS, Record, parse_record
from nasbed.spaces import nasbench101_kernels
from nasbed.spaces.nasbench101 import OPERATIONS, NASBench101
from nasbed.tables.companion import companion_path
from nasbed.tables.file import COLD
from nasbed.tables.gathered import Batch, Gathered, Module, joined, slots
from nasbed.tables.published import MODULES, PUBLISHED
from nasbed.tables.table import Table
from nasbed.tables.writing import write_trainings

COLUMNS = (*(f"{point}{measure}" for point in POINTS for measure in MEASURES), "total_time")
"""Where the doubles of a record go, in their order."""

Progress = Callable[[float], None]
_CHUNK = 2**24
_READING = 0.8  # of all the work
_VERTICES, _EDGES = 7, 9  # of the published space


def import_tfrecord(source: str | Path, out: str | Path, progress: Progress | None = None) -> Table:
    """Make a table of a published file; without loss, so that an export gives the same file again.

    Args:
        source: The file.
        out: The table's file; it appears when it is whole.
        progress: Called now and then with the share done.

    Raises:
        BadSetting: When there is no such file, or the table cannot be written.
        CorruptFile: When a checksum, a length or a record's form is wrong, with the number of the record.
    """
    source, out = Path(source).expanduser(), Path(out).expanduser()
    if not source.is_file():
        raise BadSetting(f"there is no file {source}")
    check_place(out)
    with locked(out, f"imports to {out}", CLAIM):
        for path in (out, companion_path(out, COLD)):
            remove_left(path.parent, path.name)
        return _import(source, out, progress)


def _import(source: Path, out: Path, progress: Progress | None) -> Table:
    found = _Records(source, progress or (lambda share: None))
    with source.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        digest = found.read(file, size)
    table = found.build(out, {"file": source.name, "bytes": size, "sha256": digest})
    found.progress(1.0)
    return table


@dataclass
class _Records:
    """The records of a file as far as it has been read."""

    path: Path
    progress: Progress
    names: list[str] = field(default_factory=lambda: list(OPERATIONS))
    count: int = 0
    modules: int = 0
    columns: list[Gathered] = field(default_factory=lambda: [Gathered() for _ in COLUMNS])
    epochs: list[NDArray[Any]] = field(default_factory=list)
    module: list[NDArray[np.int32]] = field(default_factory=list)
    seen: list[tuple[NDArray[Any], ...]] = field(default_factory=list)
    paths: dict[int, tuple[str | None, ...]] = field(default_factory=dict)

    def read(self, file: RawIOBase, size: int) -> str:
        """Read all records; give the file's SHA-256."""
        digest = hashlib.sha256()
        buffer, batch = np.empty(2 * _CHUNK, np.uint8), Batch()
        filled, offset = 0, 0  # bytes in the buffer, and where in the file the first of them is
        with ThreadPoolExecutor(1) as beside:
            while True:
                if filled == len(buffer):  # a single record fills it
                    buffer = np.concatenate([buffer, np.empty_like(buffer)])
                fresh = file.readinto(buffer.data[filled : filled + _CHUNK])
                if not fresh:
                    break
                hashed = beside.submit(digest.update, buffer.data[filled : filled + fresh])
                filled += fresh
                used = self._take(batch, buffer, filled, offset)
                hashed.result()
                buffer[: filled - used] = buffer[used:filled].copy()
                filled, offset = filled - used, offset + used
                self.progress(_READING * min((offset + filled) / max(size, 1), 1.0))
        if filled:
            raise self._corrupt(offset, f"the file ends after {filled} bytes of it: it has been cut off")
        if not self.count:
            raise CorruptFile(f"{self.path} is empty; it should be a TFRecord file such as nasbench_full.tfrecord")
        return digest.hexdigest()

    def _take(self, batch: Batch, buffer: NDArray[np.uint8], filled: int, offset: int) -> int:
        """Take the whole records of a buffer; give where they end."""
        at, ended = 0, kernels.COMPLETE
        while ended == kernels.COMPLETE:
            count, modules, end, ended = kernels.read_records(buffer, at, filled, joined(self.names), *batch.arrays)
            self._keep(batch, count, modules, buffer, offset)
            at = end
        if ended == kernels.INCOMPLETE:
            return at
        which = "length" if ended == kernels.BAD_LENGTH else "content"
        hint = "; is this a TFRecord file?" if self.count == 0 else ""
        raise self._corrupt(offset + at, f"the checksum of its {which} is wrong{hint}")

    def _keep(self, batch: Batch, count: int, modules: int, buffer: NDArray[np.uint8], offset: int) -> None:
        """Append a batch, after taking apart plainly what the kernel left."""
        extra: list[Module] = []
        for i in np.flatnonzero(~batch.usual[:count]):
            first, last = batch.places[i]
            try:
                record = parse_record(buffer[first:last].tobytes())
                mask, labels = self._module(record)
            except ValueError as error:
                raise self._corrupt(offset + int(first) - 12, str(error), self.count + int(i)) from None
            batch.epochs[i] = record.epochs
            batch.values[:, i] = np.array(record.values).view(np.uint64)
            if any(path is not None for path in record.checkpoint_paths):
                self.paths[self.count + int(i)] = record.checkpoint_paths
            batch.module[i] = modules + len(extra)
            digest = bytes.fromhex(record.module)
            extra.append((digest, len(record.operations), mask, labels, record.trainable_parameters))
        self.seen.append(batch.modules(modules, extra))
        self.module.append(batch.module[:count] + np.int32(self.modules))
        epochs = batch.epochs[:count]
        self.epochs.append(epochs.astype(np.min_scalar_type(epochs.max(initial=0))))
        for kept, values in zip(self.columns, batch.values[:, :count].view(np.float64), strict=True):
            kept.append(values)
        self.modules += modules + len(extra)
        self.count += count

    def _module(self, record: Record) -> tuple[int, list[int]]:
        """Give the edge mask and the labels of a record that the kernel did not take."""
        side = len(record.operations)
        if side > kernels.VERTICES_AT_MOST:
            raise ValueError(f"its module has {side} vertices; at most {kernels.VERTICES_AT_MOST} can be read")
        mask = 0
        for place, character in enumerate(record.adjacency):
            x, y = divmod(place, side)
            if character == "1":
                if x >= y:
                    raise ValueError("its matrix is not upper triangular")
                mask |= 1 << x + y * (y - 1) // 2
        for name in record.operations[1:-1]:
            if name not in self.names:
                self.names.append(name)
        return mask, [self.names.index(name) for name in record.operations[1:-1]]

    def _corrupt(self, offset: int, what: str, number: int | None = None) -> CorruptFile:
        number = self.count if number is None else number
        return CorruptFile(f"{self.path}: record {number}, at byte {offset}: {what}")

    def build(self, out: Path, about: dict[str, Any]) -> Table:
        """Make the table."""
        hashes, vertices, masks, labels, parameters = (np.concatenate(parts) for parts in zip(*self.seen, strict=True))
        module = np.concatenate(self.module)
        self.module.clear()
        self.seen.clear()
        first = np.zeros(self.modules, np.int64)  # the first record of each module in ``seen``
        first[module[::-1]] = np.arange(self.count)[::-1]
        row_of, rows = _rows(hashes, first)
        for name, there in (
            ("matrix", masks),
            ("number of vertices", vertices),
            ("operations", labels),
            ("trainable_parameters", parameters),
        ):
            same = (there == there[rows][row_of]).reshape(self.modules, -1).all(axis=1)
            if not same.all():
                number = int(first[~same].min())
                raise CorruptFile(f"{self.path}: record {number} has other {name} than an earlier one of its hash")
        row = row_of.astype(np.int32)[module]
        del module
        space, archs = self._space(vertices[rows], masks[rows], labels[rows])
        budgets = np.unique(np.concatenate([np.unique(some) for some in self.epochs]))
        row *= np.int32(len(budgets))
        row += np.concatenate([np.searchsorted(budgets, some).astype(np.int32) for some in self.epochs])
        self.epochs.clear()
        slot: NDArray[np.integer[Any]] | None
        slot, repeats, even = slots(row, len(rows) * len(budgets))
        del row
        if even and (slot[1:] > slot[:-1]).all():  # sorted, as the published files are
            slot = None
        shape = (len(rows), len(budgets), repeats)
        results: dict[str, Callable[[], NDArray[Any]]] = {
            name: lambda i=i: self._column(i, slot, shape)  # type: ignore[misc]
            for i, name in enumerate(COLUMNS)
        }
        results["record"] = lambda: self._numbers(slot, shape)
        for i, point in enumerate(POINTS):
            if any(paths[i] is not None for paths in self.paths.values()):
                results[f"{point}checkpoint_path"] = lambda i=i: self._texts(i, slot, shape)  # type: ignore[misc]
        published = PUBLISHED.get(about["sha256"])
        with ThreadPoolExecutor(1) as beside:
            checked = beside.submit(self._check_hashes, space, archs, hashes[rows], first[rows])
            return write_trainings(
                out,
                space,
                archs,
                results,
                budgets=budgets.tolist(),
                repeats=repeats,
                data="cifar10",
                parameters=parameters[rows],
                provenance={
                    "source": f"published {published}" if published else "not a published file",
                    **about,
                    "records": self.count,
                    "warnings": _warnings(published, even),
                },
                vertices=vertices[rows],
                hashes=checked.result,
            )

    def _space(
        self, vertices: NDArray[np.int8], masks: NDArray[np.uint64], labels: NDArray[np.int8]
    ) -> tuple[NASBench101, NDArray[np.int8]]:
        """Give the space of which these are all modules, else the published one if they fit, else one that they fit.

        Returns:
            The space, and the modules' rows in it.
        """
        most, names = int(vertices.max()), tuple(self.names)
        archs = nasbench101_kernels.embedded_rows(vertices, masks, labels, most)
        _, pruned, _ = nasbench101_kernels.pruned_rows(archs, most)
        space = NASBench101(most, max(_most_bits(pruned), _EDGES), names)
        if most >= _VERTICES or (space.edges == _EDGES and space.size == len(archs)):
            return space, archs
        space = NASBench101(_VERTICES, space.edges, names)
        return space, nasbench101_kernels.embedded_rows(vertices, masks, labels, space.vertices)

    def _check_hashes(
        self, space: NASBench101, archs: NDArray[np.int8], hashes: NDArray[np.uint8], first: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """Give the hashes, after comparing them with their modules."""
        if _are_published(space, archs, hashes):
            return hashes
        valid = space.valid(archs)
        if not valid.all():
            number = int(first[~valid].min())
            raise CorruptFile(f"{self.path}: record {number}: its module has no path from input to output")
        try:
            same = (space.hashes(archs) == hashes).all(axis=1)
        except InvalidArchitecture as error:
            raise CorruptFile(f"{self.path}: {error}") from None
        if not same.all():
            number = int(first[~same].min())
            raise CorruptFile(f"{self.path}: record {number}: its hash is not the hash of its module")
        return hashes

    def _column(self, i: int, slot: NDArray[np.integer[Any]] | None, shape: tuple[int, int, int]) -> NDArray[Any]:
        """Put one of the doubles of all records in their places, and let go of them."""
        self.progress(_READING + (1.0 - _READING) * i / len(COLUMNS))
        return _filled(self.columns[i].take(), slot, shape)

    def _numbers(self, slot: NDArray[np.integer[Any]] | None, shape: tuple[int, int, int]) -> NDArray[Any]:
        """Say which record a slot has: by how much its number differs from the slot's, so that it compresses."""
        if slot is None:
            return np.zeros(shape, np.float32)
        return _filled((np.arange(self.count) - slot).astype(np.float64), slot, shape)

    def _texts(self, i: int, slot: NDArray[np.integer[Any]] | None, shape: tuple[int, int, int]) -> NDArray[np.object_]:
        texts = np.full(shape, None, object)
        for number, paths in self.paths.items():
            texts.reshape(-1)[number if slot is None else slot[number]] = paths[i]
        return texts


def _are_published(space: NASBench101, archs: NDArray[np.int8], hashes: NDArray[np.uint8]) -> bool:
    """Say whether these are all published modules with their hashes: one checksum in place of seconds of hashing."""
    if space != NASBench101() or len(archs) != space.size:
        return False
    ordered = np.zeros((len(archs) + 1, 16), np.uint8)
    ordered[space.index(archs)] = hashes  # of a module that is not valid into the last place
    return hashlib.sha256(ordered[:-1].data).hexdigest() == MODULES


def _warnings(published: str | None, even: bool) -> list[str]:
    """Say what one should know before trusting the file."""
    unknown = (
        "this is none of the published files, so no checksum can tell whether it is complete: a file that was cut off "
        "between two records looks whole"
    )
    uneven = "some modules have fewer trainings than others; what is missing is NaN"
    return [*([] if published else [unknown]), *([] if even else [uneven])]


def _rows(hashes: NDArray[np.uint8], first: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the different hashes in the order of their first records.

    Returns:
        The number of each hash, ``(modules,)``, and the module that each number was first seen as, ``(rows,)``.
    """
    words = hashes.view(">u8").reshape(-1, 2).astype(np.uint64)
    order = np.lexsort((first, words[:, 1], words[:, 0]))
    new = np.ones(len(order), bool)
    new[1:] = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    earliest = order[new]
    rank = np.empty(len(earliest), np.int64)
    by_record = np.argsort(first[earliest])
    rank[by_record] = np.arange(len(earliest))
    row_of = np.empty(len(order), np.int64)
    row_of[order] = rank[np.cumsum(new) - 1]
    return row_of, earliest[by_record]


def _filled(values: NDArray[Any], slot: NDArray[np.integer[Any]] | None, shape: tuple[int, int, int]) -> NDArray[Any]:
    """Put values in their slots, NaN in the others; without slots they are in their places already."""
    if slot is None:
        return values.reshape(shape)
    filled = np.full(shape, np.nan, values.dtype)
    filled.reshape(-1)[slot] = values
    return filled


def _most_bits(masks: NDArray[np.uint64]) -> int:
    return max(int(mask).bit_count() for mask in np.unique(masks).tolist())
