"""Random search: the space's own draws; without replacement, each architecture once."""

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.optimizers.random import RandomSearch
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
ANSWERS = KeyedBenchmark(SPACE)


def play(optimizer, steps):
    for _ in range(steps):
        trials = optimizer.ask()
        optimizer.tell(trials, ANSWERS.query(trials.archs))
        yield trials


def test_with_replacement_it_is_what_the_space_draws():
    streams = Streams.from_seed(0, 3)
    for trials in play(RandomSearch().start(SPACE, Streams.from_seed(0, 3)), 200):
        assert trials.active is None
        np.testing.assert_array_equal(trials.archs, SPACE.sample(streams))


@pytest.fixture(scope="module")
def everything():
    """Two runs without replacement over the whole space and beyond."""
    return list(play(RandomSearch(replacement=False).start(SPACE, Streams.from_seed(0, 2)), SPACE.size + 1))


def test_without_replacement_every_architecture_comes_once(everything):
    for run in range(2):
        keys = SPACE.key(np.array([trials.archs[run] for trials in everything[:-1]]))
        assert len(np.unique(keys)) == SPACE.size
        assert all(trials.active is None or trials.active[run] for trials in everything[:-1])


def test_without_replacement_a_run_ends_with_the_space(everything):
    assert everything[-1].active.tolist() == [False, False]


def test_without_replacement_it_skips_what_it_would_have_drawn_again(everything):
    for run in range(2):
        streams, met, expected = Streams.from_seed(0, 1, run), set(), []
        while len(expected) < 40:
            arch = SPACE.sample(streams)
            key = int(SPACE.key(arch)[0])
            if key not in met:
                met.add(key)
                expected.append(arch[0])
        np.testing.assert_array_equal([trials.archs[run] for trials in everything[:40]], expected)
