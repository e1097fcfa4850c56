"""The columns of a table: those of its own file and those that lie beside it, in companions.

Companions are files beside a table, ``NAME.ROOM.arrow`` beside ``NAME.arrow``, with columns that were attached later,
without the table being written again. A companion says which architectures its rows are, by the checksum of the column
that says so: so it serves every table of those, and is never taken for one of others.

Large tables of earlier versions keep what no search reads in the room ``cold``, and know the checksum of that file;
without it they answer everything else. Files of nasbed 0.1, tables of both kinds that there were, are opened as what
they are now.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from glob import escape
from pathlib import Path
from typing import Any, NamedTuple

from nasbed.core.errors import BadSetting, NasbedError, NotInTable, UnknownName
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
        self.provenance: dict[str, Any] = file.metadata["provenance"]
        self.continues: bool = file.metadata.get("continues", False)
        """Whether a short training is the beginning of a longer one: the epochs of one recipe are its budgets."""
        self.by_key: bool = file.metadata.get("by_key", False)
        """Whether a row stands for all architectures with its ``key``."""

    def __len__(self) -> int:
        return len(self.file)

    @cached_property
    def beside(self) -> Beside:
        """What lies beside the table, or should."""
        return find_companions(self.file)

    @cached_property
    def _columns(self) -> dict[str, Column]:
        """The columns that can be read, the table's own first."""
        files: dict[Any, ColumnFile] = {None: self.file, **self.beside.companions}
        found: dict[str, Column] = {}
        for name, about in self.metadata["columns"].items():
            if about.get("beside") in files:
                found[name] = self._column(files[about.get("beside")], name, about)
        for companion in self.beside.companions.values():
            for name, about in companion.columns.items():
                if name not in found:
                    found[name] = self._column(companion, name, about)
        return found

    def _column(self, file: ColumnFile, name: str, about: dict[str, Any]) -> Column:
        """Return a column of a file by what is said of it."""
        measure, encoding = Measure.of(about), Encoding(**about["encoding"])
        shape = (len(self), *(measure.shape[:-1] if encoding.level else measure.shape))
        load = partial(file.thawed, name, encoding, shape) if about.get("cold") else partial(file.stored, name, shape)
        return Column(name, measure, encoding, load, about.get("whole", False))

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """What each column that can be read holds, by the column's name; those of texts left out."""
        return {name: column.measure for name, column in self._columns.items() if column.encoding.kind != "text"}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of results that can be read, those beside the table included."""
        return tuple(self._columns)

    @property
    def attached(self) -> tuple[str, ...]:
        """The names of the columns that were put beside the table after it was made."""
        return tuple(name for name in self._columns if name not in self.metadata["columns"])

    @property
    def missing(self) -> dict[str, str]:
        """Columns that the table was written with and that cannot be read, with the reason: their file is not there."""
        own = self.metadata["columns"].items()
        return {name: self.beside.faults[about["beside"]] for name, about in own if name not in self._columns}

    def column(self, name: str) -> Column:
        """Return a column of results.

        Raises:
            NotInTable: When a file beside the table that has it, or may have it, is missing or damaged.
            UnknownName: When there is none of that name.
        """
        if name in self._columns:
            return self._columns[name]
        if self.beside.faults:
            reason = self.missing.get(name) or "; ".join(self.beside.faults.values())
            raise NotInTable(
                f"{name} of {self.path.name} cannot be read: {reason}. Put the file that was written with the table "
                "beside it again, or make the table anew"
            )
        raise UnknownName("column of the table", name, self.columns)


class Beside(NamedTuple):
    """The companions of a table, by room; and by room why what is there, or should be, is none."""

    companions: dict[str, ColumnFile]
    faults: dict[str, str]


def companion_path(table: Path, room: str) -> Path:
    """Return the place of a table's companion.

    Raises:
        BadSetting: When no room can have that name.
    """
    if not _ROOM.fullmatch(room):
        raise BadSetting(f"{room!r} cannot name what lies beside a table; take letters, digits, _ and -")
    return table.with_name(f"{table.stem}.{room}.arrow")


def find_companions(table: ColumnFile) -> Beside:
    """Open what lies beside a table."""
    found: dict[str, ColumnFile] = {}
    written = table.metadata.get("beside", {})
    faults = {room: f"there is no {companion_path(table.path, room)}" for room in written}
    for room, path in _places(table.path).items():
        if room == COLD and room not in written:  # of a table that was here before
            continue
        try:
            companion = open_columns(path)
        except NotColumns:  # another program's file of a similar name
            continue
        except NasbedError as error:
            faults[room] = str(error)
            continue
        if "room" not in companion.metadata:
            continue
        if companion.metadata["of"] != table.metadata["of"]:
            faults[room] = f"{path} is about other architectures than those of {table.path.name}"
        elif written.get(room) not in (None, companion.checksum, companion.metadata.get("checksums")):
            faults[room] = f"{path} was not written with {table.path.name}"
        else:
            found[room] = companion
            faults.pop(room, None)
    return Beside(found, faults)


def check_room(path: Path) -> None:
    """See that a companion can take a place.

    Raises:
        BadSetting: When a file is there that is no companion.
    """
    with suppress(NasbedError):
        if not path.exists() or "room" in open_columns(path).metadata:
            return
    raise BadSetting(f"{path} is in the way, and is not what lies beside a table; move it, or take another name")


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
        return {**found, "of": found["modules"], "columns": columns}
    curves, cold = found.get("kind") == "curves", {name for name, about in given.items() if "beside" in about}
    if not curves:
        parameters = {**PARAMETERS.to_dict(), "encoding": {"kind": "whole"}, "whole": True}
        columns = {"trainable_parameters": parameters, **columns}
    return {
        **found,
        "rows": "index" if curves else "hash",
        "continues": curves,
        "failed": not curves,
        "of": checksums["index" if curves else "hash"],
        "beside": {COLD: {name: checksums[name] for name in cold}} if cold else {},
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
