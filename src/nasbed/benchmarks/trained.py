"""Real training as a benchmark: whatever is asked is trained, in worker processes or wherever an executor is.

An architecture is trained as its space enumerates it, so that equal ones are one network, written as they may be. On
one kind of machine accuracies depend on the settings and the seed alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.costs import formulas
from nasbed.benchmarks.made import DRAWS, MadeBenchmark
from nasbed.core.benchmark import Cost
from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Work
from nasbed.core.live import Answer, failed
from nasbed.core.records import Archs
from nasbed.core.seeds import derived_seed
from nasbed.core.space import Space
from nasbed.factory.settings import measure_of, training_settings
from nasbed.nets.blueprint import some_rows
from nasbed.run.executors.retrying import survey

if TYPE_CHECKING:
    from nasbed.core.rng import Streams

TRAIN = "nasbed.nets.units:train_unit"
SURVEY = "nasbed.nets.survey:survey"

BUDGETS: dict[str, tuple[int, ...]] = {"digits": (4, 12, 36), "cluttered-digits": (12,)}
"""The epochs of each data source; the published ones for any other."""

PUBLISHED_BUDGETS = (4, 12, 36, 108)


class TrainedBenchmark(MadeBenchmark):
    """Trains architectures of a space on a data source.

    A search on it (``nasbed.search``) has its trainings made side by side and can be resumed. ``query`` and ``test``
    train too, and remember what they trained as long as the benchmark lives. Without streams one training stands for
    the architecture; a stream draws the seed of another.

    Args:
        data: A data source, ``name`` or ``name:where``.
        space: A space, or its registered name.
        skeleton: Settings of the blueprint that differ from those for the data source.
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
        super().__init__(space, attempts, device, executor, workers)
        self.data, self.source = data, data.partition(":")[0]
        self.blueprint, self.recipe = training_settings(self.space, data, skeleton, recipe, named=named)
        self.judged = measure_of(data)
        self.measure = self.tested = self.judged.words
        self.budgets = tuple(BUDGETS.get(self.source, PUBLISHED_BUDGETS) if budgets is None else budgets)
        if not self.budgets or list(self.budgets) != sorted({b for b in self.budgets if b >= 1}):
            raise BadSetting(f"budgets are positive numbers of epochs, ascending, not {list(self.budgets)}")
        if seed < 0:
            raise BadSetting(f"the seed must not be negative; it is {seed}")
        if time_limit is not None and not time_limit > 0:
            raise BadSetting(f"time_limit must be positive seconds or None, not {time_limit}")
        self.seed, self.time_limit = seed, time_limit
        self.name = f"trained:{self.source}:{self.space.name}"

    # ── for searches that train side by side ──────────────────────────────────────────────────────────────────

    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that trains one architecture; see ``LiveBenchmark.call``."""
        is_listed = self.space.is_enumerable
        (arch,) = self.space.archs_of(self.space.index(arch[None])) if is_listed else self.space.canonical(arch[None])
        what = self.blueprint, tuple(arch.tolist()), self.recipe, self.data, epochs, seed
        repeats, first, diagnostics, tried, threads = 1, 0, None, 0, 1
        how = repeats, self.attempts, first, diagnostics, tried, self.device, threads, self.time_limit
        return TRAIN, (*what, *how)

    def answer(self, value: Any) -> Answer:
        """Read what a training measured at its end."""
        (trained,) = value["repeats"]
        if trained["failure"] is not None:
            return failed(trained["failure"], trained["total_time"])
        end = trained["points"]["end"]
        validation, test = (self.judged.told(total / images) for total, images in (end["validation"], end["test"]))
        return Answer(validation, test, end["training_time"])

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """Have a worker see whether networks can be trained, with which versions and data, in which precision."""
        what = self.blueprint, self.recipe, self.data, [epochs], self.time_limit, self.device
        found = survey(executor, "trained", SURVEY, *what)
        self.recipe = replace(self.recipe, precision=found.pop("precision"))
        return {**found, "recipe": self.recipe.to_dict()}

    def seeds(self, keys: Sequence[int], epochs: Sequence[int], streams: Streams | None) -> list[int]:
        """Derive the seed of each training: 63 bits, independent of all others."""
        draws = ["-"] * len(keys) if streams is None else streams.integers(DRAWS)[:, 0].tolist()
        asked = zip(keys, epochs, draws, strict=True)
        return [derived_seed("trained", self.seed, *one) for one in asked]

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the test result of the training that ``query`` answers with when it has no streams."""
        return np.array([answer.test for answer in self.answers(archs, epochs)])

    @cached_property
    def cost_functions(self) -> Mapping[str, Cost]:
        """Parameters and operations, by formula, of the networks that would be trained."""
        return formulas(self.space, self.blueprint.settings(), some_rows(self.space))

    def describe(self) -> dict[str, Any]:
        """Say what is trained, and how."""
        return {
            **super().describe(),
            **({} if self.measure == "accuracy" else self.measures),
            "data": self.source,
            "skeleton": self.blueprint.settings(),
            "recipe": self.recipe.to_dict(),
            "attempts": self.attempts,
            "time_limit": self.time_limit,
        }
