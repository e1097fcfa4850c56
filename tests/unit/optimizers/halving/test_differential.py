"""Differential evolution: one step in plain Python, the cube, the turns, who takes whose place."""

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.optimizers.halving.differential import Populations

CARDINALITIES = np.array([2, 5, 3, 1])


def populated(sizes=(4, 2), trained=6, seed=0):
    """Give one run's populations, whose first members have results."""
    populations = Populations(1, CARDINALITIES, sizes)
    chance = np.random.default_rng(seed)
    populations.points[0] = chance.random(populations.points[0].shape)
    populations.values[0, :trained] = chance.permutation(trained) / 10
    populations.tried[:] = True
    return populations


def plain_child(populations, target, pool, best, factor, chance, streams):
    """Breed one child as the papers say, word by word."""

    def uniform():
        return streams.uniform()[0, 0]

    def below(n):
        return int(streams.integers(n)[0, 0])

    points, values = populations.points[0], populations.values[0]
    inside = range(populations.starts[pool], populations.starts[pool + 1])
    ranked = sorted(inside, key=lambda i: -values[i])[:best]
    members = [i for i in ranked if np.isfinite(values[i]) and i != target]
    others = [i for i in range(len(values)) if np.isfinite(values[i]) and i != target and i not in members]
    while len(members) < 3 and others:
        drawn = below(len(others))
        members.append(others[drawn])
        others[drawn] = others[-1]
        others.pop()
    chosen = []
    for j in range(3):
        if j < len(members):
            drawn = j + below(len(members) - j)
            members[j], members[drawn] = members[drawn], members[j]
            chosen.append(points[members[j]])
        else:
            chosen.append(np.array([uniform() for _ in CARDINALITIES]))
    taken = [uniform() < chance for _ in CARDINALITIES]
    if not any(taken):
        taken[below(len(taken))] = True
    child = points[target].copy()
    for d in np.flatnonzero(taken):
        child[d] = chosen[0][d] + factor * (chosen[1][d] - chosen[2][d])
        if not 0 <= child[d] <= 1:
            child[d] = uniform()
    return child, members[0] if members else -1


@pytest.mark.parametrize(
    ("trained", "target", "pool", "best"),
    [(6, 0, 0, 4), (6, 4, 0, 3), (6, 5, 1, 2), (4, 1, 0, 1), (1, 0, 0, 4), (0, 2, 1, 1), (2, 5, 0, 9)],
)
@pytest.mark.parametrize(("factor", "chance"), [(0.5, 0.5), (1.0, 0.0)])
def test_a_child_is_bred_as_in_plain_python(trained, target, pool, best, factor, chance):
    populations = populated(trained=trained)
    for seed in range(20):
        streams, plain = Streams.from_seed(seed, 1), Streams.from_seed(seed, 1)
        children, bases = populations.breed(
            streams, np.array([0]), np.array([target]), np.array([pool]), np.array([best]), 1, factor, chance
        )
        child, base = plain_child(populations, target, pool, best, factor, chance, plain)
        np.testing.assert_array_equal(children[0, 0], child)
        assert bases[0, 0] == base
        assert streams.positions[0] == plain.positions[0]


def test_a_mutant_is_one_member_and_half_of_the_difference_of_two_others():
    populations = Populations(1, CARDINALITIES, (4,))
    populations.points[0] = [[0.2] * 4, [0.5] * 4, [0.7] * 4, [0.9] * 4]
    populations.values[0] = 1.0
    one = np.array([0])
    children, bases = populations.breed(Streams.from_seed(0, 1), one, one, one, np.array([4]), 500, 0.5, 1.0)
    away = {round(float(child), 9) for child in children[0, :, 0]}
    # 0.5 ± 0.1, 0.7 ± 0.2, 0.9 − 0.1; what would leave the cube, 0.9 + 0.1 = 1.0, just does not
    assert away == {0.4, 0.6, 0.5, 0.9, 0.8, 1.0}
    assert set(bases[0]) == {1, 2, 3}


def test_points_are_read_as_equal_parts_of_the_cube():
    populations = Populations(1, CARDINALITIES, (1,))
    points = np.array([[0.0, 0.0, 0.0, 0.0], [0.49, 0.39, 0.34, 0.5], [0.5, 0.41, 0.67, 1.0], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(populations.archs(points), [[0, 0, 0, 0], [0, 1, 1, 0], [1, 2, 2, 0], [1, 4, 2, 0]])


def test_a_row_is_read_again_from_any_point_within_it():
    cardinalities = np.arange(1, 128)
    populations, streams = Populations(1, cardinalities, (1,)), Streams.from_seed(0, 300)
    archs = (streams.uniform(127) * cardinalities).astype(np.int8)
    np.testing.assert_array_equal(populations.archs(populations.within(archs, streams)), archs)


class Edge(Streams):
    """Draws the least or the largest float below 1, by turns."""

    def uniform(self, size=1):
        return np.tile([0.0, np.nextafter(1, 0)], (len(self), size // 2 + 1))[:, :size]


def test_what_is_drawn_at_the_edge_of_a_part_stays_in_it():
    cardinalities = np.repeat(np.arange(1, 128), 2)
    populations, streams = Populations(1, cardinalities, (1,)), Edge.from_seed(0, 127)
    archs = (np.arange(127)[:, None] % cardinalities).astype(np.int8)
    np.testing.assert_array_equal(populations.archs(populations.within(archs, streams)), archs)


def test_members_of_each_rung_take_turns():
    populations = Populations(2, CARDINALITIES, (2, 3))
    turns = [populations.targets(np.array([0, rung])).tolist() for rung in (1, 1, 0, 1, 1)]
    assert turns == [[0, 2], [1, 3], [0, 0], [1, 4], [0, 2]]


@pytest.mark.parametrize(("value", "stays"), [(0.29, True), (0.3, False), (0.31, False), (np.nan, True)])
def test_who_is_not_worse_takes_the_place(value, stays):
    populations = Populations(1, CARDINALITIES, (1,))
    one, point = np.array([0]), np.full((1, 4), 0.25)
    populations.send(0, one, point)
    populations.select(np.array([0]), np.array([0.3]), np.array([True]))
    populations.send(1, one, 2 * point)
    populations.select(np.array([1]), np.array([value]), np.array([True]))
    assert (populations.points[0, 0, 0] == 0.25) == stays
    assert populations.origins[0, 0] == (0 if stays else 1)


def test_answers_in_any_order_find_their_targets_and_make_room():
    populations, chance = Populations(3, CARDINALITIES, (40,)), np.random.default_rng(0)
    for number in range(40):
        populations.send(number, np.full(3, number), np.full((3, 4), number / 40))
    orders = np.array([chance.permutation(40) for _ in range(3)]).T
    for numbers in orders:
        populations.select(numbers, numbers / 100, np.array([True, True, False]))
    np.testing.assert_array_equal(populations.values[:2], np.tile(np.arange(40) / 100, (2, 1)))
    assert (populations.values[2] == -np.inf).all()
    state = populations.state_dict()
    assert (state["_out"][:2] == -1).all()
    assert sorted(state["_out"][2][state["_out"][2] >= 0]) == list(range(40))


@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_a_decision_is_forced_only_where_none_was_drawn(chance):
    """As published (automl/DEHB, ``DE.crossover_bin``): the textbook would take D·Cr + 1 − Cr on average, this less."""
    decisions, count = 5, 40_000
    populations = Populations(1, np.full(decisions, 2), (4,))
    populations.points[0] = np.arange(4)[:, None] / 4 + np.full(decisions, 0.01)
    populations.values[0], populations.tried[:] = 0.5, True
    one = np.zeros(1, np.int64)
    children, _ = populations.breed(Streams.from_seed(0, 1), one, one, one, one + 4, count, 0.0, chance)
    taken = (children[0] != populations.points[0, 0]).sum(axis=1)
    assert taken.min() == 1
    expected = decisions * chance + (1 - chance) ** decisions
    assert taken.mean() == pytest.approx(expected, abs=4 * taken.std() / count**0.5)
    assert taken.mean() < decisions * chance + 1 - chance - 0.1
