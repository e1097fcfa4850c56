"""``nasbed train``: one network, really trained."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nasbed.cli.console import Json, percent, print_facts, print_json, print_table
from nasbed.cli.show import Operations


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train", epilog="Example: nasbed train 011/001/000:conv3x3 --epochs 12 --seed 1")(command)


def command(
    architecture: Annotated[str, typer.Argument(help="As 'nasbed show' writes it.")],
    space: Annotated[str, typer.Option(help="Of which space.")] = "nasbench101",
    operations: Operations = None,
    data: Annotated[str, typer.Option(help="What to train on.")] = "digits",
    epochs: Annotated[int, typer.Option(help="How often every image is seen.")] = 12,
    seed: Annotated[int, typer.Option(help="Of weights, order and augmentation.")] = 0,
    device: Annotated[str, typer.Option(help="Where: cpu, cuda, …")] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads on the CPU.", min=1)] = 1,
    time_limit: Annotated[float | None, typer.Option(help="Seconds of training after which it stops.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the skeleton or the recipe, such as recipe.learning_rate=0.05."),
    ] = None,
    json: Json = False,
) -> None:
    """Train the network of one architecture and print its accuracies at the start, halfway and at the end."""
    from nasbed.cli.values import module_space, training_overrides
    from nasbed.core.errors import BadSetting, NasbedError
    from nasbed.core.extras import require
    from nasbed.tables.settings import training_settings

    torch = require("torch", "torch")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # PyTorch's complaints about devices are of any kind
        why = str(error).splitlines()[0].rstrip(".")
        raise BadSetting(f"nothing can be trained on the device {device!r} here ({why}); cpu always works") from None
    from nasbed.nets.data.source import load
    from nasbed.nets.training import train

    where = module_space(space, None, None, operations)
    arch = where.parse(architecture)
    graph = where.graph(arch)
    skeleton, recipe = training_settings(data, *training_overrides(set_ or []))
    result = train(graph, skeleton, recipe, load(data), epochs, seed, device, time_limit, threads)
    if json:
        print_json({"skeleton": skeleton.to_dict(), "recipe": recipe.to_dict(), "epochs": epochs, **result.to_dict()})
        return
    facts: dict[str, Any] = {"architecture": where.format(arch)}
    print_facts({**facts, "trainable parameters": f"{result.trainable_parameters:,}", "seed": seed})
    rows = [
        [name, f"{point.epoch:.1f}", f"{point.training_time:.2f}"]
        + [percent(getattr(point, part).value) for part in ("train", "validation", "test")]
        for name, point in result.points.items()
    ]
    print_table(["moment", "epoch", "seconds", "train %", "validation %", "test %"], rows)
    if result.failure is not None:
        raise NasbedError(f"the training failed: {result.failure}")
