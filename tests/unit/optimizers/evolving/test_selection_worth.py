"""Worth under limits, and that searches which know of it stay within them."""

import numpy as np
import pytest

import nasbed
from nasbed.core.records import Evaluations
from nasbed.optimizers.worth import worth
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

BENCHMARK = KeyedBenchmark(NASBench101(vertices=5))


def answer(values, excess=None):
    values = np.asarray(values, float)
    return Evaluations(values, np.ones(len(values)), np.ones(len(values), np.int64), None, excess)


def test_without_limits_it_is_the_value():
    values = np.array([0.3, np.nan, -7.0])
    np.testing.assert_array_equal(worth(answer(values)), values)
    np.testing.assert_array_equal(worth(answer(values, np.zeros(3))), values)


def test_less_over_is_worth_more_and_failures_are_worth_nothing():
    found = worth(answer([0.1, 0.9, 0.8, np.nan, 0.5], np.array([0.0, 0.3, 0.2, 0.4, np.nan])))
    assert np.argsort(-found)[:3].tolist() == [0, 2, 1]
    assert np.isfinite(found[:3]).all()
    assert np.isnan(found[3:]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["regularized-evolution", "evolutionary", "local", "simulated-annealing"])
def test_searches_stay_within_limits(name):
    def share(**limits):
        history = nasbed.search(name, BENCHMARK, evaluations=150, runs=60, objectives=["params"], **limits)
        return (history.costs[75:, :, 0] <= 7.0).mean()

    assert share(limits={"params": 7.0}) > share() + 0.05
