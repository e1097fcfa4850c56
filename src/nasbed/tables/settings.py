"""Settings: a data source's skeleton and recipe, with single fields changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeVar

from nasbed.core.errors import BadSetting
from nasbed.nets import recipe as recipes
from nasbed.nets import skeleton as skeletons
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import Skeleton

DEFAULTS: dict[str, tuple[Skeleton, Recipe]] = {"digits": (skeletons.DIGITS, recipes.DIGITS)}
"""What each data source is trained in and with; the published ones for any other."""

_Settings = TypeVar("_Settings", Skeleton, Recipe)


def training_settings(
    data: str, skeleton: Mapping[str, Any] | None = None, recipe: Mapping[str, Any] | None = None
) -> tuple[Skeleton, Recipe]:
    """Give a data source's skeleton and recipe with some fields changed.

    Raises:
        BadSetting: For a field that there is not, with those that there are, and for a value that is not allowed.
    """
    frame, how = DEFAULTS.get(data, (skeletons.NASBENCH101, recipes.NASBENCH101))
    return _changed(frame, skeleton or {}), _changed(how, recipe or {})


def _changed(defaults: _Settings, changes: Mapping[str, Any]) -> _Settings:
    noun, fields = type(defaults).__name__.lower(), defaults.to_dict()
    for name, value in changes.items():
        if name not in fields:
            close = get_close_matches(name, fields, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise BadSetting(f"a {noun} has no {name!r}{hint}; it has: {', '.join(fields)}")
        if not _fits(value, type(fields[name])):
            raise BadSetting(f"a {noun}'s {name} is {_KINDS[type(fields[name])]}, not {value!r}")
    exact = {name: type(fields[name])(value) for name, value in changes.items()}  # 1 for a float is 1.0 in every record
    return replace(defaults, **exact)


_KINDS = {int: "an integer", float: "a finite number", bool: "true or false", str: "a name"}


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return type(value) is kind
