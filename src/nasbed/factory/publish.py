"""Publishing: from the records of a campaign's store to its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, NothingTrained
from nasbed.core.store import Store
from nasbed.factory.job import Job
from nasbed.factory.units import Training, Unit, given_up, trainings
from nasbed.tables.table import Table
from nasbed.tables.writing import given_trainings, write_table

POINTS = {"start": "start_", "halfway": "halfway_", "end": ""}
"""The moments at which a training was measured, and how their columns' names begin."""

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Measured:
    """What a campaign has measured.

    Attributes:
        results: A column's values by its name, ``(architectures, budgets, repeats)``; NaN where there is no training.
        failures: Every training that was given up: its ``module``, ``epochs`` and ``repeat``, the ``reason`` and, if it
            was tried again, how many ``retries`` there were.
        retried: Every training that was given up and then went well: ``module``, ``epochs``, ``repeat``, ``retries``.
        missing: How many trainings there is no record of.
        finished: When the last record was made.
    """

    results: dict[str, NDArray[np.float64]]
    failures: list[dict[str, Any]]
    retried: list[dict[str, Any]]
    missing: int
    finished: str

    @classmethod
    def collect(cls, store: Store, job: Job) -> Self:
        """Read a campaign's store.

        Raises:
            NothingTrained: When no training went well: there is nothing to make a table of.
        """
        names = [f"{prefix}{name}" for prefix in POINTS.values() for name in ("training_time", *_accuracies())]
        shape = len(job.modules), len(job.budgets), job.repeats
        results = {name: np.full(shape, np.nan) for name in (*names, "total_time")}
        retried = []
        for training in trainings(store, job.together, job.repeats):
            place = job.modules[training.module], job.budgets.index(training.epochs), training.repeat
            if training.failure is None:
                _fill(results, place, training.measured)
                if training.retry:
                    retried.append(_named(training))
        measured = int(np.isfinite(results["total_time"]).sum())
        lost = given_up(store, job.together, job.repeats)
        if not measured:
            why = f"; the first was given up because: {lost[0].failure}" if lost else ""
            raise NothingTrained(f"no training has gone well, so there is nothing to make a table of{why}")
        return cls(
            results,
            [{**_named(training), "reason": training.failure} for training in lost],
            retried,
            int(np.prod(shape)) - measured - len(lost),
            max(record["finished"] for _, record in store),
        )

    def summary(self) -> dict[str, Any]:
        """Give what a table's provenance says of the trainings."""
        return {
            "finished": self.finished,
            "training_seconds": float(np.nansum(self.results["total_time"])),
            "failures": self.failures,
            **({"retried": self.retried} if self.retried else {}),
            **({"missing": self.missing} if self.missing else {}),
        }


def _named(training: Training) -> dict[str, Any]:
    named = {"module": training.module, "epochs": training.epochs, "repeat": training.repeat}
    return {**named, "retries": training.retry} if training.retry else named


def _accuracies() -> list[str]:
    return [f"{part}_accuracy" for part in PARTS]


def _fill(results: dict[str, NDArray[np.float64]], place: tuple[int, int, int], measured: Mapping[str, Any]) -> None:
    """Put one training's measurements in their place."""
    for point, prefix in POINTS.items():
        moment = measured["points"][point]
        results[f"{prefix}training_time"][place] = moment["training_time"]
        for part in PARTS:
            correct, images = moment[part]
            results[f"{prefix}{part}_accuracy"][place] = correct / images
    results["total_time"][place] = measured["total_time"]


def missing(store: Store, job: Job) -> int:
    """Count the units of a job that a store has no record of."""
    known = {unit for unit, _ in store}
    if len(known) < job.size:  # as when a part is done of a space of which a list takes long
        return job.size - sum(not Unit.parse(unit).retry for unit in known)
    return sum(str(unit) not in known for unit in job.units())


def publish(out: Path, store: Store, job: Job, command: str) -> Table:
    """Build the table of what a store has; NaN where that is nothing.

    Args:
        out: The table's file.
        store: The campaign's.
        job: What it trains.
        command: What was typed, for the provenance.

    Raises:
        NothingTrained: When no training has gone well.
    """
    measured, notes = Measured.collect(store, job), store.notes()
    warnings = list(notes["warnings"])
    if measured.missing:
        warnings.append(f"the campaign was not finished: {measured.missing} trainings are missing")
    provenance = {
        "source": "trained by nasbed",
        "command": command,
        **notes["plan"],
        "splits": notes["splits"],
        "sessions": notes["sessions"],
        **measured.summary(),
        **({"warnings": warnings} if warnings else {}),
    }
    data, parameters = job.data.partition(":")[0], job.blueprint.parameters(job.archs)
    given = given_trainings(measured.results, job.budgets, job.repeats, data, parameters)
    return write_table(out, job.space, job.archs, given, provenance=provenance, failed=True)


def check_table(table: Path, store: Path) -> None:
    """See that a table can be written that is not somebody else's.

    Raises:
        BadSetting: When table and store are one file, or the table is there although its store is not.
    """
    if table == store:
        raise BadSetting(f"table and store cannot both be {table}")
    if table.exists() and not store.exists():
        raise BadSetting(f"{table} is there already, but no store {store} that it was made of; choose another name")
