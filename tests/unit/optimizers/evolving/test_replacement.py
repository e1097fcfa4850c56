"""Rules of replacement against what is found by sorting lists."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.optimizers.evolving.evolutionary import EvolutionaryAlgorithm
from nasbed.optimizers.evolving.population import Population
from nasbed.optimizers.evolving.replacement import REPLACEMENTS, Step


def filled(values, runs=1, offspring=1):
    """Give populations of one decision, whose members were told of in this order and are numbered so."""
    population = Population(runs, len(values), offspring, 1)
    for number, value in enumerate(values):
        told(population, number, value)
    return population


def told(population, number, value):
    runs = len(population.alive)
    archs = np.full((runs, 1), number, np.int8)
    return population.hear(archs, np.full(runs, value), np.full(runs, number), np.ones(runs, np.bool_))


def after(name, values, newcomers, protected=0, runs=1, seed=0):
    """Give the numbers of who is alive after a step, by rank, ``(runs, members)``; newcomers are numbered from 10."""
    population = filled(values, runs, len(newcomers))
    for i, value in enumerate(newcomers):
        rows = told(population, 10 + i, value)
    assert rows.tolist() == list(range(runs)), "a step is due when the last newcomer was told of"
    streams = Streams.from_seed(seed, runs)
    step = Step(population.values, population.births, population.newcomers, rows, streams, protected)
    population.renew(rows, *REPLACEMENTS[name].exchange(step))
    ranks = np.tile(np.arange(len(values)), (runs, 1))
    assert (population.archs(rows, ranks)[:, :, 0] == population.numbers).all(), "an architecture has lost its number"
    assert (np.diff(population.values, axis=1) <= 0).all(), "the ranks are not in order"
    return population.numbers


def test_ranks_go_by_value_and_then_by_who_was_there_first():
    assert filled([0.3, 0.9, np.nan, 0.3, -5.0, 0.9, np.nan]).numbers.tolist() == [[1, 5, 0, 3, 4, 2, 6]]


@pytest.mark.parametrize(
    ("name", "newcomers", "protected", "alive"),
    [
        # members 0 to 3 are worth 0.4, 0.8, 0.2, 0.6
        ("worst", [0.1], 0, [1, 3, 0, 10]),  # however bad the newcomer is
        ("worst", [0.9], 0, [10, 1, 3, 0]),
        ("worst", [0.1, np.nan, 0.7], 0, [1, 12, 10, 11]),
        ("oldest", [0.1], 0, [1, 3, 2, 10]),
        ("oldest", [0.1, 0.5], 0, [3, 11, 2, 10]),
        ("oldest", [0.1, 0.5], 1, [1, 3, 11, 10]),  # 0 and 2 go, since 1 is the best
        ("plus", [0.1], 0, [1, 3, 0, 2]),
        ("plus", [0.2], 0, [1, 3, 0, 2]),  # of equals, who was there first
        ("plus", [0.1, 0.5, 0.7], 0, [1, 12, 3, 11]),
        ("plus", [0.9, 0.9, 0.9, 0.9, 0.9, 0.95], 0, [15, 10, 11, 12]),
        ("comma", [0.1, 0.5, np.nan, 0.3, 0.1], 0, [11, 13, 10, 14]),
        ("comma", [0.1, 0.1, 0.1, 0.1, 0.1], 0, [10, 11, 12, 13]),
        ("comma", [0.1, 0.5, 0.3, 0.1], 2, [1, 3, 11, 12]),
        ("generational", [0.1, 0.5, np.nan, 0.3], 0, [11, 13, 10, 12]),
        ("generational", [0.9, 0.5, 0.1], 1, [10, 1, 11, 12]),
    ],
)
def test_who_is_alive_after_a_step(name, newcomers, protected, alive):
    assert after(name, [0.4, 0.8, 0.2, 0.6], newcomers, protected, runs=2).tolist() == [alive, alive]


def test_the_oldest_goes_again_and_again():
    population = filled([0.4, 0.8, 0.2])
    streams = Streams.from_seed(0, 1)
    for number in range(10, 20):
        rows = told(population, number, (number * 7 % 10) / 10)
        step = Step(population.values, population.births, population.newcomers, rows, streams, 0)
        population.renew(rows, *REPLACEMENTS["oldest"].exchange(step))
        last = [*range(3), *range(10, 20)][number - 9 : number - 6]
        assert sorted(population.numbers[0].tolist()) == last


@pytest.mark.slow
@pytest.mark.parametrize(("protected", "count"), [(0, 1), (2, 1), (0, 3), (1, 2), (1, 4)])
def test_anybody_goes_who_is_not_protected(protected, count):
    runs, values = 20_000, [0.9, 0.8, 0.7, 0.6, 0.5]
    alive = after("random", values, [0.0] * count, protected, runs)
    gone = np.array([(alive != number).all(axis=1).mean() for number in range(5)])
    chance = count / (5 - protected)
    np.testing.assert_array_equal(gone[:protected], 0)
    np.testing.assert_allclose(gone[protected:], chance, atol=4 * np.sqrt(0.25 / runs))
    assert (np.sort(alive, axis=1)[:, -count:] == np.arange(10, 10 + count)).all()


def test_pairs_go_with_the_same_chance():
    runs = 20_000
    alive = after("random", [0.9, 0.8, 0.7, 0.6], [0.0, 0.0], 0, runs)
    stay = np.array([(alive == number).any(axis=1) for number in range(4)]).T
    pairs = np.bincount(stay @ np.array([1, 2, 4, 8]), minlength=16)[[3, 5, 6, 9, 10, 12]] / runs
    np.testing.assert_allclose(pairs, 1 / 6, atol=4 * np.sqrt(5 / 36 / runs))


def test_against_sorting_lists_with_many_values():
    chance = np.random.default_rng(0)
    for _ in range(60):
        members, count = int(chance.integers(1, 9)), int(chance.integers(1, 12))
        protected = int(chance.integers(0, members))
        values, newcomers = chance.integers(0, 6, members) / 5, chance.integers(0, 6, count) / 5
        old = sorted(enumerate(values), key=lambda member: (-member[1], member[0]))
        new = [(10 + i, value) for i, value in enumerate(newcomers)]
        best_new = sorted(new, key=lambda member: -member[1])
        free = members - protected
        expected = {"plus": sorted(old + new, key=lambda member: -member[1])[:members]}
        if count <= free:
            expected["worst"] = old[: members - count] + new
            oldest = sorted(old[protected:])[:count]
            expected["oldest"] = [member for member in old if member not in oldest] + new
        if count >= free:
            expected["comma"] = old[:protected] + sorted(best_new[:free])
        if count == free:
            expected["generational"] = old[:protected] + new
        for name, alive in expected.items():
            ranked = [number for number, _ in sorted(alive, key=lambda member: -member[1])]
            assert after(name, values, newcomers, protected).tolist() == [ranked], name


@pytest.mark.parametrize(
    ("name", "elitism", "usual"),
    [
        ("worst", 0, 1),
        ("oldest", 3, 1),
        ("random", 0, 1),
        ("generational", 0, 10),
        ("generational", 3, 7),
        ("plus", 2, 8),
        ("comma", 0, 70),
        ("comma", 3, 49),
    ],
)
def test_how_many_children_a_step_has_if_nobody_says(name, elitism, usual):
    search = EvolutionaryAlgorithm(population=10, replacement=name, elitism=elitism)
    assert search.settings()["offspring"] is None
    said = EvolutionaryAlgorithm(population=10, replacement=name, elitism=elitism, offspring=usual)
    assert search._offspring == said._offspring == usual


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"replacement": "worst", "offspring": 11},
            "'worst' replacement is a whole number from 1 to 10, not 11",
        ),
        ({"replacement": "oldest", "elitism": 4, "offspring": 7}, "from 1 to 6"),
        ({"replacement": "generational", "offspring": 9}, "from 10 to 10, not 9"),
        ({"replacement": "comma", "offspring": 9}, "from 10"),
        ({"replacement": "plus", "offspring": 0}, "from 1"),
        ({"replacement": "plus", "offspring": "many"}, "from 1 or none, not 'many'"),
        ({"replacement": "wurst"}, "replacement is one of worst, oldest, .*, not 'wurst'"),
        ({"elitism": 10}, "elitism is a whole number from 0 to 9"),
    ],
)
def test_steps_that_cannot_be_taken_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        EvolutionaryAlgorithm(population=10, tournament=5, **settings)
