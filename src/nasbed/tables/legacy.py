"""Files of columns opened, those of nasbed 0.1 as well: tables of both kinds that there were, as what they are now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nasbed.tables.column import Measure
from nasbed.tables.file import FORMAT, ColumnFile
from nasbed.tables.published import PARAMETERS, run_measure, training_measure

_COSTS = ("s", "ms", "mJ", "million")  # units of what a device or a network costs


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
    curves = found.get("kind") == "curves"
    beside: dict[str, list[str]] = {}
    for name, about in given.items():
        if "beside" in about:
            beside.setdefault(about["beside"], []).append(name)
    if not curves:
        parameters = {**PARAMETERS.to_dict(), "encoding": {"kind": "whole"}, "whole": True}
        columns = {"trainable_parameters": parameters, **columns}
    return {
        **found,
        "rows": "index" if curves else "hash",
        "continues": curves,
        "failed": not curves,
        "of": checksums["index" if curves else "hash"],
        "beside": {room: _joined(checksums, names) for room, names in beside.items()},
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
