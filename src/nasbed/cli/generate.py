"""``nasbed generate``: train a whole space and publish the table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_json, progress
from nasbed.cli.door import same_command
from nasbed.cli.options import Address, Edges, Json, Operations, RedoDamaged, Set, Vertices, panel, place
from nasbed.cli.words import in_words
from nasbed.core.errors import BadSetting

if TYPE_CHECKING:
    from nasbed.core.space import Space
    from nasbed.factory.selection import Selection
    from nasbed.tables.table import Table

SPEEDS = {"rate": "{:.3g} units/s", "speed": "{:,.0f} images/s"}
part = panel("Which part")

Out = Annotated[Path, typer.Option(help="The table to make; what is measured is kept beside it.")]
Models = Annotated[
    Path | None,
    typer.Option(help="Train the modules that a file lists, as 'nasbed enumerate --out FILE.json' writes it."),
]
Sample = Annotated[
    int | None, typer.Option(help="Train so many different architectures, drawn at random, and not all.", min=1)
]
Unique = Annotated[
    bool, typer.Option("--unique", help="Of architectures that the space calls equal, train the first alone.")
]
Together = Annotated[
    int | None, typer.Option(help="Repeats trained side by side in one pass; all of small networks, else 1.")
]
Only = Annotated[str | None, part("Only architectures whose hash or index begins with this regular expression.")]
Units = Annotated[
    Path | None,
    part(
        "Only what a file lists: HASH or INDEX, HASH/EPOCHS, HASH/EPOCHS/REPEAT a line, repeats from 0; or JSON "
        "[[HASH, REPEAT], …] as published, repeats from 1."
    ),
]
Beside = Annotated[
    int | None, place("Architectures of one group in one pass, at most; results do not depend on it on a CPU.")
]
Checkpoints = Annotated[
    bool,
    place("Keep each network as it is at the start, halfway and at the end, beside the store.", "--checkpoints"),
]


def command(
    space: Annotated[str, typer.Argument(help="The space: its name or its file.")] = "nasbench101",
    out: Out = Path("table.arrow"),
    vertices: Vertices = None,
    edges: Edges = None,
    operations: Operations = None,
    models: Models = None,
    sample: Sample = None,
    unique: Unique = False,
    data: Annotated[str, typer.Option(help="What to train on: NAME or NAME:FOLDER.")] = "digits",
    recipe: Annotated[str | None, typer.Option(help="How to train: a recipe's name or FILE.toml.")] = None,
    set_: Set = None,
    budgets: Annotated[str, typer.Option(help="Epochs; each is a training of its own.")] = "4,12,36",
    repeats: Annotated[int, typer.Option(help="Trainings of an architecture at a budget.")] = 3,
    together: Together = None,
    seed: Annotated[int, typer.Option(help="Of the whole campaign.")] = 0,
    attempts: Annotated[int, typer.Option(help="After how many failures a training is given up.")] = 5,
    time_limit: Annotated[float | None, typer.Option(help="Seconds of a training after which it stops.")] = None,
    only: Only = None,
    units: Units = None,
    range_: Annotated[str | None, part("Only units A to B of all in order, as A:B.", "--range")] = None,
    worker: Annotated[int, part("This worker's number, from 0: $SLURM_ARRAY_TASK_ID.")] = 0,
    of: Annotated[int, part("How many workers share what is left: $SLURM_ARRAY_TASK_COUNT.")] = 1,
    offset: Annotated[int, part("By how much the deal is turned.")] = 0,
    retry: Annotated[bool, part("Try again what was given up, with other seeds.", "--retry")] = False,
    executor: Annotated[str, place("Where to train; 'nasbed list executors'.")] = "processes",
    workers: Annotated[int | None, place("Trainings at a time; the executor's choice if not given.")] = None,
    address: Address = None,
    cpus: Annotated[float | None, place("Cores a training takes up.")] = None,
    gpus: Annotated[float | None, place("GPUs a training takes up, perhaps a fraction.")] = None,
    device: Annotated[str, place("cpu, cuda, …")] = "cpu",
    threads: Annotated[int, place("Threads of a training on the CPU.", min=1)] = 1,
    beside: Beside = None,
    diagnostics: Annotated[bool, place("Keep what each network makes of a fixed batch.", "--diagnostics")] = False,
    checkpoints: Checkpoints = False,
    store: Annotated[Path | None, place("The file that keeps what is measured; OUT.sqlite.")] = None,
    redo_damaged: RedoDamaged = False,
    json: Json = False,
) -> None:
    """Train the architectures of a space, with repeats, and make a table of it.

    Stopped in any way, the same command goes on where it was.
    """
    from nasbed.cli.values import integers, module_space, training_overrides
    from nasbed.factory.generate import generate, store_of
    from nasbed.factory.selection import Selection

    where = module_space(space, vertices, edges, operations)
    skeleton, training = training_overrides(set_ or [])
    chosen = Selection(only, units, *_range(range_), worker, of, offset)
    settings = {"address": address, "cpus": cpus, "gpus": gpus}
    with progress("training", remaining=False) as move:
        table = generate(
            out,
            space=where if models is None else _listed(models, where),
            sample=sample,
            unique=unique,
            data=data,
            skeleton=skeleton,
            recipe=training,
            named=recipe,
            budgets=integers(budgets, "budgets"),
            repeats=repeats,
            together=together,
            beside=beside,
            seed=seed,
            time_limit=time_limit,
            attempts=attempts,
            selection=chosen,
            retry=retry,
            executor=executor,
            workers=workers,
            executor_settings={name: value for name, value in settings.items() if value is not None},
            device=device,
            threads=threads,
            diagnostics=diagnostics,
            checkpoints=checkpoints,
            store=store,
            redo_damaged=redo_damaged,
            command=same_command(),
            progress=lambda status: move(status.share, in_words(status, "units", **SPEEDS)),
        )
    if json:
        kept = store_of(out, chosen) if store is None else store
        print_json({"store": str(kept), "table": None if table is None else made(table)})
    elif table is not None:
        print_made(table)
    else:
        _print_part(out, chosen, store)


def _listed(models: Path, where: Space) -> Space:
    """Give the space of the modules that a file lists."""
    from nasbed.factory.models_file import read_models

    return read_models(models, where)


def _print_part(out: Path, chosen: Selection, store: Path | None) -> None:
    """Say what to do when a part is done, but not the whole campaign."""
    from nasbed.factory.generate import store_of

    kept = store_of(out, chosen) if store is None else store
    print(f"{kept}: this part is done, but not the whole campaign; 'nasbed status {kept}' says how far it is")
    if chosen.of > 1 and store is None:
        print(f"when all workers are done: nasbed merge {out.with_suffix('')}.worker-*.sqlite --out {out}")


def made(table: Table) -> dict[str, Any]:
    """Return what a table has that was just made."""
    about = table.provenance
    failures, missing = len(about["failures"]), about.get("missing", 0)
    return {
        "file": str(table.path),
        "architectures": len(table),
        "trainings": len(table) * len(about["budgets"]) * about["repeats"] - failures - missing,
        "training_seconds": about["training_seconds"],
        "failures": failures,
    }


def print_made(table: Table) -> None:
    """Say what a table has that was just made."""
    found = made(table)
    minutes, failures = found["training_seconds"] / 60, found["failures"]
    counted = f"{found['architectures']:,} architectures, {found['trainings']:,} trainings"
    print(f"{table.path}: {counted}, {minutes:.1f} minutes of one core")
    if failures:
        print(f"{failures} trainings were given up; 'nasbed info {table.path}' says why, --retry tries them again")


def _range(text: str | None) -> tuple[int, int | None]:
    """Read ``A:B``, of which either may be left out."""
    start, colon, stop = (text or ":").partition(":")
    try:
        if not colon:
            raise ValueError
        return int(start or 0), int(stop) if stop else None
    except ValueError:
        raise BadSetting(f"a range is A:B, such as 0:1000 or 5000:, not {text!r}") from None
