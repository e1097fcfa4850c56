"""A small benchmark with a landscape: like modules are of like worth, repeats differ, everything is known."""

import numpy as np
import pytest

from nasbed.core.benchmark import Benchmark
from nasbed.core.records import Evaluations
from nasbed.spaces.nasbench101 import NASBench101


class Landscape(Benchmark):
    """Accuracies that grow with edges and convolutions, in three repeats, for the 91 modules of four vertices."""

    name = "landscape"
    budgets = (4, 12)

    def __init__(self, tested: bool = True) -> None:
        self.space = NASBench101(vertices=4)
        self.tested = tested
        archs = self.space.enumerate()
        random = np.random.default_rng(3)
        edges = archs[:, : self.space.edge_count].sum(axis=1)
        kinds = (archs[:, self.space.edge_count :] == 0).sum(axis=1)
        worth = 0.80 + 0.012 * edges + 0.02 * kinds + random.normal(0, 0.012, len(archs))
        self.validation = np.round(np.clip(worth[:, None] + random.normal(0, 0.006, (91, 3)), 0, 1), 4)
        self.tests = np.clip(worth - 0.01 + random.normal(0, 0.003, 91), 0, 1)
        self.seconds = 20 + 6.0 * edges + 10 * kinds

    def query(self, archs, epochs=None, streams=None):
        rows = self.space.index(archs)
        value = self.validation[rows]
        value = value.mean(axis=1) if streams is None else value[np.arange(len(rows)), streams.integers(3)[:, 0]]
        return Evaluations(value, self.seconds[rows], np.broadcast_to(np.int64(epochs or 12), len(rows)))

    def outcomes(self, archs, epochs=None):
        return self.validation[self.space.index(archs)]

    def test(self, archs, epochs=None):
        tests = self.tests[self.space.index(archs)]
        return tests if self.tested else np.full(len(archs), np.nan)

    def optimum(self, epochs=None):
        return float(self.validation.mean(axis=1).max()), float(self.tests.max()) if self.tested else float("nan")

    def describe(self):
        return {**super().describe(), "checksum": "0123", "warnings": ["This landscape is made up."]}


@pytest.fixture(scope="session")
def landscape() -> Landscape:
    return Landscape()


@pytest.fixture(scope="session")
def untested() -> Landscape:
    return Landscape(tested=False)
