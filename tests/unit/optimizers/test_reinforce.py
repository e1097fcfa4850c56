"""REINFORCE: what it hears, its baseline, what it refuses, and that it learns."""

import numpy as np
import pytest

from nasbed.benchmarks.resolve import digits101
from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.random import RandomSearch
from nasbed.optimizers.reinforce import Reinforce
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench201()


def heard(*values):
    return Evaluations(np.array(values), np.ones(len(values)), np.ones(len(values), np.int64))


def begun(runs=1, **settings):
    return Reinforce(**settings).start(SPACE, Streams.from_seed(0, runs))


def test_the_baseline_is_the_bias_corrected_average_and_the_advantage_is_what_is_above_it():
    player, row = begun(ascent="sgd", learning_rate=2.0, momentum=0.75), np.zeros((1, 6), np.int8)
    for value in (0.4, 0.6, 0.9):
        player.tell(Trials(row, number=np.array([0])), heard(value))
    logits, average, weight = np.zeros(5), 0.0, 0.0
    for value in (0.4, 0.6, 0.9):
        average, weight = 0.75 * average + 0.25 * value, 0.75 * weight + 0.25
        chances = np.exp(logits) / np.exp(logits).sum()
        logits += 2.0 * (value - average / weight) * (np.eye(5)[0] - chances)
    chances = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(player._policies.chances[0], np.tile(chances, (6, 1)), rtol=1e-12)


def test_failures_and_what_was_not_drawn_teach_nothing():
    player, row = begun(learning_rate=1.0), np.zeros((1, 6), np.int8)
    before = player.state_dict()
    player.tell(Trials(row), heard(0.9))
    player.tell(Trials(row, number=np.array([-1])), heard(0.9))
    player.tell(Trials(row, number=np.array([0])), heard(np.nan))
    player.tell(Trials(row, number=np.array([0]), active=np.array([False])), heard(0.9))
    np.testing.assert_equal(player.state_dict(), before)


def test_where_no_draw_is_valid_the_space_is_sampled():
    space = NASBench101(vertices=5)
    player = Reinforce(ascent="sgd", learning_rate=1000.0).start(space, Streams.from_seed(0, 2))
    empty, number = np.zeros((2, space.decisions), np.int8), np.zeros(2, np.int64)
    player.tell(Trials(empty, number=number), heard(0.0, 0.0))
    player.tell(Trials(empty, number=number), heard(1.0, 1.0))
    assert not space.valid(player._policies.draw(Streams.from_seed(1, 2), np.arange(2), 50).reshape(100, -1)).any()
    assert space.valid(player.ask().archs).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ascent": "adamw"}, "one of adam, sgd"),
        ({"learning_rate": 0.0}, "above 0"),
        ({"momentum": 1.0}, "below 1"),
    ],
)
def test_settings_that_teach_nothing_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        Reinforce(**settings)


@pytest.mark.slow
def test_it_learns_a_hidden_row():
    player, hidden = begun(20, learning_rate=0.1), np.array([3, 1, 4, 1, 0, 2], np.int8)
    for _ in range(300):
        trials = player.ask()
        player.tell(trials, heard(*(trials.archs == hidden).mean(axis=1)))
    assert (trials.archs == hidden).mean() > 0.9


@pytest.mark.slow
def test_it_stays_within_limits():
    def share(**limits):
        answers = KeyedBenchmark(NASBench101(vertices=5))
        history = search(
            Reinforce(learning_rate=0.1),
            answers,
            SearchSettings(evaluations=200, runs=60, objectives=["params"], **limits),
        )
        return (history.costs[100:, :, 0] <= 7.0).mean()

    assert share(limits={"params": 7.0}) > share() + 0.05


@pytest.mark.slow
def test_it_beats_random_search_on_real_trainings():
    digits, ends = digits101(), []
    for method in (Reinforce(), RandomSearch()):
        history = search(method, digits, SearchSettings(total_epochs=36 * 400, runs=500, seed=1)).attach(digits)
        ends.append(history.metric("mean-validation")[-1])
    gain = ends[0] - ends[1]
    assert gain.mean() > 3 * gain.std() / np.sqrt(500)
