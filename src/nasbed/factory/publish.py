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
from nasbed.nets.task import ACCURACY
from nasbed.readers.measure import Measure
from nasbed.tables.published import PARAMETERS
from nasbed.tables.table import Table
from nasbed.tables.writing import Given, given_trainings, write_table

POINTS = {"start": "start_", "halfway": "halfway_", "end": ""}
"""The published moments at which a training was measured, and how their columns' names begin."""

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Measured:
    """What a campaign has measured.

    Attributes:
        given: The columns of a table; NaN where there is no training.
        seconds: What all trainings took.
        failures: Every training that was given up: its ``module``, ``epochs`` and ``repeat``, the ``reason`` and, if it
            was tried again, how many ``retries`` there were.
        retried: Every training that was given up and then went well: ``module``, ``epochs``, ``repeat``, ``retries``.
        missing: How many trainings there is no record of.
        finished: When the last record was made.
    """

    given: list[Given]
    seconds: float
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
        published = not job.recipe.has_curves and job.measure == ACCURACY
        columns = _Moments(job) if published else _Curves(job)
        seconds = np.full((len(job.modules), len(job.budgets), job.repeats), np.nan)
        retried = []
        parameters: dict[str, int] = {}
        for training in trainings(store, job.together, job.repeats):
            place = job.modules[training.module], job.budgets.index(training.epochs), training.repeat
            if (count := training.measured.get("trainable_parameters")) is not None:
                parameters[training.module] = count
            if training.failure is None:
                columns.fill(place, training.measured)
                seconds[place] = training.measured["total_time"]
                if training.retry:
                    retried.append(_named(training))
        measured = int(np.isfinite(seconds).sum())
        lost = given_up(store, job.together, job.repeats)
        if not measured:
            why = f"; the first was given up because: {lost[0].failure}" if lost else ""
            raise NothingTrained(f"no training has gone well, so there is nothing to make a table of{why}")
        return cls(
            columns.given(seconds, _parameters(job, parameters)),
            float(np.nansum(seconds)),
            [{**_named(training), "reason": training.failure} for training in lost],
            retried,
            seconds.size - measured - len(lost),
            max(record["finished"] for _, record in store),
        )

    def summary(self) -> dict[str, Any]:
        """Give what a table's provenance says of the trainings."""
        return {
            "finished": self.finished,
            "training_seconds": self.seconds,
            "failures": self.failures,
            **({"retried": self.retried} if self.retried else {}),
            **({"missing": self.missing} if self.missing else {}),
        }


def _named(training: Training) -> dict[str, Any]:
    named = {"module": training.module, "epochs": training.epochs, "repeat": training.repeat}
    return {**named, "retries": training.retry} if training.retry else named


def _parameters(job: Job, known: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the parameters of each architecture: as its trainings say or, where there is none, counted.

    So the networks need not be buildable where a store is published.
    """
    found = np.array([known.get(name, -1) for name in job.modules], np.int64)
    lacking = np.flatnonzero(found < 0)
    if len(lacking):
        found[lacking] = job.blueprint.parameters(job.archs[lacking])
    return found


class _Moments:
    """The columns of trainings that are measured as NAS-Bench-101 was: at the start, halfway, at the end."""

    def __init__(self, job: Job) -> None:
        self.job = job
        shape = len(job.modules), len(job.budgets), job.repeats
        names = ("training_time", *(f"{part}_accuracy" for part in PARTS))
        self.results = {f"{prefix}{name}": np.full(shape, np.nan) for prefix in POINTS.values() for name in names}

    def fill(self, place: tuple[int, int, int], measured: Mapping[str, Any]) -> None:
        """Put one training's measurements in their place."""
        for point, prefix in POINTS.items():
            moment = measured["points"][point]
            self.results[f"{prefix}training_time"][place] = moment["training_time"]
            for part in PARTS:
                correct, images = moment[part]
                self.results[f"{prefix}{part}_accuracy"][place] = correct / images

    def given(self, seconds: NDArray[np.float64], parameters: NDArray[np.int64]) -> list[Given]:
        """Return them, with what trainings took and how many parameters networks have."""
        job, data = self.job, self.job.data.partition(":")[0]
        results = {**self.results, "total_time": seconds}
        return given_trainings(results, job.budgets, job.repeats, data, parameters)


class _Curves:
    """The columns of all other trainings: each budget is a recipe, measured after some of its epochs."""

    def __init__(self, job: Job) -> None:
        self.job, self.moments = job, [job.recipe.moments(epochs) for epochs in job.budgets]
        # Of a fraction that is no whole number of epochs, the epochs that are over count.
        self.epochs = [
            sorted({int(fraction * epochs) for fraction in moments.values()} - {0})
            for epochs, moments in zip(job.budgets, self.moments, strict=True)
        ]
        n, seeds, self.metric = len(job.modules), job.repeats, job.measure.metric
        test, of_curves = f"test/{self.metric}", (self.metric, "loss")
        self.results = [
            {
                name: np.full((n, seeds, 1 if name == test else len(epochs)), np.nan)
                for name in ("training_time", test, *(f"{p}/{m}" for p in PARTS[:2] for m in of_curves))
            }
            for epochs in self.epochs
        ]

    def fill(self, place: tuple[int, int, int], measured: Mapping[str, Any]) -> None:
        """Put one training's measurements in their place."""
        row, budget, seed = place
        results, epochs = self.results[budget], self.epochs[budget]
        for name, fraction in self.moments[budget].items():
            moment, epoch = measured["points"][name], int(fraction * self.job.budgets[budget])
            if epoch:
                at = row, seed, epochs.index(epoch)
                results["training_time"][at] = moment["training_time"]
                for part in PARTS[:2]:
                    results[f"{part}/{self.metric}"][at] = moment[part][0] / moment[part][1]
                    results[f"{part}/loss"][at] = moment["losses"][part]
        total, images = measured["points"]["end"]["test"]
        results[f"test/{self.metric}"][row, seed, 0] = total / images

    def given(self, seconds: NDArray[np.float64], parameters: NDArray[np.int64]) -> list[Given]:
        """Return them, with what trainings took and how many parameters networks have."""
        job, data, found = self.job, self.job.data.partition(":")[0], []
        for place, (budget, results) in enumerate(zip(job.budgets, self.results, strict=True)):
            for name, values in results.items():
                split, _, metric = name.rpartition("/")
                epochs = self.epochs[place][-values.shape[2] :]
                unit = {"loss": "nats" if job.measure == ACCURACY else "", self.metric: job.measure.unit}
                measure = Measure(
                    metric,
                    split,
                    data,
                    (str(budget),),
                    tuple(range(job.repeats)),
                    tuple(epochs),
                    axes=("seed", "epoch"),
                    unit=unit.get(metric, "s"),
                    goal=job.measure.goal if metric == self.metric else "",
                    role="detail" if metric == "loss" else "",
                    meaning="cumulative time of the training steps" if not split else "",
                )
                # No clock is as fine as a float32, which halves the largest column; losses fill the rest.
                kept = values if split else values.astype(np.float32)
                found.append(Given(measure, kept, cold=measure.role == "detail"))
            whole = Measure(
                "total_time", "", data, (str(budget),), tuple(range(job.repeats)), axes=("seed",), unit="s",
                role="detail", meaning="time of the whole training, with evaluations",
            )  # fmt: skip
            found.append(Given(whole, seconds[:, place].astype(np.float32), cold=True))
        return [*found, Given(PARAMETERS, parameters, "trainable_parameters")]


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
    measured, notes, whole = Measured.collect(store, job), store.notes(), job.space.whole
    warnings = list(notes["warnings"])
    if measured.missing:
        warnings.append(f"the campaign was not finished: {measured.missing} trainings are missing")
    provenance = {
        "source": "trained by nasbed",
        "command": command,
        **notes["plan"],
        "space": {"name": whole.kind, **whole.settings()},  # of a part, the rows say which
        "splits": notes["splits"],
        "sessions": notes["sessions"],
        **measured.summary(),
        **({"warnings": warnings} if warnings else {}),
    }
    return write_table(
        out,
        whole,
        job.archs,
        measured.given,
        provenance=provenance,
        failed=True,
        continues=job.recipe.has_curves,
        by_key=job.unique and whole.is_enumerable,
    )


def check_table(table: Path, store: Path) -> None:
    """See that a table can be written that is not somebody else's.

    Raises:
        BadSetting: When table and store are one file, or the table is there although its store is not.
    """
    if table == store:
        raise BadSetting(f"table and store cannot both be {table}")
    if table.exists() and not store.exists():
        raise BadSetting(f"{table} is there already, but no store {store} that it was made of; choose another name")
