"""A study's folder: a Parquet file a cell, and, until all runs of a cell are there, one for each part of it.

The folder is the store of a campaign: a file is a record, there whole or not at all. A cell's file is known by the hash
of what it is made of, so that a changed study finds what it can use again, and takes nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from nasbed.core.checked import read_json, write_json
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import put, remove_left
from nasbed.core.locks import holder
from nasbed.core.store import SALVAGED, Record, Store, as_json
from nasbed.run import rows_file
from nasbed.run.rows_file import ABOUT
from nasbed.studies.work import written

NOTES = "study.json"
DAMAGED = ".damaged"
"""How a file ends that was moved aside."""

PLAYED_AGAIN = "run the study again, and it moves the file aside and plays it again"
_FOUND_AGAIN = "run the study again, and it moves the file aside and finds its cells without it"
_HASH = re.compile(r"-([0-9a-f]{16})\.parquet")


class Playable(Protocol):
    """A cell: what a study has a file for, of one run or more."""

    @property
    def runs(self) -> int:
        """How many runs it has."""
        ...

    @property
    def hash(self) -> str:
        """16 hexadecimal digits that stand for everything that decides what its file holds."""
        ...

    @property
    def file(self) -> str:
        """Its file's name, which ends with ``-HASH.parquet``."""
        ...


@dataclass(frozen=True)
class Unit:
    """Some runs of a cell.

    Attributes:
        cell: Which.
        first: The number of the first run.
        count: How many.
    """

    cell: Playable
    first: int
    count: int

    @property
    def name(self) -> str:
        """What the campaign knows it by."""
        return f"{self.cell.hash}-{self.first}"


def units_of(cells: Sequence[Playable], part: int) -> dict[str, Unit]:
    """Divide cells into parts of so many runs at most, by name, in order."""
    units = (Unit(cell, i, min(part, cell.runs - i)) for cell in cells for i in range(0, cell.runs, part))
    return {unit.name: unit for unit in units}


class StudyFolder(Store):
    """The store of a study.

    Args:
        path: The folder; it is made if need be.
        units: All parts of all cells that the study has.
        file_of: Takes the file of a part, by its name, out of a record's value; it is the value, if not given.
    """

    def __init__(
        self, path: Path, units: Mapping[str, Unit], file_of: Callable[[str, Any], bytes] | None = None
    ) -> None:
        self.path, self._units, self._file_of = path, units, file_of
        if (path / "comparison.json").exists():
            raise BadSetting(f"{path} holds a comparison; give this study a folder of its own, with --out")
        self._cells, self._parts = path / "cells", path / "parts"
        self.failures: dict[str, str] = {}
        """Why parts could not be played, by unit."""
        self._parts_of: dict[str, list[Unit]] = {}
        for unit in units.values():
            self._parts_of.setdefault(unit.cell.hash, []).append(unit)
        try:
            for folder in (self._cells, self._parts):
                folder.mkdir(parents=True, exist_ok=True)
                remove_left(folder)
        except OSError as error:
            raise BadSetting(f"no folder can be made at {path}: {error.strerror}; choose another place") from None
        try:
            notes_of(path)
        except CorruptFile:
            (path / NOTES).replace((path / NOTES).with_suffix(DAMAGED))
            self.note(SALVAGED, True)
        self._files = {h: file for h, file in cell_files(path).items() if self._is_whole(h, file)}
        self._waiting = {file.stem for file in self._parts.glob("*.parquet") if self._fits(file)}
        for parts in self._parts_of.values():
            self._merge(parts)  # a process may have ended just before

    # ── what is there ─────────────────────────────────────────────────────────────────────────────────────────

    def _is_whole(self, hash_: str, file: Path) -> bool:
        """Say whether a file that the study wants is whole and what its name says; what is not is moved aside."""
        wanted, whole = hash_ in self._parts_of, _is_whole(hash_, file)
        if wanted and not whole:
            file.replace(file.with_suffix(DAMAGED))
        return wanted and whole

    def _fits(self, file: Path) -> bool:
        """Say whether a part has the runs that it should have: another study may have divided its cells otherwise."""
        unit = self._units.get(file.stem)
        if unit is None:
            return False
        try:
            return bool(about_of(file)["shape"][1] == unit.count)
        except CorruptFile:
            file.replace(file.with_suffix(DAMAGED))
            return False

    def __contains__(self, unit: object) -> bool:
        known = self._units.get(str(unit))
        return known is not None and (known.cell.hash in self._files or known.name in self._waiting)

    def __len__(self) -> int:
        return sum(unit in self for unit in self._units)

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        for name in self._units:
            if name in self:
                yield name, {"unit": name, "error": None}

    # ── what comes ────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, unit: str, record: Record) -> bool:
        """Keep a part's file; with the last of its parts a cell gets its own. What failed is left to be done again."""
        if record["error"] is not None:
            self.failures[unit] = str(record["error"])
            return False
        if unit in self:
            return False
        parts = self._parts_of[self._units[unit].cell.hash]
        content = record["value"] if self._file_of is None else self._file_of(unit, record["value"])
        if len(parts) == 1:
            put(self._cells / parts[0].cell.file, content)
            self._files[parts[0].cell.hash] = self._cells / parts[0].cell.file
            return True
        put(self._parts / f"{unit}.parquet", content)
        self._waiting.add(unit)
        self._merge(parts)
        return True

    def _merge(self, parts: Sequence[Unit]) -> None:
        """Make a cell's file once all its parts are there, and let go of them."""
        cell = parts[0].cell
        if cell.hash in self._files or not all(unit.name in self._waiting for unit in parts):
            return
        files = {unit.first: self._parts / f"{unit.name}.parquet" for unit in parts}
        tables = {first: rows_file.read(file, PLAYED_AGAIN) for first, file in files.items()}
        put(self._cells / cell.file, merged(tables))
        self._files[cell.hash] = self._cells / cell.file
        for file in files.values():
            file.unlink(missing_ok=True)

    def note(self, name: str, value: Any) -> None:
        """Keep a fact of the whole study."""
        as_json(name, value)
        write_json(self.path / NOTES, {**self.notes(), name: value})

    def notes(self) -> dict[str, Any]:
        """Give every fact that was noted."""
        return notes_of(self.path)


def notes_of(path: Path) -> dict[str, Any]:
    """Give what a study's folder notes; nothing where there is no study.

    Raises:
        CorruptFile: When its notes are damaged.
    """
    if not (path / NOTES).exists():
        return {}
    return read_json(path / NOTES, "what nasbed notes of a study", _FOUND_AGAIN)


def cell_files(path: Path) -> dict[str, Path]:
    """Give the cells' files in a folder, of this study or of an earlier form of it, by the hash in their names."""
    matches = ((_HASH.search(file.name), file) for file in sorted((path / "cells").glob("*.parquet")))
    return {match[1]: file for match, file in matches if match}


def damaged_files(path: Path) -> list[Path]:
    """Give the files that were found to be damaged and moved aside."""
    return sorted(path.rglob(f"*{DAMAGED}"))


def about_of(file: Path) -> dict[str, Any]:
    """Read what a cell's or a part's file says of itself, and see that the file is whole.

    Raises:
        CorruptFile: When it is damaged or was not written by nasbed.
    """
    found = rows_file.said_of(file, PLAYED_AGAIN)
    try:
        if not isinstance(found["info"]["study"]["hash"], str) or not isinstance(found["shape"][1], int):
            raise ValueError("it does not say what it is made of")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CorruptFile(f"{file} is not a study's file: {error}") from None
    return found


def merged(parts: Mapping[int, pa.Table]) -> bytes:
    """Put the rows of parts, given by the numbers of their first runs, one after the other."""
    tables = [parts[first] for first in sorted(parts)]
    abouts = [json.loads(table.schema.metadata[ABOUT]) for table in tables]
    fullest = max(tables, key=lambda table: len(table.column_names))
    rows = pa.concat_tables([_filled(table, fullest, about) for table, about in zip(tables, abouts, strict=True)])
    steps, runs = zip(*(about["shape"] for about in abouts), strict=True)
    whole = {**abouts[0], "shape": [max(steps), sum(runs)]}  # all else is what the first part says
    return written(rows.combine_chunks().replace_schema_metadata({ABOUT: json.dumps(whole)}))


def _filled(table: pa.Table, like: pa.Table, about: dict[str, Any]) -> pa.Table:
    """Add the columns that a part lacks because its runs ended before a search had anything to write into them."""
    for i, name in enumerate(like.column_names):
        if name not in table.column_names:
            kind = like.schema.field(name).type
            info = about["info"]
            usual = info["epochs"] or info["benchmark"]["budgets"][-1]
            value = {"parents": [-1, -1], "fidelity": usual}[name]
            table = table.add_column(i, name, pa.array([value] * len(table), kind))
    return table


@dataclass(frozen=True)
class StudyStanding:
    """How far a study is.

    Attributes:
        path: The folder.
        study: Its name.
        cells: How many it asked for when it was last begun.
        done: How many of them have their file.
        waiting: Parts of cells that are not whole yet.
        stale: Files of cells that it does not ask for any more.
        damaged: Files that are damaged, whether they were moved aside yet or not.
        failures: Why parts could not be played, by unit.
        sessions: Executor, workers, command and beginning of each session.
        running: ``process`` and ``machine`` of the command that works on it; None when none does.
    """

    path: Path
    study: str
    cells: int
    done: int
    waiting: int
    stale: int
    damaged: list[Path]
    failures: dict[str, str]
    sessions: list[dict[str, Any]]
    running: dict[str, Any] | None

    @classmethod
    def of(cls, path: str | Path) -> StudyStanding:
        """Read a folder, and write nothing.

        Raises:
            BadSetting: When no study was begun there.
            CorruptFile: When its notes are damaged.
        """
        path = Path(path).expanduser()
        notes = notes_of(path)
        if "plan" not in notes or "cells" not in notes:
            raise BadSetting(f"{path} is not the folder of a study")
        files = cell_files(path)
        wanted, there = set(notes["cells"]), {hash_ for hash_, file in files.items() if _is_whole(hash_, file)}
        damaged = [*damaged_files(path), *(files[hash_] for hash_ in sorted(set(files) - there))]
        return cls(
            path,
            notes["plan"]["study"],
            len(wanted),
            len(wanted & there),
            sum(file.name[:16] in wanted for file in (path / "parts").glob("*.parquet")),
            len(there - wanted),
            damaged,
            dict(notes.get("failures", {})),
            list(notes.get("sessions", [])),
            holder(path / NOTES),
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        return {
            "folder": str(self.path),
            "study": self.study,
            "cells": self.cells,
            "done": self.done,
            "waiting_parts": self.waiting,
            "stale_files": self.stale,
            "damaged": list(map(str, self.damaged)),
            "failures": self.failures,
            "running": self.running,
            "sessions": self.sessions,
            "command": self.sessions[-1]["command"] if self.sessions else None,
        }


def _is_whole(hash_: str, file: Path) -> bool:
    try:
        return bool(about_of(file)["info"]["study"]["hash"] == hash_)
    except CorruptFile:
        return False
