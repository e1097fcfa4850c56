"""Regularized evolution against one run of it in plain Python."""

from collections import deque

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)


def plain_evolution(streams, evaluate, population, sample, steps):
    """Play one run; a member's place in a draw is its number modulo the population."""
    alive, proposed = deque(maxlen=population), []
    for number in range(steps):
        if len(alive) < population:
            arch = SPACE.sample(streams)[0]
        else:
            place = {member[0] % population: member for member in alive}
            parent = None
            for rival in streams.integers(population, size=sample)[0].tolist():
                if parent is None or place[rival][2] > parent[2]:
                    parent = place[rival]
            arch = SPACE.mutate(parent[1][None], streams)[0]
        value = evaluate(arch)
        alive.append((number, arch, -np.inf if np.isnan(value) else value))
        proposed.append(arch)
    return np.array(proposed)


@pytest.mark.parametrize(("population", "sample"), [(1, 1), (7, 3), (10, 20), (50, 10)])
@pytest.mark.parametrize("failing", [0.0, 0.4])
def test_the_oldest_dies_and_the_best_of_a_sample_has_a_child(population, sample, failing):
    answers = KeyedBenchmark(SPACE, failing)
    together = RegularizedEvolution(population, sample).start(SPACE, Streams.from_seed(3, 4))
    played = []
    for _ in range(150):
        trials = together.ask()
        together.tell(trials, answers.query(trials.archs))
        played.append(trials.archs)
    for run in range(4):
        plain = plain_evolution(
            Streams.from_seed(3, 1, run), lambda arch: answers.query(arch[None]).value[0], population, sample, 150
        )
        np.testing.assert_array_equal(np.array(played)[:, run], plain)


@pytest.mark.parametrize("settings", [{"population": 0}, {"sample": 0}, {"population": -3}])
def test_nobody_alive_or_nobody_drawn_is_refused(settings):
    with pytest.raises(BadSetting, match="at least 1"):
        RegularizedEvolution(**settings)
