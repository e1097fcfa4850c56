"""Generation: train the architectures of a space and make a table of what came out.

A campaign's unit is an architecture at a budget with the repeats that one pass trains. What decides its results follows
from the campaign's settings and the unit alone, so that units can be done anywhere, in any order and again. This
process does not import PyTorch; its workers do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.executor import Executor
from nasbed.core.files import check_place
from nasbed.core.locks import claimed
from nasbed.core.space import Space
from nasbed.core.store import Store
from nasbed.factory.job import Job, usual_beside, usual_together
from nasbed.factory.machine import Machine
from nasbed.factory.publish import check_table, missing, publish
from nasbed.factory.selection import Selection
from nasbed.factory.settings import measure_of, training_settings
from nasbed.factory.units import Unit, failures, given_up
from nasbed.nets.task import ACCURACY
from nasbed.run.about import command_line
from nasbed.run.campaign import Progress, campaign
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
    checkpoints: bool = False,
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
            CPU no result depends on it; with diagnostics, checkpoints, a time limit, a compiled network or several
            threads it is 1.
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
        checkpoints: Whether to keep the networks of every training at the start, halfway and at the end, as
            ``<hash>/<epochs>/<repeat>/end.safetensors`` in a folder beside the store.
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
    settings = side_by_side, seed, attempts, time_limit, sample, unique
    job = Job(frame, data, how, tuple(budgets), repeats, *settings, measure_of(data))
    if diagnostics and job.measure != ACCURACY:
        raise BadSetting(f"diagnostics are of classifiers; {data!r} is judged by {job.measure.metric}")
    machine = Machine(executor, workers, executor_settings or {}, device, threads)
    most = _beside(job, beside, diagnostics or checkpoints or machine.shares_sums)
    part = selection or Selection()
    table, path = Path(out).expanduser(), store_of(out, part) if store is None else Path(store).expanduser()
    chosen = part.units(job)
    # What does not fit the blueprint is found now, not in a worker.
    frame.parameters(job.archs[[job.modules[name] for name in {unit.module for unit in chosen}]])
    check_place(table)
    check_table(table, path)
    typed = command or command_line()
    session = _Session(job, machine, part, chosen, retry, most, path, diagnostics, checkpoints, typed, progress)
    try:
        with claimed(path), machine.start() as running:
            if redo_damaged:
                mend(path)
            found = session.survey(running)
            job = replace(job, recipe=replace(how, precision=found["precision"]))
            with SQLiteStore(path) as kept:
                replace(session, job=job).train(kept, running, found)
                return None if missing(kept, job) else publish(table, kept, job, typed)
    except KeyboardInterrupt:  # the campaign's own are Interrupted already; this was before or after it
        raise Interrupted(f"interrupted; what was measured is kept in {path}; to go on: {typed}") from None


def store_of(out: str | Path, selection: Selection | None = None) -> Path:
    """Name the store of a table: beside it, with the suffix ``.sqlite``, a worker's by the worker."""
    table = Path(out).expanduser()
    return table.with_name(f"{table.stem}{(selection or Selection()).shard}.sqlite")


def _beside(job: Job, beside: int | None, apart: bool) -> int:
    """Return how many architectures a pass trains at most, of what was asked for and what is possible."""
    if apart or job.time_limit is not None or job.recipe.compile or job.together == 1:
        most = 1
    else:
        most = usual_beside(job.blueprint, job.together) if beside is None else beside
    if beside is not None and not 1 <= beside <= most:
        raise BadSetting(
            f"beside is at least 1, and 1 where repeats are trained one by one, compiled, within a time limit, with "
            f"diagnostics or checkpoints, or on several threads of a CPU; it is {beside}"
        )
    return most


@dataclass(frozen=True)
class _Session:
    """What one call does of a campaign.

    Attributes:
        job: The campaign.
        machine: Where.
        part: Which part of it.
        chosen: The units of that part.
        retry: Whether to try again what of them has been given up.
        most: How many architectures a pass trains at most.
        store: The store's file, beside which ``diagnostics`` and ``checkpoints`` are kept.
        diagnostics: Whether they are.
        checkpoints: Likewise.
        command: What was typed.
        progress: Called with the campaign's status.
    """

    job: Job
    machine: Machine
    part: Selection
    chosen: list[Unit]
    retry: bool
    most: int
    store: Path
    diagnostics: bool
    checkpoints: bool
    command: str
    progress: Progress | None

    def survey(self, executor: Executor) -> dict[str, Any]:
        """Let a worker see whether all this can be trained; give what it finds of data, precision and versions."""
        job = self.job
        what = job.whole_blueprint, job.recipe, job.data, job.budgets, job.time_limit, self.machine.device, job.together
        found: dict[str, Any] = survey(RetryingExecutor(executor, job.attempts), "trained", SURVEY, *what)
        return found

    def train(self, kept: Store, executor: Executor, found: Mapping[str, Any]) -> None:
        """Train every unit of the part that the store does not have yet."""
        job = self.job
        units = [*self.chosen, *(_retries(kept, job, self.part, self.chosen) if self.retry else [])]
        names = [str(unit) for unit in units]
        groups = job.alike(names) if self.most > 1 else {}
        campaign(
            names,
            TRAIN,
            self.arguments,
            plan={**job.plan(), **{name: found[name] for name in _FOUND if name in found}},
            facts={"units": job.size, "splits": found["images"], "warnings": found["warnings"]},
            session=self.describe(units, executor.slots),
            store=kept,
            executor=executor,
            attempts=job.attempts,
            together=TRAIN_SEVERAL,
            alike=lambda name: groups.get(name, name),
            most=self.most,
            cost=partial(_images, job, found["images"]["train"]),
            failures=failures,
            resume=f"they are kept in {self.store}; to go on: {self.command}",
            progress=self.progress,
        )

    def arguments(self, name: str) -> tuple[Any, ...]:
        """Give the plain values with which a unit is trained."""
        return self.job.arguments(
            name,
            device=self.machine.device,
            threads=self.machine.threads,
            diagnostics=self.store.with_suffix(".diagnostics") if self.diagnostics else None,
            checkpoints=self.store.with_suffix(".checkpoints") if self.checkpoints else None,
        )

    def describe(self, units: Sequence[Unit], slots: int) -> dict[str, Any]:
        """Say what is worth knowing of it and decides no result."""
        return {
            **self.machine.describe(slots),
            "beside": self.most,
            "command": self.command,
            "selection": self.part.describe(),
            "units": dict(Counter(unit.epochs for unit in units)),
        }


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
