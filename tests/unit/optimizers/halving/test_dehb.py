"""DEHB: its populations, the first pass and the later ones, lineage, continuations."""

import numpy as np
import pytest

from nasbed.benchmarks.resolve import digits101
from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations
from nasbed.core.rng import Streams
from nasbed.optimizers.halving.dehb import DEHB
from nasbed.optimizers.halving.halving_search import Hyperband
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import HillBenchmark, KeyedBenchmark

SPACE = NASBench201()
ANSWERS = KeyedBenchmark(SPACE)  # 1, 3, 9, 27 epochs
PASS = 27 + 9 + 3 + 1 + 9 + 3 + 1 + 6 + 2 + 4  # trials of one pass over the brackets


def played(steps, answers=ANSWERS, **settings):
    player, asked = DEHB(**settings).start(answers.space, Streams.from_seed(0, 3), answers.budgets), []
    for _ in range(steps):
        asked.append(player.ask())
        player.tell(asked[-1], answers.query(asked[-1].archs, asked[-1].epochs))
    return player, asked


def test_populations_are_as_large_as_the_largest_rungs():
    player = DEHB().start(SPACE, Streams.from_seed(0, 1), tuple(range(1, 82)))
    np.testing.assert_array_equal(np.diff(player._populations.starts), [81, 27, 9, 6, 5])


def test_the_first_pass_promotes_as_hyperband_does():
    _, asked = played(40)
    epochs = np.array([trials.epochs[0] for trials in asked])
    np.testing.assert_array_equal(epochs, np.repeat([1, 3, 9, 27], [27, 9, 3, 1]))
    values = np.array([ANSWERS.query(trials.archs, trials.epochs).value for trials in asked])
    for run in range(3):
        best = np.argsort(-values[:27, run], kind="stable")[:9]
        for place, earlier in enumerate(best):
            promoted = asked[27 + place]
            np.testing.assert_array_equal(promoted.archs[run], asked[earlier].archs[run])
            np.testing.assert_array_equal(promoted.parents[run], [earlier, -1])


def test_every_bracket_of_the_first_pass_promotes():
    _, asked = played(PASS)
    promoted = [trials for trials in asked if (trials.parents[:, 0] >= 0).all() and (trials.parents[:, 1] < 0).all()]
    assert [trials.epochs[0] for trials in promoted] == [3] * 9 + [9] * 3 + [27] + [9] * 3 + [27] + [27] * 2
    for trials in promoted:
        for run, earlier in enumerate(trials.parents[:, 0]):
            np.testing.assert_array_equal(trials.archs[run], asked[earlier].archs[run])


def test_mutants_are_based_on_the_rung_below_and_in_a_first_rung_on_its_own():
    _, asked = played(PASS + 39)
    based = [{int(asked[base].epochs[run]) for run, base in enumerate(trials.parents[:, 1])} for trials in asked[PASS:]]
    assert based == [{1}] * 36 + [{3}] * 3


def test_later_passes_breed_at_every_rung_from_who_lives_there():
    player, asked = played(2 * PASS)
    for step in range(PASS, 2 * PASS):
        target, base = asked[step].parents.T
        assert (target >= 0).all(), "its target was trained"
        assert (base >= 0).all(), "and so was whom it is mutated from"
        for run in range(3):
            assert asked[target[run]].epochs[run] == asked[step].epochs[run], "a target is of the same rung"
            assert asked[base[run]].epochs[run] <= asked[step].epochs[run]
    assert (player._populations.values > -np.inf).all()
    assert (player._populations.origins >= PASS).mean() > 0.1


def test_the_values_of_a_population_never_fall():
    player, before = DEHB().start(SPACE, Streams.from_seed(1, 3), ANSWERS.budgets), None
    for _ in range(150):
        trials = player.ask()
        player.tell(trials, ANSWERS.query(trials.archs, trials.epochs))
        now = player._populations.values.copy()
        assert before is None or (now >= before).all()
        before = now


@pytest.mark.slow
def test_members_are_what_their_origins_were():
    player, asked = played(200)
    populations = player._populations
    archs = populations.archs(populations.points)
    for run, origins in enumerate(populations.origins):
        expected = [asked[number].archs[run] for number in origins]
        np.testing.assert_array_equal(archs[run], expected)


def test_resumed_trainings_are_those_that_are_promoted():
    _, asked = played(2 * PASS, continuation="resume")
    continues = np.array([trials.continues for trials in asked])
    assert (continues[:27] == -1).all()
    assert (continues[27:40] >= 0).all()
    assert (continues[PASS:] == -1).all()
    paid = search(DEHB(continuation="resume"), ANSWERS, SearchSettings(evaluations=40, runs=2)).epochs.sum(axis=0)
    assert (paid == 81).all()  # 27·1 + 9·2 + 3·6 + 1·18


@pytest.mark.slow
def test_children_are_architectures_where_not_every_row_is_one():
    space = NASBench101()
    _, asked = played(150, KeyedBenchmark(space))
    assert all(space.valid(trials.archs).all() for trials in asked)


def test_where_no_child_is_valid_the_space_is_sampled(monkeypatch):
    player, _ = played(PASS)
    monkeypatch.setattr(SPACE, "valid", lambda archs: np.zeros(len(archs), bool))
    trials = player.ask()
    assert (trials.parents == -1).all()
    player.tell(trials, Evaluations(np.full(3, 9.0), np.ones(3), trials.epochs))
    assert (player._populations.values == 9.0).any(axis=1).all()


def test_one_rung_alone_is_played_too():
    history = search(DEHB(min_epochs=27), ANSWERS, SearchSettings(evaluations=30, runs=2))
    assert history.fidelity is None or (history.fidelity == 27).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mutation_factor": 0.0}, "above 0"),
        ({"mutation_factor": 2.0}, "at most 1"),
        ({"crossover_chance": -1}, "chance"),
    ],
)
def test_settings_that_breed_nothing_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        DEHB(**settings)


@pytest.mark.slow
def test_it_stays_within_limits():
    def share(**limits):
        answers = KeyedBenchmark(NASBench101(vertices=5))
        history = search(DEHB(), answers, SearchSettings(evaluations=200, runs=60, objectives=["params"], **limits))
        return (history.costs[100:, :, 0] <= 7.0).mean()

    assert share(limits={"params": 7.0}) > share() + 0.05


@pytest.mark.slow
def test_it_beats_hyperband_on_a_hill():
    hill, ends = HillBenchmark(SPACE), {}
    for method in (DEHB(), Hyperband()):
        history = search(method, hill, SearchSettings(total_epochs=27 * 60, runs=500, seed=2)).attach(hill)
        ends[type(method).__name__] = history.metric("mean-validation")[-1]
    gain = ends["DEHB"] - ends["Hyperband"]
    assert gain.mean() > 3 * gain.std() / np.sqrt(500)


@pytest.mark.slow
def test_it_beats_random_search_on_real_trainings():
    digits, ends = digits101(), []
    for method in (DEHB(), RandomSearch()):
        history = search(method, digits, SearchSettings(total_epochs=36 * 400, runs=500, seed=1)).attach(digits)
        ends.append(history.metric("mean-validation")[-1])
    gain = ends[0] - ends[1]
    assert gain.mean() > 3 * gain.std() / np.sqrt(500)
