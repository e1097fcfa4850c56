"""The form in which an expression is stored: a document of JSON or TOML, in which shared parts have names."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nasbed.core.errors import BadSetting
from nasbed.spaces.decisions import MOST_LEVELS
from nasbed.spaces.expression import Expression
from nasbed.spaces.named import Named
from nasbed.spaces.notation import SHAPE, choice, dag, depth, op, seq, subset, where

T = TypeVar("T")

_ABOUT = "nasbed-space"
_VERSION = 1


def document(root: Expression) -> dict[str, Any]:
    """Return an expression as a document.

    Each part is a table: ``{"op": "conv3x3", "settings": {…}}``, ``{"choice": […]}``, ``{"seq": […]}``,
    ``{"subset": 2, "options": […]}``, ``{"dag": {"0-1": …, "node2": …}}``, ``{"depth": [2, 3], "blocks": […]}``,
    ``{"where": …, "holds": "module:function"}``. A part with decisions that is used in several places is written
    under ``shared`` and stands there as ``{"shared": name}``: it is one decision, wherever it is used.

    Raises:
        BadSetting: When a predicate of ``where`` has no name.
    """
    names = _shared_names(root)
    shared: dict[str, Any] = {}

    def write(part: Any) -> Any:
        if not isinstance(part, Expression):
            return list(map(write, part)) if isinstance(part, tuple) else part
        name = names.get(id(part))
        if name is None:
            return part.document(write)
        if name not in shared:
            shared[name] = part.document(write)
        return {"shared": name}

    written = write(root)
    return {"space": written, **({"shared": shared} if shared else {})}


def _shared_names(root: Expression) -> dict[int, str]:
    """Return a name for each part with decisions that is used more than once."""
    uses, labels, open_ = Counter[int](), dict[int, str](), dict[int, bool]()

    def visit(part: Expression) -> bool:
        uses[id(part)] += 1
        if id(part) not in open_:
            labels[id(part)] = part.label or "part"
            inner = [visit(use.part) for use in part.uses()]  # all of them: each is counted
            open_[id(part)] = any(inner) or len(part.values) > 1
        return open_[id(part)]

    visit(root)
    names, taken = dict[int, str](), Counter[str]()
    for key, often in uses.items():
        if often > 1 and open_[key]:
            taken[labels[key]] += 1
            again = taken[labels[key]]
            names[key] = labels[key] if again == 1 and labels[key] != "part" else f"{labels[key]}~{again}"
    return names


def read(given: Any) -> Expression:
    """Return the expression of a document.

    Raises:
        BadSetting: When the document is none, with the place that is wrong.
    """
    table = _table(given, "a space", {"name", "space", "shared"}, "space")
    root: Expression = _Reader(_mapping(table.get("shared", {}), "shared")).part(_mapping(table["space"], "a space"))
    return root


def checked_name(name: Any) -> str:
    """Return the name of a space.

    Raises:
        BadSetting: When it could not stand in the name of a file.
    """
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.+-]*", name):
        raise BadSetting(f"a space is called by letters, digits and -._, not {name!r}")
    return name


def write_file(settings: Mapping[str, Any], path: Path) -> None:
    """Write the settings of a space to a file.

    Raises:
        BadSetting: When TOML has no word for something in it.
    """
    rest = {name: value for name, value in settings.items() if name != "expression"}
    whole = {_ABOUT: _VERSION, **rest, **settings["expression"]}
    is_json = path.suffix == ".json"
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n" if is_json else _toml(whole),
                    encoding="utf-8")  # fmt: skip


def read_file(make: Callable[..., T], path: Path) -> T:
    """Make a space by the settings in a file.

    Raises:
        BadSetting: When the file has none, or is of a later version.
    """
    if not path.is_file():
        raise BadSetting(f"there is no file {path} with a space in it")
    try:
        text = path.read_text(encoding="utf-8")
        whole = dict(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise BadSetting(f"{path} is no file of a space: {error}") from None
    if whole.pop(_ABOUT, _VERSION) != _VERSION:
        raise BadSetting(f"{path} was written by a later nasbed; this one reads version {_VERSION}")
    settings = {name: whole.pop(name) for name in ("sampling",) if name in whole}
    return make({"name": path.stem, **whole}, **settings)


class _Reader:
    """Reads parts, each shared one once."""

    def __init__(self, shared: Mapping[str, Any]) -> None:
        self.shared, self.made, self.open, self.level = shared, dict[str, Expression](), set[str](), 0

    def part(self, given: Any) -> Any:
        """Return the part of a table; a plain setting as it is."""
        if not isinstance(given, Mapping):
            return given
        if self.level > MOST_LEVELS:
            raise BadSetting(f"a space has at most {MOST_LEVELS} levels of parts within parts; this one has more")
        self.level += 1
        made = self._of_table(given)
        self.level -= 1
        return made

    def _of_table(self, given: Mapping[str, Any]) -> Any:
        kinds = [kind for kind in _KINDS if kind in given]
        if len(kinds) != 1:
            raise BadSetting(f"a part of a space has one of {', '.join(_KINDS)}, not {_brief(given)}")
        (kind,) = kinds
        allowed, make = _KINDS[kind]
        table = _table(given, f"{kind} in a space", {kind, *allowed}, kind)
        try:
            made: Expression = make(self, table)
            return made
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
            if isinstance(error, BadSetting):
                raise
            raise BadSetting(f"this {kind} in a space cannot be read: {_brief(given)}") from None

    def named(self, table: Mapping[str, Any]) -> Expression:
        """Return a shared part."""
        name = table["shared"]
        if name not in self.shared:
            raise BadSetting(f"the space uses the shared part {name!r}, which is not there")
        if name in self.open:
            raise BadSetting(f"the shared part {name!r} of the space contains itself")
        if name not in self.made:
            self.open.add(name)
            self.made[name] = self._of_table(_mapping(self.shared[name], f"the shared part {name!r}"))
            self.open.remove(name)
        return self.made[name]

    def parts(self, given: Any) -> list[Any]:
        """Return each of a list of parts or settings."""
        if not isinstance(given, list | tuple):
            raise BadSetting(f"a space has a list here, not {_brief(given)}")
        return [self.part(one) for one in given]

    def op(self, table: Mapping[str, Any]) -> Expression:
        """Return a layer."""
        settings = _mapping(table.get("settings", {}), "settings")
        return op(table["op"], **{name: self.part(value) for name, value in settings.items()})

    def dag(self, table: Mapping[str, Any]) -> Expression:
        """Return a dag."""
        rest = {key: self.part(value) for key, value in table.items() if key not in ("dag", "merge")}
        edges = {_ends(key): self.part(value) for key, value in _mapping(table["dag"], "dag").items()}
        return dag(edges, table.get("merge", "sum"), **rest)

    def depth(self, table: Mapping[str, Any]) -> Expression:
        """Return a depth."""
        blocks, counts = self.parts(table["blocks"]), table["depth"]
        if not isinstance(counts, list | tuple) or len(blocks) != max(counts, default=0):
            raise BadSetting(f"a depth in a space has as many blocks as its greatest one, not {len(blocks)}")
        return depth(blocks.__getitem__, *counts, **_name(table))

    def where(self, table: Mapping[str, Any]) -> Expression:
        """Return a part with a constraint."""
        if not isinstance(table.get("holds"), str):
            raise BadSetting("where in a space has holds, which names its predicate as module:function")
        return where(self.part(table["where"]), Named(table["holds"]), count=table.get("count"))


_KINDS: dict[str, tuple[set[str], Callable[[_Reader, Mapping[str, Any]], Any]]] = {
    "op": ({"settings"}, _Reader.op),
    "choice": ({"name"}, lambda reader, table: choice(*reader.parts(table["choice"]), **_name(table))),
    "subset": (
        {"options", "name"},
        lambda reader, table: subset(table["subset"], *reader.parts(table["options"]), **_name(table)),
    ),
    "seq": ({"name"}, lambda reader, table: seq(*reader.parts(table["seq"]), **_name(table))),
    "dag": ({"merge", "inputs", "concat", "name", *SHAPE}, _Reader.dag),
    "depth": ({"blocks", "name"}, _Reader.depth),
    "where": ({"holds", "count"}, _Reader.where),
    "shared": (set(), _Reader.named),
}


def _toml(written: Mapping[str, Any]) -> str:
    """Write a document as TOML, a line for each shared part and for each part of the outermost sequence."""
    lines = [f"{_key(name)} = {_value(value)}" for name, value in written.items() if name not in ("space", "shared")]
    lines += ["", "[space]", *(f"{_key(name)} = {_long(value)}" for name, value in written["space"].items())]
    for name, part in written.get("shared", {}).items():
        lines += ["", f"[shared.{_key(name)}]", *(f"{_key(one)} = {_long(value)}" for one, value in part.items())]
    return "\n".join(lines) + "\n"


def _long(value: Any) -> str:
    if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        return "[\n" + "".join(f"    {_value(one)},\n" for one in value) + "]"
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if value is None:
        raise BadSetting("TOML has no word for None, which a choice of this space has; write it as .json")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("-", "").replace("_", "").isalnum() else json.dumps(name)


def _ends(key: str) -> Any:
    if key.startswith("node"):
        return int(key.removeprefix("node"))
    source, target = map(int, key.split("-"))
    return source, target


def _name(table: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": table["name"]} if "name" in table else {}


def _table(given: Any, what: str, allowed: set[str], needed: str) -> Mapping[str, Any]:
    table = _mapping(given, what)
    unknown = set(table) - allowed
    if unknown or needed not in table:
        has = f"not {', '.join(sorted(map(str, unknown)))}" if unknown else f"and {needed} is missing"
        raise BadSetting(f"{what} has {', '.join(sorted(allowed))}, {has}")
    return table


def _mapping(given: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadSetting(f"{what} is a table, not {_brief(given)}")
    return given


def _brief(given: Any) -> str:
    try:
        text = repr(given)
    except RecursionError:
        text = "lists within lists"
    return text if len(text) <= 80 else f"{text[:77]}…"
