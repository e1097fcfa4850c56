"""A play hears answers one by one: what comes of it follows from their order alone."""

import numpy as np
import pytest
from live_toy import LiveToy

from nasbed.core.errors import BadSetting
from nasbed.core.live import Answer
from nasbed.core.records import Trials
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.halving.halving_search import Hyperband
from nasbed.optimizers.random import RandomSearch
from nasbed.run.history import History
from nasbed.run.play import Play, training_seed
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings

OPTIMIZERS = [
    RandomSearch(),
    RandomSearch(replacement=False),
    RegularizedEvolution(8, 3),
    LocalSearch(),
    Hyperband(),
]
names = [str(optimizer) for optimizer in OPTIMIZERS]


def begin(optimizer, toy, budget, ahead=1, **settings):
    return Play(optimizer, toy, SearchSettings(epochs=3, **budget, **settings), ahead)


def finish(play, toy, order=lambda out: 0, clock=None):
    """Answer whatever is out, in an order, until nothing is; give the units in that order."""
    heard, out = [], play.ask()
    while out:
        training = out.pop(order(out))
        heard.append(training.unit)
        play.hear(training.unit, toy.heard(training), float(len(heard)) if clock is None else clock(len(heard)))
        out += play.ask()
    return heard


def same(one, other):
    tried = other.tried
    np.testing.assert_array_equal(one.tried, tried)
    np.testing.assert_array_equal(one.paid, other.paid)
    np.testing.assert_array_equal(one.archs[tried], other.archs[tried])
    np.testing.assert_array_equal(one.value[tried], other.value[tried])
    np.testing.assert_array_equal(one.epochs[one.paid], other.epochs[one.paid])
    np.testing.assert_array_equal(one.seconds[one.paid], other.seconds[one.paid])


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("duplicates", ["pay", "free", "skip"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
def test_one_trial_at_a_time_is_the_search_that_asks_a_benchmark(optimizer, duplicates, runs):
    toy, budget = LiveToy(vertices=4, failing=0.2), {"evaluations": 30, "total_epochs": 75}
    play = begin(optimizer, toy, budget, runs=runs, seed=3, duplicates=duplicates, patience=200)
    finish(play, toy)
    same(
        play.history({}),
        search(optimizer, toy, SearchSettings(runs=runs, seed=3, duplicates=duplicates, patience=200, **budget)),
    )


@pytest.mark.parametrize("duplicates", ["pay", "free", "skip"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
def test_the_same_answers_in_the_same_order_are_the_same_search(optimizer, duplicates):
    toy, chance = LiveToy(vertices=4, failing=0.2, noise=1.0), np.random.default_rng(0)
    settings = {"budget": {"evaluations": 40}, "duplicates": duplicates, "ahead": 3, "patience": 200}
    whole = begin(optimizer, toy, **settings)
    order = finish(whole, toy, lambda out: chance.integers(len(out)))
    again = begin(optimizer, toy, **settings)
    waiting = {training.unit: training for training in again.ask()}
    for unit in order:
        again.hear(unit, toy.heard(waiting.pop(unit)), again.clock + 1)
        waiting.update((training.unit, training) for training in again.ask())
    assert not waiting
    same(again.history({}), whole.history({}))
    assert whole.history({}).paid.sum() == 40


def test_no_more_is_begun_than_the_budget_allows():
    toy = LiveToy()
    for budget, paid in (({"evaluations": 10}, 10), ({"total_epochs": 30}, 10), ({"total_epochs": 31}, 11)):
        play = begin(RandomSearch(), toy, budget, ahead=4)
        assert len(finish(play, toy, order=lambda out: -1)) == paid
        assert play.history({}).paid.sum() == paid


def test_as_many_trials_are_out_as_may_be():
    play = begin(RandomSearch(), LiveToy(), {"evaluations": 10}, ahead=4)
    assert [training.unit for training in play.ask()] == ["0/0", "1/0", "2/0", "3/0"]
    assert play.ask() == []
    play.hear("2/0", Answer(0.5, 0.4, 1.0), 1.0)
    assert [training.unit for training in play.ask()] == ["4/0"]


def test_time_is_the_clocks_and_what_is_under_way_counts():
    toy = LiveToy()
    play = begin(RandomSearch(), toy, {"seconds": 5.0}, ahead=2)
    assert len(finish(play, toy, clock=lambda n: 2.0 * n)) == 4  # at 6 seconds it was too late to begin another
    history = play.history({})
    assert history.clock("seconds")[:, 0].tolist() == [2.0, 4.0, 6.0, 8.0]
    assert (history.seconds[:, 0] < 2.0).all()  # what they cost is another matter


class Again(RandomSearch):
    """Proposes one and the same architecture, in turn at three epochs and at one."""

    def reset(self):
        super().reset()
        self._arch, self._step = self.space.sample(self.streams), 0

    def ask(self):
        self._step += 1
        return Trials(self._arch, None if self._step % 2 else np.full(self.runs, 1))


def test_what_is_paid_for_again_is_trained_with_another_seed():
    play = begin(Again(), LiveToy(), {"evaluations": 6}, ahead=6, seed=5, first_run=2)
    trainings = play.ask()
    key = int(play.space.key(trainings[0].arch[None])[0])
    assert [t.seed for t in trainings] == [
        training_seed(5, 2, key, epochs, before) for before in range(3) for epochs in (3, 1)
    ]
    assert len({t.seed for t in trainings}) == 6
    assert [t.epochs for t in trainings] == [3, 1] * 3


def test_a_seed_is_its_own():
    seeds = {training_seed(*where) for where in np.ndindex(2, 2, 2, 2, 2)}
    assert len(seeds) == 32
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_what_is_free_waits_for_the_answer_that_is_on_its_way():
    play = begin(Again(), LiveToy(), {"evaluations": 9}, ahead=5, duplicates="free", patience=20)
    assert [training.unit for training in play.ask()] == ["0/0", "1/0"]
    play.hear("1/0", Answer(0.25, 0.2, 1.0), 1.0)  # trials 1 and 3 hear it, and so do 5 and 7
    assert play.ask() == []  # 0, 2, 4, 6 and 8 are out
    play.hear("0/0", Answer(0.75, 0.7, 1.0), 2.0)
    assert play.ask() == []
    history = play.history({})
    assert history.value[:9, 0].tolist() == [0.25] * 4 + [0.75] * 5
    assert np.flatnonzero(history.paid[:, 0]).tolist() == [0, 4]
    assert history.clock("seconds")[[3, 8], 0].tolist() == [1.0, 2.0]


def test_a_run_among_others_is_the_run_alone():
    toy, budget = LiveToy(noise=1.0), {"evaluations": 20}
    together = begin(RegularizedEvolution(5, 2), toy, budget, runs=3, seed=4)
    finish(together, toy, order=lambda out: -1)
    for run in range(3):
        alone = begin(RegularizedEvolution(5, 2), toy, budget, seed=4, first_run=run)
        finish(alone, toy)
        np.testing.assert_array_equal(alone.history({}).value[:, 0], together.history({}).value[:, run])


def test_a_choice_is_worth_the_mean_of_its_own_trainings(tmp_path):
    play = begin(Again(), LiveToy(), {"evaluations": 5}, ahead=5)
    play.ask()
    for unit, (validation, test) in enumerate([(0.5, 0.4), (0.9, 0.1), (0.7, 0.8), (np.nan, np.nan), (0.6, 0.6)]):
        play.hear(f"{unit}/0", Answer(validation, test, 1.0), float(unit))
    assert play.best == 0.9
    info = {"epochs": 3, "first_run": 0}
    history = play.history(info)
    np.testing.assert_allclose(history.metric("mean-validation")[:, 0], [0.6] * 5)  # 0.9 was heard after 1 epoch
    np.testing.assert_allclose(history.metric("test")[:, 0], [0.6] * 5)
    again = History.from_parquet(history.to_parquet(tmp_path / "history.parquet"))
    same(again, history)
    np.testing.assert_array_equal(again.clock("seconds"), history.clock("seconds"))
    np.testing.assert_array_equal(again.metric("test"), history.metric("test"))


def test_an_optimizer_with_nothing_left_ends_the_search():
    toy = LiveToy(vertices=3)
    play = begin(RandomSearch(replacement=False), toy, {"evaluations": 100}, ahead=3)
    assert len(finish(play, toy, order=lambda out: -1)) == 7
    assert play.history({}).paid.sum() == 7


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"ahead": 0}, "0 trials"), ({"ahead": 2, "runs": 2}, "of 2 runs 2 trials"), ({"duplicates": "no"}, "pay, free")],
)
def test_settings_that_are_not_allowed_are_named(settings, said):
    with pytest.raises(BadSetting, match=said):
        begin(RandomSearch(), LiveToy(), {"evaluations": 1}, **settings)


@pytest.mark.parametrize(("overdraw", "counted"), [("count", [1.0, 2.0, 5.0, 6.0]), ("drop", [1.0, 2.0])])
def test_a_training_that_ends_beyond_the_budget_counts_or_is_not_told(overdraw, counted):
    play = begin(RandomSearch(), LiveToy(vertices=4), {"seconds": 4.5}, ahead=2, overdraw=overdraw)
    assert len(finish(play, LiveToy(vertices=4), clock=lambda count: count + 2.0 * (count > 2))) == 4
    history = play.history({})
    assert history.ended[history.tried].tolist() == counted
    assert history.clock("seconds")[-1].tolist() == counted[-1:]
    assert len(play.answers) == 4  # what was trained is kept, and is told where the budget grows
