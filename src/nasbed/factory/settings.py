"""Settings: the blueprint and the recipe of a training, from defaults, names, files and single fields."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nasbed.core.errors import BadSetting, NasbedError, UnknownName
from nasbed.core.space import Space
from nasbed.nets.blueprint import Blueprint, blueprint_of
from nasbed.nets.data.sources import pictures, stamp
from nasbed.nets.recipe import RECIPES, Recipe
from nasbed.nets.task import ACCURACY, usual
from nasbed.readers.measure import Measure

FRAMES: dict[str, tuple[int, int, int]] = {
    "digits": (10, 8, 1),
    "cifar10": (10, 32, 3),
    "cifar100": (100, 32, 3),
    "imagenet16-120": (120, 16, 3),
}
"""Classes, pixels and colours of the sources whose files all have the same; any other is looked at."""

SMALL = 12
"""Pixels of images for which a blueprint has settings of its own: the published depth would leave nothing of them."""

_CROP = 8  # an eighth of an image is padded, as published for CIFAR-10 and for ImageNet16-120
_STEPS = 8  # an epoch has so many, at least, where nobody says how large a batch is


def training_settings(
    space: Space,
    data: str,
    skeleton: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    *,
    named: str | Path | None = None,
    architecture: str = "",
) -> tuple[Blueprint, Recipe]:
    """Choose the blueprint and the recipe for a space and a data source, with some fields changed.

    The blueprint takes the source's classes, pixels and colours. The recipe is that of the source's name, or else the
    one published for the space, with a crop that fits the images and a batch that fits their number. A file of settings
    is TOML with the tables ``[recipe]`` and ``[skeleton]``, of which each holds the fields that differ: from that or,
    when the file says ``base = "nasbench101"``, from the recipe of that name.

    Args:
        space: The space.
        data: A data source, ``name`` or ``name:where``.
        skeleton: Fields of the blueprint that differ.
        recipe: Fields of the recipe that differ.
        named: One of ``RECIPES``, or a file whose name ends in ``.toml``.
        architecture: What it is for, where that is known: a named one may have a published skeleton of its own.

    Raises:
        UnknownName: When no recipe or data source has the name.
        BadSetting: When the space has no blueprint; for a field that there is not, with those that there are, for a
            value that is not allowed, and for a file that cannot be read.
    """
    frame, how = _defaults(space, data, architecture)
    if named is not None:
        named = str(named)
        if named.endswith(".toml"):
            frame, how = _from_file(Path(named).expanduser(), frame, how)
        else:
            how = _recipe(named)
    return _with(frame, skeleton or {}), _changed(how, recipe or {})


class Look(NamedTuple):
    """What blueprint, recipe and table must know of a data source.

    Attributes:
        outputs: How many numbers a network gives for an image: one for each class or target.
        size: Height and width of an image, in pixels.
        colours: Colours of a pixel.
        images: How many are trained on; None where published recipes fit.
        measure: What networks are judged by.
    """

    outputs: int
    size: int
    colours: int
    images: int | None
    measure: Measure


def measure_of(data: str) -> Measure:
    """Return what networks are judged by that are trained on a data source, ``name`` or ``name:where``.

    Raises:
        UnknownName: When no data source has the name.
        BadSetting: When its files are not there, or not as they should be.
    """
    return _look(data).measure


def _look(data: str) -> Look:
    source = data.partition(":")[0]
    return Look(*FRAMES[source], None, ACCURACY) if source in FRAMES else _looked(data, stamp(data))


@lru_cache(maxsize=4)
def _looked(data: str, changed: float) -> Look:
    found = pictures(data)
    task = found.task or usual(found.labels[found.parts["train"]], found.classes)
    _, size, _, colours = found.images.shape
    return Look(task.outputs, size, colours, len(found.parts["train"]), task.measure)


def _defaults(space: Space, data: str, architecture: str) -> tuple[Blueprint, Recipe]:
    source, blueprint = data.partition(":")[0], blueprint_of(space)
    classes, size, colours, images, _ = _look(data)
    own = blueprint.small if size <= SMALL else blueprint.named.get(architecture.strip(), {})
    blueprint = blueprint_of(space, classes=classes, image_size=size, image_channels=colours, **own)
    if source in RECIPES:
        return blueprint, RECIPES[source]
    how = replace(RECIPES[blueprint.recipe], crop=size // _CROP)
    if images is not None:
        how = replace(how, batch_size=max(1, min(how.batch_size, images // _STEPS)))
    return blueprint, how


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise UnknownName("recipe", name, [*RECIPES, "FILE.toml"])
    return RECIPES[name]


def _from_file(path: Path, frame: Blueprint, how: Recipe) -> tuple[Blueprint, Recipe]:
    """Change blueprint and recipe as a file says."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        for name, value in content.items():
            if name not in _TABLES:
                raise BadSetting(_no_such("a file of settings", name, _TABLES))
            if not isinstance(value, _TABLES[name]):
                raise BadSetting('base is a name, as in base = "nasbench101"; recipe and skeleton are tables')
        if "base" in content:
            how = _recipe(content["base"])
        return _with(frame, content.get("skeleton", {})), _changed(how, content.get("recipe", {}))
    except OSError as error:
        raise BadSetting(f"the settings in {path} cannot be read: {error.strerror}") from None
    except (NasbedError, ValueError) as error:  # ValueError: no UTF-8, or no TOML
        raise BadSetting(f"in {path}: {error}") from None


_TABLES = {"base": str, "recipe": dict, "skeleton": dict}


def _with(blueprint: Blueprint, changes: Mapping[str, Any]) -> Blueprint:
    """Change settings of a blueprint."""
    fields = blueprint.settings()
    _check("skeleton", changes, fields)
    return blueprint_of(blueprint.space, **{**fields, **changes})


def _changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Change fields of a recipe."""
    fields = vars(recipe)
    _check("recipe", changes, fields)
    exact = {name: type(fields[name])(value) for name, value in changes.items()}  # 1 for a float is 1.0 in every record
    return replace(recipe, **exact)


def _check(noun: str, changes: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if name not in fields:
            raise BadSetting(_no_such(f"a {noun}", name, fields))
        kind = type(fields[name])
        if kind in _KINDS and not _fits(value, kind):
            raise BadSetting(f"a {noun}'s {name} is {_KINDS[kind]}, not {value!r}")


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
