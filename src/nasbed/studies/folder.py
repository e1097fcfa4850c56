"""A study's folder: a Parquet file a cell, and, until all runs of a cell are there, one for each part of it.

The folder is the store of a campaign: a file is a record, there whole or not at all. A cell's file is known by the hash
of what it is made of, so that a changed study finds what it can use again, and takes nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.files import replacing
from nasbed.core.store import Record, Store, as_json
from nasbed.studies.cell import Cell
from nasbed.studies.merging import merged

NOTES = "study.json"
_HASH = re.compile(r"-([0-9a-f]{16})\.parquet")
_PART = re.compile(r"([0-9a-f]{16})-(\d+)\.parquet")


@dataclass(frozen=True)
class Unit:
    """Some runs of a cell.

    Attributes:
        cell: Which.
        first: The number of the first run.
        count: How many.
    """

    cell: Cell
    first: int
    count: int

    @property
    def name(self) -> str:
        """What the campaign knows it by."""
        return f"{self.cell.hash}-{self.first}"


def units_of(cells: Sequence[Cell], part: int) -> dict[str, Unit]:
    """Divide cells into parts of so many runs at most, by name, in order."""
    units = (Unit(cell, first, count) for cell in cells for first, count in cell.parts(part))
    return {unit.name: unit for unit in units}


class StudyFolder(Store):
    """The store of a study.

    Args:
        path: The folder; it is made if need be.
        units: All parts of all cells that the study has.
    """

    def __init__(self, path: Path, units: Mapping[str, Unit]) -> None:
        self.path, self._units = path, units
        self._cells, self._parts = path / "cells", path / "parts"
        self.failures: dict[str, str] = {}
        """Why parts could not be played, by unit."""
        self._parts_of: dict[str, list[Unit]] = {}
        for unit in units.values():
            self._parts_of.setdefault(unit.cell.hash, []).append(unit)
        try:
            for folder in (self._cells, self._parts):
                folder.mkdir(parents=True, exist_ok=True)
                for unfinished in folder.glob(".*.part"):  # of a process that was killed while it wrote
                    unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise BadSetting(f"no folder can be made at {path}: {error.strerror}; choose another place") from None
        self._files = {h: file for h, file in cell_files(path).items() if self._is_whole(h, file)}
        self._waiting = {file.stem for file in self._parts.glob("*.parquet") if self._fits(file)}
        for parts in self._parts_of.values():
            self._merge(parts)  # a process may have ended just before

    # ── what is there ─────────────────────────────────────────────────────────────────────────────────────────

    def _is_whole(self, hash_: str, file: Path) -> bool:
        """Say whether a file that the study wants can be read and is what its name says; what is not is moved aside."""
        if hash_ not in self._parts_of:
            return False
        try:
            made = about_of(file)["info"]["study"]
            if made["hash"] == hash_:
                return True
        except CorruptFile:
            pass
        file.rename(file.with_suffix(".damaged"))
        return False

    def _fits(self, file: Path) -> bool:
        """Say whether a part has the runs that it should have: another study may have divided its cells otherwise."""
        unit = self._units.get(file.stem)
        if unit is None:
            return False
        try:
            return bool(about_of(file)["shape"][1] == unit.count)
        except CorruptFile:
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

    @cached_property
    def whole(self) -> dict[str, Path]:
        """Give the file of each of the study's cells that is done, by hash."""
        return dict(self._files)

    # ── what comes ────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, unit: str, record: Record) -> bool:
        """Keep a part's file; with the last of its parts a cell gets its own. What failed is left to be done again."""
        if record["error"] is not None:
            self.failures[unit] = str(record["error"])
            return False
        if unit in self:
            return False
        parts = self._parts_of[self._units[unit].cell.hash]
        if len(parts) == 1:
            self._put(self._cells / parts[0].cell.file, record["value"])
            self._files[parts[0].cell.hash] = self._cells / parts[0].cell.file
            return True
        self._put(self._parts / f"{unit}.parquet", record["value"])
        self._waiting.add(unit)
        self._merge(parts)
        return True

    def _merge(self, parts: Sequence[Unit]) -> None:
        """Make a cell's file once all its parts are there, and let go of them."""
        cell = parts[0].cell
        if cell.hash in self._files or not all(unit.name in self._waiting for unit in parts):
            return
        files = {unit.first: self._parts / f"{unit.name}.parquet" for unit in parts}
        self._put(self._cells / cell.file, merged({first: file.read_bytes() for first, file in files.items()}))
        self._files[cell.hash] = self._cells / cell.file
        for file in files.values():
            file.unlink(missing_ok=True)

    def _put(self, path: Path, content: bytes) -> None:
        with replacing(path) as beside:
            beside.write_bytes(content)

    def note(self, name: str, value: Any) -> None:
        """Keep a fact of the whole study."""
        with replacing(self.path / NOTES) as beside:
            beside.write_text(as_json(name, {**self.notes(), name: value}) + "\n")

    def notes(self) -> dict[str, Any]:
        """Give every fact that was noted."""
        return notes_of(self.path)


def notes_of(path: Path) -> dict[str, Any]:
    """Give what a study's folder notes; nothing where there is no study.

    Raises:
        CorruptFile: When its notes cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads((path / NOTES).read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CorruptFile(f"{path / NOTES} is not what nasbed notes of a study: {error}") from None
    return found


def cell_files(path: Path) -> dict[str, Path]:
    """Give the cells' files in a folder, of this study or of an earlier form of it, by the hash in their names."""
    matches = ((_HASH.search(file.name), file) for file in sorted((path / "cells").glob("*.parquet")))
    return {match[1]: file for match, file in matches if match}


def about_of(file: Path) -> dict[str, Any]:
    """Read what a Parquet file says of itself, and nothing else of it.

    Raises:
        CorruptFile: When it cannot be read or was not written by nasbed.
    """
    try:
        found: dict[str, Any] = json.loads(pq.read_schema(file).metadata[b"nasbed"])
        if not isinstance(found["info"]["study"]["hash"], str) or not isinstance(found["shape"][1], int):
            raise ValueError("it does not say what it is made of")
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError, IndexError) as error:
        raise CorruptFile(f"{file} is not a study's file: {error}") from None
    return found
