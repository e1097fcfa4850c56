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

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.spelling import named, written

SPLITS = ("", "train", "valid", "test", "x-valid", "x-test", "ori-test")
_UNITS_OF_COSTS = ("s", "seconds", "ms", "mJ", "million")
_KEYS = {"space": str, "architecture": str, "index": str, "ignored": list, "files": dict, "columns": dict}


@dataclass(frozen=True)
class Meaning:
    """What a column means.

    Attributes:
        metric: What was measured, such as ``accuracy``.
        unit: In what; accuracies are in ``percent`` or are a ``fraction``.
        data: The data set, as `Run.data` names it.
        split: The images that it was measured on, as `Run.evaluations` names them; empty where it needs none.
        epochs: Of the training, after which it was measured; 0 of networks that were not trained.
        seeds: Of the trainings over which it is a mean, as far as they exist; one alone is itself.
        missing: What stands for no value; None where nothing does.
        note: What else one should know.
        goal: Whether high (``max``) or low (``min``) is good; empty for what the unit suggests.
        role: What a search is ``told``, what is ``reported``, a ``cost``, a ``detail``; empty for what the split
            suggests.
        recipe: What the training is called; empty for its epochs.
    """

    metric: str
    unit: str
    data: str
    split: str = ""
    epochs: int = 0
    seeds: tuple[int, ...] = ()
    missing: float | None = None
    note: str = ""
    goal: str = ""
    role: str = ""
    recipe: str = ""


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
        columns: What the others mean.
    """

    name: str
    space: str
    architecture: str
    index: str
    ignored: tuple[str, ...] | None
    files: Mapping[str, str] = field(hash=False)
    columns: Mapping[str, Meaning] = field(hash=False)

    def of(self, file: str) -> Mapping[str, Meaning]:
        """Give what the columns mean in a file of that name.

        Raises:
            BadSetting: When one does not say which data set it is of.
        """
        data = self.files.get(file, "")
        columns = {name: replace(meaning, data=meaning.data or data) for name, meaning in self.columns.items()}
        unsaid = [name for name, meaning in columns.items() if not meaning.data]
        if unsaid:
            raise BadSetting(f'{self.name}: say data = "…" for the column {unsaid[0]!r} of {file}')
        return columns


def read_declaration(path: Path) -> Declaration:
    """Read a declaration.

    Raises:
        BadSetting: When it is no TOML file, or one of other keys.
    """
    try:
        return _declaration(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise BadSetting(f"{path} cannot be read: {error.strerror}") from None


def said_in_words(space: str, architecture: str, measures: Sequence[str], file: str) -> Declaration:
    """Read what a command says of a CSV file.

    Args:
        space: The space's name.
        architecture: The column that has the architectures.
        measures: Of each column that is read ``COLUMN:key=value,key=value``, with the keys of ``Meaning``. Without keys
            the column is named after its heading, and what a search is told: results on the validation split of a data
            set that is called as the file is, high being good.
        file: The file's name.

    Raises:
        BadSetting: For a key or a value that means nothing.
    """
    columns: dict[str, Meaning] = {}
    for measure in measures:
        column, given = named(measure)
        if not column:
            raise BadSetting(
                f"write --measure COLUMN:key=value,…, such as val_acc:metric=accuracy,split=valid; not {measure!r}"
            )
        if column in columns:
            raise BadSetting(f"the column {column!r} is measured twice; say what it is once")
        said = {"metric": column, "data": Path(file).stem, **given}
        said |= {
            key: value if isinstance(value, str) else written(value).lower()
            for key, value in said.items()
            if key not in ("epochs", "seeds", "missing")
        }
        said.setdefault("unit", "percent" if said["metric"] == "accuracy" else "")
        if said.get("role", "told") == "told" and said["unit"] not in _UNITS_OF_COSTS:
            said.setdefault("split", "valid")
        seeds = said.get("seeds", [])
        columns[column] = _meaning({**said, "seeds": seeds if isinstance(seeds, list) else [seeds]}, column)
    return Declaration("the command", space, architecture, "", None, {}, columns)


def known_declaration(file: str) -> Declaration:
    """Give what is known of a published CSV file, by its name.

    Raises:
        BadSetting: When nothing is.
    """
    known: list[str] = []
    for resource in sorted(resources.files(__package__).joinpath("meanings").iterdir(), key=lambda entry: entry.name):
        declaration = _declaration(resource.read_text("utf-8"), resource.name)
        if file in declaration.files:
            return declaration
        known.extend(declaration.files)
    raise BadSetting(
        f"it is not known what the columns of {file} mean, only those of {', '.join(known)}; say it (--space NAME "
        "--architecture COLUMN --measure COLUMN:metric=…,split=…,unit=…), or declare it in a TOML file (--meaning FILE)"
    )


def _declaration(text: str, name: str) -> Declaration:
    """Read a declaration's text."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"{name} is no TOML file: {error}") from None
    _check_keys(said, _KEYS, name)
    if not said.get("architecture") and not said.get("index"):
        raise BadSetting(f"{name} says neither which column has the architectures nor which has their indices")
    if not said.get("columns"):
        raise BadSetting(f"{name} says of no column what it means; add [columns.NAME] with metric, unit, data, …")
    found = {
        key: _kind(said.get(key, None if key == "space" else kind()), kind, f"{name}: {key}")
        for key, kind in _KEYS.items()
    }
    found["ignored"] = tuple(found["ignored"])
    found["columns"] = {column: _meaning(meaning, f"{name}: {column}") for column, meaning in found["columns"].items()}
    return Declaration(name, **found)


def _meaning(said: Any, name: str) -> Meaning:
    """Read what a column means."""
    allowed = {one.name: one.default for one in fields(Meaning)}
    _check_keys(_kind(said, dict, name), allowed, name)
    if "metric" not in said or "unit" not in said:
        raise BadSetting(f"{name}: metric and unit must be said")
    said = {"data": "", **said, "unit": {"1": "", "seconds": "s"}.get(said["unit"], said["unit"])}
    if said.get("split") == "none":
        said["split"] = ""
    meaning = Meaning(**{**said, "seeds": tuple(_kind(said.get("seeds", []), list, f"{name}: seeds"))})
    for key in ("epochs", "missing"):
        if not isinstance(value := getattr(meaning, key), int | float | None):
            raise BadSetting(f"{name}: {key} is a number, not {value!r}; epochs and seeds whole numbers")
    texts = (meaning.metric, meaning.unit, meaning.data, meaning.split, meaning.note)
    numbers = (meaning.epochs, *meaning.seeds)
    if not all(isinstance(text, str) for text in texts) or not all(type(number) is int for number in numbers):
        raise BadSetting(f"{name}: metric, unit, data, split and note are texts, epochs and seeds whole numbers")
    if meaning.split not in SPLITS:
        raise BadSetting(f"{name}: split is {meaning.split!r}; it is one of {', '.join(SPLITS[1:])}, or not said")
    for key, words in (("goal", ("max", "min")), ("role", ("told", "reported", "cost", "detail"))):
        if getattr(meaning, key) not in ("", *words):
            raise BadSetting(f"{name}: {key} is {getattr(meaning, key)!r}; it is one of {', '.join(words)}")
    if meaning.metric == "accuracy" and (meaning.unit not in ("percent", "fraction") or not meaning.split):
        raise BadSetting(f"{name}: an accuracy has a split, and its unit is percent or fraction")
    return meaning


def _check_keys(said: Mapping[str, Any], allowed: Any, name: str) -> None:
    """Refuse what has no meaning, such as a misspelt key."""
    unknown = set(said) - set(allowed)
    if unknown:
        raise BadSetting(f"{name}: {sorted(unknown)[0]!r} means nothing; there are: {', '.join(allowed)}")


def _kind(value: Any, kind: type, name: str) -> Any:
    """Give a value that must be of a kind."""
    if not isinstance(value, kind):
        raise BadSetting(f"{name} is {value!r}; it should be a {kind.__name__}")
    return value
