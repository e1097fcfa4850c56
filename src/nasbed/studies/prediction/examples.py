"""Examples: architectures of a benchmark with their values, which predictors learn from and are judged by.

A fidelity is a number of epochs. Predictors learn from the values at one, and are judged by those at the largest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.encodings.joining import Encoding, encoding
from nasbed.statistics.prediction import ROUNDED, Floats, ceiling


@dataclass(frozen=True, eq=False)
class Examples:
    """Architectures that were trained.

    Attributes:
        benchmark: Where they are from.
        rows: They, ``(n, decisions)``.
        values: What they are worth, at the largest fidelity, ``(n,)``; all are finite numbers.
        learnable: What is learned from, at the fidelity that was asked for, ``(n,)``; likewise.
        seconds: What the trainings of each take if it is learned from, ``(n,)``; NaN where no times are known.
        epochs: The fidelity that was asked for.
        early: What shorter trainings of all of them came to, by their epochs, ``(n,)`` each; predictors may read it.
        early_seconds: What they take if it is only asked about, ``(n,)``; 0 where nothing is read of it.
    """

    benchmark: Benchmark
    rows: Archs
    values: Floats
    learnable: Floats
    seconds: Floats
    epochs: int
    early: dict[int, Floats]
    early_seconds: Floats

    @classmethod
    def of(cls, benchmark: Benchmark, epochs: int | None = None, early: tuple[int, ...] = ()) -> Examples:
        """Look up all architectures that have a value at each fidelity.

        Args:
            benchmark: A table, or what else has a list of its architectures and answers at once.
            epochs: The fidelity that is learned from; the largest if not given.
            early: Fidelities whose values are known of all architectures, those to be predicted among them.

        Raises:
            BadSetting: When the benchmark trains, cannot be listed, has no such fidelity, or too few architectures.
        """
        if benchmark.live is not None:
            raise BadSetting(f"{benchmark.name} makes its answers when it is asked; predictors are judged on tables")
        if not benchmark.space.is_enumerable:
            raise BadSetting(f"{benchmark.name} has no list of its architectures to draw from")
        asked = benchmark.budgets[-1] if epochs is None else epochs
        for one in (asked, *early):
            if one not in benchmark.budgets:
                has = ", ".join(map(str, benchmark.budgets))
                raise BadSetting(f"{benchmark.name} has no results at {one!r} epochs; it has {has}")
        if early and max(early) >= benchmark.budgets[-1]:
            raise BadSetting(
                f"what is predicted is known after {benchmark.budgets[-1]} epochs; early values are of fewer, not of "
                f"{max(early)}"
            )
        rows = benchmark.space.enumerate()
        whole, taught = benchmark.query(rows), benchmark.query(rows, asked)
        before = {one: benchmark.query(rows, one) for one in early}
        there = np.isfinite(whole.value) & np.isfinite(taught.value)
        for answer in before.values():
            there &= np.isfinite(answer.value)
        if there.sum() < 3:
            raise BadSetting(f"{benchmark.name} has {there.sum()} architectures with values; it takes 3 at least")
        known = np.flatnonzero(there)
        took = {**{one: answer.seconds for one, answer in before.items()}, asked: taught.seconds}
        return cls(
            benchmark,
            rows[known],
            whole.value[known],
            taught.value[known],
            _together(took, {asked, *early}, benchmark.continues, len(rows))[known],
            asked,
            {one: answer.value[known] for one, answer in before.items()},
            _together(took, set(early), benchmark.continues, len(rows))[known],
        )

    def only(self, places: NDArray[np.int64]) -> Examples:
        """Return some of them, by their places."""
        names = ("rows", "values", "learnable", "seconds", "early_seconds")
        arrays = {name: getattr(self, name)[places] for name in names}
        return replace(self, early={epochs: values[places] for epochs, values in self.early.items()}, **arrays)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def space(self) -> Space:
        """Where the architectures are from."""
        return self.benchmark.space

    @cached_property
    def functions(self) -> NDArray[np.uint64]:
        """The same number for architectures that compute the same, ``(n,)``."""
        return self.space.function_key(self.rows)

    @cached_property
    def ceiling(self) -> tuple[float, float, float, int]:
        """How well architectures are predicted by those that compute the same; see ``prediction.ceiling``."""
        return ceiling(self.values, self.functions)

    @property
    def step(self) -> float:
        """To what values are rounded for one of the measures; NaN where they are no accuracies."""
        return ROUNDED if self.benchmark.measure == "accuracy" else np.nan

    def encoding(self, name: str) -> str | Encoding:
        """Return what predictors read: an encoding by its name, with the beginnings of trainings beside it, if any."""
        if not self.early:
            return name
        epochs = sorted(self.early)
        curves = np.stack([self.early[one] for one in epochs], axis=1)
        return encoding(name, self.space).with_curves(self.rows, curves, epochs)


def _together(seconds: dict[int, Floats], epochs: set[int], continues: bool, n: int) -> Floats:
    """Return what trainings of some lengths take, ``(n,)``: of those that go on with each other, the longest alone."""
    if not epochs:
        return np.zeros(n)
    return seconds[max(epochs)] if continues else np.sum([seconds[one] for one in sorted(epochs)], axis=0)
