"""Limits on what is known before training: nothing over them is trained, paid for or drawn, and the limit is named."""

from dataclasses import replace

import live_toy
import numpy as np
import pytest
from live_toy import LiveToy

from nasbed.core.errors import BadSetting
from nasbed.core.registry import optimizers
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.multiobjective.nsga2 import NSGA2
from nasbed.optimizers.random import RandomSearch
from nasbed.optimizers.worth import worth
from nasbed.run.history import History
from nasbed.run.live import search_live
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.comparison import Comparison
from nasbed.statistics.pareto_comparison import trade_offs
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
FORBIDDEN = {"params": 0.5}


class Drawing(KeyedBenchmark):
    """Draws a repeat from the streams, and remembers what it was asked; of every seventh no energy is supported."""

    costs = ("params", "energy")

    def __init__(self, **settings):
        super().__init__(SPACE, **settings)
        self.asked = []

    def query(self, archs, epochs=None, streams=None):
        self.asked += self.space.key(archs).tolist()
        answer = super().query(archs, epochs)
        noise = 0.0 if streams is None else 0.1 * streams.uniform()[:, 0]
        return answer._replace(value=0.9 * answer.value + noise)

    def cost(self, name, archs):
        if name != "energy":
            return super().cost(name, archs)
        keys = self.space.key(archs)
        return np.where(keys % 7 == 0, -1.0, np.where(keys % 7 == 1, np.nan, (keys % 1000).astype(float)))


def refused(history):
    return history.refused & history.tried


@pytest.mark.slow_where("pay", "skip")
@pytest.mark.parametrize(
    "how",
    [{}, {"workers": 3}, pytest.param({"workers": 3, "scheduling": "synchronous"}, marks=pytest.mark.slow)],
    ids=str,
)
@pytest.mark.parametrize("duplicates", ["pay", "free", "skip"])
@pytest.mark.parametrize("optimizer", [RandomSearch(), RegularizedEvolution(8, 3), LocalSearch(), NSGA2(10)], ids=str)
def test_what_is_over_a_limit_is_neither_trained_nor_paid_for(optimizer, duplicates, how):
    benchmark = Drawing()
    how = {**how, "duplicates": duplicates, "seed": 3, "limits": {"params": 3.0}}
    history = search(optimizer, benchmark, SearchSettings(evaluations=12, runs=3, **how))
    np.testing.assert_array_equal(history.paid.sum(axis=0), 12)
    params = benchmark.cost("params", history.archs[history.tried])
    np.testing.assert_array_equal(history.refused[history.tried], params > 3)
    over = refused(history)
    assert over.any(axis=0).all()
    assert not (over & history.paid).any()
    assert np.isnan(history.value[over]).all()
    assert not history.seconds[over].any()
    assert not history.epochs[over].any()
    np.testing.assert_allclose(history.excess[history.tried], np.maximum(params / 3 - 1, 0))
    assert not set(benchmark.space.key(history.archs[over]).tolist()) & set(benchmark.asked)
    assert history.info["refused"] == {"proposals": over.sum(axis=0).tolist(), "unsupported": [0, 0, 0]}
    alone = search(optimizer, Drawing(), SearchSettings(evaluations=12, first_run=1, **how))
    for name in ("archs", "value", "paid", "excess", "seconds"):
        one, other = getattr(history, name)[history.tried[:, 1], 1], getattr(alone, name)[alone.tried[:, 0], 0]
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("scheduling", ["asynchronous", "synchronous"])
def test_no_worker_waits_for_what_was_refused(scheduling):
    how = {"workers": 4, "scheduling": scheduling, "limits": {"params": 3.0}}
    history = search(RandomSearch(), Drawing(), SearchSettings(evaluations=40, runs=3, **how))
    for run in range(3):
        paid = history.paid[:, run]
        begin = np.sort(history.ended[paid, run] - history.seconds[paid, run])
        if scheduling == "asynchronous":
            assert (begin[4:] <= np.sort(history.ended[paid, run])[:36] + 1e-9).all(), "a worker idled"
        else:
            assert len(np.unique(begin.round(9))) == 10, "a round has fewer than four trainings"


def test_no_repeat_is_drawn_for_what_was_refused():
    history = search(RandomSearch(), Drawing(), SearchSettings(evaluations=30, seed=5, limits={"params": 3.0}))
    free = search(RandomSearch(), Drawing(), SearchSettings(evaluations=history.steps, seed=5))
    np.testing.assert_array_equal(history.archs, free.archs)  # random search hears nothing
    noise = (history.value - 0.9 * KeyedBenchmark(SPACE).query(history.archs[:, 0]).value[:, None])[history.paid]
    every = free.value[:, 0] - 0.9 * KeyedBenchmark(SPACE).query(free.archs[:, 0]).value
    np.testing.assert_allclose(noise, every[:30])  # the n-th evaluation has the n-th draw


@pytest.mark.parametrize("aims", [{"limits": {"energy": 900.0}}, {"objectives": ["energy"]}], ids=str)
def test_what_is_not_supported_is_refused_and_counted(aims, tmp_path):
    history = search(NSGA2(8), Drawing(), SearchSettings(evaluations=60, runs=3, **aims))
    energy = Drawing().cost("energy", history.archs[history.tried])
    unsupported = ~(energy >= 0)
    np.testing.assert_array_equal(history.refused[history.tried] & (energy <= 900), unsupported & (energy <= 900))
    assert history.refused[history.tried][unsupported].all()
    assert sum(history.info["refused"]["unsupported"]) == unsupported.sum() > 0
    chosen = Drawing().cost("energy", history.best)
    assert (chosen >= 0).all()
    again = History.from_parquet(history.to_parquet(tmp_path / "played.parquet"))
    np.testing.assert_array_equal(again.refused[history.tried], history.refused[history.tried])


def test_a_history_in_which_nothing_was_refused_says_nothing_of_it():
    history = search(RandomSearch(), KeyedBenchmark(SPACE), SearchSettings(evaluations=10, limits={"params": 1e9}))
    assert history.refused is None
    assert "refused" not in history.info


@pytest.mark.slow_where("1-", "filtered", "guided", "nas-bowl", "npenas")
@pytest.mark.parametrize("name", sorted(set(optimizers) - {"optuna", "nevergrad", "pymoo", "bananas", "smac"}))
@pytest.mark.parametrize("workers", [1, 3])
def test_where_nothing_is_allowed_the_limit_is_named(name, workers):
    with pytest.raises(
        BadSetting, match=r"nothing is allowed.*params ≤ 0\.5 refused .*the least that was proposed has"
    ):
        search(
            optimizers.make(name, {}),
            Drawing(),
            SearchSettings(evaluations=10, limits=FORBIDDEN, workers=workers, patience=200),
        )


class Narrowing(RandomSearch):
    """Proposes two small modules, and then a large one for ever."""

    def ask(self):
        self._steps = getattr(self, "_steps", 0) + 1
        archs = SPACE.enumerate()
        params = KeyedBenchmark(SPACE).cost("params", archs)
        arch = archs[params.argmin() if self._steps <= 2 else params.argmax()]
        return super().ask()._replace(archs=np.repeat(arch[None], self.runs, axis=0))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_refused_too_often_ends_and_says_why(workers):
    history = search(
        Narrowing(),
        Drawing(),
        SearchSettings(evaluations=10, limits={"params": 3.0}, patience=50, workers=workers, first_run=4),
    )
    assert (history.paid.sum(), refused(history).sum()) == (2, 50)
    (said,) = history.notes
    assert said.startswith("run 4 ended early: 50 proposals in a row were refused; params ≤ 3 refused 50 (the least")


def test_refusals_are_worth_less_the_further_they_are_over():
    history = search(RandomSearch(), Drawing(failing=0.3), SearchSettings(evaluations=30, limits={"params": 3.0}))
    told = (
        KeyedBenchmark(SPACE)
        .query(history.archs[:, 0])
        ._replace(value=history.value[:, 0], epochs=history.epochs[:, 0], excess=history.excess[:, 0])
    )
    values, over = worth(told), history.refused[:, 0]
    assert (np.argsort(-values[over], kind="stable") == np.argsort(history.excess[over, 0], kind="stable")).all()
    assert values[over].max() < np.nanmin(values[~over])
    assert np.isnan(values[history.paid[:, 0] & np.isnan(history.value[:, 0])]).all()


# ── in real training ─────────────────────────────────────────────────────────────────────────────────────────


class Costly(LiveToy):
    costs = ("params",)

    def cost(self, name, archs):
        return self.keyed.cost(name, archs)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, 3])
def test_what_is_refused_starts_no_training(runs, tmp_path):
    toy, aims = Costly(), {"objectives": ["params"], "limits": {"params": 3.0}}
    where = {"executor": "inline", "store": tmp_path / "kept.sqlite"}
    settings = SearchSettings(evaluations=25, runs=runs, seed=2, **aims)
    search_live(NSGA2(6), toy, replace(settings, evaluations=10), **where)  # whose runs end at different steps
    history = search_live(NSGA2(6), toy, settings, **where)
    assert toy.called == history.paid.sum() == 25 * runs
    again = search_live(NSGA2(6), toy, settings, **where)
    assert toy.called == 25 * runs
    np.testing.assert_array_equal(again.archs, history.archs)
    params = toy.cost("params", history.archs[history.tried])
    np.testing.assert_array_equal(history.refused[history.tried], params > 3)
    np.testing.assert_array_equal(history.costs[history.tried, 0], params)
    assert history.info["limits"] == {"params": 3.0}
    asked = search(NSGA2(6), toy, settings)
    for name in ("archs", "value", "paid", "costs", "excess"):
        np.testing.assert_array_equal(getattr(history, name)[history.tried], getattr(asked, name)[asked.tried])


@pytest.mark.slow
def test_fronts_of_real_trainings_train_nothing(monkeypatch):
    toy = Costly()
    settings = SearchSettings(evaluations=25, objectives=["params"], limits={"params": 3.0})
    history = search_live(NSGA2(6), toy, settings, executor="inline")
    for name in ("query", "test"):
        monkeypatch.setattr(LiveToy, name, lambda *_: pytest.fail("more was trained"))
    found = trade_offs(Comparison({"nsga2": history}), toy)
    assert (found.judge, found.exact) == ("validation", False)
    assert (found.fronts["nsga2"].front(0)[1][:, 1] <= 3).all()


def test_where_nothing_is_allowed_no_process_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(live_toy.LiveToy, "survey", lambda *_: pytest.fail("a worker was asked"))
    with pytest.raises(BadSetting, match=r"nothing is allowed: 300 proposals in a row were refused; params ≤ 0\.5"):
        search_live(
            RandomSearch(),
            Costly(),
            SearchSettings(evaluations=5, limits=FORBIDDEN, patience=300),
            store=tmp_path / "s.sqlite",
        )
    assert not list(tmp_path.iterdir())


def test_more_seconds_than_allowed_are_told_once_they_were_paid():
    toy = Costly()
    history = search_live(
        RandomSearch(), toy, SearchSettings(evaluations=10, limits={"seconds": 0.5}), executor="inline"
    )
    assert history.refused is None
    assert (history.excess == 1.0).all()
    assert (history.incumbents == -1).all()
