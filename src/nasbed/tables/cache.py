"""The cache of imported files: each table under the SHA-256 of what it was made from, in ``NASBED_HOME/tables``.

A note a path, named after the path, remembers size, time of change and inode of the file together with its checksum,
so that the second use of a path opens the table at once. A note is a hint that is checked: when the file has changed,
it is imported again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import replacing
from nasbed.core.home import home
from nasbed.tables.companion import move_table
from nasbed.tables.table import Table

Progress = Callable[[float], None]
SUFFIX = ".tfrecord"


def table_for(path: str | Path, progress: Progress | None = None) -> Table:
    """Open a table by its path or by the path of a published file, which is imported if it has not been yet.

    Raises:
        BadSetting: When there is no such file, or nothing can be kept in the cache.
        CorruptFile: When the file is neither a table nor of the published format.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise BadSetting(f"there is no file {path}")
    if path.suffix != SUFFIX:
        return Table.open(path)
    found = cached_table_for(path)
    if found is not None:
        try:
            table = Table.open(found)
            if not table.missing:
                return table
        except CorruptFile:  # the cache can be made again
            found.unlink(missing_ok=True)
    return import_cached(path, progress)


def import_cached(path: Path, progress: Progress | None = None) -> Table:
    """Import a published file into the cache.

    Processes that import one file at a time each write a file of their own; the last to finish replaces equal bytes.
    """
    from nasbed.tables.importing import import_tfrecord, remove_left

    folder = made_folder()
    remove_left(folder.glob(".*"))
    state = state_of(path)
    part = folder / f".importing.{os.getpid()}.part"
    part.mkdir()
    try:
        digest = import_tfrecord(path, part / "table.arrow", progress).provenance["sha256"]
        if state_of(path) != state:
            raise CorruptFile(f"{path} was changed while it was read; import it again")
        move_table(part / "table.arrow", folder / f"{digest}.arrow")
    finally:
        shutil.rmtree(part)
    note = note_of(path)
    with replacing(note) as part:
        part.write_text(json.dumps({**state, "sha256": digest}))
    return Table.open(folder / f"{digest}.arrow")


def cached_table_for(path: str | Path) -> Path | None:
    """Give the table of a published file if it has been imported and has not changed since, else None."""
    path = Path(path).expanduser()
    try:
        note = json.loads(note_of(path).read_text())
        digest = note.pop("sha256")
        current = state_of(path)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    table = tables_folder() / f"{digest}.arrow"
    return table if note == current and table.is_file() else None


def imported(stem: str) -> Path | None:
    """Give the table of a published file by its name, such as ``"nasbench_full"``, if it has been imported."""
    from nasbed.tables.published import PUBLISHED

    for digest, name in PUBLISHED.items():
        table = tables_folder() / f"{digest}.arrow"
        if name == stem and table.is_file():
            return table
    return None


def tables_folder() -> Path:
    """Give the folder of imported tables; it may not exist yet."""
    return home() / "tables"


def made_folder() -> Path:
    """Make the folder of imported tables, if need be.

    Raises:
        BadSetting: When it cannot be made.
    """
    folder = tables_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(
            f"tables are kept in {folder}, which cannot be made ({error.strerror}); set NASBED_HOME to another folder"
        ) from None
    return folder


def note_of(path: Path) -> Path:
    """Give the place of a path's note."""
    whole = path.resolve()
    digest = hashlib.sha256(os.fsencode(whole)).hexdigest()
    return tables_folder() / f"{whole.stem}-{digest[:16]}.json"


def state_of(path: Path) -> dict[str, Any]:
    """Give what changes when a file, or a file in a folder, is changed."""
    found = path.stat()
    if path.is_dir():
        there = sorted((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in path.iterdir())
        return {
            "path": str(path.resolve()),
            "size": sum(size for _, size, _ in there),
            "modified": hashlib.sha256(json.dumps(there).encode()).hexdigest(),
            "inode": found.st_ino,
        }
    return {
        "path": str(path.resolve()),
        "size": found.st_size,
        "modified": found.st_mtime_ns,
        "inode": found.st_ino,
    }
