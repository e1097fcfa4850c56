"""A Python function as a benchmark: whatever is asked is what the function returns for it."""

from __future__ import annotations

import hashlib
import inspect
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasbed.benchmarks.made import DRAWS, MadeBenchmark
from nasbed.core.errors import BadSetting, in_a_line
from nasbed.core.executor import Executor, Work
from nasbed.core.live import Answer
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.readers.measure import Measure
from nasbed.spaces.choices import Choices

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


class FunctionBenchmark(MadeBenchmark):
    """Answers with what a function returns: a number, NaN or an exception where it failed.

    Where the space is a mapping of names to values, the function is called with a value for each name, ``function(
    width=32, depth=2)``; where it is another, with the text of an architecture, as ``space.format`` writes it and
    ``nasbed.network(space, text)`` reads it. If it has a parameter ``seed``, it is given one: another each time that an
    architecture is paid for again.

    A function that can be imported is called in worker processes, any other (a lambda, one of a notebook or of the
    running script) in this process.

    Args:
        function: What is called. It may be stored and resumed as long as its source is the same.
        space: A mapping such as ``{"width": (16, 32, 64), "depth": (1, 2, 3)}``, a space, or a registered name.
        goal: Whether a high number is good, ``max``, or a low one, ``min``.
        metric: What the number is called.
        unit: Its unit; empty for none.
        seed: Of calls that no stream draws a seed for.
        name: What the benchmark is called, by default as the function.
        executor: A registered name: where the function is called.
        workers: How many calls at a time ``query`` makes; None for the executor's choice.

    Raises:
        BadSetting: Where no space is given, or a goal that there is not.
        UnknownName: When no space has the name.
    """

    budgets, trains = (0,), False

    def __init__(
        self,
        function: Callable[..., Any],
        space: Space | str | Mapping[str, Sequence[Any]] | None = None,
        *,
        goal: str = "max",
        metric: str = "value",
        unit: str = "",
        seed: int = 0,
        name: str | None = None,
        executor: str | None = None,
        workers: int | None = None,
    ) -> None:
        if space is None:
            raise BadSetting(
                f"a function is searched over a space: say which, such as space={{'width': (16, 32, 64)}} or "
                f"space='nasbench201', for {in_a_line(function)}"
            )
        where = executor or ("processes" if _is_importable(function) else "inline")
        super().__init__(Choices(space) if isinstance(space, Mapping) else space, 1, "cpu", where, workers)
        self.function, self.seed = function, seed
        self.judged = Measure(metric, split="valid", unit=unit, goal=goal)
        self.measure = self.tested = self.judged.words
        self.called = getattr(function, "__name__", type(function).__name__)
        self.name = name or f"function:{self.called}"

    def call(self, arch: Archs, epochs: int, seed: int) -> tuple[Work, tuple[Any, ...]]:
        """Give the call that evaluates one architecture."""
        (row,) = self.space.canonical(arch[None])
        seeded = {"seed": seed} if _takes_seed(self.function) else {}
        if isinstance(self.space, Choices):
            return _evaluate, (self.function, (), seeded | self.space.chosen(row))
        return _evaluate, (self.function, (self.space.format(row),), seeded)

    def answer(self, value: Any) -> Answer:
        """Read what the function returned."""
        number, seconds = value
        return Answer(self.judged.told(number), float("nan"), seconds)

    def seeds(self, keys: Sequence[int], epochs: Sequence[int], streams: Streams | None) -> list[int]:
        """Return the seed of each call: as a stream draws it, or the usual one."""
        return super().seeds(keys, epochs, None) if streams is None else streams.integers(DRAWS)[:, 0].tolist()

    def survey(self, executor: Executor, epochs: int) -> dict[str, Any]:
        """Say which function it is, by a checksum of its source: a store goes on with the same alone."""
        return {"source": _checksum(self.function)}

    def describe(self) -> dict[str, Any]:
        """Say which function answers, and what its number is."""
        return {**super().describe(), **self.measures, "function": self.called, "goal": self.judged.goal}


def _evaluate(function: Callable[..., Any], words: tuple[str, ...], named: Mapping[str, Any]) -> tuple[float, float]:
    """Call the function; return the number and the seconds that it took.

    Raises:
        ValueError: When it returns no finite number.
    """
    began = time.perf_counter()
    found = function(*words, **named)
    seconds = time.perf_counter() - began
    try:
        number = float(found)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"the function returned {in_a_line(found)}, which is no finite number")
    return number, seconds


def _is_importable(function: Callable[..., Any]) -> bool:
    """Return whether a worker process finds the function by its module and name."""
    module = getattr(function, "__module__", "__main__")
    found = getattr(sys.modules.get(module), getattr(function, "__qualname__", ""), None)
    return module != "__main__" and found is function


def _takes_seed(function: Callable[..., Any]) -> bool:
    try:
        return "seed" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions have no signature
        return False


def _checksum(function: Callable[..., Any]) -> str:
    """Return a checksum of a function's source, or of its code where there is no file of it."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = repr(function) if code is None else repr((code.co_code, code.co_consts, code.co_names))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
