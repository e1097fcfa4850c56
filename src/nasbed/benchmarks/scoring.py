"""Scoring as a benchmark: the network of whatever is asked is built and scored there and then.

The values are those that ``nasbed score`` writes with the same settings: they follow from the seed and the architecture
alone, so that asking again is never worth its time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.made import MadeBenchmark
from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor, Work
from nasbed.core.live import Answer
from nasbed.core.records import Archs
from nasbed.core.registry import spaces
from nasbed.core.space import Space
from nasbed.run.executors.retrying import survey
from nasbed.scores.campaign import BATCH, SCORE, SURVEY, representatives
from nasbed.scores.scores import from_json, units_of
from nasbed.scores.spelling import read

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


class ScoringBenchmark(MadeBenchmark):
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
    refusal = "scores untrained networks, at 0 epochs, not at {}"

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
        super().__init__(attempts, device, executor, workers)
        self._proxies = read(proxy)
        if len(self._proxies) != 1:
            raise BadSetting(f"a search hears one proxy, which is not counted by a formula; not {proxy!r}")
        (self.proxy,) = self._proxies
        self.space = spaces.read(space) if isinstance(space, str) else space
        self.data, self.batch, self.seed, self.network = data, batch, seed, dict(network or {})
        self.measure = f"{self.proxy} score"
        self.name = f"scored:{self.proxy}:{self.space.name}:{data.partition(':')[0]}"
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
        what = self._proxies, self.data, self.batch, self.seed, self.device
        found = survey(executor, "scored", SURVEY, *what)
        self._images = found["network"]
        return found

    def seeds(self, keys: Sequence[int], epochs: Sequence[int], streams: Streams | None) -> list[int]:
        """Return the benchmark's own seed for each, whatever a stream would draw."""
        return [self.seed] * len(keys)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give NaN for each: nothing is trained."""
        self.checked(archs, epochs)
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
