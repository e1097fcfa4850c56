"""Densities by hand, against statsmodels, and what becomes good, other or nothing."""

import math

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.optimizers.halving.density import Densities, bandwidths, densities

CARDINALITIES = np.array([2, 3, 4])
its_own_plans = pytest.mark.filterwarnings("ignore:After 0.17 or January 2028:FutureWarning")


def columns(rows):
    return np.ascontiguousarray(rows.T)


def filled(rows, values, **settings):
    usual = {"least": 4, "share": 0.15, "narrowest": 1e-3, "widening": 1.0}
    found = Densities(1, 2, CARDINALITIES, **{**usual, **settings})
    for row, value in zip(rows, values, strict=True):
        found.hear(np.array([0]), row[None], np.array([value]), np.array([True]))
    return found


def test_results_are_kept_in_order_the_best_and_among_equals_the_first_before_others():
    chance = np.random.default_rng(2)
    rows, values = chance.integers(0, CARDINALITIES, (50, 3)).astype(np.int8), chance.integers(0, 5, 50) / 4.0
    values[::7] = np.nan
    state = filled(rows, values).state_dict()
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")
    np.testing.assert_array_equal(state["_archs"][0, 0, :50], rows[order])
    came = {name: array.copy() for name, array in state.items()}  # as version 0.1 kept them
    came["_archs"][0, 0, :50], came["_values"][0, 0, :50] = rows, np.nan_to_num(values, nan=-np.inf)
    again = filled(rows[:0], [])
    again.load_state_dict(came)
    for name, array in again.state_dict().items():
        np.testing.assert_array_equal(array, state[name])


def test_the_density_of_two_rows_by_hand():
    rows, widths = np.array([[0, 2, 1], [0, 0, 1]], np.int8), np.array([0.1, 0.3, 0.6])
    at = densities(np.array([[1, 2, 1]], np.int8), columns(rows), widths, CARDINALITIES)
    assert at[0] == pytest.approx((0.1 * 0.7 * 0.4 + 0.1 * 0.15 * 0.4) / 2)


def test_the_densities_of_all_rows_sum_to_one():
    rows = np.random.default_rng(0).integers(0, CARDINALITIES, (7, 3)).astype(np.int8)
    everywhere = np.indices(CARDINALITIES).reshape(3, -1).T.astype(np.int8)
    widths = np.array([0.2, 0.5, 0.05])
    found = densities(everywhere, columns(rows), widths, CARDINALITIES)
    assert sum(found) == pytest.approx(1)
    for start in range(1, len(everywhere)):
        assert (densities(everywhere[start:], columns(rows), widths, CARDINALITIES) == found[start:]).all()


def test_a_decision_with_one_value_says_nothing():
    with_it, without = np.array([2, 1, 3]), np.array([2, 3])
    rows, widths = np.array([[0, 0, 2], [1, 0, 1]], np.int8), np.array([0.3, 0.0, 0.2])
    row = np.array([[1, 0, 2]], np.int8)
    expected = densities(row[:, [0, 2]], columns(rows[:, [0, 2]]), widths[[0, 2]], without)
    assert densities(row, columns(rows), widths, with_it) == expected


def test_the_bandwidth_is_the_normal_reference_rule_within_its_bounds():
    rows = np.array([[0, 0, 3], [0, 1, 0], [0, 0, 3], [0, 0, 0]], np.int8)
    found = bandwidths(rows, CARDINALITIES, 1e-3)
    rule = 1.06 * math.sqrt(3 / 16) * 4 ** (-1 / 7)
    np.testing.assert_allclose(found, [1e-3, rule, 3 / 4])  # the last would be 1.3, and a kernel is flat at 3/4


@its_own_plans
def test_statsmodels_gives_the_same_ratio():
    kernels = pytest.importorskip("statsmodels.nonparametric.kernel_density")
    chance = np.random.default_rng(3)
    rows = chance.integers(0, CARDINALITIES, (40, 3)).astype(np.int8)
    rows[:, 2] = np.where(chance.random(40) < 0.7, 2, rows[:, 2])
    rows[:4] = rows[20:24] = [[0, 0, 0], [1, 1, 1], [0, 2, 2], [1, 0, 3]]  # it counts the values that it meets
    values = np.linspace(1, 0, 40)
    good, others = (
        kernels.KDEMultivariate(part, "uuu", bw=bandwidths(part, CARDINALITIES, 1e-3))
        for part in (rows[:12], rows[12:])
    )
    drawn, scores = filled(rows, values, share=0.3).propose(Streams.from_seed(0, 1), np.array([0]), 20)
    np.testing.assert_allclose(scores[0], [good.pdf(row) / others.pdf(row) for row in drawn[0]], rtol=1e-9)


@its_own_plans
def test_the_bandwidths_are_statsmodels_rule_where_no_bound_is_met():
    kernels = pytest.importorskip("statsmodels.nonparametric.kernel_density")
    rows = np.random.default_rng(0).integers(0, 2, (30, 5)).astype(np.int8)
    expected = kernels.KDEMultivariate(rows, "uuuuu", bw="normal_reference").bw
    np.testing.assert_allclose(bandwidths(rows, np.full(5, 9), 1e-3), expected, rtol=1e-12)


def test_candidates_are_near_good_rows_and_score_higher_there():
    chance = np.random.default_rng(1)
    hidden = np.array([1, 2, 3], np.int8)
    rows = np.where(chance.random((60, 3)) < 0.5, hidden, chance.integers(0, CARDINALITIES, (60, 3))).astype(np.int8)
    drawn, scores = filled(rows, (rows == hidden).mean(axis=1)).propose(Streams.from_seed(0, 1), np.array([0]), 200)
    assert (drawn[0] == hidden).mean() > (rows == hidden).mean() + 0.2
    np.testing.assert_array_equal(drawn[0, scores[0].argmax()], hidden)


def test_wide_kernels_draw_farther_from_the_good():
    rows, values = np.zeros((20, 3), np.int8), np.arange(20.0)
    rows[::5] = 1
    shares = [
        (filled(rows, values, widening=w).propose(Streams.from_seed(0, 1), np.array([0]), 400)[0] > 0).mean()
        for w in (0.1, 1.0, 3.0)
    ]
    assert shares[0] < shares[1] < shares[2]


def test_a_model_begins_with_two_more_than_the_least_and_the_longest_rung_has_the_word():
    model = filled(np.zeros((5, 3), np.int8), np.arange(5.0))
    assert model.longest[0] == -1
    one, row = np.array([True]), np.zeros((1, 3), np.int8)
    model.hear(np.array([0]), row, np.array([0.5]), one)
    assert model.longest[0] == 0
    for _ in range(6):
        model.hear(np.array([1]), row, np.array([np.nan]), one)
    assert model.longest[0] == 1
    for _ in range(50):  # of which nothing would be read
        model.hear(np.array([0]), row, np.array([0.5]), one)
    np.testing.assert_array_equal(model.state_dict()["_counts"], [[6, 6]])


def test_failed_trainings_are_the_worst():
    rows = np.zeros((12, 3), np.int8)
    rows[:8] = 1
    model = filled(rows, [np.nan] * 8 + [-5.0] * 4)
    drawn, _ = model.propose(Streams.from_seed(0, 1), np.array([0]), 50)
    assert (drawn == 0).mean() > 0.95
