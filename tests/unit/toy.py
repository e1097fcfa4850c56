"""A benchmark without a table: what a module is worth follows from its key."""

import numpy as np

from nasbed.core.benchmark import Benchmark
from nasbed.core.records import Evaluations
from nasbed.spaces.nasbench101 import NASBench101


class ToyBenchmark(Benchmark):
    """Values in [0, 1) from the key's low bits; noise and time from the streams when there are any."""

    name = "toy"
    budgets = (4, 12)

    def __init__(self, vertices: int = 5, fails: bool = False) -> None:
        self.space = NASBench101(vertices=vertices)
        self.fails = fails
        self.asked = 0

    def query(self, archs, epochs=None, streams=None):
        self.asked += len(archs)
        value = (self.space.key(archs) >> np.uint64(40)).astype(float) / 2**24
        seconds = 1.0 + value
        if streams is not None:
            noise = streams.uniform(2)
            value = 0.9 * value + 0.1 * noise[:, 0]
            seconds = seconds + noise[:, 1]
            if self.fails:
                value = np.where(noise[:, 1] < 0.2, np.nan, value)
        return Evaluations(value, seconds, np.broadcast_to(np.int64(12) if epochs is None else epochs, len(archs)))

    def test(self, archs, epochs=None):
        return self.query(archs).value / 2

    def optimum(self, epochs=None):
        return 1.0, 0.5
