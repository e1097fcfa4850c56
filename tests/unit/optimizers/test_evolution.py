"""Regularized evolution against one run of it in plain Python."""

from collections import deque
from math import comb

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.evolving.evolutionary import EvolutionaryAlgorithm
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)


def rivals_drawn(streams, population, sample, distinct):
    """Draw, by Floyd's algorithm where they are to be different."""
    if not distinct:
        return streams.integers(population, size=sample)[0].tolist()
    sample, drawn = min(sample, population), []
    for bound in range(population - sample + 1, population + 1):
        rival = int(streams.integers(bound)[0, 0])
        drawn.append(bound - 1 if rival in drawn else rival)
    return drawn


def plain_evolution(streams, evaluate, population, sample, distinct, steps):
    """Play one run; a member's place in a draw is its number modulo the population."""
    alive, proposed = deque(maxlen=population), []
    for number in range(steps):
        if len(alive) < population:
            arch = SPACE.sample(streams)[0]
        else:
            place = {member[0] % population: member for member in alive}
            parent = None
            for rival in rivals_drawn(streams, population, sample, distinct):
                if parent is None or place[rival][2] > parent[2]:
                    parent = place[rival]
            arch = SPACE.mutate(parent[1][None], streams)[0]
        value = evaluate(arch)
        alive.append((number, arch, -np.inf if np.isnan(value) else value))
        proposed.append(arch)
    return np.array(proposed)


@pytest.mark.parametrize(
    ("population", "sample", "distinct"),
    [(1, 1, True), (7, 3, True), (7, 7, True), (50, 10, True), (7, 3, False), (10, 20, False)],
)
@pytest.mark.parametrize("failing", [0.0, 0.4])
def test_the_oldest_dies_and_the_best_of_a_sample_has_a_child(population, sample, distinct, failing):
    answers = KeyedBenchmark(SPACE, failing)
    together = RegularizedEvolution(population, sample, distinct).start(SPACE, Streams.from_seed(3, 4))
    played = []
    for _ in range(150):
        trials = together.ask()
        together.tell(trials, answers.query(trials.archs))
        played.append(trials.archs)
    for run in range(4):
        evaluate = lambda arch: answers.query(arch[None]).value[0]  # noqa: E731
        plain = plain_evolution(Streams.from_seed(3, 1, run), evaluate, population, sample, distinct, 150)
        np.testing.assert_array_equal(np.array(played)[:, run], plain)


def heard(values):
    values = np.asarray(values, float)
    return Evaluations(values, np.ones(len(values)), np.ones(len(values), np.int64))


@pytest.mark.parametrize("distinct", [True, False])
def test_the_chance_to_be_the_parent_is_that_of_a_tournament(distinct):
    population, sample, runs = 6, 3, 30_000
    search = RegularizedEvolution(population, sample, distinct).start(SPACE, Streams.from_seed(0, runs))
    for rank in (3, 0, 5, 1, 4, 2):  # whom one is told of when says nothing about how good it is
        search.tell(search.ask(), heard(np.full(runs, -rank)))
    parents = search.ask().parents[:, 0]
    rank_of = np.array([3, 0, 5, 1, 4, 2])[parents]
    found = np.bincount(rank_of, minlength=population) / runs
    if distinct:
        chances = [comb(population - 1 - i, sample - 1) / comb(population, sample) for i in range(population)]
    else:
        chances = [((population - i) ** sample - (population - i - 1) ** sample) / population**sample for i in range(6)]
    np.testing.assert_allclose(found, chances, atol=4 * np.sqrt(0.25 / runs))


def test_the_newest_is_who_was_told_of_last_whenever_it_was_asked_for():
    search = RegularizedEvolution(2, 50, distinct=False).start(SPACE, Streams.from_seed(1, 1))
    first, second, third = search.ask(), search.ask(), search.ask()
    assert [trials.number.tolist() for trials in (first, second, third)] == [[0], [1], [2]]
    search.tell(third, heard([0.9]))
    search.tell(second, heard([0.1]))
    assert search.ask().parents.tolist() == [[2, -1]]
    search.tell(first, heard([0.2]))  # the oldest is now the third
    assert search.ask().parents.tolist() == [[0, -1]]


def test_what_was_never_asked_for_has_children_too():
    search = RegularizedEvolution(1, 1).start(SPACE, Streams.from_seed(1, 2))
    search.tell(Trials(SPACE.sample(Streams.from_seed(5, 2))), heard([0.5, 0.5]))
    trials = search.ask()
    assert trials.number.tolist() == [0, 0]
    assert trials.parents.tolist() == [[-1, -1], [-1, -1]]


@pytest.mark.parametrize("settings", [{"population": 0}, {"sample": 0}, {"population": -3}])
def test_nobody_alive_or_nobody_drawn_is_refused(settings):
    with pytest.raises(BadSetting, match="from 1"):
        RegularizedEvolution(**settings)


def test_a_sample_that_is_larger_than_its_population_is_refused_or_draws_some_twice():
    with pytest.raises(BadSetting, match="sample=20 different ones cannot be drawn of population=10; give sample=10"):
        RegularizedEvolution(population=10, sample=20)
    RegularizedEvolution(population=10, sample=20, distinct=False)


@pytest.mark.parametrize("make", [RegularizedEvolution, EvolutionaryAlgorithm])
def test_as_many_compete_as_there_are_where_nobody_says_how_many(make):
    def competing(**given):
        settings = make(**given).settings()
        return settings.get("sample", settings.get("tournament"))

    assert competing() == competing(population=10) == 10
    assert competing(population=5) == 5
    assert competing(population=5, distinct=False) == 10
