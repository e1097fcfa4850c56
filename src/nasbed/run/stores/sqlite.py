"""SQLite: a store in one file, safe against crashes and for several processes at once.

Records are appended in transactions that are on the disk before ``append`` returns. While the file is open SQLite keeps
two more beside it (``-wal`` and ``-shm``), which the last process to leave folds in; after a crash the next one does.

Records are numbered from 1 without a gap. Each has a checksum of number, unit and content; each note one of name and
value; and the *head* says how many records there are and which notes, with a checksum of that. So a changed, a lost and
a doubled record or note are noticed, whatever SQLite itself makes of a damaged file. Files of version 0.1 have none of
this: they are read as they are, and get it when they are gone on with.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import check_place
from nasbed.core.store import Record, Store, as_json

_APPLICATION = int.from_bytes(b"nasb")  # in the file's header: whose it is
_FIRST, _VERSION = 1, 2
_PATIENCE = 60.0  # seconds for which another process's transaction is waited for
_TABLES = (
    "CREATE TABLE records (number INTEGER PRIMARY KEY, unit TEXT NOT NULL UNIQUE, record TEXT NOT NULL,"
    " checksum BLOB NOT NULL)",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE head (one INTEGER PRIMARY KEY, records INTEGER NOT NULL, notes BLOB NOT NULL,"
    " checksum BLOB NOT NULL)",
)
_FIRST_TABLES = (
    "CREATE TABLE records (number INTEGER PRIMARY KEY, unit TEXT NOT NULL UNIQUE, record TEXT NOT NULL)",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
_BUSY = (  # what SQLite says of a file that it cannot get at just now, or not at all
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR),
)


class SQLiteStore(Store):
    """Keeps records in a file, which is made when it is not there.

    Args:
        path: The file; on a disk of this machine, since SQLite's log does not work over a network.
        read_only: Whether only to look, at a file that is there: nothing is written, be it by others or by nobody.

    Raises:
        BadSetting: When the file cannot be made or written, or is not there to look at.
        CorruptFile: When the file is something else, or damaged.
    """

    def __init__(self, path: str | Path, read_only: bool = False) -> None:
        self.path = Path(path).expanduser()
        if read_only and not self.path.is_file():
            raise BadSetting(f"there is no store {self.path}")
        if not read_only:
            check_place(self.path)
            if self.path.exists() and not os.access(self.path, os.W_OK):
                raise BadSetting(f"the store {self.path} may not be written to; choose another place")
        with self._explained():
            self._connection = self._looking() if read_only else self._connected(str(self.path))
            self._connection.text_factory = bytes
        try:
            with self._explained():
                self._check() if read_only else self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def append(self, unit: str, record: Record) -> bool:
        """Keep one record for good before returning; False when the unit has one already."""
        text = as_json(unit, record)
        with self._explained(), self.together():
            return self._append(unit.encode(), text.encode())

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        seen, question = (
            0,
            f"SELECT {self._columns('number, unit, record')} FROM records WHERE number > ? ORDER BY number",
        )
        with self._explained():
            while True:  # others may append meanwhile
                before = seen
                for number, unit, text, checksum in self._connection.execute(question, (seen,)):
                    if self._checked and number != seen + 1:
                        raise self._damaged(f"the record number {seen + 1} is lost")
                    record = self._content(number, unit, text, checksum)
                    if record is None:
                        raise self._damaged(f"the record of {_shown(unit, number)} is damaged")
                    seen = number
                    yield record
                if not self._checked or seen == (count := self._head()[0]):
                    return
                if seen > count or seen == before:
                    raise self._damaged(f"it should have {count:,} records, and has {seen:,}")

    def __len__(self) -> int:
        with self._explained():
            if self._checked:
                return self._head()[0]
            return int(self._connection.execute("SELECT count(*) FROM records").fetchone()[0])

    def __contains__(self, unit: object) -> bool:
        if not isinstance(unit, str):
            return False
        with self._explained():
            return self._connection.execute("SELECT 1 FROM records WHERE unit = ?", (unit,)).fetchone() is not None

    def note(self, name: str, value: Any) -> None:
        """Keep one fact, replacing an earlier one."""
        text = as_json(name, value)
        with self._explained(), self.together():
            checksum = _sum(0, name.encode(), text.encode())
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (name, text, checksum))
            self._keep_head(self._head()[0], self._notes_sum())

    def notes(self) -> dict[str, Any]:
        """Give every fact that was noted."""
        found: dict[str, Any] = {}
        with self._explained(), self.together("DEFERRED"):
            for row in self._connection.execute(f"SELECT {self._columns('name, value')} FROM notes ORDER BY name"):
                content = self._content(0, *row)
                if content is None:
                    raise self._damaged(f"the note {_shown(row[0], 0)} is damaged")
                found |= [content]
            if self._checked and self._head()[1] != self._notes_sum():
                raise self._damaged("notes are lost")
        return found

    @contextmanager
    def together(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        """Keep all that the block appends and notes, or nothing of it; faster than one by one."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute(f"BEGIN {kind}")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # else SQLite has done so
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    # ── what is whole of a damaged file ───────────────────────────────────────────────────────────────────────

    def whole_records(self) -> Iterator[tuple[str, Record | None]]:
        """Go through ``(unit, record)`` in order, with None for a record that is lost or damaged."""
        units = dict(self._whatever("SELECT number, unit FROM records ORDER BY unit"))  # which lie apart from records
        counted = self._checked
        try:
            last = self._head()[0] if counted else max(units, default=0)
        except (CorruptFile, sqlite3.Error):
            counted, last = False, self.path.stat().st_size // _SMALLEST
        question, lost = f"SELECT {self._columns('unit, record')} FROM records WHERE number = ?", list[int]()
        for number in range(1, last + 1):
            rows = self._whatever(question, (number,))
            if rows and (found := self._content(number, *rows[0])) is not None:
                yield from ((_shown(units.get(gap), gap), None) for gap in lost)
                yield found
                lost.clear()
            else:
                lost.append(number)
        yield from ((_shown(units.get(gap), gap), None) for gap in lost if counted or gap in units)

    def whole_notes(self) -> dict[str, Any]:
        """Give the notes that are whole."""
        question = f"SELECT {self._columns('name, value')} FROM notes ORDER BY name"
        rows = [*self._whatever(question), *self._whatever(f"{question} DESC")]
        return dict(filter(None, (self._content(0, *row) for row in rows)))

    def _whatever(self, question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask, and take what there is before SQLite finds the file damaged."""
        rows: list[tuple[Any, ...]] = []
        with suppress(sqlite3.Error):
            rows.extend(self._connection.execute(question, values))
        return rows

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _columns(self, names: str) -> str:
        """Name columns with the checksum, which version 0.1 had none of."""
        return f"{names}, {'checksum' if self._checked else 'NULL'}"

    def _content(self, number: int, name: Any, text: Any, checksum: Any) -> tuple[str, Any] | None:
        """Read a row; None when it is not what was written."""
        if not isinstance(name, bytes) or not isinstance(text, bytes):
            return None
        if self._checked and checksum != _sum(number, name, text):
            return None
        try:
            return name.decode(), json.loads(text)
        except (ValueError, RecursionError):  # of version 0.1, where nothing else says so
            return None

    def _append(self, unit: bytes, text: bytes) -> bool:
        records, notes = self._head()
        number = records + 1
        cursor = self._connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT (unit) DO NOTHING",
            (number, unit.decode(), text.decode(), _sum(number, unit, text)),
        )
        if cursor.rowcount == 1:
            self._keep_head(number, notes)
        return cursor.rowcount == 1

    def _head(self) -> tuple[int, bytes]:
        """Give how many records there are, and what stands for all notes."""
        rows = self._connection.execute("SELECT records, notes, checksum FROM head").fetchall()
        if len(rows) != 1 or not isinstance(rows[0][0], int) or rows[0][2] != _sum(rows[0][0], b"head", rows[0][1]):
            raise self._damaged("the number of its records is damaged")
        return rows[0][0], rows[0][1]

    def _keep_head(self, records: int, notes: bytes) -> None:
        values = (records, notes, _sum(records, b"head", notes))
        self._connection.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?)", values)

    def _notes_sum(self) -> bytes:
        sums = self._connection.execute("SELECT checksum FROM notes ORDER BY name").fetchall()
        return hashlib.sha256(b"".join(bytes(one) for (one,) in sums)).digest()

    def _damaged(self, what: str) -> CorruptFile:
        return CorruptFile(f"the store {self.path} is damaged: {what}; {_REMEDY.format(self.path)}")

    # ── the file ──────────────────────────────────────────────────────────────────────────────────────────────

    def _connected(self, where: str, uri: bool = False) -> sqlite3.Connection:
        return sqlite3.connect(where, timeout=_PATIENCE, isolation_level=None, uri=uri)

    def _looking(self) -> sqlite3.Connection:
        """Open the file without the right to write.

        Without a log beside it nobody has it open, and it is read as what cannot change: SQLite would make a log else,
        and could not remove it again.
        """
        logged = self.path.with_name(f"{self.path.name}-wal").exists()
        return self._connected(f"{self.path.absolute().as_uri()}?{'mode=ro' if logged else 'immutable=1'}", uri=True)

    def _prepare(self) -> None:
        """See that the file is ours and whole, or nobody's yet; only then write to it."""
        if self._version() is None:
            with self.together():
                if self._version() is None:  # else another process was faster
                    self._make()
        self._check()
        if (found := self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != b"ok":
            raise self._damaged(found.decode(errors="replace").replace("\n", " "))
        if not self._checked:
            with self.together():
                self._check()
                if not self._checked:  # else another process was faster
                    self._convert()
            self._check()
        self.notes()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk, not just in the system's hands

    def _make(self) -> None:
        for statement in _TABLES:
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        self._connection.execute(f"PRAGMA user_version = {_VERSION}")
        self._keep_head(0, self._notes_sum())

    def _convert(self) -> None:
        """Write what a file of version 0.1 has into tables with checksums."""
        records, notes = list(self), self.notes()
        for table in ("records", "notes"):
            self._connection.execute(f"DROP TABLE {table}")
        self._make()
        self._checked = True
        for unit, record in records:
            self._append(unit.encode(), as_json(unit, record).encode())
        for name, value in notes.items():
            self.note(name, value)

    def _check(self) -> None:
        """See that the file is ours."""
        version = self._version()
        if version is None:
            raise BadSetting(f"the store {self.path} is empty as yet; nobody has begun to fill it")
        self._checked = version == _VERSION

    def _version(self) -> int | None:
        """Give the version by which the file was made, by its header and its tables; None when it is still empty.

        Raises:
            CorruptFile: When it is something else.
        """
        with self.together("DEFERRED"):  # of one moment: another process may be making the file
            application, version = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
            )
            tables = {sql for (sql,) in self._connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
        if (application, version, tables) == (0, 0, set()):
            return None
        for known, texts in ((_FIRST, _FIRST_TABLES), (_VERSION, _TABLES)):
            if (application, version, tables) == (_APPLICATION, known, {text.encode() for text in texts}):
                return known
        raise CorruptFile(
            f"{self.path} is an SQLite file, but no store of this version of nasbed, or a damaged one; name another; "
            f"of one that is damaged {_REMEDY.format(self.path)}"
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences about the file."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            if code & 0xFF in _BUSY and code != sqlite3.SQLITE_IOERR_SHORT_READ:
                raise BadSetting(f"the store {self.path} cannot be used: {error}") from None
            raise CorruptFile(
                f"the store {self.path} is damaged or no store: {error}; {_REMEDY.format(self.path)}"
            ) from None


_SMALLEST = 64
"""Bytes that a record takes at least."""

_REMEDY = (
    "'nasbed status {} --salvage NEW.sqlite' writes what is whole into a new store, and the command that filled it "
    "measures the rest again with --redo-damaged"
)


def _sum(number: int, name: bytes, text: bytes) -> bytes:
    """Give the checksum of a record or a note."""
    return hashlib.sha256(b"%d %d " % (number, len(name)) + name + text).digest()


def _shown(unit: Any, number: int) -> str:
    """Name a record by its unit, if that can be read."""
    text = unit.decode(errors="replace") if isinstance(unit, bytes) else ""
    return text if text.isprintable() and text else f"number {number}"
