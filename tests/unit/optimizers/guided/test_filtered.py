"""Other searches with a predictor: filtered ones, and Hyperband with a model: that they help, and go on."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.registry import optimizers
from nasbed.core.rng import Streams
from nasbed.optimizers.guided.filtered import Filtered
from nasbed.optimizers.guided.rungs import GuidedHyperband
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.transnas import TransNASMacro
from nasbed.testing.keyed import HillBenchmark, KeyedBenchmark

SMALL = NASBench101(vertices=4)  # 91 modules
HILL = HillBenchmark(TransNASMacro(), seed=3)

MADE = {
    "local": Filtered(tries=4, initial=5),
    "evolution": Filtered("regularized-evolution:population=8,sample=3", tries=4, initial=9, acquisition="ucb"),
    "rungs": GuidedHyperband(predictor="gp:steps=5", random_fraction=0.2),
}


@pytest.mark.parametrize("name", MADE)
def test_it_goes_on_from_its_state_alike_and_run_k_is_run_k(name):
    def started(seed, runs=2, first=0):
        made = type(MADE[name])(**MADE[name].settings())
        return made.start(SMALL, Streams.from_seed(seed, runs, first), (1, 3, 9, 27))

    def steps(optimizer, count):
        asked = []
        for _ in range(count):
            trials = optimizer.ask()
            optimizer.tell(trials, KeyedBenchmark(SMALL).query(trials.archs, trials.epochs))
            asked.append(trials.archs)
        return np.array(asked)

    one, again = started(0), started(9)
    before = steps(one, 14)
    waiting = one.ask()
    again.load_state_dict(one.state_dict())
    for some in (one, again):
        some.tell(waiting, KeyedBenchmark(SMALL).query(waiting.archs, waiting.epochs))
    rest = steps(one, 12)
    np.testing.assert_array_equal(steps(again, 12), rest)
    alone = started(0, 1, first=1)
    np.testing.assert_array_equal(steps(alone, 14)[:, 0], before[:, 1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["local", "regularized-evolution:population=10,sample=3"])
def test_on_a_hill_a_filter_helps(name):
    how = SearchSettings(evaluations=25, runs=8, seed=1)
    methods = Filtered(name), optimizers.read(name)
    filtered, plain = (search(one, HILL, how).value.max(axis=0).mean() for one in methods)
    assert filtered > plain + 0.02


@pytest.mark.slow
def test_on_a_hill_a_model_helps_hyperband():
    how = SearchSettings(total_epochs=27 * 20, runs=5, seed=1)
    methods = GuidedHyperband(), optimizers.read("hyperband")
    guided, plain = (search(one, HILL, how).attach(HILL).metric("mean-validation")[-1].mean() for one in methods)
    assert guided > plain + 0.03


@pytest.mark.parametrize("name", MADE)
def test_where_a_predictor_fails_the_history_says_so(name, monkeypatch):
    def fail(*_):
        raise ArithmeticError("no more")

    monkeypatch.setattr("nasbed.predictors.guide.ProcessGuide.learn", fail)
    history = search(MADE[name], KeyedBenchmark(SMALL), SearchSettings(evaluations=25, runs=2))
    assert history.paid.sum(axis=0).tolist() == [25, 25]
    assert all("failed: ArithmeticError: no more" in one for one in history.info["reasons"])


def test_what_does_not_train_to_the_end_is_not_filtered():
    with pytest.raises(BadSetting, match="filtered is for methods that do not"):
        search(Filtered("hyperband"), KeyedBenchmark(SMALL), SearchSettings(evaluations=3))
    with pytest.raises(BadSetting, match="not itself"):
        Filtered("filtered")
