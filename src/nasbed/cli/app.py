"""The verbs, in the order in which one meets them."""

from __future__ import annotations

from typing import Annotated

import typer

import nasbed
from nasbed.cli import (
    compare,
    correlate,
    enumerate,
    export,
    generate,
    import_,
    info,
    landscape,
    list,
    merge,
    query,
    report,
    reproduce,
    score,
    search,
    show,
    status,
    study,
    train,
    verify,
)

app = typer.Typer(
    name="nasbed",
    help="A test bed for neural architecture search: spaces, tables, searches, training and honest comparisons.",
    epilog="Start with: nasbed compare random regularized-evolution local --out demo",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
for verb in (
    list,
    info,
    show,
    enumerate,
    import_,
    export,
    verify,
    query,
    generate,
    status,
    merge,
    train,
    search,
    compare,
    report,
    study,
    reproduce,
    score,
    correlate,
    landscape,
):
    verb.register(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nasbed {nasbed.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Print the help when no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
