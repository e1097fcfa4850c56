"""``nasbed info``: what one should know of a space, an optimizer, a benchmark or a table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_facts, print_json
from nasbed.cli.options import Json
from nasbed.core.errors import NotInTable, UnknownName
from nasbed.core.meaning import Setting, settings_of

if TYPE_CHECKING:
    from nasbed.core.registry import Registry


def command(
    name: Annotated[
        str,
        typer.Argument(
            help="A name that 'nasbed list' prints, or the path of a table, a space or a training's diagnostics."
        ),
    ],
    json: Json = False,
) -> None:
    """Say what a name or a file stands for: settings, provenance, splits, warnings, checksum."""
    found = _describe(name)
    print_json(found) if json else print_facts({noun: _in_words(about) for noun, about in found.items()})


def _describe(name: str) -> dict[str, Any]:
    from nasbed.core.registry import NOUNS
    from nasbed.nets.data.sources import SOURCES

    found: dict[str, Any] = {}
    kind, colon, _ = name.partition(":")
    for names in (NOUNS["optimizers"], NOUNS["proxies"]):
        if colon and kind in names:
            return {names.noun: _with_settings(names, kind, names.read(name).settings())}
    if colon and kind in NOUNS["spaces"] and (kind not in NOUNS["benchmarks"] or _takes(NOUNS["spaces"][kind], name)):
        space = NOUNS["spaces"].read(name)
        return {"space": {**_with_settings(NOUNS["spaces"], kind, space.settings()), **space.describe()}}
    for plural, names in {"benchmarks": NOUNS["benchmarks"], **NOUNS, "data": SOURCES}.items():  # benchmarks first
        if name not in names:
            continue
        about: dict[str, Any] = {"what": names.describe(name), **_settings(names[name])}
        try:
            if plural in ("benchmarks", "spaces"):
                about |= names.make(name, {}).describe()
            else:
                about["from"] = _reference(names[name])
        except NotInTable as error:
            about["missing"] = str(error)
        found[names.noun] = about
    if found:
        return found
    if Path(name).suffix == ".npz":
        from nasbed.nets.diagnostics import Diagnostics

        return {"diagnostics": Diagnostics.load(name).describe()}
    if NOUNS["spaces"].reader(name) and not name.endswith(".json"):  # which published results are
        return {"space": NOUNS["spaces"].read(name).describe()}
    if ":" not in name and not Path(name).expanduser().exists() and not Path(name).suffix:
        known = {n for names in (*NOUNS.values(), SOURCES) for n in names}
        raise UnknownName("space, benchmark, optimizer, proxy, store, executor or data source", name, known)
    from nasbed.benchmarks.resolve import resolve

    benchmark = resolve(name)
    if benchmark.live is None:
        return {"table": benchmark.describe()}
    return {"benchmark": {**benchmark.describe(), **_side_by_side(benchmark)}}


def _takes(maker: Any, name: str) -> bool:
    """Tell whether something has all the settings that are written behind its name."""
    from nasbed.core.spelling import named

    _, given = named(name)
    return set(given) <= {setting.name for setting in settings_of(maker)}


def _side_by_side(benchmark: Any) -> dict[str, str]:
    """Say how networks that a benchmark trains are trained in one pass."""
    if not hasattr(benchmark, "blueprint"):
        return {}
    from nasbed.nets.blueprint import some_rows
    from nasbed.nets.side_by_side import way_of

    return {"side by side": way_of(benchmark.blueprint, some_rows(benchmark.space))}


def _with_settings(names: Registry, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what takes settings, with those that it was given in the place of defaults."""
    about: dict[str, Any] = {"what": names.describe(name), **_settings(names[name])}
    values = {key: str(value) for key, value in given.items()}
    return {**about, "settings": values, "from": _reference(names[name])}


def _settings(maker: Any) -> dict[str, dict[str, str]]:
    """Give the settings that something takes: with their defaults, what they may be, and what they mean."""
    found = settings_of(maker)
    by_name = {field: {one.name: getattr(one, field) for one in found} for field in Setting._fields[1:]}
    return {"settings": by_name["default"], "allowed": by_name["allowed"], "meaning": by_name["meaning"]}


def _in_words(about: dict[str, Any]) -> dict[str, Any]:
    """Join, for people, what is said of each setting."""
    if "allowed" not in about:
        return about
    allowed, meaning = about["allowed"], about["meaning"]
    said = {
        name: f"{default} ({allowed[name]}){': ' * bool(meaning[name])}{meaning[name]}"
        for name, default in about["settings"].items()
    }
    return {name: value for name, value in about.items() if name not in ("allowed", "meaning")} | {"settings": said}


def _reference(maker: Any) -> str | None:
    """Give where something is from: what its own docstring or its module's says after 'Reference'."""
    for text in (inspect.getdoc(maker), inspect.getdoc(inspect.getmodule(maker))):
        if found := re.search(r"(?:^|\n\n)References?:(.+?)(?:\n\n|$)", text or "", re.DOTALL):
            return " ".join(found[1].split()).replace("``", "'")
    return None
