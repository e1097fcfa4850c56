"""The cache of imported tables: each under its space and the checksum of what it was made from, in
``NASBED_HOME/tables``.

A note a path, named after the path, remembers size, time of change and inode of the file together with the name of its
table, so that the second use of a path opens the table at once. A note is a hint that is checked: when the file has
changed, it is imported again.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.core.files import put, remove_left, scratch
from nasbed.core.home import home
from nasbed.core.locks import clear, locked
from nasbed.tables.table import Progress, Table

if TYPE_CHECKING:
    from nasbed.readers.csv import Declaration

META = "meta.pickle.pbz2"
"""What a folder of NATS-Bench's has in it."""

SUFFIXES = (".tfrecord", ".pth", ".csv", ".json")
PACKED = {".tar": "tar xf", ".tgz": "tar xf", ".zip": "unzip", ".gz": "gunzip", ".xz": "unxz", ".bz2": "bunzip2"}
"""What files are unpacked by."""

AN_IMPORT = 3600.0
"""Seconds for which another process's import of the same path is waited for."""


def is_published(path: Path) -> bool:
    """Say whether a path looks like something that tables are imported from."""
    return (path / META).is_file() if path.is_dir() else path.suffix.lower() in SUFFIXES


def table_for(
    path: str | os.PathLike[str] | Table,
    progress: Progress | None = None,
    declared: Declaration | None = None,
    *,
    check: bool = False,
) -> Table:
    """Open a table by its path or by that of what it is imported from, which is done if it has not been yet.

    Args:
        path: An open table, which is returned; or the path of a table, a ``.tfrecord`` file, a
            ``NATS-…-simple`` folder, a ``.pth`` file, a CSV file or the JSON file of NAS-Bench-Macro.
        progress: Called now and then with the share done.
        declared: What the columns of a CSV file mean; public ones are known.
        check: Whether to compare every byte of a table that was imported before with its checksum.

    Raises:
        BadSetting: When there is nothing of the kind, or nothing can be kept in the cache.
        CorruptFile: When a file is damaged, foreign or names what a data file has no need of, by its name.
    """
    if isinstance(path, Table) or not isinstance(path, str | os.PathLike):
        return Table.open(path)  # which says what is none
    path = Path(path).expanduser()
    if not path.exists():
        raise BadSetting(f"there is no file or folder {path}")
    if not is_published(path) and path.is_file():
        if how := PACKED.get(path.suffix.lower()):
            raise BadSetting(f"{path} is packed; unpack it, with {how}, and give what comes out")
        if path.suffix.lower() == ".pbz2":
            raise BadSetting(f"{path} is one pickle of everything, which is not read; give the folder of -simple.tar")
        return Table.open(path)
    found = _opened(path, declared, check)
    if found is not None:
        clear(note_of(path))  # which an import leaves that is killed when all is written
    else:
        remove_left(made_folder())
        with locked(note_of(path), f"imports {path}", AN_IMPORT):  # another process may have been faster
            found = _opened(path, declared, check) or _import(path, progress, declared)
    return found


def _opened(path: Path, declared: Declaration | None, check: bool) -> Table | None:
    """Open the table of a published file if it has been imported, is whole and nothing of it was changed since."""
    with suppress(CorruptFile):  # the cache can be made again
        if declared is None and (found := cached_table_for(path)):
            table = Table.open(found)
            if check:
                table.verify()
            return None if table.missing else table
    return None


def _import(path: Path, progress: Progress | None, declared: Declaration | None) -> Table:
    note, state = note_of(path), state_of(path)
    with scratch(note) as folder:
        table = import_table(path, folder / "table.arrow", progress, declared)
        if state_of(path) != state:
            raise CorruptFile(f"{path} was changed while it was read; import it again")
        name = f"{table.space.name}-{table.provenance['sha256']}.arrow"
        table.path.replace(tables_folder() / name)
    put(note, json.dumps({**state, "table": name}).encode())
    return Table.open(tables_folder() / name)


def import_table(path: Path, out: Path, progress: Progress | None = None, declared: Declaration | None = None) -> Table:
    """Make a table of what is published, by what it is; see ``table_for``."""
    if path.suffix.lower() == ".csv":
        from nasbed.tables.csv_import import import_csv

        return import_csv(path, out, declared)
    if declared is not None:
        raise BadSetting(f"{path} says itself what its numbers mean; a meaning is for CSV files")
    if path.suffix == ".tfrecord":
        from nasbed.tables.importing import import_tfrecord

        return import_tfrecord(path, out, progress)
    if path.suffix.lower() == ".json":
        from nasbed.readers.nasbenchmacro import read_results
        from nasbed.tables.csv_import import import_columns

        return import_columns(path, out, read_results(path))
    from nasbed.tables.nats_import import import_published

    return import_published(path, out, progress)


def cached_table_for(path: str | Path) -> Path | None:
    """Return the table of a path if it has been imported and has not changed since, else None."""
    path = Path(path).expanduser()
    try:
        note = json.loads(note_of(path).read_text())
        table = tables_folder() / note.pop("table")
        current = state_of(path)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return table if note == current and table.is_file() else None


def imported(space: str, data: str = "") -> Table | None:
    """Open the table of a space that has most: validation first, then architectures, trainings; None without any.

    Args:
        space: The space's name.
        data: A data set that the table should have, if any has it.
    """
    found = []
    for path in sorted(tables_folder().glob(f"{space}-*.arrow")):
        try:
            table = Table.open(path)
        except NasbedError:  # what lies beside a table, or is damaged
            continue
        told = sum(measure.role == "told" for measure in table.measures.values())
        if table.space.kind == space and table.provenance.get("source") != "not a published file":
            found.append(((data in table.data, told > 0, len(table), told, len(table.groups)), table))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def tables_folder() -> Path:
    """Return the folder of imported tables; it may not exist yet."""
    return home() / "tables"


def made_folder() -> Path:
    """Make the folder of imported tables, if need be.

    Raises:
        BadSetting: When it cannot be made or written to.
    """
    folder = tables_folder()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK) or not folder.is_dir():
        raise BadSetting(f"tables are kept in {folder}, which cannot be written to; set NASBED_HOME to another folder")
    return folder


def note_of(path: Path) -> Path:
    """Return the place of a path's note."""
    whole = path.resolve()
    digest = hashlib.sha256(os.fsencode(whole)).hexdigest()
    return tables_folder() / f"{whole.stem}-{digest[:16]}.json"


def state_of(path: Path) -> dict[str, Any]:
    """Return what changes when a file, or a file in a folder, is changed."""
    found = path.stat()
    size, modified = found.st_size, str(found.st_mtime_ns)
    if path.is_dir():
        there = sorted((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in path.iterdir())
        size, modified = sum(each for _, each, _ in there), hashlib.sha256(json.dumps(there).encode()).hexdigest()
    return {"path": str(path.resolve()), "size": size, "modified": modified, "inode": found.st_ino}
