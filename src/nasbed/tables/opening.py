"""Opening: from a path to the table that lies there, of whichever kind it is."""

from __future__ import annotations

from pathlib import Path

from nasbed.core.errors import BadSetting
from nasbed.tables.column_file import ColumnFile
from nasbed.tables.curves.table import KIND, CurveTable
from nasbed.tables.table import Table

AnyTable = Table | CurveTable


def open_table(path: str | Path) -> AnyTable:
    """Map a table file.

    Raises:
        BadSetting: When there is no such file.
        CorruptFile: When it is no table, has been cut off, or was made by a later version.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise BadSetting(f"there is no file {path}")
    file = ColumnFile.open(path)
    return CurveTable.of(file) if file.metadata.get("kind") == KIND else Table.open(path)
