"""Import of the published files ``nasbench_full.tfrecord``, ``nasbench_only108.tfrecord`` and others of their format.

Every record's two checksums are verified, and every hash against its module. The file is read once, in pieces of some
megabytes that are taken apart on all cores. What is kept of a record is about fifty bytes, and while columns are made
of them, another thread computes the hashes.

Reference: https://github.com/google-research/nasbench
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers import tfrecord as kernels
from nasbed.readers.record import Record, parse_record
from nasbed.spaces import nasbench101_kernels
from nasbed.spaces.nasbench101 import OPERATIONS, NASBench101
from nasbed.tables.pieces import Batch, Piece, Pieces, joined, widened
from nasbed.tables.published import DOUBLES, MODULES, PATHS, PUBLISHED
from nasbed.tables.table import Progress, Table
from nasbed.tables.writing import given_trainings, importing_to, write_table

_READING = 0.8  # of all the work
_VERTICES, _EDGES = 7, 9  # of the published space
_UNKNOWN = (
    "this is none of the published files, so no checksum can tell whether it is complete: a file that was cut off "
    "between two records looks whole"
)
_UNEVEN = "some modules have fewer trainings than others; what is missing is NaN"


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
    found = _Records(source, progress or (lambda share: None))
    with importing_to(out):
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
    columns: list[list[NDArray[Any]]] = field(default_factory=lambda: [[] for _ in DOUBLES])
    epochs: list[NDArray[Any]] = field(default_factory=list)
    module: list[NDArray[np.int32]] = field(default_factory=list)
    seen: list[tuple[NDArray[Any], ...]] = field(default_factory=list)
    paths: dict[int, tuple[str | None, ...]] = field(default_factory=dict)

    def read(self, file: RawIOBase, size: int) -> str:
        """Read all records; give the file's SHA-256."""
        pieces = Pieces(file, self.names)
        for piece in pieces:
            self._take(piece)
            self.progress(_READING * min((piece.offset + piece.stop) / max(size, 1), 1.0))
        if pieces.left:
            raise self._corrupt(pieces.offset, f"the file ends after {pieces.left} bytes of it: it has been cut off")
        if not self.count:
            raise CorruptFile(f"{self.path} is empty; it should be a TFRecord file such as nasbench_full.tfrecord")
        return pieces.digest.hexdigest()

    def _take(self, piece: Piece) -> None:
        """Take the records of a piece: those that the kernel was given beforehand, then what is left of them."""
        batch, buffer, offset = piece.batch, piece.buffer, piece.offset
        (count, modules, at, ended), columns = piece.taken.result()
        self._keep(batch, count, modules, columns, buffer, offset)
        while ended == kernels.COMPLETE:
            count, modules, at, ended = kernels.read_records(buffer, at, piece.stop, joined(self.names), *batch.arrays)
            self._keep(batch, count, modules, None, buffer, offset)
        if ended != kernels.INCOMPLETE:
            which = "length" if ended == kernels.BAD_LENGTH else "content"
            hint = "; is this a TFRecord file?" if self.count == 0 else ""
            raise self._corrupt(offset + at, f"the checksum of its {which} is wrong{hint}")

    def _keep(
        self,
        batch: Batch,
        count: int,
        modules: int,
        columns: list[NDArray[Any]] | None,
        buffer: NDArray[np.uint8],
        offset: int,
    ) -> None:
        """Append a batch, after taking apart plainly what the kernel left."""
        for i in np.flatnonzero(~batch.usual[:count]):
            first, last = batch.places[i]
            try:
                record = parse_record(buffer[first:last].tobytes())
                mask, labels = self._module(record)
            except ValueError as error:
                raise self._corrupt(offset + int(first) - 12, str(error), int(i)) from None
            batch.epochs[i] = record.epochs
            batch.values[:, i] = np.array(record.values).view(np.uint64)
            if any(path is not None for path in record.checkpoint_paths):
                self.paths[self.count + int(i)] = record.checkpoint_paths
            batch.module[i] = modules
            batch.hashes[modules] = np.frombuffer(bytes.fromhex(record.module), np.uint8)
            batch.vertices[modules], batch.masks[modules] = len(record.operations), mask
            batch.labels[modules] = -1
            batch.labels[modules, : len(labels)] = labels
            batch.parameters[modules] = record.trainable_parameters
            modules += 1
        self.seen.append(tuple(array[:modules].copy() for array in batch.arrays[1]))
        self.module.append(batch.module[:count] + np.int32(self.modules))
        epochs = batch.epochs[:count]
        self.epochs.append(epochs.astype(np.min_scalar_type(epochs.max(initial=0))))
        for kept, values in zip(self.columns, columns or batch.columns(count), strict=True):
            kept.append(values)
        self.modules += modules
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

    def _corrupt(self, offset: int, what: str, later: int = 0) -> CorruptFile:
        return CorruptFile(f"{self.path}: record {self.count + later}, at byte {offset}: {what}")

    def build(self, out: Path, about: dict[str, Any]) -> Table:
        """Make the table."""
        hashes, vertices, masks, labels, parameters = (np.concatenate(parts) for parts in zip(*self.seen, strict=True))
        module = np.concatenate(self.module)
        self.module.clear()
        self.seen.clear()
        first = np.zeros(self.modules, np.int64)  # the first record of each module in ``seen``
        first[module[::-1]] = np.arange(self.count)[::-1]
        order = np.argsort(first)
        digests = pa.Array.from_buffers(pa.binary(16), len(order), [None, pa.py_buffer(hashes[order])])
        numbers = np.frombuffer(digests.dictionary_encode().indices.buffers()[1], np.int32, len(order))
        row_of = np.empty_like(numbers)
        row_of[order] = numbers
        rows = order[np.unique(numbers, return_index=True)[1]]
        told = {"matrix": masks, "number of vertices": vertices, "operations": labels}
        for name, there in {**told, "trainable_parameters": parameters}.items():
            same = (there == there[rows][row_of]).reshape(self.modules, -1).all(axis=1)
            self._check(same, first, f" has other {name} than an earlier one of its hash")
        row = row_of[module]
        del module
        space, archs = self._space(vertices[rows], masks[rows], labels[rows])
        budgets = np.unique(np.concatenate([np.unique(some) for some in self.epochs]))
        row *= np.int32(len(budgets))
        row += np.concatenate([np.searchsorted(budgets, some).astype(np.int32) for some in self.epochs])
        self.epochs.clear()
        slot, repeats, even = slots(row, len(rows) * len(budgets))
        del row

        def placed(gathered: Callable[[int], NDArray[Any]], i: int) -> NDArray[Any]:
            """Put what was gathered of all records in the places of their trainings; NaN, or None, where none is."""
            values = gathered(i)
            nothing = None if values.dtype == object else np.nan
            found = np.full((len(rows), len(budgets), repeats), nothing, values.dtype)
            found.reshape(-1)[slot] = values
            return found

        results = {name: partial(placed, self._column, i) for i, name in enumerate(DOUBLES)}
        # By how much the number of a slot's record differs from the slot's, so that it compresses.
        results["record"] = partial(placed, lambda _: (np.arange(self.count) - slot).astype(np.float64), 0)
        for i, name in enumerate(PATHS):
            if any(paths[i] is not None for paths in self.paths.values()):
                results[name] = partial(placed, self._texts, i)
        published = PUBLISHED.get(about["sha256"])
        with ThreadPoolExecutor(1) as beside:
            checked = beside.submit(self._check_hashes, space, archs, hashes[rows], first[rows])
            return write_table(
                out,
                space,
                archs,
                given_trainings(results, budgets.tolist(), repeats, "cifar10", parameters[rows]),
                provenance={
                    "source": f"published {published}" if published else "not a published file",
                    **about,
                    "records": self.count,
                    "warnings": [*([] if published else [_UNKNOWN]), *([] if even else [_UNEVEN])],
                },
                failed=True,
                vertices=vertices[rows],
                hashes=checked.result,
            )

    def _space(
        self, vertices: NDArray[np.int8], masks: NDArray[np.uint64], labels: NDArray[np.int8]
    ) -> tuple[NASBench101, NDArray[np.int8]]:
        """Give the space of just these modules, else the published or a larger one that has them; and their rows."""
        most, names = int(vertices.max()), tuple(self.names)
        archs = nasbench101_kernels.embedded_rows(vertices, masks, labels, most)
        _, pruned, _ = nasbench101_kernels.pruned_rows(archs, most)
        edges = max(int(mask).bit_count() for mask in np.unique(pruned).tolist())
        space = NASBench101(most, max(edges, _EDGES), names)
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
        self._check(space.valid(archs), first, ": its module has no path from input to output")
        same = (space.hashes(archs) == hashes).all(axis=1)
        self._check(same, first, ": its hash is not the hash of its module")
        return hashes

    def _check(self, fits: NDArray[np.bool_], first: NDArray[np.int64], what: str) -> None:
        """Refuse the first record of the modules that do not fit."""
        if not fits.all():
            raise CorruptFile(f"{self.path}: record {int(first[~fits].min())}{what}")

    def _column(self, i: int) -> NDArray[Any]:
        """Give one of the doubles of all records, and let go of them."""
        self.progress(_READING + (1.0 - _READING) * i / len(DOUBLES))
        values = np.concatenate([widened(some) for some in self.columns[i]])
        self.columns[i].clear()
        return values

    def _texts(self, i: int) -> NDArray[np.object_]:
        texts = np.full(self.count, None, object)
        for number, paths in self.paths.items():
            texts[number] = paths[i]
        return texts


def _are_published(space: NASBench101, archs: NDArray[np.int8], hashes: NDArray[np.uint8]) -> bool:
    """Say whether these are all published modules with their hashes: one checksum in place of seconds of hashing."""
    if space != NASBench101() or len(archs) != space.size:
        return False
    ordered = np.zeros((len(archs) + 1, 16), np.uint8)
    ordered[space.index(archs)] = hashes  # of a module that is not valid into the last place
    return hashlib.sha256(ordered[:-1].data).hexdigest() == MODULES


def slots(group: NDArray[np.int32], groups: int) -> tuple[NDArray[np.integer[Any]], int, bool]:
    """Number the repeats of each group in the order of the file.

    Returns:
        The place of each record in ``(modules, budgets, repeats)``; the most repeats; whether all groups have as many.
    """
    counts = np.zeros(groups, np.int32)
    slot = kernels.number_repeats(group, counts)
    repeats = int(counts.max())
    if groups * repeats > np.iinfo(np.int32).max:
        slot = slot.astype(np.int64)
    slot += np.multiply(group, repeats, dtype=slot.dtype)
    return slot, repeats, bool((counts == repeats).all())
