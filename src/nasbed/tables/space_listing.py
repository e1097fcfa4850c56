"""Space listing: every architecture that a space numbers, in a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.core.files import check_place, replacing
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.costs import COUNTINGS, flops, params

_ENDINGS = (".json", ".parquet", ".csv")


def write_space(space: Space, path: Path) -> int:
    """Write every architecture of a space to a file of the format that its name ends with; give how many there are.

    ``.json`` has the architectures' text, in the order of ``space.enumerate``, as NATS-Bench's ``meta_archs`` do.
    ``.parquet`` and ``.csv`` have a row for each: index, architecture, first_equal (the smallest index with the same
    key) and, where the space has networks, trainable_parameters and flops_natsbench, flops_naslib of the published
    networks for CIFAR-10 (``nasbed.nets.costs``).

    Args:
        space: What to list.
        path: Where to. A file that is there is replaced when the new one is whole.

    Raises:
        BadSetting: When the ending is another, or the space does not number its architectures.
    """
    path = Path(path)
    if path.suffix not in _ENDINGS:
        raise BadSetting(f"{path.name} should end in one of {', '.join(_ENDINGS)}, which says the format to write")
    if space.size is None:
        raise BadSetting(f"the space {space.name} does not number its architectures, so they cannot be listed")
    check_place(path)
    archs = space.enumerate()
    texts = [space.format(arch) for arch in archs]
    with replacing(path) as beside:
        if path.suffix == ".json":
            beside.write_text(json.dumps(texts), encoding="utf-8")
        else:
            write = parquet.write_table if path.suffix == ".parquet" else csv.write_csv
            write(_table(space, archs, texts), beside)
    return len(archs)


def _table(space: Space, archs: Archs, texts: list[str]) -> pa.Table:
    _, first, which = np.unique(space.key(archs), return_index=True, return_inverse=True)
    columns = {
        "index": np.arange(len(archs)),
        "architecture": pa.array(texts),
        "first_equal": first[which],
    }
    try:
        columns["trainable_parameters"] = params(space, archs)
        columns |= {f"flops_{counting}": flops(space, archs, counting=counting) for counting in COUNTINGS}
    except UnknownName:
        pass  # the space has no networks
    return pa.table(columns)
