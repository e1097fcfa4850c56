"""Bounds: which values a setting may have, said once, in the type of its field.

>>> @dataclass
... class Method:
...     population: Count = 50
...     crossover: Chance = 0.9
...     mutation: Chance | None = None
...     def __post_init__(self):
...         check_settings(self)
>>> Method(population=0)
Traceback (most recent call last):
    ...
nasbed.core.errors.BadSetting: population is a whole number from 1, not 0
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from nasbed.core.errors import BadSetting, in_a_line


@dataclass(frozen=True)
class Bounds:
    """Between which numbers a setting lies.

    Attributes:
        least: It may be this, and nothing below; None where ``above`` or nothing bounds it.
        most: It may be this, and nothing beyond.
        above: It is more than this.
        below: It is less than this.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def hold(self, value: float) -> bool:
        """Say whether a number lies between them; what is not finite never does."""
        return (
            (isinstance(value, Integral) or math.isfinite(value))
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        if self.least is not None and self.most is not None:
            return f"from {self.least:g} to {self.most:g}"
        said = {"from": self.least, "above": self.above, "at most": self.most, "below": self.below}
        return " and ".join(f"{word} {value:g}" for word, value in said.items() if value is not None)


Count = Annotated[int, Bounds(least=1)]
Natural = Annotated[int, Bounds(least=0)]
Chance = Annotated[float, Bounds(least=0, most=1)]
Positive = Annotated[float, Bounds(above=0)]


def check_settings(settings: Any) -> None:
    """See that every field of a dataclass that its constructor takes has a value that the field's type allows.

    Whole numbers, numbers (finite ones alone), true or false, text, mappings and ``Literal`` are held against their
    types, and numbers against their bounds; text is no list; other types are not looked at.

    Raises:
        BadSetting: With the field's name, what it may be and what it is.
    """
    for name, kind in kinds_of(type(settings)).items():  # type: ignore[arg-type]  # mypy knows no hash of a type[Any]
        check(name, getattr(settings, name), kind)


def check(name: str, value: Any, kind: Any) -> None:
    """See that one setting has a value that a type allows; see ``check_settings``.

    Raises:
        BadSetting: When it has not.
    """
    if not _is(value, kind):
        raise BadSetting(f"{name} is {in_words(kind)}, not {in_a_line(value)}")


@cache
def kinds_of(maker: Hashable) -> dict[str, Any]:
    """Return the type of each argument that a class or function takes, by name; ``Any`` where it cannot be read."""
    return {one.name: _read(maker, one) for one in inspect.signature(maker).parameters.values()}  # type: ignore[arg-type]


def number_in(kind: Any) -> type | None:
    """Return ``int`` or ``float`` where a type is of such numbers, whatever their bounds and whether it may be none."""
    inner = get_args(kind) if get_origin(kind) in (Union, UnionType, Annotated) else ()
    return kind if kind in (int, float) else next(filter(None, map(number_in, inner)), None)


def _read(maker: Any, one: inspect.Parameter) -> Any:
    """Return an argument's type, which stands as text where annotations are postponed, in whose module it is."""
    kind = Any if one.annotation is one.empty else one.annotation
    if not isinstance(kind, str):
        return kind
    line = [each for each in getattr(maker, "__mro__", ()) if each is not object]
    fields = (each for each in line if one.name in vars(each).get("__annotations__", {}))
    makers = (each for each in line if "__init__" in vars(each))
    where = next(fields, None) or next(makers, maker)
    try:
        return eval(kind, vars(sys.modules[where.__module__]))
    except (NameError, AttributeError, KeyError, TypeError):
        # It is imported for type checkers alone, or known in a function alone.
        return Any


def in_words(kind: Any) -> str:
    """Write a type in words: ``a whole number from 1 or none``, ``one of pay, free, skip``."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return " ".join([in_words(inner[0]), *(str(one) for one in inner[1:] if isinstance(one, Bounds))])
    if origin in (Union, UnionType):
        words = [in_words(one) for one in inner]
        return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if (origin or kind) in _WORDS:
        return _WORDS[origin or kind]
    return "anything" if kind is Any else str(getattr(origin or kind, "__name__", kind))


def _is(value: Any, kind: Any, bounds: Bounds | None = None) -> bool:
    """Say whether a type allows a value; a type that is not looked at does."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _is(value, inner[0], next((one for one in inner[1:] if isinstance(one, Bounds)), None))
    if origin in (Union, UnionType):
        return any(_is(value, one) for one in inner)
    if origin is Literal:
        return value in inner
    if kind in (int, float):
        number = isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)
        return number and (bounds or Bounds()).hold(value)
    if (origin or kind) in (tuple, list, Sequence):
        return not isinstance(value, str)  # which is a list of its letters
    return isinstance(value, origin or kind) if (origin or kind) in (bool, str, type(None), Mapping) else True


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "none",
    tuple: "a list",
    Sequence: "a list",
    Mapping: "a table",
    Path: "a path",
}
