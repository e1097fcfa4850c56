"""Companions: files beside a table that keep columns of it, ``NAME.ROOM.arrow`` beside ``NAME.arrow``.

A large table keeps what no search reads in the room ``cold``, and knows the checksum of that file. Other rooms are
attached later, without the table being written again. A companion says which architectures its rows are, by the
checksum of the column that says so: so it serves every table of those, and is never taken for one of others. A table
without its companions answers everything else.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from glob import escape
from pathlib import Path

from nasbed.core.errors import BadSetting, NasbedError
from nasbed.core.files import replacing
from nasbed.tables.file import ColumnFile, NotColumns
from nasbed.tables.legacy import open_columns

_ROOM = re.compile(r"[A-Za-z0-9_-]+")


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
