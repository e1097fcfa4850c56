"""Fronts and crowding: by hand, by their definitions, and as pymoo has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.optimizers.multiobjective.nsga2 import crowding, dominates, in_order, ranks

KEPT = np.zeros(7)
# a staircase of three, one equal to its middle, and two layers behind it
POINTS = np.array([[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [2.0, 2.0], [3.0, 3.0], [2.0, 5.0], [5.0, 5.0]])


def test_a_staircase_and_what_lies_behind_it():
    assert ranks(POINTS, KEPT).tolist() == [0, 0, 0, 0, 1, 1, 2]


def test_equal_answers_do_not_dominate_each_other():
    assert not dominates(POINTS, KEPT, 1, 3)
    assert not dominates(POINTS, KEPT, 3, 1)
    assert dominates(POINTS, KEPT, 1, 4)
    assert not dominates(POINTS, KEPT, 0, 1)


def test_limits_come_first():
    """What keeps them dominates what does not; then what is less over; and among equals over nobody is better."""
    excess = np.array([0.5, 0.0, 0.2, 0.0, 0.5, np.inf, np.inf])
    assert ranks(POINTS, excess).tolist() == [2, 0, 1, 0, 2, 3, 3]


def test_crowding_by_hand():
    """Extents are 3 and 3; the middle lies between 1 and 4, and between 4 and 1."""
    objectives = np.array([[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [9.0, 9.0]])
    distance = crowding(objectives, np.array([0, 0, 0, 1]))
    assert distance.tolist() == [np.inf, 2.0, np.inf, 0.0]


def test_a_front_that_is_alike_in_an_objective_is_spread_by_the_others():
    objectives = np.array([[0.0, 5.0], [1.0, 5.0], [4.0, 5.0], [2.0, 5.0]])
    assert crowding(objectives, np.zeros(4, np.int64)).tolist() == [np.inf, 0.5, np.inf, 0.75]


def test_the_order_is_by_front_and_then_by_distance():
    rank, distance = np.array([1, 0, 0, 1, 0]), np.array([3.0, 1.0, np.inf, np.inf, 1.0])
    assert in_order(rank, distance).tolist() == [2, 1, 4, 3, 0]


answers = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3), st.sampled_from([0.0, 0.0, 0.0, 0.5, np.inf])),
    min_size=1,
    max_size=25,
)


@given(answers)
def test_fronts_are_peeled_off_one_by_one(some):
    objectives, excess = np.array(some)[:, :3].copy(), np.array(some)[:, 3].copy()
    n = len(some)

    def is_better(a, b):
        if excess[a] or excess[b]:
            return excess[a] < excess[b]
        return bool((objectives[a] <= objectives[b]).all() and (objectives[a] < objectives[b]).any())

    wanted, left, front = np.full(n, -1), set(range(n)), 0
    while left:
        best = {b for b in left if not any(is_better(a, b) for a in left)}
        wanted[list(best)] = front
        left, front = left - best, front + 1
    assert ranks(objectives, excess).tolist() == wanted.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("objectives", [2, 3, 4])
def test_fronts_and_crowding_are_those_of_pymoo(objectives):
    sorting = pytest.importorskip("pymoo.util.nds.non_dominated_sorting")
    metrics = pytest.importorskip("pymoo.operators.survival.rank_and_crowding.metrics")
    for seed in range(20):
        points = np.random.default_rng(seed).random((60, objectives))
        rank = ranks(points, np.zeros(60))
        fronts = sorting.NonDominatedSorting().do(points)
        assert [sorted(front.tolist()) for front in fronts] == [
            np.flatnonzero(rank == front).tolist() for front in range(len(fronts))
        ]
        distance = crowding(points, rank)
        for front in fronts:  # pymoo gives the mean over the objectives
            theirs = metrics.calc_crowding_distance(points[front])
            np.testing.assert_allclose(distance[front], theirs * objectives, rtol=1e-12)
