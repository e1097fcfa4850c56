"""Import of the published files of NAS-Bench-201 and NATS-Bench: folders of pickles, and ``.pth`` files.

Processes read parts of a source and leave what they found as shards in a folder beside the table, which is removed
however the import ends; the table appears when it is whole.

Reference: https://github.com/D-X-Y/NATS-Bench
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from glob import escape
from itertools import count
from pathlib import Path
from typing import Any

from nasbed.core.errors import CorruptFile, NasbedError
from nasbed.core.files import check_place
from nasbed.core.registry import spaces
from nasbed.run.executors.processes import ProcessExecutor
from nasbed.tables.curves.build import build_from_shards
from nasbed.tables.curves.shards import AT_MOST, SUFFIX, write_shards
from nasbed.tables.curves.table import CurveTable
from nasbed.tables.importing import remove_left
from nasbed.tables.natsbench.published import Source, open_published

Progress = Callable[[float], None]
_READING = 0.9  # of all the work
_WORK = "nasbed.tables.curves.importing:read_part"
_AHEAD = 2  # parts that wait for each process


def import_published(
    source: str | Path, out: str | Path, progress: Progress | None = None, workers: int | None = None
) -> CurveTable:
    """Make a table of a published folder or file, without loss.

    Args:
        source: The folder or the ``.pth`` file.
        out: The table's file; it appears when it is whole.
        progress: Called now and then with the share done.
        workers: Processes that read; None for as many as there are cores.

    Raises:
        BadSetting: When there is nothing published there, or the table cannot be written.
        CorruptFile: When a file is damaged, foreign or names what a data file has no need of, by its name.
    """
    path, out = Path(source).expanduser(), Path(out).expanduser()
    check_place(out)
    remove_left(out.parent.glob(f".{escape(out.name)}.*.shards"))
    found, move = open_published(path), progress or (lambda share: None)
    folder = out.with_name(f".{out.name}.{os.getpid()}.shards")
    folder.mkdir()
    try:
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
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_part(part: Source, stem: str) -> str | None:
    """Read a part into shards, in whichever process; give what is wrong with a file of it, or None."""
    try:
        write_shards(part, Path(stem))
    except CorruptFile as error:  # which would reach the other process as words without their kind
        return str(error)
    return None


def _read(source: Source, folder: Path, progress: Progress, workers: int | None) -> None:
    """Read a source into shards."""
    parts = list(source.parts(-(-len(source) // AT_MOST)))
    if len(parts) == 1:
        done = count(1)
        write_shards(source, folder / "part-0", lambda: progress(next(done) / len(source)))
        return
    with ProcessExecutor(workers) as machine:
        waiting = iter(enumerate(parts))

        def submit() -> None:
            number, part = next(waiting, (-1, None))
            if part is not None:
                machine.submit(str(number), _WORK, part, str(folder / f"part-{number}"))

        for _ in range(_AHEAD * machine.slots):  # not all at once: each part has the list of all architectures
            submit()
        for done_parts, outcome in enumerate(machine.as_completed(), 1):
            if outcome.value is not None:
                raise CorruptFile(outcome.value)
            if outcome.error is not None:
                raise NasbedError(f"{source.name} could not be read: {outcome.error}")
            submit()
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
