"""Salvage: what is whole of a damaged store, or what did not fail of a whole one, in a new one.

Nothing is ever written to the file itself: what is kept is copied, and the file stays beside the new one as it is.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from filecmp import cmp
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import replacing
from nasbed.core.store import SALVAGED, Record
from nasbed.run.stores.sqlite import SQLiteStore

_LOG = logging.getLogger(__name__)
_PAGE = 4096  # SQLite's own size of a page, which our files have
_SHOWN = 20
_NOTHING_LEFT = "put a whole copy in its place, or name a new store and begin again"


@dataclass(frozen=True)
class Salvaged:
    """What came of a damaged store.

    Attributes:
        kept: How many records are whole.
        lost: The units of the others, as far as they can be read.
        notes: The names of the notes that are whole.
        notes_lost: Whether there were others.
    """

    kept: int
    lost: tuple[str, ...]
    notes: tuple[str, ...]
    notes_lost: bool

    def __str__(self) -> str:
        shown = ", ".join(self.lost[:_SHOWN]) + (", …" if len(self.lost) > _SHOWN else "")
        lost = f"{len(self.lost):,} lost: {shown}" if self.lost else "none lost"
        notes = f"; of the notes only {', '.join(self.notes) or 'none'} are whole" if self.notes_lost else ""
        return f"{self.kept:,} records are whole, {lost}{notes}"


def salvage(path: Path, out: Path) -> Salvaged:
    """Write the records and notes of a store that are whole to a new one.

    Raises:
        BadSetting: When there is no such store, or the new one cannot be written or is there already.
        CorruptFile: When nothing of it can be read.
    """
    if out.exists():
        raise BadSetting(f"{out} is there already; give the name of a new file for what is whole of {path}")
    with replacing(out) as beside:
        return _copied(path, beside)


def mend(path: Path) -> Salvaged | None:
    """Replace a damaged store by what is whole of it, and keep the damaged file; None, and nothing, of a whole store.

    Whoever calls it has the store for itself. Killed at any moment it leaves the one or the other.

    Raises:
        CorruptFile: When nothing of it can be read.
    """
    if not path.exists() or path.stat().st_size == 0 or _is_whole(path):
        return None
    found, aside = _replaced(path, "damaged")
    _LOG.warning("the store %s was damaged: %s; the damaged file is kept as %s", path, found, aside)
    return found


def forget(path: Path, unwanted: Callable[[Record], bool]) -> tuple[str, ...]:
    """Take records out of a whole store, so that they are made again, and keep the file beside it; return their units.

    Whoever calls it has the store for itself. Killed at any moment it leaves the one or the other.

    Raises:
        CorruptFile: When the store is damaged.
    """
    if not path.exists() or path.stat().st_size == 0:
        return ()
    with SQLiteStore(path, read_only=True) as store:
        units = tuple(unit for unit, record in store if unwanted(record))
    if units:
        _, aside = _replaced(path, "retried", unwanted)
        _LOG.warning(
            "%d of the records of %s are made again; the store as it was is kept as %s", len(units), path, aside
        )
    return units


def _replaced(path: Path, why: str, leave: Callable[[Record], bool] = lambda _: False) -> tuple[Salvaged, Path]:
    """Put what is whole, and not left out, in a store's place; return what came of it, and where the store is now."""
    names = (path.with_name(f"{path.name}.{why}-{number}") for number in count(1))
    aside = next(name for name in names if not name.exists() or cmp(name, path, shallow=False))
    with replacing(path) as beside:
        found = _copied(path, beside, leave)
        logs = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]
        for source in filter(Path.exists, (path, *logs)):
            shutil.copy2(source, aside.with_name(source.name.replace(path.name, aside.name)))
        for log in logs:  # SQLite would take it for the new file's
            log.unlink(missing_ok=True)
    return found, aside


def _is_whole(path: Path) -> bool:
    try:
        with SQLiteStore(path) as store:
            for _ in store:
                pass
    except CorruptFile:
        return False
    return True


def _copied(path: Path, out: Path, leave: Callable[[Record], bool] = lambda _: False) -> Salvaged:
    """Copy what is whole, and not left out, to a file that is not there."""
    kept, lost = 0, []
    with _opened(path) as damaged, SQLiteStore(out) as new:
        try:
            notes, all_notes = damaged.notes(), True
        except CorruptFile:
            notes, all_notes = damaged.whole_notes(), False
        with new.together():
            for unit, record in damaged.whole_records():
                if record is None or leave(record):
                    lost.append(unit)
                else:
                    kept += new.append(unit, record)
            for name, value in notes.items():
                new.note(name, value)
            if lost or not all_notes:
                new.note(SALVAGED, {"from": path.name, "lost": lost, "notes": sorted(notes)})
        if not kept and not notes:
            raise CorruptFile(f"nothing in {path} can be read; {_NOTHING_LEFT}")
    return Salvaged(kept, tuple(lost), tuple(sorted(notes)), not all_notes)


@contextmanager
def _opened(path: Path) -> Iterator[SQLiteStore]:
    """Open a damaged store to look at, if need be a copy of it with the first page of a whole one.

    The first page says where the tables begin, which is the same in all files; only the file's length differs.
    """
    try:
        store = SQLiteStore(path, read_only=True)
    except CorruptFile:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.sqlite"
            SQLiteStore(copy).close()
            first = bytearray(copy.read_bytes()[:_PAGE])
            shutil.copyfile(path, copy)
            pages = copy.stat().st_size // _PAGE
            first[28:32], first[32:40] = pages.to_bytes(4), bytes(8)  # SQLite's header: length; no free pages
            with copy.open("rb+") as file:
                file.write(first)
                file.truncate(max(pages, 1) * _PAGE)
            try:
                store = SQLiteStore(copy, read_only=True)
            except CorruptFile:
                raise CorruptFile(f"nothing in {path} can be read; {_NOTHING_LEFT}") from None
            with store:
                yield store
    else:
        with store:
            yield store
