"""The cache of imported curves: each table under its space and the checksum of what it was made from.

As in ``cache``, a note a path remembers what the path's table is, and is checked.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.core.files import replacing
from nasbed.tables.cache import Progress, made_folder, note_of, state_of, tables_folder
from nasbed.tables.companion import move_table
from nasbed.tables.curves.table import CurveTable

SUFFIXES = (".pth", ".csv")


def is_published(path: Path) -> bool:
    """Say whether a path looks like something that tables of curves are imported from."""
    if not path.is_dir():
        return path.suffix.lower() in SUFFIXES
    from nasbed.tables.natsbench.folder import META  # with compiled code, which opening a table should not wait for

    return (path / META).is_file()


def curves_for(path: str | Path, progress: Progress | None = None, meaning: str | Path | None = None) -> CurveTable:
    """Open the table of a published folder or file, which is imported if it has not been yet.

    Args:
        path: A ``NATS-…-simple`` folder, a ``.pth`` file or a CSV file.
        progress: Called now and then with the share done.
        meaning: A TOML file that says what the columns of a CSV file mean; public ones are known.

    Raises:
        BadSetting: When there is nothing of the kind, or nothing can be kept in the cache.
        CorruptFile: When a file is damaged, foreign or names what a data file has no need of, by its name.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise BadSetting(f"there is no file or folder {path}")
    found = None if meaning is not None else cached_curves_for(path)
    if found is not None:
        try:
            table = CurveTable.open(found)
            if not table.missing:
                return table
        except CorruptFile:  # the cache can be made again
            found.unlink(missing_ok=True)
    return import_curves(path, progress, meaning)


def import_curves(path: Path, progress: Progress | None = None, meaning: str | Path | None = None) -> CurveTable:
    """Import into the cache; processes that do so at a time each write files of their own."""
    from nasbed.tables.importing import remove_left

    folder = made_folder()
    remove_left(folder.glob(".curves.*.part"))
    state, part = state_of(path), folder / f".curves.{os.getpid()}.part"
    part.mkdir()
    try:
        table = _imported(path, part / "table.arrow", progress, meaning)
        if state_of(path) != state:
            raise CorruptFile(f"{path} was changed while it was read; import it again")
        name = f"{table.space.name}-{table.provenance['sha256']}.arrow"
        move_table(part / "table.arrow", folder / name)
    finally:
        shutil.rmtree(part)
    with replacing(note_of(path)) as note:
        note.write_text(json.dumps({**state, "table": name}))
    return CurveTable.open(folder / name)


def _imported(path: Path, out: Path, progress: Progress | None, meaning: str | Path | None) -> CurveTable:
    if path.suffix.lower() == ".csv":
        from nasbed.tables.curves.csv import import_csv

        return import_csv(path, out, meaning)
    if meaning is not None:
        raise BadSetting(f"{path} says itself what its numbers mean; a meaning is for CSV files")
    from nasbed.tables.curves.importing import import_published

    return import_published(path, out, progress)


def cached_curves_for(path: str | Path) -> Path | None:
    """Give the table of a path if it has been imported and has not changed since, else None."""
    path = Path(path).expanduser()
    try:
        note = json.loads(note_of(path).read_text())
        table = tables_folder() / note.pop("table")
        current = state_of(path)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return table if note == current and table.is_file() else None


def imported_curves(space: str) -> CurveTable | None:
    """Open the table of a space that has most: validation first, then architectures, trainings; None without any."""
    found = []
    for path in sorted(tables_folder().glob(f"{space}-*.arrow")):
        try:
            table = CurveTable.open(path)
        except NasbedError:  # what lies beside a table, or is damaged
            continue
        validated = sum("/x-valid/" in name for name in table.metadata["columns"])
        found.append(((validated > 0, len(table), validated, len(table.groups)), table))
    return max(found, key=lambda pair: pair[0])[1] if found else None
