"""Merging: one file of a cell's parts, byte for byte the one that all its runs in one part would have made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nasbed.studies.work import written


def merged(parts: Mapping[int, bytes]) -> bytes:
    """Put the files of parts, given by the numbers of their first runs, one after the other."""
    tables = [pq.read_table(BytesIO(parts[first]), page_checksum_verification=True) for first in sorted(parts)]
    abouts = [json.loads(table.schema.metadata[b"nasbed"]) for table in tables]
    fullest = max(tables, key=lambda table: len(table.column_names))
    rows = pa.concat_tables([_filled(table, fullest, about) for table, about in zip(tables, abouts, strict=True)])
    return written(rows.combine_chunks().replace_schema_metadata({"nasbed": json.dumps(_about(abouts))}))


def _about(abouts: list[dict[str, Any]]) -> dict[str, Any]:
    """Say of the whole what the first part says of itself, and how long and wide the whole is."""
    shapes = [about["shape"] for about in abouts]
    return {**abouts[0], "shape": [max(steps for steps, _ in shapes), sum(runs for _, runs in shapes)]}


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
