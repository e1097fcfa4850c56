"""Settings: the skeleton and the recipe of a training, from defaults, names, files and single fields."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.nets import recipe as recipes
from nasbed.nets import skeleton as skeletons
from nasbed.nets.recipe import RECIPES, Recipe
from nasbed.nets.skeleton import Skeleton

PUBLISHED = (skeletons.NASBENCH101, recipes.NASBENCH101)

DEFAULTS: dict[str, tuple[Skeleton, Recipe]] = {
    "digits": (skeletons.DIGITS, recipes.DIGITS),
    "cifar10": PUBLISHED,
    "cifar100": (replace(skeletons.NASBENCH101, classes=100), recipes.NASBENCH101),
    "imagenet16-120": (
        replace(skeletons.NASBENCH101, classes=120, image_size=16),
        replace(recipes.NASBENCH101, crop=2),  # an eighth of the image, as on CIFAR-10
    ),
    "random": PUBLISHED,
}
"""What each data source is trained in and with; the published ones for any other."""

_Settings = TypeVar("_Settings", Skeleton, Recipe)


def training_settings(
    data: str,
    skeleton: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    *,
    named: str | Path | None = None,
) -> tuple[Skeleton, Recipe]:
    """Give a data source's skeleton and recipe, or another recipe, with some fields changed.

    A file of settings is TOML with the tables ``[recipe]`` and ``[skeleton]``, of which each holds the fields that
    differ: from what the data source is trained with or, when the file says ``base = "nasbench101"``, from that.

    Args:
        data: A data source, ``name`` or ``name:where``.
        skeleton: Fields of the skeleton that differ.
        recipe: Fields of the recipe that differ.
        named: One of ``RECIPES``, or a file whose name ends in ``.toml``.

    Raises:
        UnknownName: When no recipe has the name.
        BadSetting: For a field that there is not, with those that there are, for a value that is not allowed, and for
            a file that cannot be read.
    """
    frame, how = DEFAULTS.get(data.partition(":")[0], PUBLISHED)
    if named is not None:
        named = str(named)
        if named.endswith(".toml"):
            frame, how = _from_file(Path(named).expanduser(), frame, how)
        else:
            how = _recipe(named)
    return _changed(frame, skeleton or {}), _changed(how, recipe or {})


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise UnknownName("recipe", name, [*RECIPES, "FILE.toml"])
    return RECIPES[name]


def _from_file(path: Path, frame: Skeleton, how: Recipe) -> tuple[Skeleton, Recipe]:
    """Change skeleton and recipe as a file says."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        for name, value in content.items():
            if name not in _TABLES:
                raise BadSetting(_no_such("a file of settings", name, _TABLES))
            if not isinstance(value, _TABLES[name]):
                raise BadSetting('base is a name, as in base = "nasbench101"; recipe and skeleton are tables')
        if "base" in content:
            how = _recipe(content["base"])
        return _changed(frame, content.get("skeleton", {})), _changed(how, content.get("recipe", {}))
    except OSError as error:
        raise BadSetting(f"the settings in {path} cannot be read: {error.strerror}") from None
    except (NasbedError, ValueError) as error:  # ValueError: no UTF-8, or no TOML
        raise BadSetting(f"in {path}: {error}") from None


_TABLES = {"base": str, "recipe": dict, "skeleton": dict}


def _changed(defaults: _Settings, changes: Mapping[str, Any]) -> _Settings:
    noun, fields = type(defaults).__name__.lower(), defaults.to_dict()
    for name, value in changes.items():
        if name not in fields:
            raise BadSetting(_no_such(f"a {noun}", name, fields))
        if not _fits(value, type(fields[name])):
            raise BadSetting(f"a {noun}'s {name} is {_KINDS[type(fields[name])]}, not {value!r}")
    exact = {name: type(fields[name])(value) for name, value in changes.items()}  # 1 for a float is 1.0 in every record
    return replace(defaults, **exact)


def _no_such(whole: str, name: str, fields: Iterable[str]) -> str:
    names = list(fields)
    close = get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{whole} has no {name!r}{hint}; it has: {', '.join(names)}"


_KINDS = {int: "an integer", float: "a finite number", bool: "true or false", str: "a name"}


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return type(value) is kind
