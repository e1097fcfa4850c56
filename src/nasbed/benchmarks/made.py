"""Answers that are made when they are asked for: each once, side by side, in worker processes or where an executor is.

The search process does not import PyTorch; workers do.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.benchmarks.fidelity import asked_of
from nasbed.core.errors import BadSetting
from nasbed.core.executor import Executor
from nasbed.core.live import Answer, LiveBenchmark, failed
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import executors, spaces
from nasbed.core.space import Space
from nasbed.run.executors.retrying import RetryingExecutor

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


DRAWS = 2**31
"""Seeds that a stream may draw."""


class MadeBenchmark(LiveBenchmark):
    """A live benchmark that may be asked outside of a search, too: it waits for its answers, and remembers them.

    Args:
        space: A space, or its registered name.
        attempts: After how many failures a call is given up.
        device: Where calls compute.
        executor: A registered name: where ``query`` has calls made.
        workers: How many at a time; None for the executor's choice.

    Raises:
        BadSetting: When attempts is less than 1.
        UnknownName: When no space has the name.
    """

    seed: int
    """Of every answer that no stream draws."""

    def __init__(self, space: str | Space, attempts: int, device: str, executor: str, workers: int | None) -> None:
        self.space = spaces.read(space) if isinstance(space, str) else space
        if attempts < 1:
            raise BadSetting(f"attempts must be at least 1, not {attempts}")
        self.attempts, self.device, self.executor, self.workers = attempts, device, executor, workers
        self._made: dict[tuple[int, int, int], Answer] = {}  # by key, epochs and seed

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Make each answer that was not made before, and wait; see ``Benchmark.query``."""
        archs = self.space.read(archs)
        answers = self.answers(archs, epochs, streams)
        value, _, seconds = np.array([answer[:3] for answer in answers], np.float64).reshape(-1, 3).T.copy()
        return Evaluations(value, seconds, np.full(len(archs), self.budgets[-1] if epochs is None else epochs))

    def seeds(self, keys: Sequence[int], epochs: Sequence[int], streams: Streams | None) -> list[int]:
        """Return the seed of each answer: as a stream draws it, or the usual one."""
        return [self.seed] * len(keys)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give NaN for each: by default an answer has no test result."""
        archs = self.space.read(archs)
        asked_of(self, epochs, len(archs))
        self.space.check_valid(archs)
        return np.full(len(archs), np.nan)

    def answers(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None, streams: Streams | None = None
    ) -> list[Answer]:
        """Make what was not made before, side by side, and return everything."""
        archs = self.space.read(archs)
        asked_of(self, epochs, len(archs), streams)
        self.space.check_valid(archs)
        keys = self.space.key(archs).tolist()
        budgets = np.full(len(archs), self.budgets[-1] if epochs is None else epochs).tolist()
        wanted = list(zip(keys, budgets, self.seeds(keys, budgets, streams), strict=True))
        pairs = zip(wanted, archs, strict=True)
        missing = {str(what): (what, arch) for what, arch in pairs if what not in self._made}
        if missing:
            machine = self._machine
            for tag, (what, arch) in missing.items():
                work, arguments = self.call(arch, *what[1:])
                machine.submit(tag, work, *arguments)
            for outcome in machine.as_completed():
                what, _ = missing[outcome.tag]
                self._made[what] = self.answer(outcome.value) if outcome.error is None else failed(outcome.error)
        return [self._made[what] for what in wanted]

    @cached_property
    def _machine(self) -> Executor:
        """Where ``query`` has calls made: started when first needed, stopped with the benchmark."""
        settings = {} if self.workers is None else {"workers": self.workers}
        machine = RetryingExecutor(executors.read(self.executor, settings), self.attempts)
        weakref.finalize(self, machine.close)
        self.survey(machine, self.budgets[0])  # what cannot be made is an error, not a failure
        return machine

    def close(self) -> None:
        """Stop the workers of ``query``; what was made stays known, and they start again if need be."""
        machine = self.__dict__.pop("_machine", None)
        if machine is not None:
            machine.close()
