"""Reading: from what stands in a study's TOML file to the parts of a study, each thing checked where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from nasbed.core.errors import BadSetting, UnknownName, in_a_line
from nasbed.core.printing import Printed
from nasbed.core.registry import defaults_of
from nasbed.core.registry import optimizers as registered
from nasbed.run.history import Metric
from nasbed.studies.cell import SEARCH, Keep
from nasbed.studies.parts import Part, at, checked_values

RUNS = 100
PART = 100
"""Runs that are played at a time: they share the work of a step, and are what Ctrl-C may cost."""

_KEYS = ("name", "title", "runs", "seed", "keep", "part", "benchmarks", "optimizers", "search", "surface", "differing")


@dataclass(frozen=True)
class Surface(Printed):
    """What the surface of a sweep shows.

    Attributes:
        x: The swept key along the one axis.
        y: The swept key along the other.
        metric: ``test-regret``, ``test``, ``validation-regret``, ``mean-validation`` or ``validation``.
    """

    x: str
    y: str
    metric: str = "test-regret"


def fields_of(given: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """Give the fields of a ``Study``; see ``Study.of``."""
    if not isinstance(given, Mapping):
        raise BadSetting(f"a study is a table, such as {{'optimizers': ['random']}}, not {in_a_line(given)}")
    for key in given:
        if key not in _KEYS:
            raise BadSetting(str(UnknownName("key of a study", key, _KEYS)))
    search = given.get("search", {})
    if not isinstance(search, Mapping):
        raise BadSetting(f"search: it is a table of settings, not {search!r}")
    values = {key: checked_values(key, value, SEARCH, f"search.{key}", "a search") for key, value in search.items()}
    if "seed" in given:
        values["seed"] = checked_values("seed", given["seed"], SEARCH, "seed", "a search")
    methods = tuple(_optimizer(one, place) for place, one in _entries(given, "optimizers"))
    asked = tuple(_benchmark(one, place, folder) for place, one in _entries(given, "benchmarks", ["digits101"]))
    keys = [*values, *(key for part in (*methods, *asked) for key in part.settings)]
    return {
        "name": _text(given, "name", "study"),
        "optimizers": methods,
        "benchmarks": asked,
        "search": values,
        "runs": _count(given, "runs", RUNS),
        "keep": checked_keep(given.get("keep", "trials")),
        "part": _count(given, "part", PART),
        "title": _text(given, "title", ""),
        "surface": _surface(given.get("surface"), keys),
        "differing": checked_differing(given.get("differing", ())),
    }


def checked_keep(given: Any) -> Keep:
    """Give what a cell's file is to have.

    Raises:
        BadSetting: When there is no such thing.
    """
    if given not in get_args(Keep):
        raise BadSetting(f"keep: it is {' or '.join(get_args(Keep))}, not {given!r}")
    kept: Keep = given
    return kept


def checked_differing(given: Any) -> tuple[str, ...]:
    """Give the settings of the search in which cells that are compared may differ.

    Raises:
        BadSetting: When they are no settings of a search, or one that decides nothing but the random streams.
    """
    names = [given] if isinstance(given, str) else given
    known = [key for key in SEARCH if key != "seed"]
    with at("differing"):
        if not isinstance(names, list | tuple):
            raise BadSetting(f'it is a list of settings of the search, such as ["epochs"], not {given!r}')
        for name in names:
            if name not in known:
                raise UnknownName("setting in which searches may differ", str(name), known)
    return tuple(names)


def _entries(given: Mapping[str, Any], key: str, default: Any = None) -> Iterator[tuple[str, Any]]:
    """Go through a list of parts, which a single one may stand for; give each with its place."""
    found = given.get(key, default)
    found = [found] if isinstance(found, str | Mapping) else found
    if not isinstance(found, list | tuple) or not found:
        raise BadSetting(f"{key}: it is a list of names or tables, one at least, not {found!r}")
    for i, one in enumerate(found):
        yield f"{key}[{i}]", one


def _optimizer(given: Any, place: str) -> Part:
    with at(place):
        name = given.get("name") if isinstance(given, Mapping) else str(given).partition(":")[0]
        known = defaults_of(registered[name]) if isinstance(name, str) else None
    return Part.of(given, known, place)


def _benchmark(given: Any, place: str, folder: Path | None) -> Part:
    """Read a benchmark; a relative path is taken from where the study lies."""
    part = Part.of(given, None, place)
    if isinstance(given, str):
        part = replace(part, label=None)  # it would be a path, which differs from machine to machine
    if folder is not None and (folder / part.name).is_file():
        part = replace(part, name=str(folder / part.name))
    for key, values in part.settings.items():
        if key == "pace" and not all(isinstance(v, int | float) and not isinstance(v, bool) and v > 0 for v in values):
            raise BadSetting(f"{place}.pace: it is a positive number, not {values[0]!r}")
    return part


def _text(given: Mapping[str, Any], key: str, default: str) -> str:
    value = given.get(key, default)
    if not isinstance(value, str):
        raise BadSetting(f"{key}: it is text, not {value!r}")
    return value


def _count(given: Mapping[str, Any], key: str, default: int) -> int:
    value = given.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadSetting(f"{key}: it is a whole number of at least 1, not {value!r}")
    return value


def _surface(given: Any, keys: Sequence[str]) -> Surface | None:
    """Read what the surface shows, of keys that the study gives."""
    if given is None:
        return None
    with at("surface"):
        if not isinstance(given, Mapping) or not {"x", "y"} <= set(given):
            raise BadSetting('it is a table with x and y, two keys that are swept: x = "population"')
        for key in given:
            if key not in ("x", "y", "metric"):
                raise UnknownName("key of a surface", key, ("x", "y", "metric"))
        shown = Surface(**given)
        for key in (shown.x, shown.y):
            if key not in keys:
                raise UnknownName("setting that the study gives", str(key), keys)
        if shown.metric not in get_args(Metric):
            raise UnknownName("metric", str(shown.metric), get_args(Metric))
        return shown
