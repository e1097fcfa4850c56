"""Companions of a table: what lies beside it. And files of nasbed 0.1.

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
from glob import escape
from pathlib import Path
from typing import Any, NamedTuple

from nasbed.core.errors import BadSetting, NasbedError
from nasbed.tables.column import Measure
from nasbed.tables.file import COLD, FORMAT, ColumnFile, NotColumns
from nasbed.tables.published import PARAMETERS, run_measure, training_measure

_ROOM = re.compile(r"[A-Za-z0-9_-]+")
_COSTS = ("s", "ms", "mJ", "million")  # units of what a device or a network costs, in files of nasbed 0.1


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
    for path in sorted(table.path.parent.glob(f"{escape(table.path.stem)}.*.arrow")):
        room = path.name[len(table.path.stem) + 1 : -len(".arrow")]
        if not _ROOM.fullmatch(room) or (room == COLD and room not in written):  # of a table that was here before
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
    if "hp" in about:
        seeds = {(group["hp"], group["data"]): group["seeds"] for group in found.get("groups", ())}
        epochs, split = about["epochs"], about["split"]
        after = epochs if epochs is None or split is None else [epoch + 1 for epoch in epochs]
        axis = seeds.get((about["hp"], about["data"]), ())
        measure = run_measure(about["hp"], about["data"], split, about["metric"], axis, after)
    elif about.get("scalar") or "budgets" not in found:
        (data, _, metric), unit = name.rpartition("/"), about.get("unit") or ""
        measure = Measure(metric, data=data, unit=unit, role="cost" if unit in _COSTS else "detail")
    else:
        provenance = found["provenance"]
        published = str(provenance.get("source", "")).startswith(("published", "not a published"))
        data = "cifar10" if published else provenance.get("data", "")
        measure = training_measure(name, found["budgets"], found["repeats"], data)
    kept = ("unit", "meaning", "encoding", "cold", "beside", "whole")
    return {**measure.to_dict(), **{key: about[key] for key in kept if about.get(key)}}
