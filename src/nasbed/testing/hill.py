"""A hill: a benchmark on which any method that learns from answers should do better than chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.core.rng import Streams
from nasbed.core.space import Space
from nasbed.testing.keyed import KeyedBenchmark

if TYPE_CHECKING:
    from collections.abc import Sequence


class HillBenchmark(Benchmark):
    """The more decisions are a hidden architecture's, the better; with a rough surface, which fewer epochs blur.

    Of the value nine tenths are the share of decisions that agree, and a tenth is made up from the key. After fewer
    epochs than the most there is noise of the key and the epochs on top. The hidden architecture is the only optimum.
    A training takes as many seconds as epochs.

    Args:
        space: The space.
        seed: Of the hidden architecture.
        budgets: Epochs that it answers for.
        noise: How far the value after the fewest epochs may be off, at most.
    """

    name = "hill"
    continues = True

    def __init__(self, space: Space, seed: int = 0, budgets: Sequence[int] = (1, 3, 9, 27), noise: float = 0.2) -> None:
        self.space, self.budgets, self.noise = space, tuple(budgets), noise
        self.hidden = space.sample(Streams.from_seed(seed, 1, 0, "hill"))[0]
        self._rough = KeyedBenchmark(space, budgets=self.budgets)

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Say how much agrees; nothing is random."""
        rough = self._rough.query(archs, epochs)
        agreeing = (archs == self.hidden).mean(axis=1)
        value = np.where(agreeing == 1, 1.0, 0.9 * agreeing + 0.1 * self._rough.query(archs).value)
        blur = self.noise * (1 - rough.epochs / self.budgets[-1]) * (2 * rough.value - 1)
        return Evaluations(np.clip(value + blur, 0, 1), rough.epochs.astype(np.float64), rough.epochs)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give a value from which it follows: 0.8 of it."""
        if epochs is not None and epochs not in self.budgets:
            raise NotInTable(f"the hill has {self.budgets} epochs, not {epochs}")
        return 0.8 * self.query(archs).value

    def optimum(self, epochs: int | None = None) -> tuple[float, float]:
        """Give what the hidden architecture is worth."""
        return 1.0, 0.8
