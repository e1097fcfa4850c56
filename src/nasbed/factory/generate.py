"""Generation: train the architectures of a space and make a table of what came out.

A campaign's unit is an architecture at a budget with the repeats that one pass trains. What decides its results follows
from the campaign's settings and the unit alone, so that units can be done anywhere, in any order and again. This
process does not import PyTorch; its workers do.
"""

from __future__ import annotations

import inspect
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.files import check_place
from nasbed.core.locks import claimed
from nasbed.core.registry import executors
from nasbed.core.space import Space
from nasbed.core.store import Store
from nasbed.factory.job import Job, usual_beside, usual_together
from nasbed.factory.publish import check_table, missing, publish
from nasbed.factory.selection import Selection
from nasbed.factory.settings import measure_of, training_settings
from nasbed.factory.units import Unit, failures, given_up
from nasbed.nets.task import ACCURACY
from nasbed.run.about import command_line
from nasbed.run.campaign import Progress, campaign
from nasbed.run.executors.processes import usable_cores
from nasbed.run.executors.retrying import RetryingExecutor, survey
from nasbed.run.stores.salvage import mend
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.tables.table import Table

TRAIN = "nasbed.nets.units:train_unit"
TRAIN_SEVERAL = "nasbed.nets.units:train_units"
SURVEY = "nasbed.nets.survey:survey"

_FOUND = ("data_checksum", "pretrained", "versions")
"""What a worker finds that decides results."""


def generate(
    out: str | Path,
    *,
    space: Space,
    data: str = "digits",
    skeleton: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    named: str | Path | None = None,
    budgets: Sequence[int] = (4, 12, 36),
    repeats: int = 3,
    together: int | None = None,
    beside: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    attempts: int = 5,
    sample: int | None = None,
    unique: bool = False,
    selection: Selection | None = None,
    retry: bool = False,
    executor: str = "processes",
    workers: int | None = None,
    executor_settings: Mapping[str, Any] | None = None,
    device: str = "cpu",
    threads: int = 1,
    diagnostics: bool = False,
    store: str | Path | None = None,
    redo_damaged: bool = False,
    command: str | None = None,
    progress: Progress | None = None,
) -> Table | None:
    """Train the architectures of a space at every budget, or go on where a call was stopped, and build the table.

    On one kind of machine a table depends, measured times apart, on the settings up to ``attempts`` alone: not on who
    did which part of it, on the executor, on the number of workers, or on how often the work was interrupted.

    Args:
        out: The table's file.
        space: Whose architectures.
        data: A data source, ``name`` or ``name:where``.
        skeleton: Settings of the blueprint that differ from those for the data source.
        recipe: Settings of the recipe that differ from the data source's.
        named: A recipe's name or a TOML file, instead of the data source's.
        budgets: Epochs; each is a training of its own.
        repeats: Trainings of an architecture at a budget.
        together: How many of them one pass trains side by side; None for what ``usual_together`` says.
        beside: How many architectures of one group a pass trains at most; None for what ``usual_beside`` says. On the
            CPU no result depends on it; with diagnostics, a time limit, a compiled network or several threads it is 1.
        seed: Of the whole campaign.
        time_limit: Seconds of a training after which it stops; None for none.
        attempts: After how many failures a training is given up; its values in the table are NaN.
        sample: How many different architectures are drawn to be trained; None for all that the space numbers.
        unique: Whether, of architectures with one key, only the first is trained.
        selection: The part of the campaign that is done now.
        retry: Whether to try again, with seeds of their own, what has been given up. Each call tries it as often as
            ``attempts`` says, and goes on with what an interrupted one has left.
        executor: A registered name.
        workers: How many units at once; None for the executor's choice.
        executor_settings: Further settings of the executor.
        device: Where networks are trained.
        threads: How many threads PyTorch may use on the CPU for one of them.
        diagnostics: Whether to keep ``Diagnostics`` of every training, in a folder beside the store.
        store: The file that keeps what has been measured; ``store_of`` says which if it is not given.
        redo_damaged: Whether to measure again what is damaged in the store; the damaged file is kept beside it.
        command: What was typed, for the provenance and to go on with; the arguments of this program if not given.
        progress: Called with the campaign's status at the start and after each unit.

    Returns:
        The table; None when the selection is done but the campaign is not.

    Raises:
        BadSetting: When settings are unknown or do not fit together, files cannot be written, the store was begun
            with other settings, or another process works on it.
        InvalidArchitecture: When there is no network for an architecture.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    frame, how = training_settings(space, data, skeleton, recipe, named=named)
    side_by_side = usual_together(frame, repeats) if together is None else together
    # Several threads on a CPU share a pass's sums by how many networks are in it: results would depend on company.
    shared = threads > 1 and device == "cpu"
    apart = diagnostics or time_limit is not None or how.compile or side_by_side == 1 or shared
    most = 1 if apart else usual_beside(frame, side_by_side) if beside is None else beside
    if beside is not None and not 1 <= beside <= most:
        raise BadSetting(
            f"beside is at least 1, and 1 where repeats are trained one by one, compiled, within a time limit, with "
            f"diagnostics or on several threads of a CPU; it is {beside}"
        )
    settings = side_by_side, seed, attempts, time_limit, sample, unique
    job = Job(frame, data, how, tuple(budgets), repeats, *settings, measure_of(data))
    if diagnostics and job.measure != ACCURACY:
        raise BadSetting(f"diagnostics are of classifiers; {data!r} is judged by {job.measure.metric}")
    part = selection or Selection()
    chosen = part.units(job)
    # What does not fit the blueprint is found now, not in a worker.
    frame.parameters(job.archs[[job.modules[name] for name in {unit.module for unit in chosen}]])
    table, path = Path(out).expanduser(), store_of(out, part) if store is None else Path(store).expanduser()
    check_place(table)
    check_table(table, path)
    typed = command or command_line()
    resume = f"they are kept in {path}; to go on: {typed}"
    try:
        with (
            claimed(path),
            executors.make(executor, _settings(executor, workers, threads, executor_settings or {})) as machine,
        ):
            if redo_damaged:
                mend(path)
            retrying = RetryingExecutor(machine, attempts)
            what = frame, how, data, job.budgets, job.time_limit, device, side_by_side
            found = survey(retrying, "trained", SURVEY, *what)
            job = replace(job, recipe=replace(how, precision=found["precision"]))
            with SQLiteStore(path) as kept:
                again = _retries(kept, job, part, chosen) if retry else []
                units = [*chosen, *again]
                names = [str(unit) for unit in units]
                groups = job.alike(names) if most > 1 else {}
                campaign(
                    names,
                    TRAIN,
                    partial(
                        job.arguments,
                        device=device,
                        threads=threads,
                        diagnostics=path.with_suffix(".diagnostics") if diagnostics else None,
                    ),
                    plan={**job.plan(), **{name: found[name] for name in _FOUND if name in found}},
                    facts={"units": job.size, "splits": found["images"], "warnings": found["warnings"]},
                    session={
                        **_hardware(),
                        "executor": executor,
                        "workers": machine.slots,
                        "device": device,
                        "threads": threads,
                        "beside": most,
                        "command": typed,
                        "selection": part.describe(),
                        "units": dict(Counter(unit.epochs for unit in units)),
                    },
                    store=kept,
                    executor=machine,
                    attempts=attempts,
                    together=TRAIN_SEVERAL,
                    alike=lambda name: groups.get(name, name),
                    most=most,
                    cost=partial(_images, job, found["images"]["train"]),
                    failures=failures,
                    resume=resume,
                    progress=progress,
                )
                return None if missing(kept, job) else publish(table, kept, job, typed)
    except KeyboardInterrupt:  # the campaign's own are Interrupted already; this was before or after it
        raise Interrupted(f"interrupted; what was measured is kept in {path}; to go on: {typed}") from None


def store_of(out: str | Path, selection: Selection | None = None) -> Path:
    """Name the store of a table: beside it, with the suffix ``.sqlite``, a worker's by the worker."""
    table = Path(out).expanduser()
    return table.with_name(f"{table.stem}{(selection or Selection()).shard}.sqlite")


def _settings(executor: str, workers: int | None, threads: int, others: Mapping[str, Any]) -> dict[str, Any]:
    """Give an executor's settings; where it can be told, trainings of several threads do not fight for cores."""
    given = {**others} if workers is None else {"workers": workers, **others}
    taken = inspect.signature(executors[executor]).parameters
    if threads > 1 and "cpus" in taken:
        return {"cpus": threads, **given}
    if threads > 1 and "workers" in taken:
        return {"workers": max(1, usable_cores() // threads), **given}
    return given


def _retries(store: Store, job: Job, part: Selection, chosen: list[Unit]) -> list[Unit]:
    """Name the units that try again what was given up.

    They are noted before they begin: a call that was interrupted and is given again does the same ones.
    """
    rounds: list[list[str]] = store.notes().get("retries", [])
    latest = part.among([Unit.parse(name) for name in rounds[-1]] if rounds else [], job, chosen)
    if any(str(unit) not in store for unit in latest):
        return latest
    failed = given_up(store, job.together, job.repeats)
    again = [Unit(last.module, last.epochs, last.repeat, last.retry + 1) for last in failed]
    units = part.among(again, job, chosen)
    if units:
        store.note("retries", [*rounds, [str(unit) for unit in units]])
    return units


def _images(job: Job, images: int, name: str) -> float:
    """Say how many training images a unit goes through."""
    unit = Unit.parse(name)
    return unit.epochs * images * len(unit.trains(job.together, job.repeats))


def _hardware() -> dict[str, Any]:
    """Say what this machine is."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    """Give the processor's name, which Linux tells only in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
