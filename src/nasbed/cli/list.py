"""``nasbed list``: what there is by name."""

from __future__ import annotations

from typing import Annotated

import typer

import nasbed
from nasbed.cli.console import print_json, print_table
from nasbed.cli.options import Json


def command(
    noun: Annotated[str | None, typer.Argument(help="One noun, such as optimizers; all if not given.")] = None,
    json: Json = False,
) -> None:
    """List spaces, benchmarks, optimizers and all else that has a name."""
    found = nasbed.names() if noun is None else {noun: nasbed.names(noun)}
    if json:
        print_json(found)
        return
    rows = [[which, name, text] for which, names in found.items() for name, text in names.items()]
    print_table(["noun", "name", "what it is"], rows) if rows else print(f"there are no {noun} yet")
