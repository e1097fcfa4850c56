"""What the columns of a CSV file mean: declared in a small TOML file, since their headings do not say it.

```toml
space = "nasbench201"
architecture = "architecture"  # the column that has the architectures, in any form that the space parses
index = "uid"                  # optional: the column that has their official indices; it is held against the former
ignored = ["C", "N"]           # columns that are not read

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

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.spelling import named, written
from nasbed.readers.measure import Measure

_FILE = {"space": "", "architecture": "", "index": "", "ignored": [], "files": {}, "columns": {}}
_COLUMN = {
    **dict.fromkeys(("metric", "unit", "data", "split", "goal", "role", "recipe", "note"), ""),
    "epochs": 0,
    "seeds": [],
    "missing": math.nan,
}
"""The keys of a declaration and of a column, with what holds where one is not there; its kind is that of the others."""

_NEEDED = ("space", "columns", "metric", "unit")
_KINDS = {str: "a text", int: "a whole number", float: "a number", list: "a list", dict: "a table"}
_UNITS = {"1": "", "seconds": "s"}
_UNITS_OF_COSTS = ("s", "seconds", "ms", "mJ", "million")


@dataclass(frozen=True)
class Declaration:
    """What a kind of CSV file has in its columns.

    Attributes:
        name: What errors call it.
        space: Of which its architectures are.
        architecture: The column that has them; empty where there is none.
        index: The column that has their indices; empty where there is none.
        ignored: Columns that are not read; None for all that the others do not name.
        files: Names of such files, with the data set of those columns that say none.
        columns: What the others measure: without axes, with all seeds over which it is a mean, and with the note.
        missing: What stands for no value in those columns that have such a number.
    """

    name: str
    space: str
    architecture: str
    index: str
    ignored: Sequence[str] | None
    files: Mapping[str, str]
    columns: Mapping[str, Measure]
    missing: Mapping[str, float]

    def of(self, file: str) -> Mapping[str, Measure]:
        """Give what the columns mean in a file of that name.

        Raises:
            BadSetting: When one does not say which data set it is of.
        """
        data = self.files.get(file, "")
        columns = {name: replace(measure, data=measure.data or data) for name, measure in self.columns.items()}
        unsaid = [name for name, measure in columns.items() if not measure.data]
        if unsaid:
            raise BadSetting(f'{self.name}: say data = "…" for the column {unsaid[0]!r} of {file}')
        return columns


def read_declaration(path: Path) -> Declaration:
    """Read a declaration.

    Raises:
        BadSetting: When it is no TOML file, or one of other keys.
    """
    try:
        return _parsed(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None


def said_in_words(space: str, architecture: str, measures: Sequence[str], file: str) -> Declaration:
    """Read what a command says of a CSV file.

    Args:
        space: The space's name.
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
            if isinstance(_COLUMN.get(key), str) and not isinstance(value, str):
                said[key] = written(value).lower()
        if isinstance(said.get("seeds"), int):
            said["seeds"] = [said["seeds"]]
        said.setdefault("unit", "percent" if said["metric"] == "accuracy" else "")
        if said.get("role", "told") == "told" and said["unit"] not in _UNITS_OF_COSTS:
            said.setdefault("split", "valid")
        columns[column] = said
    said = {"space": space, "architecture": architecture, "columns": columns}
    return replace(_declared("the command", said), ignored=None)


def known_declaration(file: str) -> Declaration:
    """Give what is known of a published CSV file, by its name.

    Raises:
        BadSetting: When nothing is.
    """
    known: list[str] = []
    for resource in sorted(resources.files(__package__).joinpath("meanings").iterdir(), key=lambda entry: entry.name):
        declaration = _parsed(resource.read_text("utf-8"), resource.name)
        if file in declaration.files:
            return declaration
        known.extend(declaration.files)
    raise BadSetting(
        f"it is not known what the columns of {file} mean, only those of {', '.join(known)}; say it (--space NAME "
        "--architecture COLUMN --measure COLUMN:metric=…,split=…,unit=…), or declare it in a TOML file (--meaning FILE)"
    )


def _parsed(text: str, name: str) -> Declaration:
    """Read a declaration's text."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{name} is no TOML file: {error}") from None
    return _declared(name, said)


def _declared(name: str, said: Mapping[str, Any]) -> Declaration:
    """Read a declaration from what is said by key, of each column by key, too."""
    found = _checked(said, _FILE, name)
    if not found["architecture"] and not found["index"]:
        raise BadSetting(f"{name} says neither which column has the architectures nor which has their indices")
    columns = {column: _checked(about, _COLUMN, f"{name}: {column}") for column, about in found["columns"].items()}
    measures = {column: _measure(about, f"{name}: {column}") for column, about in columns.items()}
    missing = {column: about["missing"] for column, about in found["columns"].items() if "missing" in about}
    return Declaration(name, **{**found, "columns": measures, "missing": missing})


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
        if key in _NEEDED and key not in said:
            raise BadSetting(f"{name}: {key} must be said; there are: {', '.join(keys)}")
    return {**keys, **said}


def _measure(said: Mapping[str, Any], name: str) -> Measure:
    """Return what a column measures."""
    split = "" if said["split"] == "none" else said["split"]
    recipe = said["recipe"] or str(said["epochs"] or "")
    try:
        measure = Measure(
            said["metric"],
            split,
            said["data"],
            recipes=(recipe,) if recipe and split else (),
            seeds=tuple(said["seeds"]),
            epochs=(said["epochs"],) if said["epochs"] else (),
            unit=_UNITS.get(said["unit"], said["unit"]),
            goal=said["goal"],
            role=said["role"],
            meaning=said["note"],
        )
    except BadSetting as error:
        raise BadSetting(f"{name}: {error}") from None
    if any(type(seed) is not int for seed in measure.seeds):
        raise BadSetting(f"{name}: seeds are whole numbers, not {said['seeds']}")
    if measure.metric == "accuracy" and (measure.unit not in ("percent", "fraction") or not split):
        raise BadSetting(f"{name}: an accuracy has a split, and its unit is percent or fraction")
    return measure
