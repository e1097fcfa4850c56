"""Simulated workers: one of them changes nothing, several never idle, and every cost adds up."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.records import Trials
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.run.answers import Answers
from nasbed.run.costing import Costing
from nasbed.run.hearing import Hearing
from nasbed.run.ledger import Ledger
from nasbed.run.recorder import Recorder
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.run.watching import Watch
from nasbed.run.workers import SideBySide
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import KeyedBenchmark

BENCHMARK = KeyedBenchmark(NASBench101(vertices=5))
OPTIMIZERS = [RandomSearch(), RandomSearch(replacement=False), RegularizedEvolution(8, 3), LocalSearch()]
POLICIES = ["pay", "free", "skip"]
SCHEDULES = ["asynchronous", "synchronous"]
each_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
each_policy = pytest.mark.parametrize("duplicates", POLICIES)
each_schedule = pytest.mark.parametrize("scheduling", SCHEDULES)


class Climber(RandomSearch):
    """Trains everything for 1 epoch, then goes on with it to 3 and to 27; two of three runs wait for the answer."""

    def reset(self):
        super().reset()
        self.asked, self.level = 0, 0
        self.archs = self.space.sample(self.streams)

    def ask(self):
        level, self.asked = self.asked % 3, self.asked + 1
        if level == 0:
            self.archs = self.space.sample(self.streams)
        number = np.full(self.runs, self.asked - 1)
        epochs = np.full(self.runs, (1, 3, 27)[level])
        return Trials(self.archs, epochs, None, number, None, number - 1 if level else np.full(self.runs, -1))


def tried(history, run):
    """What a run was told, step by step, without the steps that it did not take."""
    steps = history.tried[:, run]
    names = ("archs", "value", "seconds", "epochs", "paid")
    return [getattr(history, name)[steps, run] for name in names] + [history.clock("seconds")[steps, run]]


def same(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


def one_worker(optimizer, budget, scheduling, runs=4, seed=2, duplicates="pay"):
    """Play a single worker by the event clock."""
    settings = SearchSettings(
        runs=runs, seed=seed, duplicates=duplicates, scheduling=scheduling, failures=0.2, patience=500, **budget
    )
    optimizer.start(BENCHMARK.space, settings.streams("optimizer"), BENCHMARK.budgets)
    recorder = Recorder(runs, 27)
    hearing = Hearing(Answers(BENCHMARK, settings), Costing(BENCHMARK, settings), recorder)
    play = SideBySide(optimizer, hearing, Ledger(settings))
    play.to_the_end(Watch((), lambda first: None, play.ledger, 27))
    return recorder.history(BENCHMARK.space, {}, *play.course(0))


@pytest.mark.slow_where("skip")
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, Climber()], ids=str)
@each_policy
@each_schedule
def test_one_worker_is_a_search_without_workers(optimizer, duplicates, scheduling):
    budget = {"evaluations": 60, "total_epochs": 1500, "total_seconds": 70.0}
    plain = search(
        optimizer,
        BENCHMARK,
        SearchSettings(runs=4, seed=2, duplicates=duplicates, failures=0.2, patience=500, **budget),
    )
    played = one_worker(optimizer, budget, scheduling, duplicates=duplicates)
    for run in range(4):
        same(tried(plain, run), tried(played, run))


@pytest.mark.slow_where("pay", "skip")
@each_optimizer
@each_policy
@each_schedule
def test_a_run_played_alone_is_the_run_played_among_others(optimizer, duplicates, scheduling):
    budget = {"evaluations": 50, "total_epochs": 1000, "seconds": 25.0}
    how = {"seed": 4, "duplicates": duplicates, "workers": 3, "scheduling": scheduling, "failures": 0.2}
    together = search(optimizer, BENCHMARK, SearchSettings(runs=6, patience=300, **budget, **how))
    for run in (0, 2, 5):
        alone = search(optimizer, BENCHMARK, SearchSettings(runs=1, first_run=run, patience=300, **budget, **how))
        same(tried(together, run), tried(alone, 0))


def intervals(history, run):
    """When each training of a run began and ended, in the order of asking."""
    told = history.tried[:, run]
    end, seconds = history.ended[told, run], history.seconds[told, run]
    order = np.argsort(history.number[told, run])
    return (end - seconds)[order], end[order]


@each_optimizer
def test_no_worker_idles_and_none_does_two_things_at_once(optimizer):
    workers = 5
    history = search(optimizer, BENCHMARK, SearchSettings(evaluations=60, runs=4, workers=workers))
    for run in range(4):
        begin, end = intervals(history, run)
        assert len(begin) == 60
        moments = np.concatenate([begin, end]) + 1e-9
        busy = ((begin <= moments[:, None]) & (moments[:, None] < end)).sum(axis=1)
        assert busy.max() == workers
        assert (busy[moments < begin.max()] == workers).all(), "a worker idled while trials were to be had"
        np.testing.assert_allclose(np.sort(begin)[:workers], 0, atol=1e-12)
        np.testing.assert_allclose(np.sort(begin)[workers:], np.sort(end)[:-workers], atol=1e-9)


def test_synchronous_workers_wait_for_the_last():
    history = search(
        RandomSearch(), BENCHMARK, SearchSettings(evaluations=40, runs=3, workers=4, scheduling="synchronous")
    )
    for run in range(3):
        begin, end = (times.reshape(10, 4) for times in intervals(history, run))
        np.testing.assert_allclose(begin, begin[:, :1] * np.ones(4), atol=1e-9)
        np.testing.assert_allclose(begin[1:, 0], end[:-1].max(axis=1), atol=1e-9)
        clock = history.clock("seconds")[:, run]
        assert (np.diff(clock) >= 0).all()


@each_schedule
@each_policy
def test_costs_add_up(scheduling, duplicates):
    optimizer = RegularizedEvolution(8, 3)
    budget = {"evaluations": 300, "total_seconds": 90.0}
    history = search(
        optimizer,
        BENCHMARK,
        SearchSettings(runs=4, workers=4, scheduling=scheduling, duplicates=duplicates, failures=0.1, **budget),
    )
    assert (history.seconds[~history.paid & history.tried] == 0).all()
    total = history.clock("total_seconds")[-1]
    np.testing.assert_array_equal(total, np.where(history.paid, history.seconds, 0).cumsum(axis=0)[-1])
    assert (total >= 90).all()
    assert (total < 90 + 4 * 2).all()  # what was under way is finished
    assert (history.clock("seconds")[-1] >= total / 4 - 1e-9).all()
    assert (history.clock("epochs")[-1] == np.where(history.paid, history.epochs, 0).sum(axis=0)).all()


def test_a_free_answer_that_is_on_its_way_is_waited_for():
    history = search(
        RegularizedEvolution(4, 3),
        BENCHMARK,
        SearchSettings(evaluations=40, runs=6, workers=6, duplicates="free", patience=99),
    )
    keys = BENCHMARK.space.key(history.archs.reshape(-1, history.archs.shape[2])).reshape(history.paid.shape)
    shared = 0
    for run in range(6):
        trained = {}
        for step in np.flatnonzero(history.tried[:, run]):
            if history.paid[step, run]:
                trained[keys[step, run]] = history.ended[step, run]
        for step in np.flatnonzero(history.tried[:, run] & ~history.paid[:, run]):
            assert history.ended[step, run] >= trained[keys[step, run]]
            shared += history.ended[step, run] == trained[keys[step, run]]
    assert shared


def test_failures_come_as_often_as_asked_and_cost_a_part():
    history = search(RandomSearch(), BENCHMARK, SearchSettings(evaluations=400, runs=5, failures=0.25))
    failed = np.isnan(history.value)
    assert 0.2 < failed.mean() < 0.3
    whole = BENCHMARK.query(history.archs.reshape(-1, history.archs.shape[2])).seconds.reshape(failed.shape)
    share = history.seconds / whole
    assert (share[~failed] == 1).all()
    assert (share[failed] < 1).all()
    assert 0.4 < share[failed].mean() < 0.6


def test_what_goes_on_pays_for_what_is_between():
    history = search(Climber(), BENCHMARK, SearchSettings(evaluations=60, runs=3))
    np.testing.assert_array_equal(history.epochs.reshape(20, 3, 3)[:, :, 0], np.tile([1, 2, 24], (20, 1)))
    np.testing.assert_array_equal(history.fidelity[:3, 0], [1, 3, 27])
    whole = BENCHMARK.query(history.archs[::3, 0]).seconds
    np.testing.assert_allclose(history.seconds[:, 0].reshape(20, 3).sum(axis=1), whole)
    assert set(history.fidelity[history.incumbents[2:], np.arange(3)].ravel()) == {27}  # the longest training counts


def test_a_benchmark_of_separate_trainings_goes_on_with_none():
    separate = KeyedBenchmark(NASBench101(vertices=5))
    separate.continues = False
    with pytest.raises(BadSetting, match="continuation='restart'"):
        search(Climber(), separate, SearchSettings(evaluations=60))


def test_objectives_are_told_and_what_is_over_a_limit_is_no_incumbent():
    history = search(
        RandomSearch(),
        BENCHMARK,
        SearchSettings(evaluations=80, runs=3, objectives=["params", "seconds"], limits={"params": 6}),
    )
    shape = history.value.shape
    params = BENCHMARK.cost("params", history.archs.reshape(-1, history.archs.shape[2])).reshape(shape)
    np.testing.assert_array_equal(history.costs[history.tried, 0], params[history.tried])
    np.testing.assert_array_equal(history.costs[history.paid, 1], history.seconds[history.paid])
    np.testing.assert_allclose(history.excess[history.tried], np.maximum(params / 6 - 1, 0)[history.tried])
    np.testing.assert_array_equal(history.refused[history.tried], (params > 6)[history.tried])
    assert (params[history.incumbents[-1], np.arange(3)] <= 6).all()
    assert history.objectives == ("params", "seconds")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "workers is a whole number from 1 or none, not 0"),
        ({"scheduling": "both"}, "asynchronous, synchronous, not 'both'"),
        ({"failures": 1.5}, "from 0 to 1, not 1.5"),
        ({"objectives": ["beauty"]}, "no cost called 'beauty'; it knows seconds, params"),
        ({"objectives": ["params", "params"]}, "given twice"),
        ({"limits": {"params": 0}}, "a limit of 0 params allows nothing"),
    ],
)
def test_bad_settings_say_what_is_allowed(settings, message):
    with pytest.raises(BadSetting, match=message):
        search(RandomSearch(), BENCHMARK, SearchSettings(evaluations=10, **settings))


def test_histories_keep_all_of_it(tmp_path):
    history = search(
        Climber(), BENCHMARK, SearchSettings(evaluations=50, runs=3, objectives=["params"], limits={"params": 9})
    )
    other = search(RegularizedEvolution(5, 2), BENCHMARK, SearchSettings(evaluations=50, runs=3, workers=4))
    for number, played in enumerate((history, other)):
        again = type(played).from_parquet(played.to_parquet(tmp_path / f"{number}.parquet"))
        for name in ("number", "parents", "fidelity", "costs", "excess"):
            a, b = getattr(played, name), getattr(again, name)
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(a[played.tried], b[played.tried])
        np.testing.assert_array_equal(played.incumbents, again.incumbents)
        np.testing.assert_array_equal(played.clock("seconds"), again.clock("seconds"))


class ByIndex(KeyedBenchmark):
    """Counts what architectures cost by their index, which equal ones may differ in."""

    costs = ("index",)

    def cost(self, name, archs):
        return 1.0 + self.space.index(archs)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_repeated_answer_has_the_costs_of_its_own_architecture(workers):
    benchmark = ByIndex(NASBench201())
    aims = {"objectives": ["index", "seconds"], "limits": {"index": 9000}}
    history = search(
        RandomSearch(), benchmark, SearchSettings(evaluations=300, runs=3, duplicates="free", workers=workers, **aims)
    )
    again = history.tried & ~history.paid
    assert again.any()
    again &= ~history.refused
    index = 1.0 + benchmark.space.index(history.archs[history.tried])
    np.testing.assert_array_equal(history.costs[history.tried, 0], index)
    np.testing.assert_allclose(history.excess[history.tried], np.maximum(index / 9000 - 1, 0))
    whole = benchmark.query(history.archs[again])
    np.testing.assert_array_equal(history.costs[again, 1], whole.seconds)
    assert (history.seconds[again] == 0).all()


class Twice(Climber):
    """Asks for a short training again, under another number, before it goes on with that."""

    def ask(self):
        number, level = np.full(self.runs, self.asked), self.asked % 3
        if level == 0:
            self.archs = self.space.sample(self.streams)
        self.asked += 1
        epochs = np.full(self.runs, (1, 1, 27)[level])
        return Trials(self.archs, epochs, None, number, None, number - 1 if level == 2 else np.full(self.runs, -1))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_goes_on_with_a_repeated_answer_goes_on_with_its_training(workers):
    history = search(Twice(), BENCHMARK, SearchSettings(evaluations=40, runs=3, duplicates="free", workers=workers))
    long = history.paid & (history.fidelity == 27)
    assert long.any()
    assert (history.epochs[long] == 26).all()
