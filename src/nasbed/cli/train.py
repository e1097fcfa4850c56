"""``nasbed train``: one network, really trained, once and shortly or for long and in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasbed.cli.console import print_facts, print_json, print_table, progress
from nasbed.cli.door import same_command, stopping
from nasbed.cli.options import Edges, Json, Operations, Set, Vertices
from nasbed.core.errors import BadSetting, Interrupted, NothingTrained

if TYPE_CHECKING:
    from nasbed.core.records import Archs
    from nasbed.nets.blueprint import Blueprint
    from nasbed.nets.data.source import Data
    from nasbed.nets.long_training import LongTraining
    from nasbed.nets.passes import Pass
    from nasbed.nets.recipe import Recipe
    from nasbed.nets.results import TrainingResult
    from nasbed.readers.measure import Measure

    Training = tuple[Blueprint, Archs, Recipe, Data, int, int]

EPOCHS, AUGMENT_EPOCHS = 12, 200
"""How long it trains if nobody says; the second is the published length of an augmented training."""


def command(
    architecture: Annotated[str, typer.Argument(help="As 'nasbed show' writes it, or a published module's name.")],
    space: Annotated[str, typer.Option(help="Of which space: its name or its file.")] = "nasbench101",
    vertices: Vertices = None,
    edges: Edges = None,
    operations: Operations = None,
    data: Annotated[str, typer.Option(help="What to train on: NAME or NAME:WHERE.")] = "digits",
    epochs: Annotated[
        int | None,
        typer.Option(help=f"How often every image is seen; {EPOCHS}, or {AUGMENT_EPOCHS} with --augment."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order and augmentation.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Keep the training in this folder, from which the same command goes on.")
    ] = None,
    augment: Annotated[
        bool,
        typer.Option("--augment", help="Train on the validation images, too, by the stepwise schedule, as published."),
    ] = False,
    every: Annotated[int, typer.Option(help="With --out: epochs between two measurements.", min=1)] = 5,
    recipe: Annotated[str | None, typer.Option(help="A recipe's name, or a TOML file.")] = None,
    set_: Set = None,
    device: Annotated[str, typer.Option(help="Where: cpu, cuda, …")] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads on the CPU.", min=1)] = 1,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds of training after which it stops; not with --out.")
    ] = None,
    diagnostics: Annotated[
        Path | None, typer.Option(help="Write what 100 images make of the network to this file; not with --out.")
    ] = None,
    json: Json = False,
) -> None:
    """Train the network of one architecture and print its scores.

    They are those at the start, halfway and at the end. With --out it trains for long: every few epochs scores are
    measured and the network is kept, and a training that was stopped in any way goes on by the same command.
    """
    from nasbed.cli.values import space_around, training_overrides
    from nasbed.core.files import check_place
    from nasbed.factory.settings import training_settings
    from nasbed.nets.recipe import settled
    from nasbed.nets.survey import check_device

    if augment and out is None:
        raise BadSetting("--augment trains for long and needs a folder to keep that in: --out FOLDER")
    if out is not None and (time_limit is not None or diagnostics is not None):
        raise BadSetting("--time-limit and --diagnostics are for a training that is made at once, without --out")
    if diagnostics is not None:
        check_place(diagnostics)
    check_device(device)
    where = space_around(architecture, space, vertices, edges, operations)
    arch = where.parse(architecture)
    frame, changes = training_overrides(set_ or [])
    if augment and recipe is None:
        changes = {"schedule": "stepwise", **changes}
    blueprint, how = training_settings(where, data, frame, changes, named=recipe, architecture=architecture)
    how = settled(how, blueprint, device, 1, arch[None])
    if epochs is None:
        epochs = AUGMENT_EPOCHS if augment else EPOCHS
    from nasbed.nets.data.source import load
    from nasbed.nets.task import in_short

    training = (blueprint, arch, how, load(data), epochs, seed)
    measure = training[3].task.measure
    result: TrainingResult | LongTraining
    if out is None:
        result = _at_once(training, time_limit, device, threads, diagnostics is not None)
        if diagnostics is not None and result.diagnostics is not None:
            result.diagnostics.save(diagnostics)
    else:
        result = for_long(training, out, augment, every, device, threads)
    if json:
        about = {"measure": in_short(measure), "skeleton": blueprint.settings()}
        print_json({**about, "recipe": how.to_dict(), "epochs": epochs, **result.to_dict()})
    else:
        facts = {"architecture": where.format(arch), "trainable parameters": f"{result.trainable_parameters:,}"}
        print_facts(
            {**facts, "precision": how.precision, "pretrained": _pretrained(blueprint, arch, how), "seed": seed}
        )
        print_moments(result, measure)
        if augment:
            print(
                f"the best was chosen by its test {measure.metric}, which is too good therefore; the last one's is not"
            )
        if out is not None:
            print(f"kept in {out}: {', '.join(sorted(path.name for path in out.iterdir() if path.name != 'lock'))}")
    if result.failure is not None:
        raise NothingTrained(f"the training failed: {result.failure}")


def _pretrained(blueprint: Blueprint, arch: Archs, recipe: Recipe) -> str | None:
    """Say what a network starts from."""
    if not recipe.pretrained:
        return None
    from nasbed.nets.pretrained import start_from

    taken, tensors = start_from(blueprint.network(arch), recipe.pretrained)
    return f"{taken} of {tensors} tensors from {recipe.pretrained}"


def _at_once(
    training: Training, time_limit: float | None, device: str, threads: int, diagnostics: bool
) -> TrainingResult:
    """Train without keeping anything."""
    from nasbed.nets.training import train

    standing = "before its first step"
    with progress("training") as move:

        def watch(now: Pass) -> None:
            nonlocal standing
            epoch = f"epoch {now.epochs * now.made / now.steps:.1f} of {now.epochs}"
            standing = f"at {epoch}"
            move(now.made / now.steps, f"{epoch}, loss {now.loss.item():.3f}")

        try:
            return train(*training, device, time_limit, threads, diagnostics, watch)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted {standing}; nothing is kept of a training without --out FOLDER, and this begins again: "
                f"{same_command()}"
            ) from None


def for_long(training: Training, folder: Path, final: bool, every: int, device: str, threads: int) -> LongTraining:
    """Train in a folder, or go on there."""
    from nasbed.nets.augment import augment

    with progress("training") as move, stopping() as stop:

        def watch(now: LongTraining, loss: float) -> None:
            measured = now.shown(now.measurements[-1]) if now.measurements else "–"
            epoch = f"epoch {now.epochs * now.step / now.steps:.1f} of {now.epochs}"
            move(now.step / now.steps, f"{epoch}, loss {loss:.3f}, {now.led_by} {measured}")

        try:
            return augment(
                *training, folder, final=final, every=every, device=device, threads=threads, stop=stop, progress=watch
            )
        except Interrupted as error:
            raise Interrupted(f"{error}: {same_command()}") from None


def print_moments(result: TrainingResult | LongTraining, measure: Measure) -> None:
    """Print what was measured, a line a moment."""
    from nasbed.nets.results import TrainingResult
    from nasbed.nets.task import heading, written

    if isinstance(result, TrainingResult):
        parts = ["train", "validation", "test"]
        rows = [
            [name, f"{point.epoch:.1f}", f"{point.training_time:.2f}"]
            + ["–" if (found := getattr(point, part)) is None else written(measure, found.value) for part in parts]
            for name, point in result.points.items()
        ]
    else:
        parts = list(result.measurements[-1].scores) if result.measurements else []
        rows = [
            [f"best by {result.led_by}" if m == result.best else "", f"{m.epoch:.1f}", f"{m.training_time:.2f}"]
            + [written(measure, m.scores[part].value) for part in parts]
            for m in result.measurements
        ]
    print_table(["moment", "epoch", "seconds", *(f"{part} {heading(measure)}" for part in parts)], rows)
