"""CSV files of results, read by what their columns are declared to mean."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.readers.meaning import Declaration
from nasbed.readers.measure import Measure


class ColumnsRead(NamedTuple):
    """What a CSV file says.

    Attributes:
        space: The space of its architectures.
        archs: They themselves, ``(n, decisions)``, in the order of the file.
        columns: By heading the values as they are in the file, ``(n,)``, NaN where there is none; and their measure.
    """

    space: Space
    archs: Archs
    columns: Mapping[str, tuple[NDArray[np.float64], Measure]]


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
    columns = {}
    for name, measure in declared.of(path.name).items():
        values = numbers(cells[name], name, path)
        values[values == declared.missing.get(name, math.nan)] = math.nan
        if measure.metric == "accuracy":
            _check_accuracies(values, measure.unit, name, path)
        columns[name] = values, measure
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
        has = ", ".join(headings)
        raise BadSetting(f"{path} has no column {missing[0]!r}, of which {declared.name} speaks; it has {has}")
    if unsaid and declared.ignored is not None:
        raise BadSetting(
            f"{declared.name} does not say what {unsaid[0]!r} of {path} means; declare it or add it to ignored"
        )
    if len(set(headings)) < len(headings):
        raise CorruptFile(f"{path} has two columns of one name")


def _archs(cells: Mapping[str, Sequence[str]], declared: Declaration, space: Space, path: Path) -> Archs:
    """Return each row's architecture; where the file has its number too, the two must agree."""
    parsed = []
    for line, text in enumerate(cells.get(declared.architecture, ()), 2):
        try:
            parsed.append(space.parse(text))
        except InvalidArchitecture as error:
            raise CorruptFile(f"{path}, line {line}: {text!r:.100} is no architecture: {error}") from None
    if not declared.index:
        return np.stack(parsed)
    written, most = numbers(cells[declared.index], declared.index, path), (space.size or 0) - 1
    found = space.index(np.stack(parsed)) if parsed else written.clip(0, most).round()
    wrong = np.flatnonzero(written != found)
    if wrong.size:
        line, text = int(wrong[0]) + 2, cells[declared.index][wrong[0]]
        raise CorruptFile(f"{path}, line {line}: {text!r:.40} is not its architecture's index, one from 0 to {most:,}")
    return np.stack(parsed) if parsed else space.archs_of(found.astype(np.int64))


def _check_accuracies(values: NDArray[np.float64], unit: str, name: str, path: Path) -> None:
    """Refuse accuracies that cannot be, or not in that unit."""
    wrong = np.flatnonzero((values < 0) | (values > (100.0 if unit == "percent" else 1.0)))
    if wrong.size:
        raise CorruptFile(f"{path}, line {int(wrong[0]) + 2}: {values[wrong[0]]} in {name} is no accuracy as a {unit}")
    if unit == "percent" and np.nanmax(values, initial=0.0) <= 1.0:
        raise CorruptFile(f"{path}: {name} has no accuracy above 1; it seems to be a fraction, not percent")
