"""CSV files of published results, such as ``nasbench201_info.csv``, read by what their columns are declared to mean."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.tables.natsbench.meaning import Declaration, Meaning, known_declaration, read_declaration

__all__ = ["ColumnsRead", "Meaning", "read_columns"]


@dataclass(frozen=True, eq=False)
class ColumnsRead:
    """What a CSV file says.

    Attributes:
        name: The file's own name.
        space: The space of its architectures.
        indices: Their official indices, rising, ``(n,)``.
        columns: By heading the values as they are in the file, ``(n,)``, NaN where there is none; and what they mean.
    """

    name: str
    space: str
    indices: NDArray[np.int64]
    columns: Mapping[str, tuple[NDArray[np.float64], Meaning]]


def read_columns(path: Path | str, meaning: Path | str | None = None) -> ColumnsRead:
    """Read a CSV file.

    Args:
        path: The file.
        meaning: A TOML file that declares what its columns mean (see `nasbed.tables.natsbench.meaning`); without it,
            it must be one of the public files, which are known by their names.

    Raises:
        BadSetting: When the file is not there, or it is not said what each column means.
        CorruptFile: When a row has no number, an unknown architecture or that of another, or an impossible accuracy.
    """
    path = Path(path)
    declared = known_declaration(path.name) if meaning is None else read_declaration(Path(meaning))
    headings, rows = _table(path)
    _check_headings(headings, declared, path)
    cells = dict(zip(headings, zip(*rows, strict=True), strict=True))
    indices = _indices(cells, declared, path)
    order = np.argsort(indices)
    twice = order[1:][np.diff(indices[order]) == 0]
    if len(twice):
        raise CorruptFile(f"{path}, line {int(twice[0]) + 2}: its architecture is in an earlier line as well")
    columns = {
        name: (_values(cells[name], means, name, path)[order], means) for name, means in declared.of(path.name).items()
    }
    return ColumnsRead(path.name, declared.space, indices[order], columns)


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Give the headings and the rows."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            headings, *rows = csv.reader(file, strict=True)
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError, ValueError) as error:
        raise CorruptFile(f"{path} is no CSV file: {error}") from None
    rows = [row for row in rows if row]
    for number, row in enumerate(rows, 2):
        if len(row) != len(headings):
            raise CorruptFile(f"{path}, line {number}: it has {len(row)} cells where {len(headings)} should be")
    if not rows:
        raise CorruptFile(f"{path} has no rows")
    return headings, rows


def _check_headings(headings: Sequence[str], declared: Declaration, path: Path) -> None:
    """Refuse columns of which it is not said what they mean, and those that are said to be there and are not."""
    said = {*declared.columns, *declared.ignored, *filter(None, (declared.architecture, declared.index))}
    missing, unsaid = sorted(said - set(headings)), [name for name in headings if name not in said]
    if missing:
        raise BadSetting(
            f"{path} has no column {missing[0]!r}, of which {declared.name} speaks; it has {', '.join(headings)}"
        )
    if unsaid:
        raise BadSetting(
            f"{declared.name} does not say what {unsaid[0]!r} of {path} means; declare it or add it to ignored"
        )
    if len(set(headings)) < len(headings):
        raise CorruptFile(f"{path} has two columns of one name")


def _indices(cells: Mapping[str, Sequence[str]], declared: Declaration, path: Path) -> NDArray[np.int64]:
    """Give the official index of each row's architecture; where the file has it too, the two must agree."""
    space = spaces.make(declared.space, {})
    written = _numbers(cells[declared.index], space.size or 0, path) if declared.index else None
    if not declared.architecture:
        assert written is not None
        return written
    indices: NDArray[np.int64] = space.index(
        np.stack([_parsed(space, text, i, path) for i, text in enumerate(cells[declared.architecture])])
    )
    if written is not None and (wrong := np.flatnonzero(written != indices)).size:
        line, i = int(wrong[0]) + 2, int(wrong[0])
        raise CorruptFile(
            f"{path}, line {line}: its architecture is {indices[i]} in the official order, not {written[i]}"
        )
    return indices


def _numbers(texts: Sequence[str], size: int, path: Path) -> NDArray[np.int64]:
    """Give indices that are written as numbers."""
    for number, text in enumerate(texts, 2):
        if not (text.isascii() and text.isdigit() and int(text) < size):
            raise CorruptFile(f"{path}, line {number}: {text!r:.40} is no index below {size:,}")
    return np.array([int(text) for text in texts], np.int64)


def _parsed(space: Space, text: str, row: int, path: Path) -> NDArray[np.int8]:
    """Give an architecture."""
    try:
        return space.parse(text)
    except InvalidArchitecture as error:
        raise CorruptFile(f"{path}, line {row + 2}: {text!r:.100} is no architecture: {error}") from None


def _values(texts: Sequence[str], meaning: Meaning, name: str, path: Path) -> NDArray[np.float64]:
    """Give a column's numbers, NaN where there is none."""
    values = np.empty(len(texts))
    for i, text in enumerate(texts):
        try:
            values[i] = float(text) if text.strip() else math.nan
        except ValueError:
            raise CorruptFile(f"{path}, line {i + 2}: {text!r:.40} in {name} is no number") from None
    if meaning.missing is not None:
        values[values == meaning.missing] = math.nan
    if meaning.metric == "accuracy":
        _check_accuracies(values, meaning.unit, name, path)
    return values


def _check_accuracies(values: NDArray[np.float64], unit: str, name: str, path: Path) -> None:
    """Refuse accuracies that cannot be, or not in that unit."""
    most = 100.0 if unit == "percent" else 1.0
    wrong = np.flatnonzero((values < 0) | (values > most))
    if wrong.size:
        raise CorruptFile(f"{path}, line {int(wrong[0]) + 2}: {values[wrong[0]]} in {name} is no accuracy as a {unit}")
    if unit == "percent" and np.nanmax(values, initial=0.0) <= 1.0:
        raise CorruptFile(f"{path}: {name} has no accuracy above 1; it seems to be a fraction, not percent")
