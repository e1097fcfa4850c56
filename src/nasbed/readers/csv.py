"""CSV files of results, read by what their columns are declared to mean."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.meaning import Declaration, Meaning


@dataclass(frozen=True, eq=False)
class ColumnsRead:
    """What a CSV file says.

    Attributes:
        space: The space of its architectures.
        archs: They themselves, ``(n, decisions)``, in the order of the file.
        columns: By heading the values as they are in the file, ``(n,)``, NaN where there is none; and what they mean.
    """

    space: Space
    archs: Archs
    columns: Mapping[str, tuple[NDArray[np.float64], Meaning]]


def read_columns(path: Path, declared: Declaration) -> ColumnsRead:
    """Read a CSV file.

    Args:
        path: The file.
        declared: What its columns mean.

    Raises:
        BadSetting: When the file is not there, or it is not said what each column means.
        CorruptFile: When a row has no number, an unknown architecture or that of another, or an impossible accuracy.
    """
    headings, rows = read_csv(path)
    _check_headings(headings, declared, path)
    cells = dict(zip(headings, zip(*rows, strict=True), strict=True))
    space: Space = spaces.make(declared.space, {})
    archs = _archs(cells, declared, space, path)
    alike = space.key(archs) if space.size is None else space.index(archs)
    twice = np.setdiff1d(np.arange(len(alike)), np.unique(alike, return_index=True)[1])
    if len(twice):
        raise CorruptFile(f"{path}, line {int(twice.min()) + 2}: its architecture is in an earlier line as well")
    columns = {name: (_values(cells[name], means, name, path), means) for name, means in declared.of(path.name).items()}
    return ColumnsRead(space, archs, columns)


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return a CSV's header and its rows, as text.

    Raises:
        BadSetting: When it cannot be read.
        CorruptFile: When it is no CSV file, has no rows, or rows with more or fewer cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [row for row in csv.reader(file, strict=True) if row]
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise CorruptFile(f"{path} is no CSV file: {error}") from None
    if len(lines) < 2:
        raise CorruptFile(f"{path} has a header but no rows" if lines else f"{path} is empty")
    headings, *rows = lines
    for number, row in enumerate(rows, 2):
        if len(row) != len(headings):
            raise CorruptFile(f"{path}, line {number}: it has {len(row)} cells where {len(headings)} should be")
    return headings, rows


def numbers(texts: Sequence[str], name: str, path: Path) -> NDArray[np.float64]:
    """Return a column's numbers, NaN where a cell is empty.

    Raises:
        CorruptFile: When a text is no number.
    """
    values = np.empty(len(texts))
    for i, text in enumerate(texts):
        try:
            values[i] = float(text) if text.strip() else math.nan
        except ValueError:
            raise CorruptFile(f"{path}, line {i + 2}: {text!r:.40} in {name} is no number") from None
    return values


def _check_headings(headings: Sequence[str], declared: Declaration, path: Path) -> None:
    """Refuse columns of which it is not said what they mean, and those that are said to be there and are not."""
    said = {*declared.columns, *(declared.ignored or ()), *filter(None, (declared.architecture, declared.index))}
    missing, unsaid = sorted(said - set(headings)), [name for name in headings if name not in said]
    if missing:
        raise BadSetting(
            f"{path} has no column {missing[0]!r}, of which {declared.name} speaks; it has {', '.join(headings)}"
        )
    if unsaid and declared.ignored is not None:
        raise BadSetting(
            f"{declared.name} does not say what {unsaid[0]!r} of {path} means; declare it or add it to ignored"
        )
    if len(set(headings)) < len(headings):
        raise CorruptFile(f"{path} has two columns of one name")


def _archs(cells: Mapping[str, Sequence[str]], declared: Declaration, space: Space, path: Path) -> Archs:
    """Return each row's architecture; where the file has its number too, the two must agree."""
    written = _indices(cells[declared.index], space.size or 0, path) if declared.index else None
    if not declared.architecture:
        assert written is not None
        return space.archs_of(written)
    parsed = []
    for number, text in enumerate(cells[declared.architecture], 2):
        try:
            parsed.append(space.parse(text))
        except InvalidArchitecture as error:
            raise CorruptFile(f"{path}, line {number}: {text!r:.100} is no architecture: {error}") from None
    archs = np.stack(parsed)
    if written is not None and (wrong := np.flatnonzero(written != space.index(archs))).size:
        i = int(wrong[0])
        found = int(space.index(archs[i : i + 1])[0])
        raise CorruptFile(f"{path}, line {i + 2}: its architecture is {found} in the official order, not {written[i]}")
    return archs


def _indices(texts: Sequence[str], size: int, path: Path) -> NDArray[np.int64]:
    """Return indices that are written as numbers."""
    for number, text in enumerate(texts, 2):
        if not (text.isascii() and text.isdigit() and int(text) < size):
            raise CorruptFile(f"{path}, line {number}: {text!r:.40} is no index below {size:,}")
    return np.array([int(text) for text in texts], np.int64)


def _values(texts: Sequence[str], meaning: Meaning, name: str, path: Path) -> NDArray[np.float64]:
    """Return a column's numbers, NaN where there is none; refuse accuracies that cannot be, or not in that unit."""
    values = numbers(texts, name, path)
    if meaning.missing is not None:
        values[values == meaning.missing] = math.nan
    if meaning.metric != "accuracy":
        return values
    unit, most = meaning.unit, 100.0 if meaning.unit == "percent" else 1.0
    wrong = np.flatnonzero((values < 0) | (values > most))
    if wrong.size:
        raise CorruptFile(f"{path}, line {int(wrong[0]) + 2}: {values[wrong[0]]} in {name} is no accuracy as a {unit}")
    if unit == "percent" and np.nanmax(values, initial=0.0) <= 1.0:
        raise CorruptFile(f"{path}: {name} has no accuracy above 1; it seems to be a fraction, not percent")
    return values
