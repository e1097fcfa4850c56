"""Answers that are made when they are asked for: each once, side by side, in worker processes or where an executor is.

The search process does not import PyTorch; workers do.
"""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting, NotInTable
from nasbed.core.executor import Executor
from nasbed.core.live import FAILED, Answer, LiveBenchmark
from nasbed.core.records import Archs, Evaluations
from nasbed.core.registry import executors, spaces
from nasbed.core.space import Space
from nasbed.run.executors.retrying import RetryingExecutor

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


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
        budgets = self.checked(archs, epochs, streams)
        answers = self.answers(archs, budgets, streams)
        value, seconds = (np.array([answer[i] for answer in answers]) for i in (0, 2))
        return Evaluations(value, seconds, budgets)

    def checked(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None, streams: Streams | None = None
    ) -> NDArray[np.int64]:
        """Refuse what is no architecture and epochs that are no budget; return the epochs of each."""
        check_archs(self.space, archs)
        return budgets_of(self, epochs, len(archs), self.refusal, streams)

    @property
    def refusal(self) -> str:
        """What is said of epochs, in the place of ``{}``, that are no budget."""
        return f"is not asked for {{}} epochs; its budgets are {', '.join(map(str, self.budgets))}"

    @abstractmethod
    def seeds(self, keys: Sequence[int], epochs: Sequence[int], streams: Streams | None) -> list[int]:
        """Return the seed of each answer: as a stream draws it, or the usual one."""

    def answers(self, archs: Archs, epochs: NDArray[np.int64], streams: Streams | None = None) -> list[Answer]:
        """Make what was not made before, side by side, and return everything."""
        keys, budgets = self.space.key(archs).tolist(), epochs.tolist()
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
                self._made[what] = FAILED if outcome.error is not None else self.answer(outcome.value)
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


def check_archs(space: Space, archs: Archs) -> None:
    """See that rows are architectures of a space.

    Raises:
        BadSetting: When they have another width.
        NotInTable: When one is not valid.
    """
    if archs.ndim != 2 or archs.shape[1] != space.decisions:
        raise BadSetting(f"architectures are rows of {space.decisions} integers, not of shape {archs.shape}")
    valid = space.valid(archs)
    if not valid.all():
        wrong = int(np.argmin(valid))
        raise NotInTable(f"architecture {wrong} of {len(archs)} is not valid: {archs[wrong].tolist()}")


def budgets_of(
    benchmark: Benchmark,
    epochs: NDArray[np.int64] | int | None,
    count: int,
    refusal: str,
    streams: Streams | None = None,
) -> NDArray[np.int64]:
    """Return the epochs of each of some architectures, ``(n,)``; the last budget's where none are given.

    Raises:
        BadSetting: When there are neither as many epochs as architectures nor one for all, or not as many streams.
        NotInTable: When some are no budget, which is said by ``refusal`` with the epochs in the place of ``{}``.
    """
    if streams is not None and len(streams) != count:
        raise BadSetting(f"{count} architectures need as many streams to draw from, not {len(streams)}")
    budgets = np.asarray(benchmark.budgets[-1] if epochs is None else epochs, np.int64)
    if budgets.shape not in ((), (count,)):
        raise BadSetting(f"{count} architectures need one number of epochs each, or one for all")
    absent = budgets[~np.isin(budgets, benchmark.budgets)]
    if absent.size:
        raise NotInTable(f"{benchmark.name} {refusal.format(absent.flat[0])}")
    return np.broadcast_to(budgets, count).copy()
