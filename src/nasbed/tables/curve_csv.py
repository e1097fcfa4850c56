"""CSV files of published results as tables of curves, and as columns beside one, by what their columns mean."""

from __future__ import annotations

from pathlib import Path

from nasbed.tables.curves import CurveTable


def import_csv(path: Path, out: Path, meaning: str | Path | None = None) -> CurveTable:
    """Make a table of a CSV file."""
    raise NotImplementedError("CSV files cannot be read yet")


def attach_csv(table: CurveTable, path: Path, meaning: str | Path | None = None) -> CurveTable:
    """Put the columns of a CSV file beside a table."""
    raise NotImplementedError("CSV files cannot be read yet")
