"""CSV files of results, read by what their columns are declared to mean, since their headings do not say it.

A small TOML file declares it:

```toml
space = "nasbench201"          # or the path of a space's file, TOML or JSON
architecture = "architecture"  # the column that has the architectures, in any form that the space parses
index = "uid"                  # optional: the column that has their official indices; it is held against the former
ignored = ["C", "N"]           # columns that are not read
partial = false                # optional: whether a file may lack some of the columns

[columns.accuracy]
data = "cifar10-valid"         # what was trained on
split = "ori-test"             # train, valid (x-valid), test (x-test, ori-test); none for what needs no images
metric = "accuracy"
unit = "percent"               # percent, fraction, nats, seconds, ms, mJ, ...; 1 for none
goal = "max"                   # optional: whether high (max) or low (min) is good
role = "told"                  # optional: told to a search, reported, cost, detail
recipe = "200"                 # optional: what the training is called; its epochs
epochs = 200                   # of the training, after which it was measured; none of networks that were not trained
seeds = [777, 888, 999]        # over which it is a mean, as far as they exist; one of them alone is itself
missing = -1                   # optional: what stands for no value
note = "..."
```
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture
from nasbed.core.printing import Printed
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.core.spelling import named, written
from nasbed.readers.measure import Measure

_TEXTS = ("metric", "unit", "data", "split", "goal", "role", "recipe", "note")
_COLUMN = {**dict.fromkeys(_TEXTS, ""), "epochs": 0, "seeds": [], "missing": math.nan}
_FILE = {"space": "", "architecture": "", "index": "", "ignored": [], "partial": False, "files": {}, "columns": {}}
"""The keys of a declaration and of its columns, with what holds where one is not there; all values are of its kind."""

_NEEDED = ("space", "columns", "metric", "unit", "data")
_KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    bool: "true or false",
}
_UNITS = {"1": "", "seconds": "s"}
_UNITS_OF_COSTS = ("s", "seconds", "ms", "mJ", "million")


@dataclass(frozen=True)
class Declaration(Printed):
    """What a CSV file has in its columns.

    Attributes:
        name: What errors call it.
        space: Of which its architectures are.
        architecture: The column that has them; empty where there is none.
        index: The column that has their indices; empty where there is none.
        ignored: Columns that are not read; None for all that the others do not name.
        columns: What the others measure: without axes, with all seeds over which it is a mean, and with the note.
        missing: What stands for no value in those columns that have such a number.
        partial: Whether a file may lack some of the columns.
    """

    name: str
    space: str
    architecture: str
    index: str
    ignored: Sequence[str] | None
    columns: Mapping[str, Measure]
    missing: Mapping[str, float]
    partial: bool = False

    def within(self, headings: Sequence[str]) -> Declaration:
        """Return what is declared of the columns of a file that may lack some, where it has one of them at least."""
        there = {name: measure for name, measure in self.columns.items() if name in headings}
        return replace(self, columns=there) if self.partial and there else self


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
    declared = declared.within(headings)
    _check_headings(headings, declared, path)
    cells = dict(zip(headings, zip(*rows, strict=True), strict=True))
    space: Space = spaces.read(declared.space)
    archs = _archs(cells, declared, space, path)
    alike = space.index(archs) if space.is_enumerable else space.key(archs)
    first, which = np.unique(alike, return_index=True, return_inverse=True)[1:]
    twice = np.flatnonzero(first[which] < np.arange(len(alike)))
    if len(twice):
        line, earlier = int(twice[0]) + 2, int(first[which[twice[0]]]) + 2
        raise CorruptFile(f"{path}, line {line}: its architecture is that of line {earlier}; it may come once")
    columns = {}
    for name, measure in declared.columns.items():
        values = numbers(cells[name], name, path)
        values[values == declared.missing.get(name, math.nan)] = math.nan
        if measure.role in ("told", "reported") and np.isnan(values).all():
            raise CorruptFile(f"{path}: {name} has no value in any line")
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


def read_declaration(path: Path, file: str) -> Declaration:
    """Read a declaration of a CSV file of some name.

    Raises:
        BadSetting: When it is no TOML file, or one of other keys.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{path} is no TOML file: {error}") from None
    return _declared(str(path), said, _of_file(said, file))


def said_in_words(space: str, architecture: str, measures: Sequence[str], file: str) -> Declaration:
    """Read what a command says of a CSV file.

    Args:
        space: The space's name, or the path of its file.
        architecture: The column that has the architectures.
        measures: Of each column that is read ``COLUMN:key=value,key=value``, with the keys of a column. Without keys
            the column is named after its heading, and what a search is told: results on the validation split of a data
            set that is called as the file is, high being good.
        file: The file's name.

    Raises:
        BadSetting: For a key or a value that means nothing.
    """
    columns: dict[str, dict[str, Any]] = {}
    for measure in measures:
        column, given = named(measure)
        if not column or column in columns:
            example = "val_acc:metric=accuracy,split=valid"
            raise BadSetting(f"write --measure COLUMN:key=value,… once for each column, as {example}; not {measure!r}")
        said = {"metric": column, "data": Path(file).stem, **given}
        for key, value in said.items():
            if key in _TEXTS and not isinstance(value, str):
                said[key] = written(value).lower()
        if isinstance(said.get("seeds"), int):
            said["seeds"] = [said["seeds"]]
        said.setdefault("unit", "percent" if said["metric"] == "accuracy" else "")
        if said.get("role", "told") == "told" and said["unit"] not in _UNITS_OF_COSTS:
            said.setdefault("split", "valid")
        columns[column] = said
    said = {"space": space, "architecture": architecture, "columns": columns}
    return replace(_declared("the command", said, {}), ignored=None)


def known_declaration(file: str) -> Declaration:
    """Give what is known of a published CSV file, by its name.

    Raises:
        BadSetting: When nothing is.
    """
    known: list[str] = []
    for resource in sorted(resources.files(__package__).joinpath("meanings").iterdir(), key=lambda entry: entry.name):
        said = tomllib.loads(resource.read_text("utf-8"))
        if about := _of_file(said, file):
            return _declared(resource.name, said, about)
        known.extend(said["files"])
    raise BadSetting(
        f"it is not known what the columns of {file} mean, only those of {', '.join(known)}; say it (--space NAME "
        "--architecture COLUMN --measure COLUMN:metric=…,split=…,unit=…), or declare it in a TOML file (--meaning FILE)"
    )


def _of_file(said: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return what is said of a file by its name, or by a pattern of names: its data set, or keys that hold for it."""
    files = said.get("files", {})
    for name, about in files.items() if isinstance(files, dict) else ():
        if fnmatchcase(file, name):
            return dict(about) if isinstance(about, dict) else {"data": about}
    return {}


def _declared(name: str, said: Mapping[str, Any], file: Mapping[str, Any]) -> Declaration:
    """Read a declaration from what is said by key, also of this file; columns that say no data set are of its own."""
    data, keys = file.get("data", ""), {key: value for key, value in file.items() if key != "data"}
    found = _checked({**said, **keys}, _FILE, name)
    found.pop("files")
    if not found["architecture"] and not found["index"]:
        raise BadSetting(f"{name} says neither which column has the architectures nor which has their indices")
    columns, keys = found["columns"], {**_COLUMN, "data": data}
    found["columns"] = {column: _measure(about, keys, f"{name}: {column}") for column, about in columns.items()}
    found["missing"] = {column: about["missing"] for column, about in columns.items() if "missing" in about}
    return Declaration(name, **found)


def _checked(said: Any, keys: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what is said, and what holds for the keys that are not; refuse other keys and kinds of values."""
    if not isinstance(said, dict):
        raise BadSetting(f"{name} is {said!r}; it should be a table, with {', '.join(keys)}")
    unknown = sorted(set(said) - set(keys))
    if unknown:
        raise BadSetting(f"{name}: {unknown[0]!r} means nothing; there are: {', '.join(keys)}")
    for key, default in keys.items():
        value, kind = said.get(key, default), type(default)
        if type(value) is not kind and (type(value), kind) != (int, float):
            raise BadSetting(f"{name}: {key} is {value!r}; it should be {_KINDS[kind]}")
        if key in _NEEDED and not default and key not in said:
            raise BadSetting(f"{name}: {key} must be said; there are: {', '.join(keys)}")
    return {**keys, **said}


def _measure(said: Any, keys: Mapping[str, Any], name: str) -> Measure:
    """Return what a column measures."""
    found = _checked(said, keys, name)
    split, epochs = "" if found["split"] == "none" else found["split"], found["epochs"]
    recipe = found["recipe"] or str(epochs or "")
    about = {key: found[key] for key in ("metric", "data", "goal", "role")}
    about |= {"split": split, "unit": _UNITS.get(found["unit"], found["unit"]), "meaning": found["note"]}
    about |= {"recipes": (recipe,) if recipe and split else (), "epochs": (epochs,) if epochs else ()}
    try:
        measure = Measure(**about, seeds=tuple(found["seeds"]))
    except BadSetting as error:
        raise BadSetting(f"{name}: {error}") from None
    if any(type(seed) is not int for seed in measure.seeds):
        raise BadSetting(f"{name}: seeds are whole numbers, not {found['seeds']}")
    if measure.metric == "accuracy" and (measure.unit not in ("percent", "fraction") or not split):
        raise BadSetting(f"{name}: an accuracy has a split, and its unit is percent or fraction")
    return measure


def _check_headings(headings: Sequence[str], declared: Declaration, path: Path) -> None:
    """Refuse columns of which it is not said what they mean, and those that are said to be there and are not."""
    said = {*declared.columns, *(declared.ignored or ()), *filter(None, (declared.architecture, declared.index))}
    missing, unsaid = sorted(said - set(headings)), [name for name in headings if name not in said]
    if missing:
        has = ", ".join(headings)
        raise BadSetting(f"{path} has no column {missing[0]!r}, of which {declared.name} speaks; it has {has}")
    if unsaid and declared.ignored is not None:
        raise BadSetting(f"{declared.name} does not say what {unsaid[0]!r} of {path} means; say or ignore it")
    if len(set(headings)) < len(headings):
        raise CorruptFile(f"{path} has two columns of one name")


def _archs(cells: Mapping[str, Sequence[str]], declared: Declaration, space: Space, path: Path) -> Archs:
    """Return each row's architecture; where the file has its number too, the two must agree."""
    parsed = []
    for line, text in enumerate(cells[declared.architecture] if declared.architecture else (), 2):
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
