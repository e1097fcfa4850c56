"""SQLite: a store in one file, safe against crashes and for several processes at once.

Records are appended in transactions that are on the disk before ``append`` returns. While the file is open SQLite keeps
two more beside it (``-wal`` and ``-shm``), which the last process to leave folds in; after a crash the next one does.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import check_place
from nasbed.core.store import Record, Store, as_json

_APPLICATION = int.from_bytes(b"nasb")  # in the file's header: whose it is
_VERSION = 1
_PATIENCE = 60.0  # seconds for which another process's transaction is waited for
_TABLES = (
    "CREATE TABLE records (number INTEGER PRIMARY KEY, unit TEXT NOT NULL UNIQUE, record TEXT NOT NULL)",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
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
        try:
            with self._explained():
                self._check() if read_only else self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def append(self, unit: str, record: Record) -> bool:
        """Keep one record for good before returning; False when the unit has one already."""
        text = as_json(unit, record)
        with self._explained():
            cursor = self._connection.execute(
                "INSERT INTO records (unit, record) VALUES (?, ?) ON CONFLICT DO NOTHING", (unit, text)
            )
        return cursor.rowcount == 1

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        with self._explained():
            for unit, text in self._connection.execute("SELECT unit, record FROM records ORDER BY number"):
                yield unit, json.loads(text)

    def __len__(self) -> int:
        with self._explained():
            return int(self._connection.execute("SELECT count(*) FROM records").fetchone()[0])

    def __contains__(self, unit: object) -> bool:
        if not isinstance(unit, str):
            return False
        with self._explained():
            return self._connection.execute("SELECT 1 FROM records WHERE unit = ?", (unit,)).fetchone() is not None

    def note(self, name: str, value: Any) -> None:
        """Keep one fact, replacing an earlier one."""
        text = as_json(name, value)
        with self._explained():
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, text))

    def notes(self) -> dict[str, Any]:
        """Give every fact that was noted."""
        with self._explained():
            return {name: json.loads(text) for name, text in self._connection.execute("SELECT name, value FROM notes")}

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

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
        """See that the file is ours, or nobody's yet; only then write to it."""
        if self._owner() is None:
            with self._transaction():
                if self._owner() is None:  # else another process was faster
                    for statement in _TABLES:
                        self._connection.execute(statement)
        self._check()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk, not just in the system's hands

    def _check(self) -> None:
        """See that the file is ours."""
        owner = self._owner()
        if owner is None:
            raise BadSetting(f"the store {self.path} is empty as yet; nobody has begun to fill it")
        if owner != (_APPLICATION, _VERSION):
            raise CorruptFile(f"{self.path} is an SQLite file, but no store of this version of nasbed; name another")

    def _owner(self) -> tuple[int, int] | None:
        """Give the marks in the file's header; None when the file is still empty."""
        tables, application, version = (
            self._connection.execute(question).fetchone()[0]
            for question in ("SELECT count(*) FROM sqlite_master", "PRAGMA application_id", "PRAGMA user_version")
        )
        return (application, version) if tables else None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences about the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise CorruptFile(f"the store {self.path} is damaged or no store: {error}; name another") from None
            raise BadSetting(f"the store {self.path} cannot be used: {error}") from None
