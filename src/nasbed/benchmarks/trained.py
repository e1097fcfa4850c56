"""Real training as a benchmark: whatever is asked is trained, in worker processes or wherever an executor is.

The search process does not import PyTorch; workers do. An architecture is trained as its space enumerates it, so that
equal ones are one network, written as they may be. On one kind of machine accuracies depend on the settings and the
seed alone.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.costs import Formula
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.executor import Executor, Work
from nasbed.core.live import FAILED, Answer, LiveBenchmark
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import executors, spaces
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.factory.settings import training_settings
from nasbed.run.executors.retrying import RetryingExecutor

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

TRAIN = "nasbed.nets.units:train_unit"
SURVEY = "nasbed.nets.survey:survey"

BUDGETS: dict[str, tuple[int, ...]] = {"digits": (4, 12, 36)}
"""The epochs of each data source; the published ones for any other."""

PUBLISHED_BUDGETS = (4, 12, 36, 108)

_DRAWS = 2**31  # seeds that a stream may draw


class TrainedBenchmark(LiveBenchmark):
    """Trains architectures of a space on a data source.

    A search on it (``nasbed.search``) has its trainings made side by side and can be resumed. ``query`` and ``test``
    train too, and remember what they trained as long as the benchmark lives. Without streams one training stands for
    the architecture; a stream draws the seed of another.

    Args:
        data: A data source, ``name`` or ``name:where``.
        space: A space, or its registered name.
        skeleton: Settings of the skeleton that differ from the data source's.
        recipe: Settings of the recipe that differ from the data source's.
        named: A recipe's name or a TOML file, in place of the data source's recipe.
        budgets: The epochs that ``query`` answers for, ascending; the data source's if not given.
        seed: Of the trainings that ``query`` and ``test`` make.
        attempts: After how many failures a training is given up.
        device: What each training runs on, where it is done.
        time_limit: Seconds after which a training has failed; None for no limit.
        executor: A registered name: where ``query`` and ``test`` train.
        workers: How many trainings at a time; None for the executor's choice.

    Raises:
        BadSetting: For settings that are not allowed.
        UnknownName: For names that are not registered.
    """

    def __init__(
        self,
        data: str = "digits",
        space: str | Space = "nasbench101",
        *,
        skeleton: Mapping[str, Any] | None = None,
        recipe: Mapping[str, Any] | None = None,
        named: str | Path | None = None,
        budgets: Sequence[int] | None = None,
        seed: int = 0,
        attempts: int = 5,
        device: str = "cpu",
        time_limit: float | None = None,
        executor: str = "processes",
        workers: int | None = None,
    ) -> None:
        self.data, self.source = data, data.partition(":")[0]
        self.space = spaces.read(space) if isinstance(space, str) else space
        self.skeleton, self.recipe = training_settings(data, skeleton, recipe, named=named)
        self.budgets = tuple(BUDGETS.get(self.source, PUBLISHED_BUDGETS) if budgets is None else budgets)
        if not self.budgets or list(self.budgets) != sorted({b for b in self.budgets if b >= 1}):
            raise BadSetting(f"budgets are positive numbers of epochs, ascending, not {list(self.budgets)}")
        if attempts < 1:
            raise BadSetting(f"attempts must be at least 1, not {attempts}")
        if seed < 0:
            raise BadSetting(f"the seed must not be negative; it is {seed}")
        if time_limit is not None and not time_limit > 0:
            raise BadSetting(f"time_limit must be positive seconds or None, not {time_limit}")
        self.seed, self.attempts, self.time_limit, self.device = seed, attempts, time_limit, device
        self.executor, self.workers = executor, workers
        self.name = f"trained:{self.source}:{self.space.name}"
        self._trained: dict[tuple[int, int, int], Answer] = {}  # by key, epochs and seed

    # ── for searches that train side by side ──────────────────────────────────────────────────────────────────

    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that trains one architecture; see ``LiveBenchmark.call``."""
        graph = self.space.graph(self._as_enumerated(arch))
        what = graph.adjacency, graph.labels, self.skeleton.to_dict(), self.recipe.to_dict(), self.data, epochs, seed
        repeats, first, diagnostics, tried, threads = 1, 0, None, 0, 1
        how = repeats, self.attempts, first, diagnostics, tried, self.device, threads, self.time_limit
        return TRAIN, (*what, *how)

    def answer(self, value: Any) -> Answer:
        """Read what a training measured at its end."""
        (trained,) = value["repeats"]
        if trained["failure"] is not None:
            return Answer(FAILED.validation, FAILED.test, trained["total_time"])
        end = trained["points"]["end"]
        validation, test = (correct / images for correct, images in (end["validation"], end["test"]))
        return Answer(validation, test, end["training_time"])

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """Have a worker see whether networks can be trained, with which versions and data."""
        what = self.skeleton.to_dict(), self.recipe.to_dict(), self.data, [epochs], self.time_limit, self.device
        executor.submit("survey", SURVEY, *what)
        (outcome,) = executor.as_completed()
        if outcome.error is not None:
            raise BadSetting(f"nothing can be trained: {outcome.error}")
        found: dict[str, Any] = outcome.value
        return found

    def _as_enumerated(self, arch: Archs) -> Archs:
        """Give the row of the enumeration that is equal to an architecture, where the space numbers them."""
        if self.space.size is None:
            return arch
        row: Archs = self._enumerated[self.space.index(arch[None])[0]]
        return row

    @cached_property
    def _enumerated(self) -> Archs:
        return self.space.enumerate()

    # ── for everybody else ────────────────────────────────────────────────────────────────────────────────────

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Train each architecture that was not trained before with the same seed, and wait; see ``Benchmark.query``."""
        budgets = self._checked(archs, epochs)
        if streams is not None and len(streams) != len(archs):
            raise BadSetting(f"{len(archs)} architectures need as many streams to draw from, not {len(streams)}")
        draws = None if streams is None else streams.integers(_DRAWS)[:, 0]
        answers = self._answers(archs, budgets, draws)
        value, seconds = (np.array([answer[i] for answer in answers]) for i in (0, 2))
        return Evaluations(value, seconds, budgets)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the test accuracy of the training that ``query`` answers with when it has no streams."""
        return np.array([answer.test for answer in self._answers(archs, self._checked(archs, epochs), None)])

    @property
    def costs(self) -> tuple[str, ...]:
        """Parameters and operations, by formula, of the networks that would be trained."""
        return self._formula.names

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give what else each architecture costs; see ``Benchmark.cost``."""
        return self._formula.of(name, archs) if name in self.costs else super().cost(name, archs)

    @cached_property
    def _formula(self) -> Formula:
        return Formula(self.space, self.skeleton.to_dict())

    def describe(self) -> dict[str, Any]:
        """Say what is trained, and how."""
        return {
            **super().describe(),
            "data": self.source,
            "skeleton": self.skeleton.to_dict(),
            "recipe": self.recipe.to_dict(),
            "attempts": self.attempts,
            "time_limit": self.time_limit,
        }

    def close(self) -> None:
        """Stop the workers of ``query`` and ``test``; what was trained stays known, and they start again if need be."""
        machine = self.__dict__.pop("_machine", None)
        if machine is not None:
            machine.close()

    def _checked(self, archs: Archs, epochs: NDArray[np.int64] | int | None) -> NDArray[np.int64]:
        """Refuse what is no architecture and epochs that are no budget; give each row's."""
        if archs.ndim != 2 or archs.shape[1] != self.space.decisions:
            raise BadSetting(f"architectures are rows of {self.space.decisions} integers, not of shape {archs.shape}")
        valid = self.space.valid(archs)
        if not valid.all():
            wrong = int(np.argmin(valid))
            raise NotInTable(f"architecture {wrong} of {len(archs)} is not valid: {archs[wrong].tolist()}")
        budgets = np.asarray(self.budgets[-1] if epochs is None else epochs, np.int64)
        if budgets.shape not in ((), (len(archs),)):
            raise BadSetting(f"{len(archs)} architectures need one number of epochs each, or one for all")
        absent = budgets[~np.isin(budgets, self.budgets)]
        if absent.size:
            allowed = ", ".join(map(str, self.budgets))
            raise NotInTable(f"{self.name} is not asked for {absent.flat[0]} epochs; its budgets are {allowed}")
        return np.broadcast_to(budgets, len(archs)).copy()

    def _answers(self, archs: Archs, budgets: NDArray[np.int64], draws: NDArray[np.int64] | None) -> list[Answer]:
        """Train what has not been trained, side by side, and give everything."""
        drawn = [None] * len(archs) if draws is None else draws.tolist()
        wanted = [
            (key, epochs, _seed(self.seed, key, epochs, draw))
            for key, epochs, draw in zip(self.space.key(archs).tolist(), budgets.tolist(), drawn, strict=True)
        ]
        missing = {
            str(what): (what, arch) for what, arch in zip(wanted, archs, strict=True) if what not in self._trained
        }
        for tag, (what, arch) in missing.items():
            work, arguments = self.call(arch, *what[1:])
            self._machine.submit(tag, work, *arguments)
        if missing:
            for outcome in self._machine.as_completed():
                what, _ = missing[outcome.tag]
                self._trained[what] = FAILED if outcome.error is not None else self.answer(outcome.value)
        return [self._trained[what] for what in wanted]

    @cached_property
    def _machine(self) -> Executor:
        """Where ``query`` trains: started when first needed, stopped with the benchmark."""
        settings = {} if self.workers is None else {"workers": self.workers}
        machine = RetryingExecutor(executors.read(self.executor, settings), self.attempts)
        weakref.finalize(self, machine.close)
        self.survey(machine, self.budgets[0])  # what cannot be trained is an error, not a failed training
        return machine


def _seed(seed: int, key: int, epochs: int, draw: int | None) -> int:
    """Derive the seed of a training: 63 bits, independent of all others."""
    return derived_seed("trained", seed, key, epochs, "-" if draw is None else draw)
