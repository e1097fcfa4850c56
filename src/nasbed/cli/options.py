"""Options that several commands have."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer


def panel(title: str) -> Callable[..., Any]:
    """Return what makes an option under a title of the help, of its text and of its name where that is not its own."""

    def option(text: str, *names: str, **more: Any) -> Any:
        return typer.Option(*names, help=text, rich_help_panel=title, **more)

    return option


def with_parameters(
    command: Callable[..., None], parameters: Iterable[inspect.Parameter], like: Callable[..., None]
) -> Callable[..., None]:
    """Return a command whose options are these, and whose name and help are those of another."""
    parameters = list(parameters)
    command.__doc__, command.__name__ = like.__doc__, like.__name__
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def with_quiet(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command have the option ``--quiet``."""
    from nasbed.cli.console import quietly

    def quiet_command(quiet: bool, **typed: Any) -> None:
        with quietly(quiet):
            command(**typed)

    kind = inspect.Parameter.KEYWORD_ONLY
    option = inspect.Parameter("quiet", kind, default=False, annotation=Quiet)
    shown = inspect.signature(command, eval_str=True).parameters.values()
    return with_parameters(quiet_command, [*(one.replace(kind=kind) for one in shown), option], command)


place = panel("Where and how")
Address = Annotated[str | None, place("Of the cluster: HOST:PORT or auto.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
Log = Annotated[Path | None, typer.Option(help="Add a line of JSON an evaluation to this file, while it is played.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress and no notes, but results and warnings.")]
Title = Annotated[str | None, typer.Option(help="Of the page; the benchmarks' names or the study's if not given.")]
Author = Annotated[str | None, typer.Option(help="Named on the page, below its title.")]
Notes = Annotated[str | None, typer.Option(help="Text on the page, below its title; an empty line parts paragraphs.")]
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
