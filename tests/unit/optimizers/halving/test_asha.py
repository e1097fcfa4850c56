"""ASHA against one run in plain Python, which sorts every rung anew at every step."""

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.records import Trials
from nasbed.core.registry import benchmarks
from nasbed.core.rng import Streams
from nasbed.optimizers.halving.asha import ASHA
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
RUNGS = (1, 3, 9, 27)
KINDS = [{"kind": "promotion"}, {"kind": "stopping", "continuation": "resume"}]


class Plain:
    """Algorithm 2 of the paper, and the rule of stopping, for one run."""

    def __init__(self, streams, eta, kind):
        self.streams, self.eta, self.kind = streams, eta, kind
        self.trials = []  # (architecture, rung, earlier)
        self.answers = [[] for _ in RUNGS]  # of each rung, (value, order of telling, trial), failures as None
        self.promoted, self.line = set(), []

    def best(self, rung):
        there = [a for a in self.answers[rung] if a is not None]
        return [trial for _, _, trial in sorted(there, key=lambda a: (-a[0], a[1]))]

    def get_job(self):
        if self.kind == "stopping":
            return self.line.pop(0) if self.line else None
        for rung in reversed(range(len(RUNGS) - 1)):
            candidates = self.best(rung)[: len(self.answers[rung]) // self.eta]
            promotable = [trial for trial in candidates if trial not in self.promoted]
            if promotable:
                self.promoted.add(promotable[0])
                return promotable[0]
        return None

    def ask(self):
        earlier = self.get_job()
        if earlier is None:
            self.trials.append((SPACE.sample(self.streams)[0], 0, -1))
        else:
            self.trials.append((self.trials[earlier][0], self.trials[earlier][1] + 1, earlier))
        return self.trials[-1]

    def tell(self, trial, value):
        rung = self.trials[trial][1]
        answers = self.answers[rung]
        answers.append(None if np.isnan(value) else (value, len(answers), trial))
        best = -(-len(answers) // self.eta)
        if self.kind == "stopping" and rung + 1 < len(RUNGS) and trial in self.best(rung)[:best]:
            self.line.append(trial)


@pytest.mark.parametrize("workers", [1, 5, 30])
@pytest.mark.parametrize("failing", [0.0, 0.5])
@pytest.mark.parametrize("eta", [2, 3])
@pytest.mark.parametrize("settings", KINDS, ids=["promotion", "stopping"])
def test_what_is_played_is_the_algorithm_in_plain_python(settings, eta, failing, workers):
    budgets = tuple(eta**s for s in range(4))
    runs, chance, out = 3, np.random.default_rng(workers), []
    player = ASHA(eta=eta, **settings).start(SPACE, Streams.from_seed(7, runs), budgets)
    plain = [Plain(Streams.from_seed(7, 1, run), eta, settings["kind"]) for run in range(runs)]
    for step in range(200):
        while len(out) < workers and (step % 50 < 40 or not out):  # now and then many answers come before a question
            out.append(player.ask())
            for run in range(runs):
                arch, rung, earlier = plain[run].ask()
                assert (out[-1].archs[run] == arch).all()
                assert out[-1].epochs[run] == budgets[rung]
                if out[-1].continues is not None:
                    assert out[-1].continues[run] == earlier
        trials = out.pop(chance.integers(len(out)))
        value = chance.integers(0, 12, runs) / 12  # with ties
        value = np.where(chance.random(runs) < failing, np.nan, value)
        player.tell(trials, KeyedBenchmark(SPACE).query(trials.archs, 27)._replace(value=value))
        for run in range(runs):
            plain[run].tell(int(trials.number[run]), value[run])
    assert max(rung for p in plain for _, rung, _ in p.trials) == 3


def test_promotion_by_hand():
    """Of three the best goes up; of four, a new best does; of six, the two best have gone already."""
    player = ASHA().start(SPACE, Streams.from_seed(0, 1), RUNGS)
    asked = []
    for value in (0.1, 0.9, 0.5, 0.7, 0.95, 0.2, 0.3, 0.4, 0.0):
        asked.append(player.ask())
        heard = KeyedBenchmark(SPACE).query(asked[-1].archs, 1)
        player.tell(asked[-1], heard._replace(value=np.array([value])))
    assert [int(trials.epochs[0]) for trials in asked] == [1, 1, 1, 3, 1, 3, 1, 1, 1]
    assert (asked[3].archs == asked[1].archs).all()
    assert (asked[5].archs == asked[4].archs).all()


def test_stopping_by_hand():
    """The first goes on, since it is the best so far; what is worse than it stops; what is better goes on at once."""
    player = ASHA(kind="stopping", continuation="resume").start(SPACE, Streams.from_seed(0, 1), (1, 3))
    played = []
    for value in (0.5, 0.6, 0.4, 0.7, 0.9, 0.3):
        trials = player.ask()
        played.append((int(trials.epochs[0]), int(trials.continues[0])))
        player.tell(trials, KeyedBenchmark(SPACE).query(trials.archs, 1)._replace(value=np.array([value])))
    assert played == [(1, -1), (3, 0), (1, -1), (1, -1), (3, 3), (1, -1)]


@pytest.mark.parametrize("settings", KINDS, ids=["promotion", "stopping"])
@pytest.mark.parametrize("workers", [1, 8])
def test_an_architecture_costs_its_longest_training_where_trainings_are_resumed(settings, workers):
    answers = KeyedBenchmark(SPACE, failing=0.2)
    history = search(
        ASHA(**settings | {"continuation": "resume"}), answers, SearchSettings(evaluations=300, runs=2, workers=workers)
    )
    for run in range(2):
        told = history.tried[:, run]
        fidelity, epochs = history.fidelity[told, run], history.epochs[told, run]
        before = fidelity - epochs
        for low, high in ((0, 1), (1, 3), (3, 9), (9, 27)):
            assert (before[fidelity == high] == low).all()
        assert epochs.sum() == sum(fidelity) - sum(before)


def test_a_training_that_was_restarted_is_paid_for_in_full():
    history = search(ASHA(), benchmarks.make("digits101", {}), SearchSettings(evaluations=100, runs=2))
    assert (history.epochs == history.fidelity).all()
    assert set(history.fidelity.ravel().tolist()) == {4, 12, 36}


def test_what_goes_on_cannot_be_restarted():
    with pytest.raises(BadSetting, match="kind='stopping' needs continuation='resume'"):
        ASHA(kind="stopping")
    with pytest.raises(BadSetting, match="use continuation='restart'"):
        search(ASHA(continuation="resume"), benchmarks.make("digits101", {}), SearchSettings(evaluations=20))
    with pytest.raises(BadSetting, match="promotion, stopping, not 'halting'"):
        ASHA(kind="halting")


@pytest.mark.parametrize("settings", KINDS, ids=["promotion", "stopping"])
def test_with_one_budget_it_is_random_search(settings):
    answers = KeyedBenchmark(SPACE, budgets=(27,))
    ours, random = (
        search(o, answers, SearchSettings(evaluations=30, runs=2)) for o in (ASHA(**settings), RandomSearch())
    )
    assert (ours.archs == random.archs).all()


@pytest.mark.parametrize("settings", KINDS, ids=["promotion", "stopping"])
def test_answers_to_others_trials_and_second_answers_change_nothing(settings):
    answers, played = KeyedBenchmark(SPACE), []
    for disturbed in (False, True):
        others = Streams.from_seed(9, 2)
        player = ASHA(**settings).start(SPACE, Streams.from_seed(1, 2), RUNGS)
        archs = []
        for _ in range(100):
            trials = player.ask()
            heard = answers.query(trials.archs, trials.epochs)
            player.tell(trials, heard)
            archs.append(trials.archs)
            if disturbed:
                foreign = Trials(SPACE.sample(others), np.full(2, 1))
                player.tell(foreign, heard._replace(value=np.ones(2)))
                for number in (-1, 10_000):
                    player.tell(foreign._replace(number=np.full(2, number)), heard._replace(value=np.ones(2)))
                player.tell(trials, heard._replace(value=np.ones(2)))
        played.append(archs)
    assert np.array_equal(*played)
