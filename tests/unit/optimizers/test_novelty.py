"""Methods that propose nothing twice: a space to its last architecture, and little work where there is no more."""

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.optimizers.evolving.evolutionary import EvolutionaryAlgorithm
from nasbed.optimizers.multiobjective.nsga2 import NSGA2
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
OPTIMIZERS = [RandomSearch(replacement=False), EvolutionaryAlgorithm(10, unique=True), NSGA2(population=10)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("workers", [1, 64])
def test_a_run_ends_when_it_has_tried_everything(optimizer, workers):
    history = search(
        optimizer, KeyedBenchmark(SPACE), SearchSettings(evaluations=10**6, runs=4, seed=1, workers=workers)
    )
    for run in range(4):
        tried = history.archs[history.tried[:, run], run]
        indices = SPACE.index(tried) if isinstance(optimizer, NSGA2) else SPACE.key(tried)
        assert len(indices) == len(np.unique(indices)) == SPACE.size


class Counting(NASBench101):
    """Counts how often it is drawn from."""

    calls = 0

    def sample(self, streams):
        self.calls += 1
        return super().sample(streams)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_a_run_that_is_over_looks_no_further(optimizer):
    space = Counting(vertices=3)
    optimizer.start(space, Streams.from_seed(0, 5))
    answers = KeyedBenchmark(space)
    for _ in range(12):
        trials = optimizer.ask()
        optimizer.tell(trials, answers.query(trials.archs))
    assert trials.active is not None
    assert not trials.active.any()
    before = space.calls
    optimizer.ask()
    assert space.calls <= before + 1
