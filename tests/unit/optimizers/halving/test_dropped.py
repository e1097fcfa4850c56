"""Trials that are dropped keep no rung waiting."""

import numpy as np
import pytest

from nasbed.optimizers.halving.bohb import BOHB
from nasbed.optimizers.halving.dehb import DEHB
from nasbed.optimizers.halving.halving_search import Hyperband, SuccessiveHalving
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
ANSWERS = KeyedBenchmark(SPACE)
OPTIMIZERS = [SuccessiveHalving(), Hyperband(), BOHB(min_points=3), DEHB()]


@pytest.mark.slow_where("1-")
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("workers", [1, 4])
def test_brackets_go_on_to_their_end_where_trials_are_dropped(optimizer, workers):
    history = search(
        optimizer, ANSWERS, SearchSettings(evaluations=150, runs=3, workers=workers, duplicates="skip", patience=2_000)
    )
    for run in range(3):
        tried = history.tried[:, run]
        names = SPACE.key(history.archs[tried, run]) ^ history.fidelity[tried, run].astype(np.uint64)
        assert len(names) == len(np.unique(names)), "what is known was answered"
        late = history.fidelity[tried, run][tried.sum() // 2 :]
        assert (late == ANSWERS.budgets[-1]).any(), "nothing is promoted any more"
    assert optimizer.brackets.serial.shape[1] <= 8, "brackets stay open for ever"


def test_who_is_dropped_is_out_no_longer():
    optimizer = DEHB()
    search(optimizer, ANSWERS, SearchSettings(evaluations=150, runs=2, duplicates="skip", patience=2_000))
    assert optimizer._populations._out.shape[1] == 8
