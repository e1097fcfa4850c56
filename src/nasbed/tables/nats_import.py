"""Import of the published files of NAS-Bench-201 and NATS-Bench: folders of pickles, and ``.pth`` files.

Processes read parts of a source. Each writes the numbers of its trainings to a file in a folder beside the table, which
is removed however the import ends, and says where in it they are; so none needs more memory than an architecture, or
one column, takes. The table appears when it is whole. All trainings with one recipe, named by its epochs, on one data
set make a group; beside its measurements a table has, of each group, ``<recipe>/<data>/order``: the place of a training
among those of its architecture in the source, −1 where there is none, and ``<recipe>/<data>/other``: the number of the
text that has what else the source says of it.

Reference: https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.executor import usable_cores
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.names import ABSENT
from nasbed.readers.natsbench.folder import Source
from nasbed.readers.natsbench.published import open_published
from nasbed.readers.natsbench.trainings import Layout
from nasbed.run.executors.inline import InlineExecutor
from nasbed.run.executors.processes import ProcessExecutor
from nasbed.tables.published import column_name, run_measure
from nasbed.tables.table import Progress, Table
from nasbed.tables.texts import written
from nasbed.tables.writing import Given, importing_to, write_table

AT_ONCE = 100
"""Architectures a part of a source, if not more; it is read by one process at once."""

_READING = 0.9  # of all the work
_PARTS = 8  # for each process, at most
_WORTH = 2500  # architectures for which another process is worth its start, in which some hundred could be read
_DIGITS = 5
_ROOM, _ROOM_PER_VALUE = 1 << 20, 32

Group = tuple[str, str]
"""Recipe and data set."""


@dataclass(frozen=True, eq=False)
class Block:
    """Trainings of one group of which the same was measured, in one part of a source.

    Attributes:
        path: The file of their numbers.
        group: The group.
        names: Where among the numbers of a training those of each name begin, and after which epochs they were
            measured; none where there is one number.
        index: Of each training the official index of its architecture, ``(n,)``.
        seed: The seed.
        order: The place among the trainings of its architecture.
        text: The number of the text that has what else the source says.
        start: Where in the file its numbers begin.
    """

    path: Path
    group: Group
    names: dict[str, tuple[int, Sequence[int]]]
    index: NDArray[np.int64]
    seed: NDArray[np.int64]
    order: NDArray[np.int64]
    text: NDArray[np.signedinteger[Any]]
    start: NDArray[np.int64]

    def values(self, name: str) -> NDArray[np.float64]:
        """Read the numbers of a name, ``(n, epochs)``."""
        begin, epochs = self.names[name]
        places = self.start[:, None] + np.arange(begin, begin + (len(epochs) or 1))
        return self._numbers.take(places)

    @cached_property
    def _numbers(self) -> NDArray[np.float64]:
        return np.asarray(np.memmap(self.path, np.float64, "r"))


@dataclass(frozen=True, eq=False)
class Part:
    """What was read of a part of a source.

    Attributes:
        index: The official index of each architecture, ``(n,)``.
        other: The number of the text that has what else the source says of it.
        texts: The texts.
        blocks: The trainings.
    """

    index: NDArray[np.int64]
    other: NDArray[np.int64]
    texts: list[str]
    blocks: list[Block]


def import_published(
    source: str | Path, out: str | Path, progress: Progress | None = None, workers: int | None = None
) -> Table:
    """Make a table of a published folder or file, without loss.

    Args:
        source: The folder or the ``.pth`` file.
        out: The table's file; it appears when it is whole.
        progress: Called now and then with the share done.
        workers: Processes that read; None for one in some thousand architectures, on as many cores as there are.

    Raises:
        BadSetting: When there is nothing published there, or the table cannot be written.
        CorruptFile: When a file is damaged, foreign or names what a data file has no need of, by its name.
    """
    path, out = Path(source).expanduser(), Path(out).expanduser()
    found, move = open_published(path), progress or (lambda share: None)
    with importing_to(out) as folder:
        with ThreadPoolExecutor(1) as beside:
            checksums = beside.submit(found.checksums)
            parts = _read(found, folder, lambda share: move(_READING * share), workers)
            provenance = _provenance(found, checksums.result())
        given = columns_of(parts, lambda share: move(_READING + (1.0 - _READING) * share))
        space: Space = spaces.make(found.space, {})
        archs = space.archs_of(np.unique(np.concatenate([part.index for part in parts])))
        return write_table(out, space, archs, given, provenance=provenance, continues=True, scratch=folder)


def _read(source: Source, folder: Path, progress: Progress, workers: int | None) -> list[Part]:
    """Read a source in parts."""
    workers = workers or min(usable_cores(), -(-len(source) // _WORTH))
    parts = source.parts(min(-(-len(source) // AT_ONCE), _PARTS * workers))
    found: dict[str, Part] = {}
    with InlineExecutor() if workers == 1 else ProcessExecutor(workers) as machine:
        for number, part in enumerate(parts):
            machine.submit(str(number), read_part, part, folder / f"part-{number}")
        for outcome in machine.as_completed():
            if outcome.error is not None:
                raise NasbedError(f"{source.name} could not be read: {outcome.error}")
            if isinstance(outcome.value, str):
                raise CorruptFile(outcome.value)
            found[outcome.tag] = outcome.value
            progress(len(found) / len(parts))
    return [found[str(number)] for number in range(len(parts))]


def _provenance(source: Source, checksums: dict[str, str]) -> dict[str, Any]:
    """Say where the results come from, and what one should know of them."""
    warnings = []
    if "synthetic" in source.name.lower():
        warnings.append("SYNTHETIC: made-up numbers, nothing was trained")
    if len(source) < len(source.archs):
        warnings.append(f"results of {len(source):,} of the {len(source.archs):,} architectures of {source.space} only")
    return {
        "source": f"published results of {source.space}",
        "file": source.name,
        "sha256": hashlib.sha256(json.dumps(checksums, sort_keys=True).encode()).hexdigest(),
        "checksums": checksums,
        "architectures": len(source),
        "warnings": warnings,
    }


def read_part(source: Source, path: Path) -> Part | str:
    """Read a part of a source in whichever process, its numbers into a file; or return what is wrong with it."""
    try:
        return _part(source, path)
    except CorruptFile as error:  # which would reach another process as words without their kind
        return str(error)


def _part(source: Source, path: Path) -> Part:
    """Read a part of a source, its numbers into a file."""
    texts: dict[str, int] = {}
    architectures: list[tuple[int, int]] = []
    # By recipe, data set, measurements of the latency and layout. Nearly all layouts are one object, whose hash would
    # take longer than all else here; each is kept, so that no other has its identity.
    groups: dict[tuple[str, str, int, int], tuple[Layout, list[tuple[int, ...]]]] = {}
    with path.open("wb") as file:
        for published in source:
            where = f"{source.path}, architecture {published.index}"
            try:
                every = [published.other, *(run.other for run in published.runs)]
                said = [written(other, published.arch, published.index) for other in every]
            except CorruptFile as error:
                raise CorruptFile(f"{where}: {error}") from None
            own, *others = [texts.setdefault(text, len(texts)) for text in said]
            architectures.append((published.index, own))
            for order, (run, text) in enumerate(zip(published.runs, others, strict=True)):
                if not (run.hp.isascii() and run.hp.isdigit() and len(run.hp) <= _DIGITS):
                    raise CorruptFile(f"{where}: a recipe is named by its epochs, not {run.hp!r:.100}")
                training = published.index, run.seed, order, text, file.tell() // np.dtype(np.float64).itemsize
                key = run.hp, run.data, len(run.latency), id(run.measured.layout)
                groups.setdefault(key, (run.measured.layout, []))[1].append(training)
                file.write(np.array([run.epochs, run.params, run.flops, *run.latency], np.float64).tobytes())
                file.write(run.measured.numbers.tobytes())
    blocks = []
    for (hp, data, latencies, _), (layout, trainings) in groups.items():
        names: dict[str, tuple[int, Sequence[int]]] = {"epochs": (0, ()), "params": (1, ()), "flops": (2, ())}
        begin = len(names)
        for name, epochs in [("latency", range(latencies)), *layout]:
            if len(epochs):
                names[name] = begin, epochs
                begin += len(epochs)
        blocks.append(Block(path, (hp, data), names, *np.array(trainings, np.int64).T))
    index, other = np.array(architectures, np.int64).T
    return Part(index, other, list(texts), blocks)


def columns_of(parts: Sequence[Part], progress: Progress) -> Iterator[Given]:
    """Put what was read together into the columns of a table, in the order of the architectures' indices.

    Raises:
        CorruptFile: When hardly two trainings have anything in common.
    """
    index = np.sort(np.concatenate([part.index for part in parts]))
    texts: dict[str, int] = {}
    other = np.full(len(index), -1, np.int32)
    groups: dict[Group, list[Block]] = {}
    for part in parts:
        codes = np.array([texts.setdefault(text, len(texts)) for text in part.texts], np.int32)
        other[np.searchsorted(index, part.index)] = codes[part.other]
        for block in part.blocks:
            groups.setdefault(block.group, []).append(replace(block, text=codes[block.text]))
    for done, group in enumerate(sorted(groups, key=lambda group: (int(group[0]), group[1])), 1):
        yield from _columns(group, groups[group], index)
        progress(done / (len(groups) + 1))
    yield Given(None, other, "other")
    yield Given(None, np.array(list(texts), object), "texts")


def _columns(group: Group, blocks: Sequence[Block], index: NDArray[np.int64]) -> Iterator[Given]:
    """Make the columns of one group."""
    seeds = np.unique(np.concatenate([block.seed for block in blocks]))
    order, other = np.full((2, len(index), len(seeds)), -1, np.int32)
    places = [(np.searchsorted(index, block.index), np.searchsorted(seeds, block.seed)) for block in blocks]
    for block, place in zip(blocks, places, strict=True):
        order[place], other[place] = block.order, block.text
    yield Given(None, order, column_name(*group, None, "order"))
    yield Given(None, other, column_name(*group, None, "other"))
    for name in dict.fromkeys(name for block in blocks for name in block.names):
        having = [(block, *place) for block, place in zip(blocks, places, strict=True) if name in block.names]
        axis = sorted({epoch for block, *_ in having for epoch in block.names[name][1]})
        shape = len(index), len(seeds), len(axis) or 1
        count = sum(len(block.start) * (len(block.names[name][1]) or 1) for block, *_ in having)
        if math.prod(shape) > _ROOM + _ROOM_PER_VALUE * count:  # most of it would be empty
            raise CorruptFile(f"hardly two trainings have {name} with the same seeds and after the same epochs")
        values = np.full(shape, ABSENT)
        for block, row, seed in having:
            epochs = np.searchsorted(axis, block.names[name][1]) if axis else np.array([0])
            values[row[:, None], seed[:, None], epochs] = block.values(name)
        split, _, metric = name.rpartition("/")
        after = [epoch + 1 for epoch in axis] if split else axis or None
        measure = run_measure(*group, split or None, metric, seeds.tolist(), after)
        yield Given(measure, values if axis else values[:, :, 0])
