"""The search loop: budgets, duplicates, and runs that do not know of each other."""

import numpy as np
import pytest
from toy import ToyBenchmark

from nasbed.core.errors import BadSetting
from nasbed.core.records import Trials
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings

OPTIMIZERS = [RandomSearch(), RandomSearch(replacement=False), RegularizedEvolution(8, 3), LocalSearch()]
names = [str(optimizer) for optimizer in OPTIMIZERS]


def same(a, b):
    for field in ("archs", "value", "seconds", "epochs", "tried", "paid"):
        x, y = getattr(a, field), getattr(b, field)
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("duplicates", ["pay", "free", "skip"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
@pytest.mark.parametrize("fails", [False, True], ids=["", "failures"])
def test_a_run_played_alone_is_the_run_played_among_others(optimizer, duplicates, fails):
    budget = {"evaluations": 40, "seconds": 90.0}
    benchmark = ToyBenchmark(fails=fails)
    together = search(optimizer, benchmark, SearchSettings(runs=7, seed=5, duplicates=duplicates, **budget))
    for run in (0, 3, 6):
        alone = search(
            optimizer, benchmark, SearchSettings(runs=1, seed=5, first_run=run, duplicates=duplicates, **budget)
        )
        tried = together.tried[:, run]
        for field in ("archs", "value", "seconds", "paid"):
            np.testing.assert_array_equal(
                getattr(together, field)[tried, run], getattr(alone, field)[alone.tried[:, 0], 0]
            )


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
def test_the_same_seed_gives_the_same_history_and_another_seed_another(optimizer):
    play = lambda seed: search(optimizer, ToyBenchmark(), SearchSettings(evaluations=30, runs=4, seed=seed))  # noqa: E731
    same(play(1), play(1))
    assert not np.array_equal(play(1).archs, play(2).archs)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
def test_budgets_end_a_run_at_the_first_limit_it_reaches(optimizer):
    history = search(optimizer, ToyBenchmark(), SearchSettings(evaluations=25, total_epochs=480, seconds=50.0, runs=6))
    paid = history.paid.sum(axis=0)
    spent = np.where(history.paid, history.seconds, 0).sum(axis=0)
    assert (paid <= 25).all()
    for run in range(6):
        last = np.flatnonzero(history.paid[:, run])[-1]
        assert spent[run] - history.seconds[last, run] < 50.0
        assert paid[run] == 25 or spent[run] >= 50.0


def test_epochs_are_a_budget_and_a_setting():
    history = search(RandomSearch(), ToyBenchmark(), SearchSettings(total_epochs=100, runs=3, epochs=4))
    assert (history.paid.sum(axis=0) == 25).all()
    assert (history.epochs[history.paid] == 4).all()


def test_free_duplicates_repeat_their_answer_and_cost_nothing():
    benchmark = ToyBenchmark(vertices=4)
    history = search(RegularizedEvolution(10, 3), benchmark, SearchSettings(evaluations=40, runs=3, duplicates="free"))
    keys = benchmark.space.key(history.archs.reshape(-1, history.archs.shape[2])).reshape(history.paid.shape)
    assert (history.tried & ~history.paid).any()
    for run in range(3):
        first = {}
        for step in np.flatnonzero(history.tried[:, run]):
            key = keys[step, run]
            assert history.paid[step, run] == (key not in first)
            assert history.value[step, run] == first.setdefault(key, history.value[step, run])
    np.testing.assert_array_equal(history.clock("evaluations")[-1], history.clock("unique")[-1])
    assert benchmark.asked == history.paid.sum()


def test_skipped_duplicates_leave_no_trace():
    benchmark = ToyBenchmark(vertices=4)
    history = search(RandomSearch(), benchmark, SearchSettings(evaluations=60, runs=3, duplicates="skip"))
    for run in range(3):
        keys = benchmark.space.key(history.archs[history.tried[:, run], run])
        assert len(np.unique(keys)) == len(keys) == 60


def test_random_search_without_replacement_ends_when_the_space_does():
    benchmark = ToyBenchmark(vertices=3)
    history = search(RandomSearch(replacement=False), benchmark, SearchSettings(evaluations=100, runs=3))
    assert (history.paid.sum(axis=0) == 7).all()  # all modules of at most three vertices


def test_a_search_that_meets_nothing_new_ends():
    history = search(
        RegularizedEvolution(4, 2),
        ToyBenchmark(vertices=3),
        SearchSettings(evaluations=100, duplicates="free", patience=50),
    )
    assert history.paid.sum() <= 7


@pytest.mark.slow
def test_local_search_with_restarts_finds_the_optimum_of_a_small_space():
    benchmark = ToyBenchmark(vertices=4)
    history = search(
        LocalSearch(), benchmark, SearchSettings(evaluations=90, runs=2, duplicates="free", repeats="mean")
    )
    optimum = benchmark.query(benchmark.space.enumerate()).value.max()
    assert history.best_value.max() == optimum


class Alternating(RandomSearch):
    """Proposes one and the same architecture, at epochs of its own, at the study's, then at the same by name."""

    def reset(self):
        super().reset()
        self._arch = self.space.sample(self.streams)
        self._step = 0

    def ask(self):
        self._step += 1
        epochs = (np.full(self.runs, 4), None, np.full(self.runs, 12))[self._step % 3]
        return Trials(self._arch, epochs)


def test_a_module_is_known_at_the_epochs_it_was_trained_for():
    history = search(
        Alternating(), ToyBenchmark(), SearchSettings(evaluations=5, runs=2, duplicates="free", patience=9)
    )
    assert history.paid.sum(axis=0).tolist() == [2, 2]  # once at 4 and once at 12 epochs, named or not
    assert sorted(history.epochs[history.paid[:, 0], 0]) == [4, 12]
    attached = history.attach(ToyBenchmark())
    np.testing.assert_allclose(attached.test[-1], ToyBenchmark().test(history.best))


def test_a_failed_training_is_paid_for_once_and_stays_failed():
    benchmark = ToyBenchmark(vertices=3, fails=True)
    history = search(RandomSearch(), benchmark, SearchSettings(evaluations=7, runs=20, duplicates="free", patience=500))
    keys = benchmark.space.key(history.archs.reshape(-1, history.archs.shape[2])).reshape(history.paid.shape)
    failed = np.isnan(history.value) & history.paid
    assert failed.any()
    for step, run in np.argwhere(failed):
        again = history.tried[:, run] & (keys[:, run] == keys[step, run])
        assert np.isnan(history.value[again, run]).all()


class Timeless(ToyBenchmark):
    """Knows the time of three trainings in four, or of none."""

    def __init__(self, known=True):
        super().__init__()
        self.known = known

    def query(self, archs, epochs=None, streams=None):
        heard = super().query(archs, epochs, streams)
        return heard._replace(seconds=np.where(self.known & (heard.seconds % 1 < 0.75), heard.seconds, np.nan))


def test_a_time_that_is_not_known_costs_nothing_and_stops_no_clock():
    history = search(RandomSearch(), Timeless(), SearchSettings(seconds=30.0, runs=4))
    assert np.isnan(history.seconds[history.paid]).any()
    spent = np.nansum(np.where(history.paid, history.seconds, 0), axis=0)
    assert ((spent >= 30.0) & (spent < 33.0)).all()
    np.testing.assert_allclose(history.clock("seconds")[-1], spent)


def test_a_search_that_never_nears_its_budget_ends():
    history = search(RandomSearch(), Timeless(known=False), SearchSettings(seconds=30.0, runs=2, patience=25))
    assert history.paid.sum(axis=0).tolist() == [25, 25]


class Impatient(ToyBenchmark):
    """Somebody presses Ctrl-C at the tenth question."""

    questions = 0

    def query(self, archs, epochs=None, streams=None):
        self.questions += 1
        if self.questions == 10:
            raise KeyboardInterrupt
        return super().query(archs, epochs, streams)


def test_ctrl_c_gets_through_and_the_optimizer_can_start_afresh():
    optimizer = RegularizedEvolution(4, 2)
    with pytest.raises(KeyboardInterrupt):
        search(optimizer, Impatient(), SearchSettings(evaluations=50, runs=3))
    fresh = search(RegularizedEvolution(4, 2), ToyBenchmark(), SearchSettings(evaluations=20, runs=3))
    same(search(optimizer, ToyBenchmark(), SearchSettings(evaluations=20, runs=3)), fresh)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"duplicates": "ignore"}, "pay, free, skip"),
        ({"repeats": "all"}, "draw"),
        ({"runs": 0}, "runs is a whole number from 1"),
        ({"patience": 0}, "patience is a whole number from 1"),
    ],
)
def test_settings_that_are_not_allowed_are_named(arguments, complaint):
    with pytest.raises(BadSetting, match=complaint):
        search(RandomSearch(), ToyBenchmark(), SearchSettings(evaluations=1, **arguments))


@pytest.mark.parametrize("limits", [{}, {"evaluations": 0}, {"seconds": -1.0}, {"seconds": float("nan")}])
def test_a_budget_must_allow_something(limits):
    with pytest.raises(BadSetting):
        search(RandomSearch(), ToyBenchmark(), SearchSettings(**limits))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
def test_a_search_goes_on_from_its_state(optimizer):
    from nasbed.core.rng import Streams

    benchmark = ToyBenchmark()

    def play(steps, method, answers):
        asked = []
        for _ in range(steps):
            trials = method.ask()
            asked.append(trials.archs.copy())
            method.tell(trials, benchmark.query(trials.archs, None, answers))
        return np.array(asked)

    begin = lambda: type(optimizer)(**optimizer.settings()).start(benchmark.space, Streams.from_seed(3, 5))  # noqa: E731
    whole, answers = begin(), Streams.from_seed(4, 5)
    play(30, whole, answers)
    state, position = whole.state_dict(), answers.state_dict()
    expected = play(30, whole, answers)
    resumed, answers = begin(), Streams.from_seed(9, 5)
    resumed.load_state_dict(state)
    answers.load_state_dict(position)
    np.testing.assert_array_equal(play(30, resumed, answers), expected)


class Listening(ToyBenchmark):
    """Remembers the keys of the streams that it was given."""

    def query(self, archs, epochs=None, streams=None):
        self.keys = None if streams is None else streams.keys.copy()
        return super().query(archs, epochs, streams)


def test_answers_are_drawn_from_other_streams_than_proposals():
    optimizer, benchmark = RandomSearch(), Listening()
    search(optimizer, benchmark, SearchSettings(evaluations=3, runs=4))
    assert not np.isin(benchmark.keys, optimizer.streams.keys).any()
    search(optimizer, benchmark, SearchSettings(evaluations=3, runs=4, repeats="mean"))
    assert benchmark.keys is None
