"""``nasbed score``: score untrained networks of a space by proxies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_json, print_note, print_text, print_warnings, progress
from nasbed.cli.door import same_command
from nasbed.cli.options import Edges, Json, Operations, RedoDamaged, Vertices, panel, place
from nasbed.cli.words import in_words
from nasbed.core.errors import BadSetting, NothingTrained

if TYPE_CHECKING:
    from nasbed.scores.asked import Asked
    from nasbed.scores.scores import Scores

part = panel("Which architectures")


def command(
    space: Annotated[str, typer.Argument(help="The space: its name or its file.")] = "nasbench201",
    out: Annotated[
        Path, typer.Option(help="The file: a store .sqlite, or .arrow or .csv with its store beside it.")
    ] = Path("scores.sqlite"),
    proxies: Annotated[
        str, typer.Option(help="Names with commas between, NAME:key=value for settings, or all; 'nasbed list proxies'.")
    ] = "naswot",
    sample: Annotated[int | None, part("So many different ones at random.")] = None,
    archs: Annotated[Path | None, part("Those that a file lists, one a line.")] = None,
    all_: Annotated[bool, part("The whole space.", "--all")] = False,
    each: Annotated[bool, part("Score equal ones each as it is written, not once.", "--each")] = False,
    vertices: Vertices = None,
    edges: Edges = None,
    operations: Operations = None,
    data: Annotated[
        str, typer.Option(help="Where images come from: digits, cifar10:PATH, random, noise, …")
    ] = "digits",
    batch: Annotated[int, typer.Option(help="How many images.")] = 128,
    seed: Annotated[int, typer.Option(help="Of the sample, the batch and the weights.")] = 0,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the network, such as channels=8 or cells=1.")
    ] = None,
    attempts: Annotated[int, typer.Option(help="After how many failures a network is given up.")] = 3,
    executor: Annotated[str, place("Where to score; 'nasbed list executors'.")] = "processes",
    workers: Annotated[int | None, place("Networks at a time; the executor's choice if not given.")] = None,
    device: Annotated[str, place("cpu, cuda, …")] = "cpu",
    retry: Annotated[bool, place("Try again what was given up.", "--retry")] = False,
    redo_damaged: RedoDamaged = False,
    json: Json = False,
) -> None:
    """Score untrained networks, each result kept as it comes; parameters and FLOPs always beside the others.

    Stopped in any way, the same command goes on where it was. A larger sample of the same seed only adds to it.
    """
    from nasbed.cli.values import module_space
    from nasbed.core.spelling import settings
    from nasbed.scores.campaign import score_space

    where = module_space(space, vertices, edges, operations)
    with progress("scoring", remaining=False) as move:
        scores = score_space(
            out,
            space=where,
            asked=_asked(sample, archs, all_, seed),
            proxies=proxies,
            data=data,
            batch=batch,
            seed=seed,
            network=settings(set_ or []),
            once=not each,
            attempts=attempts,
            executor=executor,
            workers=workers,
            device=device,
            retry=retry,
            redo_damaged=redo_damaged,
            command=same_command(),
            progress=lambda status: move(status.share, in_words(status, "networks", rate="{:.3g} networks/s")),
        )
    _print(scores, out, json)


def _asked(sample: int | None, archs: Path | None, everything: bool, seed: int) -> Asked:
    """Read which architectures are meant.

    Raises:
        BadSetting: When it is said not at all, or twice.
    """
    from nasbed.scores.asked import Asked

    if (sample is not None) + (archs is not None) + everything != 1:
        raise BadSetting("say which architectures to score, one way: --sample N, --archs FILE or --all")
    return Asked.file(archs) if archs is not None else Asked(sample, seed if sample is not None else 0)


def _print(scores: Scores, out: Path, json: bool) -> None:
    """Say what is there now."""
    plan: dict[str, Any] = scores.about["plan"]
    networks = len(set(scores.units))
    failures = list(scores.about["failures"].values())
    nothing = NothingTrained(f"every network was given up; the first because: {failures[0]}") if failures else None
    if json:
        facts = {"file": str(out), "space": plan["space"]["name"], "architectures": len(scores), "networks": networks}
        print_json({**facts, "columns": scores.columns, "failures": failures, "warnings": scores.about["warnings"]})
        if nothing is not None and len(failures) == networks:
            raise nothing
        return
    shared = "" if networks == len(scores) else f", {networks:,} networks since some are equal"
    print_text(f"{out}: {len(scores):,} architectures of {plan['space']['name']}{shared}, {', '.join(scores.columns)}")
    if failures:
        print_text(
            f"{len(failures):,} networks were given up; --retry tries them again; the first because: {failures[0]}"
        )
    print_warnings(scores.about["warnings"])
    if nothing is not None and len(failures) == networks:
        raise nothing
    print_note(f"to hold them against accuracies: nasbed correlate {out} --with TABLE")
