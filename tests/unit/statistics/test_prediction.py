"""How well predictions go with what was measured."""

import numpy as np
import pytest

from nasbed.statistics.prediction import ceiling, precision, quality

VALUES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99])


def test_a_perfect_prediction_is_perfect_and_its_opposite_is_not():
    found = quality(VALUES, np.full(12, 0.01), VALUES)
    assert (found.tau, found.rho, found.pearson) == pytest.approx((1, 1, 1))
    assert (found.precision10, found.best10, found.coverage) == (1, 0.99, 1)
    assert (found.rmse, found.mae) == (0, 0)
    assert np.isnan(found.precision20), "there are 12"
    opposite = quality(-VALUES, np.full(12, 0.01), VALUES)
    assert (opposite.tau, opposite.pearson, opposite.coverage) == pytest.approx((-1, -1, 0))


def test_what_lies_nearer_than_a_step_is_tied_when_rounded():
    mean, values = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.5002, 0.5001, 0.6, 0.7])
    found = quality(mean, np.ones(4), values)
    assert found.tau == pytest.approx(4 / 6)
    assert found.tau_rounded == pytest.approx(5 / np.sqrt(6 * 5))
    assert np.isnan(quality(mean, np.ones(4), values, np.nan).tau_rounded)


def test_normal_intervals_of_90_percent_hold_nine_in_ten():
    random = np.random.default_rng(0)
    mean = random.normal(size=20_000)
    found = quality(mean, np.full(20_000, 0.5), mean + 0.5 * random.normal(size=20_000))
    assert found.coverage == pytest.approx(0.9, abs=0.01)
    assert found.width == pytest.approx(2 * 1.6449 * 0.5, abs=1e-3)


def test_constants_and_nothing_rank_nothing():
    assert np.isnan(quality(np.ones(12), np.ones(12), VALUES).tau)
    assert np.isnan(quality(*np.zeros((3, 0))).rmse)


def test_equal_predictions_are_as_likely_to_be_among_the_best():
    assert precision(np.array([1.0, 1.0, 0.0, 0.0]), np.array([4.0, 3.0, 2.0, 1.0]), 1) == pytest.approx(0.5)


def test_twins_are_predicted_by_the_others_of_their_function():
    values = np.array([1.0, 3.0, 10.0, 20.0, 21.0, 50.0])
    tau, _, off, twins = ceiling(values, np.array([0, 0, 1, 2, 2, 3], np.uint64))
    assert twins == 4
    assert tau == pytest.approx((4 - 2) / 6)  # 3, 1, 21, 20 for 1, 3, 20, 21
    assert off == pytest.approx(np.sqrt((4 + 4 + 1 + 1) / 4))
    assert np.isnan(ceiling(values, np.arange(6, dtype=np.uint64))[0])
