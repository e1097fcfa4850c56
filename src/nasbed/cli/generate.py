"""``nasbed generate``: train a whole space and publish the table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import progress
from nasbed.cli.show import Edges, Operations, Vertices

if TYPE_CHECKING:
    from nasbed.run.campaign import Status


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate", epilog="Example: nasbed generate nasbench101 --vertices 3 --budgets 1,2 --out mine.arrow")(
        command
    )


def command(
    space: Annotated[str, typer.Argument(help="The space's name.")] = "nasbench101",
    out: Annotated[Path, typer.Option(help="The table to make; what is measured is kept beside it.")] = Path(
        "table.arrow"
    ),
    vertices: Vertices = None,
    edges: Edges = None,
    operations: Operations = None,
    data: Annotated[str, typer.Option(help="What to train on.")] = "digits",
    budgets: Annotated[str, typer.Option(help="Epochs; each is a training of its own.")] = "4,12,36",
    repeats: Annotated[int, typer.Option(help="Trainings of an architecture at a budget.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the whole campaign.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Trainings at a time; one a core if not given.")] = None,
    executor: Annotated[str, typer.Option(help="Where to train; 'nasbed list executors'.")] = "processes",
    store: Annotated[Path | None, typer.Option(help="The file that keeps what is measured; OUT.sqlite.")] = None,
    attempts: Annotated[int, typer.Option(help="After how many failures a training is given up.")] = 5,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the skeleton or the recipe, such as recipe.learning_rate=0.05."),
    ] = None,
) -> None:
    """Train every architecture of a space, with repeats, and make a table of it.

    Stopped in any way, the same command goes on where it was.
    """
    from nasbed.cli.values import integers, module_space, training_overrides
    from nasbed.tables.generate import generate

    where: Any = module_space(space, vertices, edges, operations)
    skeleton, recipe = training_overrides(set_ or [])
    with progress("training") as move:
        table = generate(
            out,
            space=where,
            data=data,
            skeleton=skeleton,
            recipe=recipe,
            budgets=integers(budgets, "budgets"),
            repeats=repeats,
            seed=seed,
            workers=workers,
            executor=executor,
            store=store,
            attempts=attempts,
            progress=lambda status: move(_share(status)),
        )
    failures = len(table.provenance["failures"])
    minutes = table.provenance["training_seconds"] / 60
    trained = len(table) * len(table.budgets) * table.repeats - failures
    print(f"{table.path}: {len(table):,} architectures, {trained:,} trainings, {minutes:.1f} minutes of one core")
    if failures:
        print(f"{failures} trainings were given up; 'nasbed info {table.path}' says why")


def _share(status: Status) -> float:
    return status.done / max(status.total, 1)
