"""CSV files: a header, rows of as many fields, numbers where there should be some."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    """Give a CSV's header and its rows, as text.

    Raises:
        BadSetting: When it cannot be read, or has no rows.
        CorruptFile: When rows have more or fewer fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSetting(f"{path} cannot be read as CSV: {getattr(error, 'strerror', None) or error}") from None
    except ValueError:
        raise BadSetting(f"{path} is empty") from None
    if not rows:
        raise BadSetting(f"{path} has a header but no rows")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise CorruptFile(f"row {number} of {path} has {len(row)} fields, its header {len(header)}")
    return header, rows


def numbers(texts: list[str], what: str) -> NDArray[np.float64]:
    """Read numbers; what is empty is NaN.

    Raises:
        BadSetting: When a text is no number.
    """
    values = np.empty(len(texts))
    for i, text in enumerate(texts):
        try:
            values[i] = float(text) if text.strip() else np.nan
        except ValueError:
            raise BadSetting(f"{what} is not of numbers: {text!r}") from None
    return values
