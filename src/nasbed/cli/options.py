"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer


def panel(title: str) -> Callable[..., Any]:
    """Return what makes an option under a title of the help, of its text and of its name where that is not its own."""

    def option(text: str, *names: str, **more: Any) -> Any:
        return typer.Option(*names, help=text, rich_help_panel=title, **more)

    return option


place = panel("Where and how")
Address = Annotated[str | None, place("Of the cluster: HOST:PORT or auto.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
Log = Annotated[Path | None, typer.Option(help="Add a line of JSON an evaluation to this file, while it is played.")]
RedoDamaged = Annotated[
    bool, typer.Option("--redo-damaged", help="Do again what is damaged in the store, whose damaged file is kept.")
]
Vertices = Annotated[int | None, typer.Option(help="Vertices at most, with input and output.")]
Edges = Annotated[int | None, typer.Option(help="Edges at most.")]
Operations = Annotated[str | None, typer.Option(help="Names of the operations, with commas between.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the skeleton or the recipe, such as recipe.learning_rate=0.05."),
]
