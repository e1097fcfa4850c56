"""Every method that learns does better on a hill than random search, for the same epochs."""

import numpy as np
import pytest

from nasbed.core import registry
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import HillBenchmark

HILL = HillBenchmark(NASBench201())
SLOW_ONES = {"optuna", "nevergrad", "pymoo", "guided", "filtered", "npenas", "nas-bowl", "smac"}
"""A foreign object for each run, or a model: fewer of them."""
SLOWEST = {"bananas", "guided-hyperband"}
"""Networks for each ten trials of a run, or a model for each of many short trainings."""
LESS = {"bananas": {"predictor": "mlp-ensemble:members=2,layers=2,epochs=50"}}
"""Fewer, smaller and less trained networks than published, which take minutes."""


def ends(optimizer, runs):
    history = search(optimizer, HILL, SearchSettings(total_epochs=27 * 150, runs=runs, seed=1)).attach(HILL)
    return history.metric("mean-validation")[-1]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in registry.optimizers if name != "random"])
def test_it_beats_random_search_on_a_hill(name):
    runs = 10 if name in SLOWEST else 30 if name in SLOW_ONES else 200
    own, chance = (
        ends(registry.optimizers.make(name, LESS.get(name, {})), runs),
        ends(registry.optimizers.make("random", {}), runs),
    )
    gain = own - chance
    assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(runs), f"{own.mean():.3f}, random search {chance.mean():.3f}"
