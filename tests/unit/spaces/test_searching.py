"""Searches on product spaces: every registered optimizer, every way to count duplicates."""

import numpy as np
import pytest

import nasbed
from nasbed.core import registry
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize
from nasbed.testing import benchmark_laws
from nasbed.testing.keyed import KeyedBenchmark
from nasbed.testing.law import DoesNotApply

BENCHMARKS = {space.name: KeyedBenchmark(space) for space in (NASBench201(), NATSSize())}
EVALUATIONS = 60
LONG = (
    "nevergrad",
    "optuna",
    "pymoo",
    "filtered",
    "guided",
    "guided-hyperband",
    "bananas",
    "npenas",
    "nas-bowl",
    "smac",
)
CASES = [
    pytest.param(optimizer, duplicates, marks=[pytest.mark.slow] if long else [])
    for optimizer in registry.optimizers
    for duplicates in ("pay", "free", "skip")
    # These propose a known architecture many times over, or a new one, at milliseconds each.
    for long in [
        optimizer
        in ("nevergrad", "optuna", "pymoo", "guided", "guided-hyperband", "bananas", "npenas", "nas-bowl", "smac")
    ]
]


LESS = {"bananas": {"predictor": "mlp-ensemble:members=2,layers=2,epochs=5"}}  # as published it takes minutes


def played(name, optimizer, duplicates, **settings):
    optimizer = nasbed.optimizer(optimizer, **LESS.get(optimizer, {}))
    return nasbed.search(optimizer, BENCHMARKS[name], evaluations=EVALUATIONS, duplicates=duplicates, **settings)


@pytest.mark.slow_where("nasbench201-filtered", "natssize", "-pay", "-skip")
@pytest.mark.parametrize(("optimizer", "duplicates"), CASES)
@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_optimizer_searches(name, optimizer, duplicates):
    history = played(name, optimizer, duplicates, runs=4, seed=3)
    space = BENCHMARKS[name].space
    assert space.valid(history.archs[history.tried]).all()
    assert (history.paid.sum(axis=0) == EVALUATIONS).all()
    alone = played(name, optimizer, duplicates, runs=1, first_run=2, seed=3)
    np.testing.assert_array_equal(alone.archs[:, 0], history.archs[: alone.steps, 2])


@pytest.mark.parametrize("duplicates", ["free", "skip"])
@pytest.mark.parametrize("name", BENCHMARKS)
def test_what_is_equal_by_key_is_paid_for_once(name, duplicates):
    history = played(name, "regularized-evolution", duplicates, runs=4)
    keys = BENCHMARKS[name].space.key(history.archs.reshape(-1, history.archs.shape[2])).reshape(history.paid.shape)
    for run in range(history.runs):
        paid = keys[history.paid[:, run], run]
        assert len(set(paid.tolist())) == len(paid)


def test_random_search_without_replacement_proposes_no_class_twice():
    benchmark = BENCHMARKS["nasbench201"]
    history = nasbed.search(nasbed.optimizer("random", replacement=False), benchmark, evaluations=500, runs=2)
    keys = benchmark.space.key(history.archs.reshape(-1, 6)).reshape(history.paid.shape)
    assert [len(set(keys[:, run].tolist())) for run in range(2)] == [500, 500]


@pytest.mark.parametrize("law", benchmark_laws, ids=str)
@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmarks_over_these_spaces_keep_the_laws(name, law):
    try:
        law(BENCHMARKS[name])
    except DoesNotApply as reason:
        pytest.skip(str(reason))
