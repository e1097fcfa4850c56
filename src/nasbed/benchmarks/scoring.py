"""Scoring as a benchmark: the network of whatever is asked is built and scored there and then.

The values are those that ``nasbed score`` writes with the same settings: they follow from the seed and the architecture
alone, so that asking again is never worth its time. The search process does not import PyTorch; workers do.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.executor import Executor, Work
from nasbed.core.live import FAILED, Answer, LiveBenchmark
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import executors, spaces
from nasbed.core.space import Space
from nasbed.run.executors.retrying import RetryingExecutor
from nasbed.scores.campaign import BATCH, SCORE, SURVEY
from nasbed.scores.representatives import representatives
from nasbed.scores.scores import from_json, units_of
from nasbed.scores.spelling import read

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


class ScoringBenchmark(LiveBenchmark):
    """Answers with the scores of one proxy, which are computed when they are asked for.

    Args:
        proxy: Its name, with settings if need be: ``naswot:variant=output``.
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

    budgets = (0,)

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
        self._proxies = read(proxy)
        if len(self._proxies) != 1:
            raise BadSetting(f"a search hears one proxy, which is not counted by a formula; not {proxy!r}")
        (self.proxy,) = self._proxies
        self.space = spaces.read(space) if isinstance(space, str) else space
        self.data, self.batch, self.seed, self.device = data, batch, seed, device
        self.network, self.attempts = dict(network or {}), attempts
        self.executor, self.workers = executor, workers
        self.measure = f"{self.proxy} score"
        self.name = f"scored:{self.proxy}:{self.space.name}:{data.partition(':')[0]}"
        self._found: dict[str, Answer] = {}
        self._images: dict[str, Any] = {}  # what networks must take, once a worker has looked at the data

    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that scores one architecture; the seed is the benchmark's, whatever is asked."""
        network = {**self._images, **self.network}
        (unit,) = units_of(self.space, arch[None], once=True)
        (row,) = representatives(self.space, arch[None], network)
        described = {"name": self.space.name, **self.space.settings()}
        how = self._proxies, network, self.data, self.batch, self.seed, self.device
        return SCORE, (described, row.tolist(), unit, *how)

    def answer(self, value: Any) -> Answer:
        """Read a score; nobody knows a test accuracy."""
        return Answer(from_json(value["scores"][self.proxy]), float("nan"), value["seconds"])

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """Have a worker see whether networks can be scored, with which versions and data."""
        executor.submit("survey", SURVEY, self._proxies, self.data, self.batch, self.seed, self.device)
        (outcome,) = executor.as_completed()
        if outcome.error is not None:
            raise BadSetting(f"nothing can be scored: {outcome.error}")
        found: dict[str, Any] = outcome.value
        self._images = found["network"]
        return found

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Score what was not scored before, side by side, and wait; see ``Benchmark.query``."""
        self._check(archs, epochs)
        machine = self._machine
        units = units_of(self.space, archs, once=True)
        missing = {unit: arch for unit, arch in zip(units, archs, strict=True) if unit not in self._found}
        for unit, arch in missing.items():
            work, arguments = self.call(arch, 0, self.seed)
            machine.submit(unit, work, *arguments)
        for outcome in machine.as_completed() if missing else ():
            self._found[outcome.tag] = FAILED if outcome.error is not None else self.answer(outcome.value)
        value, seconds = (np.array([self._found[unit][i] for unit in units]) for i in (0, 2))
        return Evaluations(value, seconds, np.zeros(len(units), np.int64))

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give NaN for each: nothing is trained."""
        self._check(archs, epochs)
        return np.full(len(archs), np.nan)

    def describe(self) -> dict[str, Any]:
        """Say what is scored, and how."""
        return {
            **super().describe(),
            "measure": self.measure,
            "data": self.data.partition(":")[0],
            "batch": self.batch,
            "seed": self.seed,
            "network": self.network,
            "attempts": self.attempts,
            "warnings": [f"validation is the {self.measure}, not an accuracy"],
        }

    def close(self) -> None:
        """Stop the workers of ``query``; what was scored stays known."""
        machine = self.__dict__.pop("_machine", None)
        if machine is not None:
            machine.close()

    def _check(self, archs: Archs, epochs: NDArray[np.int64] | int | None) -> None:
        """Refuse what is no architecture, and epochs: nothing is trained."""
        if archs.ndim != 2 or archs.shape[1] != self.space.decisions:
            raise BadSetting(f"architectures are rows of {self.space.decisions} integers, not of shape {archs.shape}")
        valid = self.space.valid(archs)
        if not valid.all():
            wrong = int(np.argmin(valid))
            raise NotInTable(f"architecture {wrong} of {len(archs)} is not valid: {archs[wrong].tolist()}")
        if epochs is not None and np.any(epochs):
            raise NotInTable(f"{self.name} scores untrained networks, at 0 epochs, not at {np.max(epochs)}")

    @cached_property
    def _machine(self) -> Executor:
        """Where ``query`` scores: started when first needed, stopped with the benchmark."""
        settings = {} if self.workers is None else {"workers": self.workers}
        machine = RetryingExecutor(executors.read(self.executor, settings), self.attempts)
        weakref.finalize(self, machine.close)
        self.survey(machine, 0)
        return machine


def of_words(text: str, **settings: Any) -> ScoringBenchmark:
    """Make one of ``PROXY:SPACE:DATA``, or ``PROXY:SPACE`` for scores on digits.

    Raises:
        BadSetting: When no space is named.
    """
    pieces = text.split(":")
    place = next((i for i, piece in enumerate(pieces) if i and piece in spaces), None)
    if place is None:
        raise BadSetting(f"write scored:PROXY:SPACE:DATA, such as scored:naswot:nasbench201:digits, not {text!r}")
    data = ":".join(pieces[place + 1 :])
    return ScoringBenchmark(":".join(pieces[:place]), pieces[place], data or "digits", **settings)
