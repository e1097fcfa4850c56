"""Import of the published files of NAS-Bench-201 and NATS-Bench: folders of pickles, and ``.pth`` files.

Processes read parts of a source and leave what they found as shards in a folder beside the table, which is removed
however the import ends; the table appears when it is whole. All trainings with one recipe, named by its epochs, on one
data set make a group; beside its measurements a table has, of each group, ``<recipe>/<data>/order``: the place of a
training among those of its architecture in the source, −1 where there is none, and ``<recipe>/<data>/other``: the
number of the text that has what else the source says of it.

Reference: https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.names import ABSENT
from nasbed.readers.natsbench.published import open_published
from nasbed.readers.natsbench.shards import AT_MOST, SUFFIX, Block, Group, Shard, check_room, write_shards
from nasbed.readers.natsbench.source import Source
from nasbed.run.executors.processes import ProcessExecutor, usable_cores
from nasbed.tables.published import column_name, run_measure
from nasbed.tables.table import Progress, Table
from nasbed.tables.writing import Given, importing_to, write_table

_READING = 0.9  # of all the work
_WORK = "nasbed.tables.nats_import:read_part"
_PARTS = 4  # of the source for each process: not more, for each has the list of all architectures
_WORTH = 2500  # architectures for which another process is worth its start, in which some hundred could be read


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
            _read(found, folder, lambda share: move(_READING * share), workers)
            provenance = _provenance(found, checksums.result())
        return build_from_shards(
            out,
            space=spaces.make(found.space, {}),
            shards=sorted(folder.glob(f"*{SUFFIX}")),
            provenance=provenance,
            scratch=folder,
            progress=lambda share: move(_READING + (1.0 - _READING) * share),
        )


def read_part(part: Source, stem: str) -> str | None:
    """Read a part into shards, in whichever process; return what is wrong with a file of it, or None."""
    try:
        write_shards(part, Path(stem))
    except CorruptFile as error:  # which would reach the other process as words without their kind
        return str(error)
    return None


def _read(source: Source, folder: Path, progress: Progress, workers: int | None) -> None:
    """Read a source into shards."""
    workers = workers or min(usable_cores(), -(-len(source) // _WORTH))
    if workers == 1:
        done = count(1)
        write_shards(source, folder / "part-0", lambda: progress(next(done) / len(source)))
        return
    parts = list(source.parts(min(-(-len(source) // AT_MOST), _PARTS * workers)))
    with ProcessExecutor(workers) as machine:
        for number, part in enumerate(parts):
            machine.submit(str(number), _WORK, part, str(folder / f"part-{number}"))
        for done_parts, outcome in enumerate(machine.as_completed(), 1):
            if outcome.value is not None:
                raise CorruptFile(outcome.value)
            if outcome.error is not None:
                raise NasbedError(f"{source.name} could not be read: {outcome.error}")
            progress(done_parts / len(parts))


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


def build_from_shards(
    path: str | Path,
    *,
    space: Space,
    shards: Sequence[Path],
    provenance: dict[str, Any],
    scratch: Path | None = None,
    progress: Progress | None = None,
) -> Table:
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
    every = np.concatenate([shard.index for shard in found]) if found else np.array([], np.int64)
    index = np.unique(every)
    if not len(every) or len(index) < len(every):
        raise CorruptFile("an architecture comes twice" if len(every) else "there are no results of any architecture")
    texts: dict[str, int] = {}
    other = np.full(len(index), -1, np.int32)
    groups: dict[Group, list[_Placed]] = {}
    for shard in found:
        where = np.searchsorted(index, shard.index)
        codes = np.array([texts.setdefault(text, len(texts)) for text in shard.texts], np.int32)
        other[where] = codes[shard.other]
        for block in shard.blocks:
            row, seed, order, text = block.places
            groups.setdefault(block.group, []).append(_Placed(block, where[row], seed, order, codes[text]))

    def given() -> Iterator[Given]:
        for done, group in enumerate(sorted(groups, key=lambda group: (int(group[0]), group[1])), 1):
            yield from _given(group, groups[group], len(index))
            if progress is not None:
                progress(done / (len(groups) + 1))
        yield Given(None, other, "other")
        yield Given(None, np.array(list(texts), object), "texts")

    archs = space.archs_of(index)
    return write_table(path, space, archs, given(), provenance=provenance, continues=True, scratch=scratch)


class _Placed(NamedTuple):
    """A block of trainings: of each its row, seed, place in the source and text, ``(count,)``."""

    block: Block
    row: NDArray[np.int64]
    seed: NDArray[np.int64]
    order: NDArray[np.int64]
    text: NDArray[np.int32]


def _given(group: Group, placed: Sequence[_Placed], size: int) -> Iterator[Given]:
    """Make the columns of one group."""
    seeds = np.unique(np.concatenate([some.seed for some in placed]))
    order, other = np.full((2, size, len(seeds)), -1, np.int32)
    for some in placed:
        at = some.row, np.searchsorted(seeds, some.seed)
        order[at], other[at] = some.order, some.text
    yield Given(None, order, column_name(*group, None, "order"))
    yield Given(None, other, column_name(*group, None, "other"))
    for name in dict.fromkeys(name for some in placed for name in some.block.layout):
        having = [some for some in placed if name in some.block.layout]
        axis = sorted({epoch for some in having for epoch in some.block.layout[name]})
        shape = size, len(seeds), len(axis) or 1
        check_room(shape, sum(some.block.count * (len(some.block.layout[name]) or 1) for some in having), name)
        values = np.full(shape, ABSENT)
        for some in having:
            epochs = np.searchsorted(axis, some.block.layout[name]) if axis else np.array([0])
            seed = np.searchsorted(seeds, some.seed)
            values[some.row[:, None], seed[:, None], epochs] = some.block.values(name)
        split, _, metric = name.rpartition("/")
        after = [epoch + 1 for epoch in axis] if split else axis or None
        measure = run_measure(*group, split or None, metric, seeds.tolist(), after)
        yield Given(measure, values if axis else values[:, :, 0])
