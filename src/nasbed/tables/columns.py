"""The columns of a table: those of its own file and those that lie beside it, in companions.

Companions are files beside a table that keep columns of it, ``NAME.ROOM.arrow`` beside ``NAME.arrow``.

A large table keeps what no search reads in the room ``cold``, and knows the checksum of that file. Other rooms are
attached later, without the table being written again. A companion says which architectures its rows are, by the
checksum of the column that says so: so it serves every table of those, and is never taken for one of others. A table
without its companions answers everything else.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotInTable, UnknownName
from nasbed.core.files import replacing
from nasbed.tables.column import Column, Measure
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import ColumnFile, NotColumns
from nasbed.tables.legacy import open_columns

_ROOM = re.compile(r"[A-Za-z0-9_-]+")


class TableFile:
    """A table's file and its companions, read column by column.

    Args:
        file: The table's file.
    """

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self.path, self.metadata, self.checksum = file.path, file.metadata, file.checksum
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self.file)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """What each column that can be read holds, by the column's name."""
        return {
            name: Measure.of(about)
            for name, (_, about) in self._described.items()
            if about["encoding"]["kind"] != "text"
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of results that can be read, those beside the table included."""
        return tuple(self._described)

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of the columns that were put beside the table after it was made."""
        return tuple(name for name in self._described if name not in self.metadata["columns"])

    @property
    def missing(self) -> dict[str, str]:
        """Columns that the table was written with and that cannot be read, with the reason: their file is not there."""
        described = self.metadata["columns"].items()
        return {name: self.faults[about["beside"]] for name, about in described if name not in self._described}

    @property
    def companions(self) -> dict[str, ColumnFile]:
        """The files that lie beside the table and belong to it, by room."""
        return self._found[0]

    @property
    def faults(self) -> dict[str, str]:
        """Why what should lie beside the table, or does, is not read, by room."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[dict[str, ColumnFile], dict[str, str]]:
        return find_companions(self.file)

    @cached_property
    def _described(self) -> dict[str, tuple[ColumnFile, dict[str, Any]]]:
        """The file of each column, and what is said of it, the table's own first."""
        found = {}
        for name, about in self.metadata["columns"].items():
            room = about.get("beside")
            if room is None or room in self.companions:
                found[name] = (self.file if room is None else self.companions[room]), about
        for companion in self.companions.values():
            found |= {name: (companion, about) for name, about in companion.columns.items() if name not in found}
        return found

    def column(self, name: str) -> Column:
        """Return a column of results.

        Raises:
            NotInTable: When a file beside the table that has it, or may have it, is missing or damaged.
            UnknownName: When there is none of that name.
        """
        if name not in self._columns:
            if name in self.missing:
                raise NotInTable(
                    f"{name} of {self.path.name} cannot be read: {self.missing[name]}. Put the file that was "
                    "written with the table beside it again, or make the table anew"
                )
            if name not in self._described and self.faults:
                beside = "; ".join(self.faults.values())
                raise NotInTable(f"no column of {self.path.name} that can be read is called {name!r}: {beside}")
            if name not in self._described:
                raise UnknownName("column of the table", name, self.columns)
            file, about = self._described[name]
            measure, encoding = Measure.of(about), Encoding(**about["encoding"])
            shape = (len(self), *measure.shape) if encoding.kind != "text" else (-1,)
            cold = about.get("cold")
            if not cold and not encoding.level and (found := file.stored(name).array.shape[1:]) != measure.shape:
                raise CorruptFile(f"{self.path}: the column {name} is of the shape {found}, not {measure.shape}")
            load = (lambda: file.thawed(name, encoding, shape)) if cold else (lambda: file.stored(name))
            self._columns[name] = Column(name, measure, encoding, load, about.get("whole", False))
        return self._columns[name]


def companion_path(table: Path, room: str) -> Path:
    """Return the place of a table's companion.

    Raises:
        BadSetting: When no room can have that name.
    """
    if not _ROOM.fullmatch(room):
        raise BadSetting(f"{room!r} cannot name what lies beside a table; take letters, digits, _ and -")
    return table.with_name(f"{table.stem}.{room}.arrow")


def find_companions(table: ColumnFile) -> tuple[dict[str, ColumnFile], dict[str, str]]:
    """Open what lies beside a table.

    Returns:
        The companions by room; and by room why what is there, or should be, is none.
    """
    found: dict[str, ColumnFile] = {}
    needed = {about["beside"] for about in table.metadata["columns"].values() if "beside" in about}
    faults = {room: f"there is no {companion_path(table.path, room)}" for room in needed}
    for room, path in _places(table.path).items():
        try:
            companion = open_columns(path)
        except NotColumns:  # another program's file of a similar name
            continue
        except NasbedError as error:
            faults[room] = str(error)
            continue
        written = table.metadata.get("beside", {}).get(room)
        if "room" not in companion.metadata:
            continue
        if companion.metadata["of"] != table.metadata["of"]:
            faults[room] = f"{path} is about other architectures than those of {table.path.name}"
        elif written not in (None, companion.checksum, companion.metadata.get("columns_checksum")):
            faults[room] = f"{path} was not written with {table.path.name}"
        else:
            found[room] = companion
            faults.pop(room, None)
    return found, faults


def check_room(path: Path) -> None:
    """See that a companion can take a place.

    Raises:
        BadSetting: When a file is there that is no companion.
    """
    if path.exists() and not is_companion(path):
        raise BadSetting(f"{path} is in the way, and is not what lies beside a table; move it, or take another name")


def is_companion(path: Path) -> bool:
    """Say whether a file is there that is a companion of some table."""
    try:
        return path.exists() and "room" in open_columns(path).metadata
    except NasbedError:
        return False


def copy_companions(companions: Mapping[str, ColumnFile], table: Path) -> None:
    """Copy companions to where a table is or will be.

    Raises:
        BadSetting: When something else is there.
    """
    places = {room: companion_path(table, room) for room in companions}
    for place in places.values():
        check_room(place)
    for room, place in places.items():
        with replacing(place) as part:
            shutil.copyfile(companions[room].path, part)


def move_table(source: Path, target: Path) -> None:
    """Rename a table and all that lies beside it, the table last: whoever finds it finds all of it."""
    for room, path in _places(source).items():
        path.replace(companion_path(target, room))
    source.replace(target)


def _places(table: Path) -> dict[str, Path]:
    """Return the files beside a table that may be its companions, by room."""
    found = sorted(table.parent.glob(f"{escape(table.stem)}.*.arrow"))
    rooms = {path.name[len(table.stem) + 1 : -len(".arrow")]: path for path in found}
    return {room: path for room, path in rooms.items() if _ROOM.fullmatch(room) and path != table}
