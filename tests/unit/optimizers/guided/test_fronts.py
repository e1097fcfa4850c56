"""Several objectives: hypervolumes are what is drawn at random, and fronts come out larger than by the value alone."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.optimizers.guided.fronts import (
    expected_hypervolume_improvement,
    front_of,
    reference_of,
    scalarised,
    weights_of,
)
from nasbed.optimizers.guided.guided import Guided
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

KEYED = KeyedBenchmark(NASBench101(vertices=4))
POINTS = np.random.default_rng(0).normal(size=(12, 2))


def area(points, reference):
    """The area that points dominate, by strips from the right."""
    total, height = 0.0, reference[1]
    for first, second in sorted(points.tolist(), reverse=True):
        if first > reference[0] and second > height:
            total, height = total + (first - reference[0]) * (second - height), second
    return total


def test_a_front_is_what_nothing_is_as_good_as():
    front = front_of(np.concatenate([POINTS, POINTS[:3]]))
    expected = [one for one in POINTS if not ((one <= POINTS).all(axis=1) & (one < POINTS).any(axis=1)).any()]
    assert sorted(front.tolist()) == sorted(np.array(expected).tolist())
    assert (np.diff(front[:, 0]) > 0).all()
    assert (np.diff(front[:, 1]) < 0).all()
    assert (reference_of(front) < front.min(axis=0)).all()


@pytest.mark.parametrize("points", [[[0.0, 3.0], [1.0, 1.5], [3.0, 0.0]], [[0.5, 0.2]]], ids=["three", "one"])
def test_the_expected_improvement_equals_monte_carlo(points):
    front, reference = np.array(points), np.array([-0.5, -0.7])
    means = np.array([[1.0, 1.8], [3.5, -0.5], [0.0, 0.0]])
    deviations = np.array([[0.5, 1.0], [0.3, 0.7], [1.0, 1.5]])
    found = expected_hypervolume_improvement(means, deviations, front, reference)
    before = area(front, reference)
    for mean, deviation, expected in zip(means, deviations, found, strict=True):
        drawn = mean + deviation * np.random.default_rng(1).normal(size=(8000, 2))
        gains = np.array([area(np.concatenate([front, one[None]]), reference) - before for one in drawn])
        assert abs(gains.mean() - expected) < 4 * gains.std() / np.sqrt(8000)
        assert gains.std() / np.sqrt(8000) < 0.06 * expected


def test_weighing_is_of_all_weights_alike_and_prefers_what_is_better_in_both():
    weights = np.array([weights_of(chance) for chance in np.random.default_rng(0).uniform(size=(3000, 3))])
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights.mean(axis=0), 1 / 3, atol=0.02)
    found = scalarised(np.array([0.9, 0.8, 0.5]), np.array([[2.0], [3.0], [1.0]]), np.array([0.5, 0.5]))
    assert found[0] > found[1]


@pytest.mark.slow
@pytest.mark.parametrize("acquisition", ["ehvi", "parego"])
def test_fronts_are_larger_than_those_of_the_value_alone(acquisition):
    how = SearchSettings(evaluations=40, runs=4, seed=1, objectives=["params"])
    sizes = {}
    for name in (acquisition, "ei"):
        history = search(Guided(acquisition=name, initial=8), KEYED, how)
        assert "fallbacks" not in history.info
        reference = np.array([0.0, -18.0])
        points = np.stack([history.value, -history.costs[..., 0]], axis=-1)
        sizes[name] = np.mean([area(points[:, run][history.paid[:, run]], reference) for run in range(4)])
    assert sizes[acquisition] > sizes["ei"]


@pytest.mark.parametrize("acquisition", ["ehvi", "parego"])
def test_saved_and_loaded_it_goes_on_alike_and_one_objective_is_enough(acquisition):
    def step(optimizer, costs=True):
        trials = optimizer.ask()
        answer = KEYED.query(trials.archs)
        given = KEYED.cost("params", trials.archs)[:, None]
        optimizer.tell(trials, answer._replace(costs=given if costs else None))
        return trials.archs

    def started(seed):
        return Guided(acquisition=acquisition).start(KEYED.space, Streams.from_seed(seed, 2))

    one, again = started(0), started(9)
    for _ in range(9):
        step(one)
    again.load_state_dict(one.state_dict())
    for _ in range(5):
        np.testing.assert_array_equal(step(again), step(one))
    alone = started(0)
    for _ in range(9):
        step(alone, costs=False)
    assert not alone.streams.fallbacks


def test_more_than_two_objectives_are_refused_by_hypervolumes():
    optimizer = Guided(acquisition="ehvi").start(KEYED.space, Streams.from_seed(0, 2))
    trials = optimizer.ask()
    with pytest.raises(BadSetting, match="ehvi is for the value and one cost, not 2; use acquisition=parego"):
        optimizer.tell(trials, KEYED.query(trials.archs)._replace(costs=np.ones((2, 2))))
    assert nasbed.optimizer("guided", acquisition="parego")
