"""``nasbed list``: what there is by name."""

from __future__ import annotations

from typing import Annotated

import typer

from nasbed.cli.console import print_json, print_table
from nasbed.cli.options import Json
from nasbed.core.errors import UnknownName


def command(
    noun: Annotated[str | None, typer.Argument(help="One noun, such as optimizers; all if not given.")] = None,
    json: Json = False,
) -> None:
    """List spaces, benchmarks, optimizers and all else that has a name."""
    from nasbed.core.registry import NOUNS
    from nasbed.nets.data.sources import SOURCES

    nouns = {**NOUNS, "data": SOURCES}
    if noun is not None and noun not in nouns:
        raise UnknownName("noun", noun, nouns)
    chosen = nouns if noun is None else {noun: nouns[noun]}
    found = {
        which: {name: names.describe(name).replace("``", "'") for name in names} for which, names in chosen.items()
    }
    if json:
        print_json(found)
        return
    rows = [[which, name, text] for which, names in found.items() for name, text in names.items()]
    print_table(["noun", "name", "what it is"], rows) if rows else print(f"there are no {noun} yet")
