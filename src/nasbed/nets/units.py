"""Units: what a worker of a campaign trains, in plain values that travel between processes.

Units of architectures of one group, trained equally long, can be trained in one pass: small networks are bound by the
number of calls, which it divides again (``benchmarks/training.py``). A unit's results do not depend on its company.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.checkpoints import Checkpoints
from nasbed.nets.clock import Clock
from nasbed.nets.data.source import Data, load
from nasbed.nets.passes import Pass, repeat_seed, using_threads
from nasbed.nets.recipe import Recipe
from nasbed.nets.results import TrainingResult
from nasbed.nets.training import OUT_OF_MEMORY, train_repeats

TIMED_STEPS = 5
"""So many steps of each architecture alone say how the time of a pass over several is shared, the first apart."""


class UnitTraining(NamedTuple):
    """Repeats of one architecture at one budget.

    Attributes:
        blueprint: How architectures become networks.
        row: The architecture's decisions.
        recipe: How it is trained.
        data: A data source's name.
        epochs: The budget.
        seed: Any integer; campaigns derive it from their own seed, the architecture's name and the epochs.
        repeats: How many trainings.
        attempts: After how many failures a repeat is given up.
        first: The number of the first of them.
        diagnostics: A folder, made where there is none, for the ``Diagnostics`` of each repeat's last attempt:
            repeat r's are in ``r.npz``. On several machines it must be one that they share.
        tried: How many attempts there were before, whose seeds are not drawn again.
        device: Where.
        threads: How many threads PyTorch may use on the CPU.
        time_limit: Seconds of training of a repeat; a pass of several has as many times as much.
        checkpoints: A folder, made where there is none, for ``Checkpoints``: repeat r's are in the folder ``r``.
    """

    blueprint: Blueprint
    row: tuple[int, ...]
    recipe: Recipe
    data: str
    epochs: int
    seed: int
    repeats: int = 1
    attempts: int = 5
    first: int = 0
    diagnostics: str | None = None
    tried: int = 0
    device: str = "cpu"
    threads: int = 1
    time_limit: float | None = None
    checkpoints: str | None = None

    @property
    def rows(self) -> Archs:
        """The architecture, ``(1, decisions)``."""
        return np.array([self.row], np.int8)

    @property
    def numbers(self) -> range:
        """Which repeats are trained."""
        return range(self.first, self.first + self.repeats)

    def seeds(self, repeats: Sequence[int], number: int) -> list[int]:
        """Give the seeds of some repeats, of the so-manieth attempt at them, from 0."""
        return [repeat_seed(self.seed, repeat, self.tried + number) for repeat in repeats]

    def attempt(self, data: Data, repeats: Sequence[int], number: int = 0) -> tuple[TrainingResult, ...]:
        """Train some repeats once, in one pass."""
        return train_repeats(
            self.blueprint,
            self.rows,
            self.recipe,
            data,
            self.epochs,
            self.seeds(repeats, number),
            self.device,
            None if self.time_limit is None else self.time_limit * len(repeats),
            self.threads,
            self.diagnostics is not None,
            checkpoints=self._kept(repeats),
        )

    def _kept(self, repeats: Sequence[int]) -> Checkpoints | None:
        """Say where the networks of some repeats are kept."""
        if self.checkpoints is None:
            return None
        return Checkpoints([Path(self.checkpoints) / str(repeat) for repeat in repeats])


def train_unit(*unit: Any, **settings: Any) -> dict[str, Any]:
    """Train a unit, whose parts ``UnitTraining`` explains.

    Repeat r of attempt a is seeded by ``repeat_seed(seed, r, a)``. The first attempt trains all repeats in one pass;
    one that fails is tried again from scratch by itself.

    Returns:
        ``trainable_parameters``, ``data_checksum``, the ``attempts`` at each repeat and, under ``repeats``, what
        ``TrainingResult.to_dict`` gives for each.
    """
    what = UnitTraining(*unit, **settings)
    data = load(what.data)
    return _finished(what, data, what.attempt(data, what.numbers))


def train_units(units: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Train several units in one pass and give what ``train_unit`` gives of each.

    They differ in rows and seeds alone and have neither diagnostics, checkpoints nor a time limit. The time of the pass
    is shared among the architectures as the times of their steps alone are, measured here. If there is no room for all
    at once, they are trained one after another.
    """
    several = [UnitTraining(*unit) for unit in units]
    unit, *others = several
    if not others:
        return [train_unit(*unit)]
    data = load(unit.data)
    seconds = [_step_seconds(one, data) for one in several]
    results = train_repeats(
        unit.blueprint,
        np.concatenate([one.rows for one in several]),
        unit.recipe,
        data,
        unit.epochs,
        [seed for one in several for seed in one.seeds(one.numbers, 0)],
        unit.device,
        threads=unit.threads,
        shares=[taken / sum(seconds) / unit.repeats for taken in seconds for _ in unit.numbers],
    )
    if any(result.failure == OUT_OF_MEMORY for result in results):
        return [train_unit(*one) for one in several]
    places = range(0, len(results), unit.repeats)
    return [_finished(one, data, results[i : i + unit.repeats]) for i, one in zip(places, several, strict=True)]


def _finished(unit: UnitTraining, data: Data, tried: Sequence[TrainingResult]) -> dict[str, Any]:
    """Try again what failed, keep what networks looked like, and give what came of it all."""
    results, attempts = list(tried), [1] * unit.repeats
    for r, repeat in enumerate(unit.numbers):
        while results[r].failure is not None and attempts[r] < unit.attempts:
            (results[r],) = unit.attempt(data, [repeat], attempts[r])
            attempts[r] += 1
    if unit.diagnostics is not None:
        _save(Path(unit.diagnostics), unit.first, results)
    return {
        "trainable_parameters": results[0].trainable_parameters,
        "data_checksum": data.checksum,
        "attempts": attempts,
        "repeats": [result.to_dict() for result in results],
    }


def _step_seconds(unit: UnitTraining, data: Data) -> float:
    """Time a step of a unit's repeats alone."""
    device = torch.device(unit.device)
    taken = []
    with using_threads(unit.threads):
        training = Pass(
            unit.blueprint,
            unit.rows,
            unit.recipe,
            data.to(device),
            unit.epochs,
            tuple(unit.seeds(unit.numbers, 0)),
            threads=unit.threads,
        )
        for _ in range(TIMED_STEPS):
            clock = Clock(device, unit.threads)
            clock.start()
            training.step(next(training.orders), 0.0)
            clock.stop()
            taken.append(clock.seconds)
    return min(taken[1:])


def _save(folder: Path, first: int, results: Sequence[TrainingResult]) -> None:
    """Write a file for each repeat whose network was looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    for r, result in enumerate(results, first):
        if result.diagnostics is not None:
            result.diagnostics.save(folder / f"{r}.npz")
