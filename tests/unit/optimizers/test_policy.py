"""Policies against NumPy: chances, draws, one ascent step, Adam."""

import numpy as np
import pytest

from nasbed.core.rng import Streams
from nasbed.optimizers.policy import Policies

CARDINALITIES = np.array([2, 4, 3])
EVERYONE = np.array([True, True])


def softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def log_probability(logits, arch):
    return sum(np.log(softmax(of_one)[value]) for of_one, value in zip(logits, arch, strict=True))


def slope(logits, arch, d, value, step=1e-6):
    """Differentiate the log-probability of a row by one logit, by finite differences."""
    up, down = [one.copy() for one in logits], [one.copy() for one in logits]
    up[d][value] += step
    down[d][value] -= step
    return (log_probability(up, arch) - log_probability(down, arch)) / (2 * step)


def test_all_values_begin_alike():
    chances = Policies(1, CARDINALITIES).chances[0]
    np.testing.assert_allclose(chances, [[1 / 2, 1 / 2, 0, 0], [1 / 4] * 4, [1 / 3, 1 / 3, 1 / 3, 0]])


@pytest.mark.parametrize("ascent", ["sgd", "adam"])
def test_a_step_follows_the_gradient_of_the_log_probability(ascent):
    policies, archs = Policies(2, CARDINALITIES), np.array([[1, 3, 0], [0, 2, 2]], np.int8)
    logits = [[np.zeros(c) for c in CARDINALITIES] for _ in range(2)]
    moments = [[[np.zeros((2, c)) for c in CARDINALITIES]] for _ in range(2)]
    for step, advantages in enumerate(([0.5, -0.2], [-0.1, 0.3], [0.02, 0.0]), 1):
        policies.climb(archs, np.array(advantages), EVERYONE, 0.1, ascent)
        for run in range(2):
            gradients = [
                np.array([advantages[run] * slope(logits[run], archs[run], d, v) for v in range(c)])
                for d, c in enumerate(CARDINALITIES)
            ]
            for d, gradient in enumerate(gradients):
                m, v = moments[run][0][d]
                m[:] = 0.9 * m + 0.1 * gradient
                v[:] = 0.999 * v + 0.001 * gradient**2
                adam = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                logits[run][d] += 0.1 * (gradient if ascent == "sgd" else adam)
        chances = policies.chances
        for run in range(2):
            for d, c in enumerate(CARDINALITIES):
                np.testing.assert_allclose(chances[run, d, :c], softmax(logits[run][d]), rtol=1e-5)


@pytest.mark.slow
def test_rows_are_drawn_as_often_as_they_are_likely():
    policies = Policies(1, CARDINALITIES)
    for _ in range(3):
        policies.climb(np.array([[1, 2, 0]], np.int8), np.array([1.0]), np.array([True]), 0.7, "sgd")
    drawn = policies.draw(Streams.from_seed(0, 1), np.array([0]), 20_000)[0]
    often = np.array([(drawn == value).mean(axis=0) for value in range(4)]).T
    np.testing.assert_allclose(often, policies.chances[0], atol=0.015)


def test_who_does_not_take_part_stays_and_draws_nothing():
    policies, streams = Policies(3, CARDINALITIES), Streams.from_seed(0, 3)
    policies.climb(np.ones((3, 3), np.int8), np.ones(3), np.array([False, True, False]), 0.5, "adam")
    np.testing.assert_array_equal(policies.chances[0], Policies(1, CARDINALITIES).chances[0])
    assert policies.chances[1, 0, 1] > 0.6
    some = np.array([1])
    streams.drawing(some, lambda taken: policies.draw(taken, some, 2))
    np.testing.assert_array_equal(streams.positions, [0, 6, 0])
