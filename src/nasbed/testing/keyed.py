"""A benchmark without a table: what an architecture is worth follows from its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import NotInTable
from nasbed.core.records import Archs, Evaluations
from nasbed.core.space import Space

if TYPE_CHECKING:
    from nasbed.core.rng import Streams


class KeyedBenchmark(Benchmark):
    """Gives every architecture of any space a value in [0, 1) and a time from 1 to 2 seconds, out of its key.

    After fewer epochs than the most, the value is mixed with one of the key and the epochs, and time is in proportion.

    Args:
        space: The space.
        failing: Share of the architectures whose training fails.
        budgets: Epochs that it answers for.
    """

    name = "keyed"
    continues = True
    costs = ("params",)

    def __init__(self, space: Space, failing: float = 0.0, budgets: tuple[int, ...] = (1, 3, 9, 27)) -> None:
        self.space, self.failing, self.budgets = space, failing, budgets

    def query(
        self, archs: Archs, epochs: NDArray[np.int64] | int | None = None, streams: Streams | None = None
    ) -> Evaluations:
        """Answer from the keys; nothing is random."""
        trained = self._trained(epochs, len(archs))
        valid = self.space.valid(archs)
        if not valid.all():
            raise NotInTable(f"architecture {int(np.argmin(valid))} of {len(archs)} is not valid")
        mixed = self.space.key(archs) * np.uint64(0x9E3779B97F4A7C15)
        value = (mixed >> np.uint64(40)).astype(np.float64) / 2**24
        fate = (mixed >> np.uint64(16) & np.uint64(0xFFFF)).astype(np.float64) / 2**16
        share = trained / self.budgets[-1]
        early = (mixed ^ trained.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)) >> np.uint64(44)
        value = np.where(share < 1, 0.7 * value + 0.3 * early / 2**20, value)
        return Evaluations(np.where(fate < self.failing, np.nan, value), (1.0 + fate) * share, trained)

    def cost(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give a made-up number of parameters, more for what is better."""
        if name not in self.costs:
            return super().cost(name, archs)
        mixed = self.space.key(archs) * np.uint64(0x9E3779B97F4A7C15)
        quality = (mixed >> np.uint64(40)).astype(np.float64) / 2**24
        return 1.0 + 9.0 * quality**2 + (mixed % np.uint64(7)).astype(np.float64)

    def test(self, archs: Archs, epochs: int | None = None) -> NDArray[np.float64]:
        """Give half of the value."""
        return self.query(archs, epochs).value / 2

    def _trained(self, epochs: NDArray[np.int64] | int | None, n: int) -> NDArray[np.int64]:
        wanted = np.full(n, self.budgets[-1] if epochs is None else epochs, np.int64)
        if not np.isin(wanted, self.budgets).all():
            raise NotInTable(f"the keyed benchmark has {self.budgets} epochs, not {set(wanted.tolist())}")
        return wanted
