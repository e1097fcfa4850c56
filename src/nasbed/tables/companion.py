"""Companions: files beside a table that keep columns of it, ``NAME.ROOM.arrow`` beside ``NAME.arrow``.

A large table keeps what no query reads in the room ``cold``, and has the checksum of each such column. Other rooms are
attached later, without the table being written again. A companion says which modules its rows are, by the checksum of
their hashes in their order (in a table of curves, of their numbers): so it serves every table of those modules, and is
never taken for one of others. A table without its companions answers everything else.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Any

import pyarrow as pa

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError
from nasbed.core.files import replacing
from nasbed.tables.column_file import Block, ColumnFile, NotColumns, write_columns

_ROOM = re.compile(r"[A-Za-z0-9_-]+")


def companion_path(table: Path, room: str) -> Path:
    """Give the place of a table's companion.

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
    faults = {room: f"there is no {companion_path(table.path, room)}" for room in _rooms(table)}
    for room, path in _places(table.path).items():
        try:
            companion = ColumnFile.open(path)
            if "room" in companion.metadata:
                _check(companion, room, table)
                found[room] = companion
                faults.pop(room, None)
        except NotColumns:  # another program's file of a similar name
            pass
        except NasbedError as error:
            faults[room] = str(error)
    return found, faults


def write_companion(
    path: Path, room: str, modules: str, arrays: Mapping[str, pa.Array], blocks: Mapping[str, Block], columns: Any
) -> dict[str, str]:
    """Write a companion of a table whose hashes have the checksum ``modules``; give the checksums of its columns."""
    return write_columns(path, arrays, blocks, {"room": room, "modules": modules, "columns": columns})


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
        return path.exists() and "room" in ColumnFile.open(path).metadata
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
    """Give the files beside a table that may be its companions, by room."""
    found = sorted(table.parent.glob(f"{escape(table.stem)}.*.arrow"))
    rooms = {path.name[len(table.stem) + 1 : -len(".arrow")]: path for path in found}
    return {room: path for room, path in rooms.items() if _ROOM.fullmatch(room) and path != table}


def _rooms(table: ColumnFile) -> dict[str, list[str]]:
    """Give the columns that a table was written with and does not have itself, by room."""
    rooms: dict[str, list[str]] = {}
    for name, about in table.metadata["columns"].items():
        if "beside" in about:
            rooms.setdefault(about["beside"], []).append(name)
    return rooms


def _check(companion: ColumnFile, room: str, table: ColumnFile) -> None:
    """See that a companion is what it should be to its table.

    Raises:
        CorruptFile: Saying what is wrong.
    """
    written, checksums = table.metadata["checksums"], companion.metadata["checksums"]
    if companion.metadata["modules"] != written[table.metadata.get("rows", "hash")]:
        raise CorruptFile(f"{companion.path} is about other modules than those of {table.path.name}")
    for name in _rooms(table).get(room, []):
        if checksums.get(name) != written[name]:
            raise CorruptFile(f"{companion.path} was not written with {table.path.name}: its {name} is another")
    if "budgets" in table.metadata:  # a table of curves has columns of many shapes, and looks at them itself
        rows = len(table)
        companion.check((), (rows,), (rows, len(table.metadata["budgets"]), table.metadata["repeats"]))
