"""The columns of a table: those of its own file and those that lie beside it, in companions.

Companions are files beside a table that keep columns of it, ``NAME.ROOM.arrow`` beside ``NAME.arrow``.

A large table keeps what no search reads in the room ``cold``, and knows the checksum of that file. Other rooms are
attached later, without the table being written again. A companion says which architectures its rows are, by the
checksum of the column that says so: so it serves every table of those, and is never taken for one of others. A table
without its companions answers everything else.

Files of nasbed 0.1, tables of both kinds that there were, are opened as what they are now.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from glob import escape
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile, NasbedError, NotInTable, UnknownName
from nasbed.core.files import replacing
from nasbed.tables.column import Column, Measure
from nasbed.tables.encoding import Encoding
from nasbed.tables.file import COLD, FORMAT, ColumnFile, NotColumns
from nasbed.tables.published import PARAMETERS, run_measure, training_measure

_ROOM = re.compile(r"[A-Za-z0-9_-]+")
_COSTS = ("s", "ms", "mJ", "million")  # units of what a device or a network costs, in files of nasbed 0.1


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


# ── files, those of nasbed 0.1 as what they are now ───────────────────────────────────────────────────────────────────


def open_columns(path: Path) -> ColumnFile:
    """Map a file of columns; see ``ColumnFile.open``."""
    file = ColumnFile.open(path)
    return file if file.metadata["format"] == FORMAT else replace(file, metadata=_translated(file.metadata))


def _translated(found: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a table, or of what lies beside one, as they are written now."""
    checksums, given = found["checksums"], found["columns"]
    columns = {name: _described(name, about, found) for name, about in given.items()}
    if "room" in found:
        return {**found, "of": found["modules"], "columns": columns, "columns_checksum": _joined(checksums, given)}
    curves, cold = found.get("kind") == "curves", [name for name, about in given.items() if "beside" in about]
    if not curves:
        parameters = {**PARAMETERS.to_dict(), "encoding": {"kind": "whole"}, "whole": True}
        columns = {"trainable_parameters": parameters, **columns}
    return {
        **found,
        "rows": "index" if curves else "hash",
        "continues": curves,
        "failed": not curves,
        "of": checksums["index" if curves else "hash"],
        "beside": {COLD: _joined(checksums, cold)} if cold else {},
        "columns": columns,
    }


def _described(name: str, about: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Say what a column holds."""
    if about["encoding"]["kind"] == "text" and about.get("count"):
        measure = Measure(name, role="detail")
    elif "hp" in about:
        seeds = {(group["hp"], group["data"]): group["seeds"] for group in found.get("groups", ())}
        epochs, split = about["epochs"], about["split"]
        after = epochs if epochs is None or split is None else [epoch + 1 for epoch in epochs]
        axis = seeds.get((about["hp"], about["data"]), ())
        measure = run_measure(about["hp"], about["data"], split, about["metric"], axis, after)
    elif about["scalar"] or "budgets" not in found:
        data, _, metric = name.rpartition("/")
        role = "cost" if about["unit"] in _COSTS else "detail"
        measure = Measure(metric, data=data, unit=about["unit"], role=role, meaning=about["meaning"])
    else:
        provenance = found["provenance"]
        published = str(provenance.get("source", "")).startswith(("published", "not a published"))
        data = "cifar10" if published else provenance.get("data", "")
        measure = training_measure(name, found["budgets"], found["repeats"], data)
    said = {**measure.to_dict(), **{key: about[key] for key in ("unit", "meaning") if about.get(key)}}
    return {**said, **{key: about[key] for key in ("encoding", "cold", "beside", "whole") if key in about}}


def _joined(checksums: Mapping[str, str], names: Iterable[str]) -> str:
    """Return one checksum for those of some columns."""
    return hashlib.sha256("".join(f"{name} {checksums[name]}\n" for name in sorted(names)).encode()).hexdigest()
