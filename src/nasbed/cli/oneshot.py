"""``nasbed oneshot``: a search on a supernet, in a folder from which the same command goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasbed.cli.console import print_facts, print_json, print_note, print_table, print_text, progress
from nasbed.cli.door import same_command, stopping
from nasbed.cli.options import Json
from nasbed.cli.values import table_of
from nasbed.core.errors import BadSetting, Interrupted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nasbed.nets.long_training import LongTraining
    from nasbed.oneshot.course import Course, Moment
    from nasbed.oneshot.running import Running
    from nasbed.studies.oneshot import OneShotSettings

TRAINING = "training"
"""The folder, within the search's, of the training of what was found."""

_LISTED = 12  # epochs that are printed: the first and the last ones, where there are more


def command(
    method: Annotated[str | None, typer.Argument(help="A method's name; lists them all if not given.")] = None,
    space: Annotated[
        str | None, typer.Option(help="A space with a supernet: its name or its file; nasbench201 if not given.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="What to train on: NAME or NAME:WHERE; digits if not given.")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="How often all training images are seen; as published if not given.", min=1)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, architecture parameters, samples and order.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to keep it in, from which the same command goes on.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML file: method, space, data, epochs, seed; tables settings, skeleton, recipe, train."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A field of the method, the supernet, the recipe or the later training, such as "
            "settings.weights.clip=5, skeleton.cells=1, recipe.precision=bfloat16, train.epochs=50.",
        ),
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Results to look the derived architectures up in: a table, or its name.")
    ] = None,
    ranked: Annotated[
        int, typer.Option(help="How many architectures are ranked by inherited weights in the end, with --table.")
    ] = 50,
    then: Annotated[
        str | None, typer.Option(help="'train': train what was found as what is published for the space.")
    ] = None,
    forms: Annotated[str, typer.Option(help="Forms of the figures, with commas between: png, svg, pdf.")] = "png",
    device: Annotated[str, typer.Option(help="Where: cpu, cuda, mps, …")] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads on the CPU.", min=1)] = 1,
    json: Json = False,
) -> None:
    """Search with weights shared in a supernet, and print what was derived after each epoch.

    Everything is kept in a folder: state, a line of JSON a step, numbers for TensorBoard, figures and a page. A search
    that was stopped in any way goes on by the same command.
    """
    from nasbed.studies.oneshot import OneShotSettings

    if method is None and config is None:
        _list(json)
        return
    if then not in (None, "train"):
        raise BadSetting(f"--then is 'train', or left out, not {then!r}")
    from nasbed.nets.survey import check_device

    check_device(device)
    given = {"method": method, "space": space, "data": data, "epochs": epochs, "seed": seed}
    settings = OneShotSettings.read(config, given, set_ or [])
    found = None if table is None else table_of(table, "asked for the architectures")
    if then:
        settings.evaluated()  # which refuses what cannot be trained before anything is searched
    folder = out or Path(f"oneshot-{settings.method}-{settings.seed}")
    course = _search(settings, folder, found, ranked, device, threads)
    drawn = _drawn(course, folder, forms.split(","))
    trained = _trained(settings, course, folder, device, threads) if then else None
    if json:
        training = None if trained is None else trained.to_dict()
        print_json({"folder": str(folder), **course.to_dict(), "training": training})
        return
    _print(course)
    print_note(f"kept in {folder}: {', '.join(sorted(path.name for path in folder.iterdir() if path.name[0] != '.'))}")
    print_note(f"the page: {drawn}" if drawn else "no figures: pip install 'nasbed[report]' brings what draws them")
    if trained is not None:
        from nasbed.cli.train import print_moments

        print()
        print_text(f"trained in {folder / TRAINING}: {trained.trainable_parameters:,} trainable parameters")
        print_moments(trained, trained.measure)


def _list(json: bool) -> None:
    from nasbed.oneshot.methods import METHODS

    rows = [[name, str(one.epochs), one.source] for name, one in METHODS.items()]
    if json:
        print_json({name: one.describe() for name, one in METHODS.items()})
        return
    print_table(["method", "epochs", "settings as in"], rows)


def _search(settings: OneShotSettings, folder: Path, table: Any, ranked: int, device: str, threads: int) -> Course:
    """Search in a folder, or go on there."""
    from nasbed.oneshot.running import Running, nothing_known
    from nasbed.studies.oneshot import known_of

    search, precision = settings.searched(device)
    known = nothing_known if table is None else known_of(table, search.net.space)
    running = Running(search, folder, known=known, precision=precision, ranked=ranked)
    with progress("searching") as move, stopping() as stop:

        def watch(now: Running, losses: Mapping[str, float]) -> None:
            done = now.search.made / (now.search.steps * now.search.epochs)
            move(done, ", ".join(filter(None, [now.standing.removeprefix("at "), *_shown(now, losses)])))

        try:
            return running.run(threads=threads, stop=stop, progress=watch)
        except Interrupted as error:
            raise Interrupted(f"{error}: {same_command()}") from None


def _shown(now: Running, losses: Mapping[str, float]) -> list[str]:
    """Say how a search goes, for the line of progress."""
    said = [f"{what} loss {loss:.3f}" for what, loss in losses.items()]
    if now.moments:
        last = now.moments[-1]
        said.append("" if last.entropy is None else f"entropy {last.entropy:.2f}")
        said.append("" if last.skips is None else f"{last.skips} skips")
        said += [f"table {value:.2f}" for value in list(last.known.values())[:1]]
    return said


def _drawn(course: Course, folder: Path, forms: list[str]) -> Path | None:
    """Draw figures and write the page; None where what draws is not installed."""
    from nasbed.core.errors import MissingExtra

    try:
        from nasbed.report.oneshot import save
        from nasbed.report.page.oneshot import chapter
        from nasbed.report.page.page import write_chapters

        save(course, folder / "figures", forms)
        title = f"{course.method} on {course.described['name']}"
        return write_chapters([chapter(course, 0, True)], folder / "page.html", title)
    except MissingExtra:
        return None


def _trained(settings: OneShotSettings, course: Course, folder: Path, device: str, threads: int) -> LongTraining:
    """Train what was found, in a folder within."""
    import numpy as np

    from nasbed.cli.train import for_long
    from nasbed.nets.data.source import load
    from nasbed.nets.recipe import settled

    blueprint, recipe, epochs, every = settings.evaluated()
    row = np.array(course.moments[-1].row, np.int8)
    recipe = settled(recipe, blueprint, device, 1, row[None])
    training = (blueprint, row, recipe, load(settings.data), epochs, settings.seed)
    return for_long(training, folder / TRAINING, False, every, device, threads)


def _print(course: Course) -> None:
    last = course.moments[-1]
    many = len(course.moments) > _LISTED
    shown = [*course.moments[:3], *course.moments[3 - _LISTED :]] if many else course.moments
    headers = ["epoch", "training loss", "validation loss", "entropy", "skips", *course.measured, "architecture"]
    print_table(headers, [_cells(moment, course) for moment in shown], f"{course.method} on {course.data}")
    print()
    better = {f"of the table, worse by {name}": f"{100 * share:.1f} %" for name, share in last.better.items()}
    known = {name: f"{value:.2f}" for name, value in last.known.items()}
    print_facts({"architecture": last.architecture, **known, **better, "seed": course.seed})
    if many:
        print_text(f"{len(course.moments)} epochs in all")


def _cells(moment: Moment, course: Course) -> list[str]:
    def number(value: float | None, digits: int = 4) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    return [
        str(moment.epoch),
        number(moment.training_loss),
        number(moment.validation_loss),
        number(moment.entropy),
        "–" if moment.skips is None else str(moment.skips),
        *(number(moment.known.get(name), 2) for name in course.measured),
        moment.architecture or "–",
    ]
