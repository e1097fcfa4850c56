"""Acquisitions against what they are the mean of."""

import numpy as np
import pytest

from nasbed.optimizers.guided.acquisition import (
    WITHOUT_CHANCE,
    expected_improvement,
    independent_draws,
    probability_of_improvement,
    upper_confidence_bound,
)
from nasbed.predictors.guide import Belief

BELIEF = Belief(np.array([0.0, 0.5, -2.0, 1.5, 0.2]), np.array([1.0, 0.3, 1.5, 0.1, 1e-15]), 0.7)
DRAWS = 200_000


def drawn():
    normals = np.random.default_rng(0).normal(size=(DRAWS, 5))
    return BELIEF.mean + BELIEF.deviation * normals


@pytest.mark.parametrize(
    ("acquisition", "of"),
    [
        (expected_improvement, lambda values: np.maximum(values - BELIEF.best, 0.0)),
        (probability_of_improvement, lambda values: values > BELIEF.best),
    ],
    ids=["ei", "pi"],
)
def test_it_is_the_mean_over_draws(acquisition, of):
    counted = of(drawn()).astype(float)
    error = 4 * counted.std(axis=0) / np.sqrt(DRAWS) + 1e-9
    assert (np.abs(acquisition(BELIEF) - counted.mean(axis=0)) < error).all()


def test_the_upper_bound_is_so_many_deviations_above():
    np.testing.assert_array_equal(upper_confidence_bound(BELIEF, 2.0), BELIEF.mean + 2 * BELIEF.deviation)


def test_independent_draws_have_mean_and_deviation():
    values = np.array([independent_draws(BELIEF, one) for one in np.random.default_rng(1).normal(size=(4000, 5))])
    np.testing.assert_allclose(values.mean(axis=0), BELIEF.mean, atol=0.1)
    np.testing.assert_allclose(values.std(axis=0), BELIEF.deviation, rtol=0.1, atol=1e-9)


@pytest.mark.parametrize("name", WITHOUT_CHANCE)
def test_a_better_mean_is_worth_more(name):
    belief = Belief(np.array([0.1, 0.2, 0.9]), np.full(3, 0.4), 0.5)
    assert (np.diff(WITHOUT_CHANCE[name](belief, 1.0)) > 0).all()
