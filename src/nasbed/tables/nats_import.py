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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.natsbench.published import Source, open_published
from nasbed.readers.natsbench.shards import AT_MOST, SUFFIX, Group, Shard, check_room, write_shards
from nasbed.readers.natsbench.texts import Texts
from nasbed.readers.natsbench.trainings import ABSENT
from nasbed.run.executors.processes import ProcessExecutor, usable_cores
from nasbed.tables.published import RUN_METRICS, TRAIN, column_name, run_measure
from nasbed.tables.table import Table
from nasbed.tables.writing import Given, importing_to, write_table

Progress = Callable[[float], None]
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
    indices = [shard["index"] for shard in found]
    every = np.concatenate(indices) if indices else np.array([], np.int64)
    index = np.unique(every)
    if not len(every) or len(index) < len(every):
        raise CorruptFile("an architecture comes twice" if len(every) else "there are no results of any architecture")
    rows = [np.searchsorted(index, some) for some in indices]
    given = _given(found, rows, len(index), progress or (lambda share: None))
    archs = space.archs_of(index)
    return write_table(path, space, archs, given, provenance=provenance, continues=True, scratch=scratch)


def _given(shards: Sequence[Shard], rows: Sequence[NDArray[Any]], size: int, progress: Progress) -> Iterator[Given]:
    """Make all columns, one after the other."""
    groups = {(group["hp"], group["data"]) for shard in shards for group in shard.about["groups"]}
    texts, other = Texts(), np.full(size, -1, np.int32)
    for done, group in enumerate(sorted(groups, key=lambda group: (int(group[0]), group[1])), 1):
        yield from _given_of(group, shards, rows, size, texts)
        progress(done / (len(groups) + 1))
    for shard, where in zip(shards, rows, strict=True):
        other[where] = _renumbered(shard["other"], shard, texts)
    yield Given(None, other, "other", "beside")
    yield Given(None, np.array(texts.all, object), "texts")


def _given_of(
    group: Group, shards: Sequence[Shard], rows: Sequence[NDArray[Any]], size: int, texts: Texts
) -> Iterator[Given]:
    """Make the columns of one group."""
    parts = [
        (shard, where[row])
        for shard, where in zip(shards, rows, strict=True)
        if (row := shard.get(group, "row")) is not None
    ]
    seeds = np.unique(np.concatenate([shard.of(group, "seed") for shard, _ in parts]))
    places = [(shard, row, np.searchsorted(seeds, shard.of(group, "seed"))) for shard, row in parts]
    order, other = np.full((2, size, len(seeds)), -1, np.int32)
    for shard, row, seed in places:
        order[row, seed] = shard.of(group, "order")
        other[row, seed] = _renumbered(shard.of(group, "other"), shard, texts)
    yield Given(None, order, column_name(*group, None, "order"))
    yield Given(None, other, column_name(*group, None, "other"), "beside")
    every = [about for shard, _ in parts for about in shard.about["groups"] if (about["hp"], about["data"]) == group]
    names = dict.fromkeys(name for about in every for name in about["names"])
    for name in names:
        if name in ("row", "seed", "order", "other"):
            continue
        split, _, metric = name.rpartition("/")
        axis = sorted({epoch for shard, _ in parts for epoch in shard.epochs(group, name)})
        shape = (size, len(seeds), *([len(axis)] if axis else []))
        check_room(shape, sum(some.size for shard, _ in parts if (some := shard.get(group, name)) is not None), name)
        values = np.full(shape, ABSENT)
        for shard, row, seed in places:
            some = shard.get(group, name)
            if some is not None and axis:
                values[row[:, None], seed[:, None], np.searchsorted(axis, shard.epochs(group, name))] = some
            elif some is not None:
                values[row, seed] = some
        after = [epoch + 1 for epoch in axis] if split else axis or None
        measure = run_measure(*group, split or None, metric, seeds.tolist(), after)
        read = metric in RUN_METRICS or metric == "time" or (metric == "accuracy" and split != TRAIN)
        yield Given(measure, values, column_name(*group, split or None, metric), "hot" if read else "beside")


def _renumbered(codes: NDArray[Any], shard: Shard, texts: Texts) -> NDArray[np.int32]:
    """Turn a shard's numbers of texts into the table's."""
    new = np.array([texts.number(text) for text in shard.about["texts"]], np.int32)
    renumbered: NDArray[np.int32] = new[codes]
    return renumbered
