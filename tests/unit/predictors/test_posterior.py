"""The exact Gaussian process against a dense reference, row by row, and its hyper-parameters."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.predictors.kernel import Hyper, Kernel, Part
from nasbed.predictors.posterior import Posterior, Prior, improbability, most_probable

KERNEL = Kernel((Part(slice(0, 4)), Part(slice(4, 9)), Part(slice(9, 12), is_linear=True)))
HYPER = Hyper(np.array([0.7, 0.4, 0.2]), np.array([1.1, 0.6, 1.0]), 0.05)


def numbers(count, seed=0):
    random = np.random.default_rng(seed)
    found = random.normal(size=(count, 12))
    found[:, 9:] = random.integers(0, 4, (count, 3)) + 1
    return found


def kernel_by_hand(one, other):
    """Compute the additive kernel of two architectures from its definition."""
    total = 0.0
    for columns, weight, length in ((slice(0, 4), 0.7, 1.1), (slice(4, 9), 0.4, 0.6)):
        r = np.sqrt(5 * np.mean((one[columns] - other[columns]) ** 2)) / length
        total += weight * (1 + r + r**2 / 3) * np.exp(-r)
    a, b = one[9:], other[9:]
    return total + 0.2 * (a @ b) / np.sqrt((a @ a) * (b @ b))


def dense(seen, targets, asked):
    """Return mean and deviation by inverting the whole matrix."""
    covariance = np.array([[kernel_by_hand(a, b) for b in seen] for a in seen]) + 0.05 * np.eye(len(seen))
    across = np.array([[kernel_by_hand(a, b) for b in seen] for a in asked])
    inverse = np.linalg.inv(covariance)
    own = np.array([kernel_by_hand(a, a) for a in asked])
    return across @ inverse @ targets, np.sqrt(own - np.einsum("mn,nk,mk->m", across, inverse, across))


def test_it_is_what_inverting_the_matrix_gives():
    seen, asked, targets = numbers(30), numbers(20, 1), np.random.default_rng(2).normal(size=30)
    found = Posterior.of(KERNEL, HYPER, seen).predict(targets, asked)
    np.testing.assert_allclose(found, dense(seen, targets, asked), atol=1e-8)


def test_row_by_row_it_is_what_it_is_at_once():
    seen, asked, targets = numbers(40), numbers(20, 1), np.random.default_rng(2).normal(size=40)
    grown = Posterior.of(KERNEL, HYPER, seen[:3])
    for row in seen[3:]:
        grown = grown.with_row(row)
    at_once = Posterior.of(KERNEL, HYPER, seen)
    np.testing.assert_allclose(grown.factor, at_once.factor, atol=1e-8)
    np.testing.assert_allclose(grown.predict(targets, asked), at_once.predict(targets, asked), atol=1e-8)


def test_the_gradient_is_that_of_differences():
    seen, targets = numbers(25), np.random.default_rng(3).normal(size=25)
    between, prior, logs = KERNEL.between(seen, seen), Prior(), HYPER.logs()
    value, gradient = improbability(KERNEL, between, targets, logs, prior)
    moved = np.empty(len(logs))
    for i in range(len(logs)):
        step = np.zeros(len(logs))
        step[i] = 1e-5
        up, down = (improbability(KERNEL, between, targets, logs + sign * step, prior)[0] for sign in (1, -1))
        moved[i] = (up - down) / 2e-5
    np.testing.assert_allclose(gradient, moved, rtol=1e-5, atol=1e-6)
    assert np.isfinite(value)


def test_hyper_parameters_are_more_probable_than_those_around():
    seen, targets = numbers(40), np.random.default_rng(4).normal(size=40)
    between, prior = KERNEL.between(seen, seen), Prior()
    found = most_probable(KERNEL, between, targets, prior, steps=200).logs()
    best = improbability(KERNEL, between, targets, found, prior)[0]
    for i in range(len(found)):
        for step in (-0.1, 0.1):
            assert improbability(KERNEL, between, targets, found + step * np.eye(len(found))[i], prior)[0] > best


def test_what_explains_the_values_gets_the_weight():
    seen = numbers(80)
    for part in range(2):
        targets = np.sin(seen[:, KERNEL.parts[part].columns].sum(axis=1))
        hyper = most_probable(KERNEL, KERNEL.between(seen, seen), targets / targets.std(), Prior())
        assert hyper.weights[part] == hyper.weights[:2].max()


def test_architectures_that_are_alike_are_borne():
    seen = np.repeat(numbers(5), 4, axis=0)
    mean, deviation = Posterior.of(KERNEL, HYPER._replace(noise=1e-9), seen).predict(np.zeros(20), seen)
    assert np.isfinite(mean).all()
    assert (deviation >= 0).all()


def test_a_kernel_of_nothing_is_refused():
    with pytest.raises(BadSetting, match="constant"):
        Kernel(())
