"""Rules of selection against chances computed by hand."""

from math import comb

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.optimizers.evolving.selection import Anybody, Best, EpsilonGreedy, Middle, Ranking, Roulette, Tournament
from nasbed.optimizers.worth import OVER

RUNS = 40_000
EVERYONE = np.arange(RUNS)
VALUES = np.array([0.8, 0.5, 0.4, 0.2, 0.1])


def shares(rule, values=VALUES, turn=0):
    """Give how often each rank is chosen in its turn, in one draw of each of many runs."""
    streams = Streams.from_seed(1, RUNS)
    chosen = rule.ranks(np.tile(values, (RUNS, 1)), streams, EVERYONE)
    return np.bincount(chosen[:, turn], minlength=len(values)) / RUNS


def agree(found, chances):
    """Within four standard errors; what has no chance never happens."""
    chances = np.asarray(chances, float)
    assert chances.sum() == pytest.approx(1)
    assert (np.abs(found - chances) <= 4 * np.sqrt(chances * (1 - chances) / RUNS)).all(), f"{found} is not {chances}"


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_best_of_different_ones(size):
    agree(shares(Tournament(size)), [comb(4 - i, size - 1) / comb(5, size) for i in range(5)])


@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_the_best_of_a_tournament_with_replacement(size):
    agree(shares(Tournament(size, distinct=False)), [((5 - i) ** size - (4 - i) ** size) / 5**size for i in range(5)])


def test_the_second_and_third_best_of_a_tournament():
    agree(shares(Tournament(3, 3), turn=1), [0, 3 / 10, 4 / 10, 3 / 10, 0])  # the middle one of three of five
    agree(shares(Tournament(3, 3), turn=2), [0, 0, 1 / 10, 3 / 10, 6 / 10])


def test_with_replacement_the_same_one_is_selected_twice_if_it_is_drawn_twice():
    chosen = Tournament(2, 2, distinct=False).ranks(
        np.tile(VALUES[:2], (RUNS, 1)), Streams.from_seed(2, RUNS), EVERYONE
    )
    pairs = np.bincount(chosen[:, 0] * 2 + chosen[:, 1], minlength=4) / RUNS
    agree(pairs, [1 / 4, 1 / 2, 0, 1 / 4])


def test_a_tournament_of_all_selects_the_best_in_order():
    chosen = Tournament(5, 3).ranks(np.tile(VALUES, (6, 1)), Streams.from_seed(0, 6), np.arange(6))
    assert chosen.tolist() == [[0, 1, 2]] * 6


@pytest.mark.parametrize(
    ("rule", "ranks"),
    [
        (Best(), [0]),
        (Best(3), [0, 1, 2]),
        (Middle(), [2]),
        (Middle(2), [1, 2]),
        (Middle(3), [1, 2, 3]),
        (Middle(5), [0, 1, 2, 3, 4]),
    ],
)
def test_the_best_and_the_middle_are_drawn_from_no_stream(rule, ranks):
    streams = Streams.from_seed(0, 4)
    assert rule.ranks(np.tile(VALUES, (4, 1)), streams, np.array([1, 3])).tolist() == [ranks] * 2
    assert not streams.positions.any()


def test_the_middle_of_four_is_the_better_one():
    assert Middle().ranks(np.zeros((1, 4)), Streams.from_seed(0, 1), np.zeros(1, np.int64)).tolist() == [[1]]


@pytest.mark.parametrize("turn", [0, 2])
def test_anybody_is_anybody_in_any_turn(turn):
    agree(shares(Anybody(3), turn=turn), [1 / 5] * 5)


def test_anybody_selects_different_ones():
    chosen = Anybody(5).ranks(np.tile(VALUES, (50, 1)), Streams.from_seed(0, 50), np.arange(50))
    assert (np.sort(chosen, axis=1) == np.arange(5)).all()
    assert len(np.unique(chosen, axis=0)) > 20


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_the_greedy_take_anybody_now_and_then(epsilon):
    agree(shares(EpsilonGreedy(epsilon)), [1 - epsilon + epsilon / 5, *[epsilon / 5] * 4])


def test_the_wheel_has_slots_as_wide_as_values():
    agree(shares(Roulette()), VALUES / VALUES.sum())
    agree(shares(Roulette(selected=2), turn=1), VALUES / VALUES.sum())


def test_slots_may_count_from_the_worst():
    agree(shares(Roulette(from_worst=True)), np.array([7, 4, 3, 1, 0]) / 15)


@pytest.mark.parametrize("from_worst", [False, True])
def test_failures_have_no_slot(from_worst):
    values = np.array([0.8, 0.6, 0.2, -np.inf, -np.inf])
    agree(shares(Roulette(from_worst), values), [0.6, 0.4, 0, 0, 0] if from_worst else [0.5, 0.375, 0.125, 0, 0])


@pytest.mark.parametrize("from_worst", [False, True])
def test_nor_has_what_is_over_a_limit(from_worst):
    values = np.array([0.8, 0.6, 0.2, 1.1 * OVER, 2.0 * OVER])
    agree(shares(Roulette(from_worst), values), [0.6, 0.4, 0, 0, 0] if from_worst else [0.5, 0.375, 0.125, 0, 0])


def test_what_is_below_zero_has_no_slot():
    agree(shares(Roulette(), np.array([3.0, 1.0, -1.0, -5.0, -np.inf])), [0.75, 0.25, 0, 0, 0])


@pytest.mark.parametrize("values", [np.full(5, -np.inf), np.zeros(5), np.full(5, -2.0)])
@pytest.mark.parametrize("from_worst", [False, True])
def test_where_nobody_has_a_slot_all_are_alike(values, from_worst):
    agree(shares(Roulette(from_worst), values), [1 / 5] * 5)


def test_linear_ranking():
    agree(shares(Ranking(2.0)), np.array([4, 3, 2, 1, 0]) / 10)
    agree(shares(Ranking(1.5)), np.array([6, 5, 4, 3, 2]) / 20)
    agree(shares(Ranking(1.0)), [1 / 5] * 5)


@pytest.mark.parametrize(
    "rule",
    [
        Tournament(4, 2),
        Anybody(3),
        EpsilonGreedy(0.5, 2),
        Roulette(selected=2),
        Ranking(selected=2),
        Tournament(3, 1, False),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_a_run_draws_from_its_own_stream_alone(rule):
    values = np.sort(np.random.default_rng(0).random((7, 6)), axis=1)[:, ::-1]
    streams, rows = Streams.from_seed(3, 7), np.array([1, 4, 5])
    chosen = rule.ranks(values, streams, rows)
    assert (streams.positions[[0, 2, 3, 6]] == 0).all()
    for place, run in enumerate(rows.tolist()):
        own = Streams.from_seed(3, 1, run)
        assert rule.ranks(values[run : run + 1], own, np.zeros(1, np.int64)).tolist() == [chosen[place].tolist()]
        assert own.positions[0] == streams.positions[run]
    again = rule.ranks(values, streams, rows)
    assert (again != chosen).any(), "the next draw is the same"
