"""Generation: train every architecture of a space and make a table of what came out.

A unit of the campaign is a module at a budget, all its repeats in one pass. Its seed follows from the campaign's seed,
the module's hash and the budget alone, so that units can be done anywhere, in any order and again. This process does
not import PyTorch; its workers do.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.executor import Executor
from nasbed.core.files import check_place
from nasbed.core.registry import executors
from nasbed.nets.parameters import trainable_parameters
from nasbed.nets.recipe import Recipe
from nasbed.nets.skeleton import Skeleton
from nasbed.run.campaign import Progress, campaign
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.build import build_table
from nasbed.tables.measured import Measured
from nasbed.tables.settings import training_settings
from nasbed.tables.table import Table

TRAIN = "nasbed.nets.training:train_unit"
SURVEY = "nasbed.nets.survey:survey"


def generate(
    out: str | Path,
    *,
    space: NASBench101,
    data: str = "digits",
    skeleton: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    budgets: Sequence[int] = (4, 12, 36),
    repeats: int = 3,
    seed: int = 0,
    workers: int | None = None,
    executor: str = "processes",
    store: str | Path | None = None,
    attempts: int = 5,
    command: str | None = None,
    progress: Progress | None = None,
) -> Table:
    """Train every module of a space at every budget, or go on where an earlier call was stopped, and build the table.

    On one kind of machine a table depends, measured times apart, on the settings alone: not on the executor, on the
    number of workers, or on how often the work was interrupted.

    Args:
        out: The table's file.
        space: Whose modules.
        data: A data source's name.
        skeleton: Settings of the skeleton that differ from the data source's.
        recipe: Settings of the recipe that differ from the data source's.
        budgets: Epochs; each is a training of its own.
        repeats: Trainings of a module at a budget.
        seed: Of the whole campaign.
        workers: How many units at once; None for the executor's choice.
        executor: A registered name.
        store: The file that keeps what has been measured; beside ``out``, with the suffix ``.sqlite``, if not given.
        attempts: After how many failures a training is given up; its values in the table are NaN.
        command: What was typed, for the provenance; the arguments of this program if not given.
        progress: Called with the campaign's status at the start and after each unit.

    Raises:
        BadSetting: When settings are unknown or do not fit together, files cannot be written, or the store was begun
            with other settings.
        InvalidArchitecture: When the skeleton is too narrow for a module.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    job = Job(space, data, *training_settings(data, skeleton, recipe), tuple(budgets), repeats, seed, attempts)
    out, path = _places(out, store)
    try:
        with executors.make(executor, {} if workers is None else {"workers": workers}) as machine:
            found = _survey(machine, job)
            with SQLiteStore(path) as kept:
                campaign(
                    job.units,
                    TRAIN,
                    job.arguments,
                    plan={**job.plan(), "data_checksum": found["data_checksum"], "versions": found["versions"]},
                    session={**_hardware(), "workers": machine.slots},
                    store=kept,
                    executor=machine,
                    attempts=attempts,
                    progress=progress,
                )
                measured = Measured.collect(kept, job.modules, job.budgets, repeats)
                notes = kept.notes()
    except KeyboardInterrupt:  # the campaign's own are Interrupted already; this was before or after it
        raise Interrupted("interrupted; what was measured is kept, and the same command goes on") from None
    provenance = {
        "source": "trained by nasbed",
        "command": command or shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        **notes["plan"],
        "splits": found["images"],
        "sessions": notes["sessions"],
        **measured.summary(),
    }
    return build_table(
        out,
        space=space,
        archs=job.archs,
        budgets=job.budgets,
        repeats=repeats,
        results=measured.results,
        trainable_parameters=job.trainable_parameters,
        provenance=provenance,
    )


@dataclass(frozen=True)
class Job:
    """What is trained: the settings that decide every result, and the units that follow from them."""

    space: NASBench101
    data: str
    skeleton: Skeleton
    recipe: Recipe
    budgets: tuple[int, ...]
    repeats: int
    seed: int
    attempts: int

    def __post_init__(self) -> None:
        if not self.budgets or any(epochs < 1 for epochs in self.budgets):
            raise BadSetting(f"budgets are one or more positive numbers of epochs, not {list(self.budgets)}")
        if list(self.budgets) != sorted(set(self.budgets)):
            raise BadSetting(f"budgets must ascend and differ: {sorted(set(self.budgets))}, not {list(self.budgets)}")
        for name in ("repeats", "attempts"):
            if getattr(self, name) < 1:
                raise BadSetting(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.seed < 0:
            raise BadSetting(f"the seed must not be negative; it is {self.seed}")
        _ = self.trainable_parameters  # a module that does not fit the skeleton is found now, not in a worker

    @cached_property
    def archs(self) -> NDArray[np.int8]:
        """Every module, ``(n, decisions)``, in the order of the table's rows."""
        return self.space.enumerate()

    @cached_property
    def modules(self) -> dict[str, int]:
        """The row of each module, by its hash."""
        return {digest.tobytes().hex(): row for row, digest in enumerate(self.space.hashes(self.archs))}

    @cached_property
    def trainable_parameters(self) -> NDArray[np.int64]:
        """How many parameters the network of each module has, ``(n,)``."""
        counts = [trainable_parameters(self.space.graph(arch), self.skeleton) for arch in self.archs]
        return np.array(counts, np.int64)

    @property
    def units(self) -> list[str]:
        """One unit for each module, by hash, and budget."""
        return [f"{module}/{epochs}" for module in sorted(self.modules) for epochs in self.budgets]

    def arguments(self, unit: str) -> tuple[Any, ...]:
        """Give the plain values with which a unit is trained."""
        module, _, epochs = unit.partition("/")
        graph = self.space.graph(self.archs[self.modules[module]])
        return (
            graph.adjacency,
            graph.labels,
            self.skeleton.to_dict(),
            self.recipe.to_dict(),
            self.data,
            int(epochs),
            unit_seed(self.seed, unit),
            self.repeats,
            self.attempts,
        )

    def plan(self) -> dict[str, Any]:
        """Give the settings as JSON-able values."""
        return {
            "space": {"name": self.space.name, **self.space.settings()},
            "data": self.data,
            "skeleton": self.skeleton.to_dict(),
            "recipe": self.recipe.to_dict(),
            "budgets": list(self.budgets),
            "repeats": self.repeats,
            "seed": self.seed,
            "attempts": self.attempts,
        }


def unit_seed(seed: int, unit: str) -> int:
    """Derive the seed of a unit from the campaign's: 63 bits, independent of all others."""
    digest = hashlib.blake2b(f"{seed}/{unit}".encode(), digest_size=8, person=b"nasbed.generate").digest()
    return int.from_bytes(digest) >> 1


def _places(out: str | Path, store: str | Path | None) -> tuple[Path, Path]:
    """Give the paths of table and store; what would fail after days of training fails now.

    Raises:
        BadSetting: When the table cannot be written, or would overwrite one that is not this campaign's.
    """
    table = Path(out).expanduser()
    kept = table.with_suffix(".sqlite") if store is None else Path(store).expanduser()
    if table == kept:
        raise BadSetting(f"table and store cannot both be {table}")
    check_place(table)
    if table.exists() and not kept.exists():
        raise BadSetting(f"{table} is there already, but no store {kept} that it was made of; choose another name")
    return table, kept


def _survey(machine: Executor, job: Job) -> dict[str, Any]:
    """Have a worker see whether the job can be done, and with which versions and data; one that dies is replaced."""
    error = None
    for _ in range(job.attempts):
        machine.submit("survey", SURVEY, job.skeleton.to_dict(), job.recipe.to_dict(), job.data, job.budgets)
        for outcome in machine.as_completed():
            if outcome.error is None:
                found: dict[str, Any] = outcome.value
                return found
            error = outcome.error
    raise BadSetting(f"nothing can be trained: {error}")


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
