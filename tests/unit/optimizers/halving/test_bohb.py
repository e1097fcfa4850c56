"""BOHB: where new architectures come from, what it hears, what it refuses."""

import numpy as np
import pytest

from nasbed.benchmarks.resolve import digits101
from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.halving.bohb import BOHB
from nasbed.optimizers.halving.halving_search import Hyperband
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import HillBenchmark, KeyedBenchmark

SPACE = NASBench201()
HIDDEN = np.array([3, 1, 4, 1, 0, 2], np.int8)


def begun(space=SPACE, runs=1, **settings):
    return BOHB(**settings).start(space, Streams.from_seed(0, runs), (1, 3, 9))


def told(player, archs, values, epochs=9, number=-1):
    """Tell one row a run."""
    n = len(archs)
    trials = Trials(np.asarray(archs, np.int8), np.full(n, epochs), number=np.full(n, number))
    player.tell(trials, Evaluations(np.asarray(values, float), np.ones(n), np.full(n, epochs)))


def taught(player, steps=200):
    """Tell of rows that somebody else trained, better the more is the hidden one's: half of it, on average."""
    others = Streams.from_seed(5, player.runs)
    for _ in range(steps):
        archs = np.where(others.uniform(6) < 0.4, HIDDEN, player.space.sample(others))
        told(player, archs, (archs == HIDDEN).mean(axis=1))
    return player


def test_brackets_are_those_of_the_published_program():
    player = BOHB().start(SPACE, Streams.from_seed(0, 1), tuple(range(1, 82)))
    assert [plan.counts[0] for plan in player.plans()] == [81, 27, 9, 6, 5]


def test_the_first_proposals_are_random_as_there_is_no_model():
    player = begun()
    first = [player.ask().archs for _ in range(9)]
    other = begun(samples=3, top_percent=50)
    np.testing.assert_array_equal(first, [other.ask().archs for _ in range(9)])


@pytest.mark.slow
def test_others_results_make_a_model_from_which_two_thirds_are_drawn():
    def alike(player):
        return np.mean([(player.ask().archs == HIDDEN).mean() for _ in range(9)])

    by_chance, always = alike(begun(runs=100)), alike(taught(begun(runs=100, random_fraction=0.0)))
    assert always > by_chance + 0.3
    assert alike(taught(begun(runs=100))) == pytest.approx(by_chance / 3 + always * 2 / 3, abs=0.03)


@pytest.mark.parametrize(
    ("epochs", "number", "value", "counted"), [(9, -1, 0.5, 1), (2, -1, 0.5, 0), (10, -1, 0.5, 0), (9, 77, 0.5, 0)]
)
def test_what_counts_was_trained_as_long_as_a_rung_and_is_not_an_answer_told_twice(epochs, number, value, counted):
    player = begun()
    told(player, HIDDEN[None], [value], epochs, number)
    assert player.state_dict()["_densities"]["_counts"].sum() == counted


def test_trials_without_epochs_are_no_results_of_a_rung():
    player = begun()
    player.tell(Trials(HIDDEN[None]), Evaluations(np.ones(1), np.ones(1), np.ones(1, np.int64)))
    assert player.state_dict()["_densities"]["_counts"].sum() == 0


def test_where_no_candidate_is_valid_the_space_is_sampled():
    space = NASBench101(vertices=5)
    player = begun(space, random_fraction=0.0, bandwidth_factor=0.01, min_points=2)
    for _ in range(20):
        told(player, np.zeros((1, space.decisions)), [1.0])  # an empty module is none
    archs = np.concatenate([player.ask().archs for _ in range(9)])
    assert space.valid(archs).all()


def test_resumed_trainings_pay_for_what_is_added_alone():
    answers = KeyedBenchmark(SPACE)
    paid = {}
    for continuation in ("restart", "resume"):
        history = search(BOHB(continuation=continuation), answers, SearchSettings(evaluations=40, runs=2))
        paid[continuation] = history.epochs.sum(axis=0)
    # (27, 9, 3, 1), at 1, 3, 9 and 27 epochs, cost 27 + 27 + 27 + 27, or 27 + 18 + 18 + 18
    assert (paid["restart"] == 108).all()
    assert (paid["resume"] == 81).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_points": 1}, "from 2"),
        ({"top_percent": 0}, "above 0"),
        ({"top_percent": 100}, "below 100"),
        ({"samples": 0}, "samples"),
        ({"random_fraction": 1.5}, "from 0 to 1"),
        ({"bandwidth_factor": 0.0}, "bandwidth_factor"),
        ({"min_bandwidth": 0.5}, "min_bandwidth"),
        ({"eta": 1}, "eta"),
    ],
)
def test_settings_that_make_no_model_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        BOHB(**settings)


@pytest.mark.slow
def test_it_stays_within_limits():
    def share(**limits):
        answers = KeyedBenchmark(NASBench101(vertices=5))
        history = search(
            BOHB(min_points=5), answers, SearchSettings(evaluations=200, runs=60, objectives=["params"], **limits)
        )
        return (history.costs[100:, :, 0] <= 7.0).mean()

    assert share(limits={"params": 7.0}) > share() + 0.05


@pytest.mark.slow
def test_it_beats_hyperband_on_a_hill():
    hill, ends = HillBenchmark(SPACE), {}
    for method in (BOHB(), Hyperband()):
        history = search(method, hill, SearchSettings(total_epochs=27 * 60, runs=500, seed=2)).attach(hill)
        ends[type(method).__name__] = history.metric("mean-validation")[-1]
    gain = ends["BOHB"] - ends["Hyperband"]
    assert gain.mean() > 3 * gain.std() / np.sqrt(500)


@pytest.mark.slow
def test_it_beats_random_search_on_real_trainings():
    digits, ends = digits101(), []
    for method in (BOHB(), RandomSearch()):
        history = search(method, digits, SearchSettings(total_epochs=36 * 60, runs=500, seed=1)).attach(digits)
        ends.append(history.metric("mean-validation")[-1])
    gain = ends[0] - ends[1]
    assert gain.mean() > 3 * gain.std() / np.sqrt(500)
