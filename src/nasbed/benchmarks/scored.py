"""Scores as a benchmark: what a search hears of an architecture is what a proxy says of its untrained network.

The values are scores, not accuracies: higher is better, but they lie in no particular range. ``measure`` says so.
They are read from a file, or the network of whatever is asked is built and scored there and then: as ``nasbed score``
does with the same settings, from the seed and the architecture alone, so that asking again is never worth its time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.made import MadeBenchmark, budgets_of, check_archs
from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable, UnknownName
from nasbed.core.executor import Executor, Work
from nasbed.core.live import Answer
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import proxies, spaces
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
        self.measure = f"{self.proxy} score"
        self.name = f"{Path(scores.name).stem}:{self.proxy}"
        self._values = scores[self.proxy]

    def rows(self, archs: Archs) -> NDArray[np.int64]:
        """Find the row of the scores that answers for each architecture, ``(n, decisions)`` → ``(n,)``.

        Raises:
            NotInTable: When an architecture is not valid or was not scored.
        """
        check_archs(self.space, archs)
        keys, order = self._sorted
        wanted = self.space.key(archs)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        known = keys[place] == wanted
        if not known.all():
            lost = archs[int(np.argmin(known))]
            raise NotInTable(
                f"{self.space.format(lost)} was not scored; a search that is free to go anywhere needs the whole "
                "space: nasbed score … --all"
            )
        return order[place]

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The keys, ascending, each once, and the first row of each."""
        return np.unique(self.space.key(self.scores.archs), return_index=True)

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Look scores up; there is one of each, whatever streams would draw. See ``Benchmark.query``."""
        self._check(epochs, len(archs), streams)
        rows = self.rows(archs)
        seconds = np.nan_to_num(self.scores.seconds[rows])
        return Evaluations(self._values[rows], seconds, np.zeros(len(rows), np.int64))

    def outcomes(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the scores, one each, ``(n, 1)``."""
        self._check(epochs, len(archs))
        return self._values[self.rows(archs)][:, None]

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give the test accuracy that the truth knows, at its largest budget; NaN without one."""
        self._check(epochs, len(archs))
        rows = self.rows(archs)
        return np.full(len(rows), np.nan) if self.truth is None else self.truth.test(archs)

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give the best score, and the best test accuracy that the truth knows."""
        self._check(epochs, 1)
        best = float("nan") if self.truth is None else self.truth.optimum()[1]
        return float(np.nanmax(self._values)), best

    def describe(self) -> dict[str, Any]:
        """Say what was scored, how, and what knows the truth."""
        about = self.scores.about
        return {
            **super().describe(),
            "measure": self.measure,
            "architectures": len(self.scores),
            "plan": about.get("plan"),
            "truth": None if self.truth is None else self.truth.name,
            "warnings": [*about.get("warnings", []), f"validation is the {self.measure}, not an accuracy"],
        }

    def _check(self, epochs: NDArray[np.int64] | int | None, count: int, streams: Streams | None = None) -> None:
        """Refuse epochs: nothing is trained."""
        budgets_of(self, epochs, count, "has scores of untrained networks, at 0 epochs, not at {}", streams)


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


def of_words(text: str, opened: Callable[[str], Benchmark], **settings: Any) -> Benchmark:
    """Make one of ``FILE``, ``FILE:PROXY`` or ``FILE:PROXY:BENCHMARK``, the last of which knows the truth.

    ``PROXY:SPACE:DATA``, or ``PROXY:SPACE`` for digits, is no file: those scores are computed when they are asked for.

    Args:
        text: What is written behind ``scored:``.
        opened: Makes the benchmark that knows the truth from what names it.
        **settings: What the benchmark's constructor takes.

    Raises:
        BadSetting: When there is no such file, or no space is named.
        UnknownName: When it has no such proxy, or there is no such benchmark.
    """
    pieces = text.split(":")
    for length in range(len(pieces), 0, -1):
        path = Path(":".join(pieces[:length])).expanduser()
        if path.is_file():
            scores, rest = Scores.read(path), ":".join(pieces[length:])
            break
    else:
        if pieces[0] not in proxies:
            raise BadSetting(
                f"write scored:FILE:PROXY, with a file that 'nasbed score' made; there is no file {pieces[0]}"
            )
        place = next((i for i, piece in enumerate(pieces) if i and piece in spaces), None)
        if place is None:
            raise BadSetting(f"write scored:PROXY:SPACE:DATA, such as scored:naswot:nasbench201:digits, not {text!r}")
        data = ":".join(pieces[place + 1 :])
        return ScoringBenchmark(":".join(pieces[:place]), pieces[place], data or "digits", **settings)
    # a proxy's settings follow a colon as well: the longest name that was scored is meant
    proxy = max((name for name in scores.columns if f"{rest}:".startswith(f"{name}:")), key=len, default=None)
    if rest and proxy is None:
        raise UnknownName(f"proxy in {scores.name}", rest.partition(":")[0], scores.columns)
    truth = rest[len(proxy) + 1 :] if proxy is not None else ""
    return ScoredBenchmark(scores, proxy, truth=opened(truth) if truth else None, **settings)
