"""Meaning: what the settings of a class or function are, and what each means, as its signature and docstring say.

They are written once, where they are defined: under ``Attributes:`` or ``Args:``. What prints them reads them here.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

from nasbed.core.bounds import in_words, kinds_of
from nasbed.core.errors import MissingExtra
from nasbed.core.printing import Card, Shown, brief, titled

if TYPE_CHECKING:
    from nasbed.core.registry import Registry

_SECTION = re.compile(r"^(?:Attributes|Args):\n((?:[ ]{4,}.*\n?|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^ {4}(\w+): ((?:.+\n?)(?: {5,}.*\n?)*)", re.MULTILINE)
_WIDTH = 100


class Setting(NamedTuple):
    """A setting of something that can be made.

    Attributes:
        name: The setting.
        default: What it is when not given; ``(required)`` where it must be.
        allowed: What it may be, as far as its type says.
        meaning: What it means, in sentences; empty where nobody wrote it down.
    """

    name: str
    default: str
    allowed: str
    meaning: str


class Configured(Shown):
    """What is made of its settings and says, in a notebook, what each of them means."""

    def _card(self) -> Card:
        """Return the settings, each with its meaning, under the first line of the docstring."""
        said = meanings(type(self))
        rows = [(name, brief(value), said.get(name, "")) for name, value in self._configured().items()]
        return Card(titled(self), headers=("setting", "value", "meaning"), rows=rows)

    def _configured(self) -> Mapping[str, Any]:
        """Return the settings by name: the fields, where it is a dataclass."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.init}  # type: ignore[arg-type]


def settings_of(maker: Any) -> list[Setting]:
    """Return the settings that a class or function takes, in their order."""
    known = getattr(maker, "__dataclass_fields__", {})
    made = {name: one.default_factory() for name, one in known.items() if one.default_factory is not MISSING}
    said, kinds = meanings(maker), kinds_of(maker)
    return [
        Setting(
            one.name,
            "(required)" if one.default is one.empty else str(made.get(one.name, one.default)),
            in_words(kinds[one.name]),
            said.get(one.name, ""),
        )
        for one in inspect.signature(maker).parameters.values()
        if one.kind is not one.VAR_KEYWORD
    ]


def meanings(maker: Any) -> dict[str, str]:
    """Return what a docstring says of each attribute or argument; of a class those of its parents, too."""
    found: dict[str, str] = {}
    for one in reversed(inspect.getmro(maker)) if inspect.isclass(maker) else [maker]:
        for section in _SECTION.findall(inspect.cleandoc(one.__doc__ or "") + "\n"):
            found |= {name: plain(text) for name, text in _ENTRY.findall(section)}
    return found


def plain(text: str) -> str:
    """Return a piece of a docstring in a line, without its marks of code."""
    return " ".join(text.split()).replace('``"', '"').replace('"``', '"').replace("``", "'")


def summary_of(place: str) -> str | None:
    """Return the first line of the docstring of ``module:attribute``, read from its source and not imported.

    None where the module has no source, or not this name in it.
    """
    module, _, attribute = place.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    for node in ast.parse(Path(spec.origin).read_bytes()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").strip().split("\n")[0]
    return None


def guide(names: Registry) -> str:
    """Return what each name of a registry stands for, and each of its settings with its meaning."""
    return "\n".join(line for name in names for line in _guided(names, name))


def _guided(names: Registry, name: str) -> Iterator[str]:
    yield f"{name}: {plain(names.describe(name))}"
    try:
        found = settings_of(names[name])
    except MissingExtra as error:
        yield f"    {error}"
        return
    for one in found:
        said = f"{one.name} = {one.default} ({one.allowed}){': ' * bool(one.meaning)}{one.meaning}"
        yield fill(said, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8)
