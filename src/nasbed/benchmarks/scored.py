"""Scores as a benchmark: what a search hears of an architecture is what a proxy says of its untrained network.

The values are scores, not accuracies: higher is better, but they lie in no particular range. ``measure`` says so.
They are read from a file, or the network of whatever is asked is built and scored there and then: as ``nasbed score``
does with the same settings, from the seed and the architecture alone, so that asking again is never worth its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.fidelity import asked_of
from nasbed.benchmarks.made import MadeBenchmark
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.executor import Executor, Work
from nasbed.core.live import Answer
from nasbed.core.records import Archs, Evaluations
from nasbed.core.space import Space
from nasbed.run.executors.retrying import survey
from nasbed.scores.campaign import BATCH, SCORE, SURVEY, representatives
from nasbed.scores.scores import Scores, from_json, units_of
from nasbed.scores.spelling import read

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


class ScoredBenchmark(Benchmark):
    """Answers with the scores of one proxy, which cost no epochs, and the seconds that scoring took.

    Equal architectures (``space.key``) are answered alike, by the first of them that was scored.

    Args:
        scores: What was scored; the whole space, for a search that is free to go anywhere.
        proxy: Whose scores; the first proxy's if not given.
        truth: What knows the test accuracies of the same architectures: a benchmark, which is asked for nothing else,
            after the search. None where nobody knows them.

    Raises:
        UnknownName: When the proxy was not scored.
        BadSetting: When the truth is about another space.
    """

    budgets = (0,)

    def __init__(self, scores: Scores, proxy: str | None = None, truth: Benchmark | None = None) -> None:
        self.scores, self.truth = scores, truth
        self.proxy = next(iter(scores.columns)) if proxy is None else proxy
        self.space = scores.space
        if truth is not None and truth.space != self.space:
            raise BadSetting(f"the scores are of {self.space!r}, {truth.name} is of {truth.space!r}; give one of that")
        self.measure, self.tested = f"{self.proxy} score", "accuracy" if truth is None else truth.tested
        self.name = f"{Path(scores.name).stem}:{self.proxy}"
        self._values = scores[self.proxy]

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of the scores that answers for each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or was not scored.
        """
        archs = self.space.read(archs)
        self.space.check_valid(archs)
        keys = self.space.key(archs).tolist()
        rows = [self._row_of_key.get(key, -1) for key in keys]
        if -1 in rows:
            lost = self.space.format(archs[rows.index(-1)])
            whole = "a search that is free to go anywhere needs the whole space: nasbed score … --all"
            raise NotInTable(f"{lost} was not scored; {whole}")
        return np.array(rows, np.int64)

    @cached_property
    def _row_of_key(self) -> dict[int, int]:
        """The first row of each key."""
        keys = self.space.key(self.scores.archs).tolist()
        return {key: row for row, key in reversed([*enumerate(keys)])}

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Look scores up; there is one of each, whatever streams would draw. See ``Benchmark.query``."""
        rows = self.rows(archs)
        asked_of(self, epochs, len(rows), streams)
        seconds = np.nan_to_num(self.scores.seconds[rows])
        return Evaluations(self._values[rows], seconds, np.zeros(len(rows), np.int64))

    def outcomes(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the scores, one each, ``(n, 1)``."""
        rows = self.rows(archs)
        asked_of(self, epochs, len(rows))
        return self._values[rows][:, None]

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the test accuracy that the truth knows, at its largest budget; NaN without one."""
        rows = self.rows(archs)
        asked_of(self, epochs, len(rows))
        return np.full(len(rows), np.nan) if self.truth is None else self.truth.test(archs)

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the best score, and the best test accuracy that the truth knows."""
        asked_of(self, epochs, 1)
        best = float("nan") if self.truth is None else self.truth.optimum()[1]
        return float(np.nanmax(self._values)), best

    def describe(self) -> dict[str, Any]:
        """Say what was scored, how, and what knows the truth."""
        about = self.scores.about
        return {
            **super().describe(),
            **self.measures,
            "architectures": len(self.scores),
            "plan": about.get("plan"),
            "truth": None if self.truth is None else self.truth.name,
            "warnings": [*about.get("warnings", []), f"validation is the {self.measure}, not an accuracy"],
        }


class ScoringBenchmark(MadeBenchmark):
    """Answers with the scores of one proxy, which are computed when they are asked for.

    Args:
        proxy: Its name, with settings if need be: ``naswot:variant=notebook``.
        space: A space, or its registered name.
        data: Where images come from, ``name`` or ``name:where``; or ``noise``.
        batch: How many images.
        seed: Of the batch and of the weights.
        network: Settings of the network.
        attempts: After how many failures a network is given up.
        device: Where networks are scored.
        executor: A registered name: where ``query`` scores.
        workers: How many networks at a time; None for the executor's choice.

    Raises:
        BadSetting: When there is not one proxy.
        UnknownName: For names that are not registered.
    """

    budgets, trains = (0,), False

    def __init__(
        self,
        proxy: str,
        space: str | Space = "nasbench201",
        data: str = "digits",
        *,
        batch: int = BATCH,
        seed: int = 0,
        network: Mapping[str, Any] | None = None,
        attempts: int = 3,
        device: str = "cpu",
        executor: str = "processes",
        workers: int | None = None,
    ) -> None:
        super().__init__(space, attempts, device, executor, workers)
        self._proxies = read(proxy)
        if len(self._proxies) != 1:
            raise BadSetting(f"a search hears one proxy, which is not counted by a formula; not {proxy!r}")
        (self.proxy,) = self._proxies
        self.data, self.batch, self.seed, self.network = data, batch, seed, dict(network or {})
        self.measure = f"{self.proxy} score"
        self.name = f"scored:{self.proxy}:{self.space.name}:{data.partition(':')[0]}"
        self._images: dict[str, Any] = {}  # what networks must take, once a worker has looked at the data

    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that scores one architecture; the seed is the benchmark's, whatever is asked."""
        network = {**self._images, **self.network}
        (unit,) = units_of(self.space, arch[None], once=True)
        (row,) = representatives(self.space, arch[None], network)
        how = self._proxies, network, self.data, self.batch, self.seed, self.device
        return SCORE, (self.space, row.tolist(), unit, *how)

    def answer(self, value: Any) -> Answer:
        """Read a score; nobody knows a test accuracy."""
        return Answer(from_json(value["scores"][self.proxy]), float("nan"), value["seconds"])

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """Have a worker see whether networks can be scored, with which versions and data."""
        what = self._proxies, self.data, self.batch, self.seed, self.device
        found = survey(executor, "scored", SURVEY, *what)
        self._images = found["network"]
        return found

    def describe(self) -> dict[str, Any]:
        """Say what is scored, and how."""
        return {
            **super().describe(),
            **self.measures,
            "data": self.data.partition(":")[0],
            "batch": self.batch,
            "seed": self.seed,
            "network": self.network,
            "attempts": self.attempts,
            "warnings": [f"validation is the {self.measure}, not an accuracy"],
        }
