"""``nasbed info``: what one should know of a space, an optimizer, a benchmark or a table."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from nasbed.cli.console import Json, print_facts, print_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("info", epilog="Example: nasbed info digits101")(command)


def command(
    name: Annotated[
        str,
        typer.Argument(help="A name that 'nasbed list' prints, or the path of a table or of a training's diagnostics."),
    ],
    json: Json = False,
) -> None:
    """Say what a name or a file stands for: settings, provenance, splits, warnings, checksum."""
    found = _describe(name)
    print_json(found) if json else print_facts(found)


def _describe(name: str) -> dict[str, Any]:
    from nasbed.core import registry
    from nasbed.core.errors import NotInTable, UnknownName

    known = (registry.benchmarks, registry.spaces, registry.optimizers, registry.stores, registry.executors)
    found: dict[str, Any] = {}
    for names in known:
        if name not in names:
            continue
        about: dict[str, Any] = {"what": names.describe(name)}
        try:
            if names is registry.benchmarks or names is registry.spaces:
                about.update(names.make(name, {}).describe())
            else:
                about["settings"] = _defaults(names[name])
        except NotInTable as error:
            about["missing"] = str(error)
        found[names.noun] = about
    if not found and ":" not in name and not Path(name).expanduser().exists() and not Path(name).suffix:
        raise UnknownName("space, benchmark, optimizer, store or executor", name, {n for names in known for n in names})
    if not found and Path(name).suffix == ".npz":
        from nasbed.nets.diagnostics import Diagnostics

        found["diagnostics"] = Diagnostics.load(name).describe()
    if not found:
        from nasbed.benchmarks.resolve import resolve
        from nasbed.core.live import LiveBenchmark

        benchmark = resolve(name)
        found["benchmark" if isinstance(benchmark, LiveBenchmark) else "table"] = benchmark.describe()
    return found


def _defaults(maker: Any) -> dict[str, str]:
    """Give the settings that something takes, with their defaults."""
    parameters = inspect.signature(maker).parameters.values()
    return {p.name: "(required)" if p.default is p.empty else str(p.default) for p in parameters}
