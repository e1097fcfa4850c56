"""``nasbed latency``: how long each layer of a space's networks takes here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasbed.cli.console import print_facts, print_json, progress
from nasbed.cli.options import Json


def command(
    space: Annotated[str, typer.Argument(help="A space with a supernet: its name or its file.")],
    data: Annotated[str, typer.Option(help="Whose images: NAME or NAME:WHERE.")] = "digits",
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("latencies.json"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the networks, such as skeleton.cells=1.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Images at a time.", min=1)] = 1,
    repeats: Annotated[int, typer.Option(help="How often each layer is measured; medians count.", min=1)] = 20,
    device: Annotated[str, typer.Option(help="Where: cpu, cuda, mps, …")] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads on the CPU.", min=1)] = 1,
    json: Json = False,
) -> None:
    """Measure each layer of a space's networks, for searches under limits of latency.

    Latencies of networks are sums of those of their layers: inherited:FILE:latencies=latencies.json.
    """
    from nasbed.cli.values import module_space, training_overrides
    from nasbed.core.files import check_place
    from nasbed.factory.settings import training_settings
    from nasbed.nets.survey import check_device

    check_place(out)
    check_device(device)
    where = module_space(space, None, None, None)
    frame, _ = training_overrides(set_ or [])
    blueprint, _ = training_settings(where, data, frame)
    from nasbed.nets.latencies import Latencies

    with progress("measuring") as move:
        found = Latencies.measured(blueprint, batch, repeats, device, threads, lambda share: move(share))
    found.write(out)
    if json:
        print_json({"file": str(out), "layers": len(found.layers), **found.about})
        return
    print_facts({"file": str(out), "layers": len(found.layers), **found.about})
