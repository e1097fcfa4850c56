"""Rows in a Parquet file: a history's, or a study's outcomes, with a checksum of the whole file in it.

In memory, and in files of version 0.1, what is said of the rows is the schema's metadata ``nasbed``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.checked import BLANK, read_checked, sealed
from nasbed.core.errors import CorruptFile

ABOUT = b"nasbed"
EXTRAS = {"number": -1, "fidelity": 0, "excess": 0.0, "refused": False, "parents": -1, "costs": np.nan}
"""A history's optional columns, and what stands where nothing was tried."""
_EMPTY = {
    "step": -1,
    "arch": 0,
    "seconds": 0.0,
    "epochs": 0,
    "paid": False,
    "clock_seconds": 0.0,
    **dict.fromkeys(("validation", "test_attached", "incumbent_test", "incumbent_mean_validation"), np.nan),
    **EXTRAS,
}
"""The columns that are read again, likewise."""
_ABOUT_2 = b"nasbed.history.2"  # of another length: damage makes neither name of the other


def table_of(columns: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> Any:
    """Return rows as a ``pyarrow.Table``; columns are arrays ``(rows,)``, or ``(rows, width)`` for one of lists."""
    import pyarrow as pa

    arrays = {
        name: pa.array(values)
        if values.ndim == 1
        else pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
        for name, values in columns.items()
    }
    return pa.table(arrays).replace_schema_metadata({ABOUT: json.dumps(about)})


def to_parquet(table: Any) -> bytes:
    """Give the bytes of a Parquet file, sealed."""
    import pyarrow.parquet as pq

    file = BytesIO()
    named = table.replace_schema_metadata({_ABOUT_2: table.schema.metadata[ABOUT], b"seal": BLANK})
    pq.write_table(named, file, compression="zstd")
    return sealed(file.getvalue())


def read(path: Path, remedy: str) -> Any:
    """Read a file that has what ``to_parquet`` gave, or that version 0.1 wrote, as a ``pyarrow.Table``.

    Args:
        path: The file.
        remedy: What to do when it is damaged, for the error.

    Raises:
        BadSetting: When it cannot be read.
        CorruptFile: When it is damaged or something else.
    """
    import pyarrow.parquet as pq

    # Version 0.1 gave some files a checksum for each page.
    return _decoded(path, remedy, lambda file: pq.read_table(file, page_checksum_verification=True))


def said_of(path: Path, remedy: str) -> dict[str, Any]:
    """Read what a file says of its rows, and compare the whole of it with its checksum; raises as ``read`` does."""
    import pyarrow.parquet as pq

    metadata = _decoded(path, remedy, lambda file: pq.read_schema(file).empty_table()).schema.metadata
    about: dict[str, Any] = json.loads(metadata[ABOUT])
    return about


def spread(table: Any, shape: tuple[int, int], first: int) -> dict[str, Any]:
    """Return the columns of a history's rows, each row in its place by ``step`` and ``run``.

    Args:
        table: The rows, a ``pyarrow.Table``.
        shape: Steps and runs.
        first: The number of the first run.

    Returns:
        ``(steps, runs)`` for a column of numbers, ``(steps, runs, width)`` for one of lists.
    """
    where = table["step"].to_numpy(), table["run"].to_numpy() - first
    found = {}
    for name in _EMPTY.keys() & set(table.column_names):
        width = getattr(table.schema.field(name).type, "list_size", None)
        if width is None:
            values, rows = np.full(shape, _EMPTY[name]), table[name].to_numpy()
        else:
            rows = table[name].combine_chunks().flatten().to_numpy().reshape(-1, width)
            values = np.full((*shape, width), _EMPTY[name], rows.dtype)
        values[where] = rows
        found[name] = values
    return found


def _decoded(path: Path, remedy: str, decode: Callable[[BytesIO], Any]) -> Any:
    """Give a table with what is said of it under ``ABOUT``, whichever version wrote it."""
    import pyarrow as pa

    data, whole = read_checked(path, remedy)
    try:
        table = decode(BytesIO(data))
        about = (table.schema.metadata or {})[_ABOUT_2 if whole else ABOUT]
        json.loads(about)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        why = "it says nothing of a search" if isinstance(error, KeyError) else str(error).split("\n")[0]
        raise CorruptFile(f"{path} is not a history written by nasbed, or is damaged: {why}; {remedy}") from None
    return table.replace_schema_metadata({ABOUT: about})
