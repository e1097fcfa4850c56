"""Successive halving and Hyperband against one run in plain Python, and what they cost."""

import csv

import numpy as np
import pytest

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.live import Answer
from nasbed.core.records import Evaluations, Trials
from nasbed.core.registry import benchmarks
from nasbed.core.rng import Streams
from nasbed.optimizers.halving.asha import ASHA
from nasbed.optimizers.halving.brackets_open import halved, hyperband_brackets
from nasbed.optimizers.halving.halving_search import Hyperband, SuccessiveHalving
from nasbed.optimizers.random import RandomSearch
from nasbed.run.play import Play
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
BOTH = [SuccessiveHalving, Hyperband]


def plain_halving(streams, evaluate, bracket):
    """Train one bracket through; give architectures and epochs in order."""
    alive, played = [SPACE.sample(streams)[0] for _ in range(bracket.counts[0])], []
    for rung, epochs in enumerate(bracket.epochs):
        values = [evaluate(arch, epochs) for arch in alive]
        played += [(arch, epochs) for arch in alive]
        order = sorted((i for i, v in enumerate(values) if not np.isnan(v)), key=lambda i: (-values[i], i))
        alive = [alive[i] for i in order[: (*bracket.counts, 0)[rung + 1]]]
    return played


def proposals(player, answers, steps, between=lambda player: None):
    """Ask, answer and tell; give architectures and epochs, ``(steps, runs, …)``."""
    archs, epochs = [], []
    for _ in range(steps):
        between(player)
        trials = player.ask()
        player.tell(trials, answers.query(trials.archs, trials.epochs))
        archs.append(trials.archs)
        epochs.append(trials.epochs)
    return np.array(archs), np.array(epochs)


@pytest.mark.parametrize("failing", [0.0, 0.4, 0.95])
@pytest.mark.parametrize(
    ("optimizer", "plans"),
    [
        (SuccessiveHalving(), [halved(27, (1, 3, 9, 27), 3)]),
        (SuccessiveHalving(eta=2, architectures=10), [halved(10, (1, 3, 9, 27), 2)]),
        (Hyperband(), hyperband_brackets((1, 3, 9, 27), 3)),
        (Hyperband(max_epochs=9, counts="formula"), hyperband_brackets((1, 3, 9), 3, "formula")),
    ],
)
def test_what_is_played_is_halving_in_plain_python(optimizer, plans, failing):
    answers, runs = KeyedBenchmark(SPACE, failing), 3
    optimizer.start(SPACE, Streams.from_seed(3, runs), answers.budgets)
    archs, epochs = proposals(optimizer, answers, 150)
    for run in range(runs):
        streams, played, bracket = Streams.from_seed(3, 1, run), [], 0
        while len(played) < 150:
            played += plain_halving(
                streams,
                lambda arch, length: float(answers.query(arch[None], int(length)).value[0]),
                plans[bracket % len(plans)],
            )
            bracket += 1
        assert (archs[:, run] == [arch for arch, _ in played[:150]]).all()
        assert (epochs[:, run] == [length for _, length in played[:150]]).all()


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("counts", ["table", "formula"])
def test_the_epochs_charged_are_those_of_the_published_brackets(counts, resume):
    """R = 81 and eta = 3: one round of Hyperband, to the epoch."""
    brackets = hyperband_brackets((1, 3, 9, 27, 81), 3, counts)
    answers = KeyedBenchmark(SPACE, budgets=(1, 3, 9, 27, 81))
    player = Hyperband(counts=counts, continuation="resume" if resume else "restart")
    history = search(player, answers, SearchSettings(evaluations=sum(sum(b.counts) for b in brackets), runs=2, seed=5))
    assert history.epochs.sum(axis=0).tolist() == [sum(b.cost(resume) for b in brackets)] * 2
    if counts == "table":
        assert history.epochs[:, 0].sum() == (1404 if resume else 1701)


def test_resumed_is_what_is_restarted_for_less():
    """The toy's value after some epochs is one number, so that only the bills differ."""
    answers = KeyedBenchmark(SPACE)
    restarted, resumed = (
        search(Hyperband(continuation=how), answers, SearchSettings(evaluations=120, runs=3))
        for how in ("restart", "resume")
    )
    assert (restarted.archs == resumed.archs).all()
    assert (restarted.value == resumed.value).all()
    assert (resumed.fidelity >= resumed.epochs).all()
    assert (restarted.fidelity == restarted.epochs).all()
    assert resumed.seconds.sum() < restarted.seconds.sum()


@pytest.mark.parametrize("workers", [2, 16])
@pytest.mark.parametrize("kind", BOTH)
def test_what_each_training_cost_adds_up_with_many_workers(kind, workers):
    """Under resume, what an architecture's trials cost together is its longest training."""
    answers = KeyedBenchmark(SPACE)
    history = search(kind(continuation="resume"), answers, SearchSettings(evaluations=200, seed=2, workers=workers))
    told = history.tried[:, 0]
    epochs, fidelity = history.epochs[told, 0], history.fidelity[told, 0]
    paid_at, begun_at = np.sum([fidelity == b for b in (1, 3, 9, 27)], axis=1), fidelity - epochs
    assert paid_at.sum() == told.sum() == 200
    for below, above in ((1, 3), (3, 9), (9, 27)):
        assert set(begun_at[fidelity == above].tolist()) <= {0, below}
    assert (begun_at > 0).any()


@pytest.mark.parametrize("kind", BOTH)
def test_what_is_known_is_free_and_can_be_gone_on_with(kind):
    """A repeated answer is no training of its own, so what goes on with it begins anew and pays in full."""
    history = search(
        kind(continuation="resume"),
        KeyedBenchmark(NASBench101(vertices=4)),
        SearchSettings(evaluations=150, runs=2, duplicates="free"),
    )
    repeated = history.tried & ~history.paid
    assert repeated.sum() > 50
    assert (history.epochs[repeated] == 0).all()
    assert (history.epochs[history.paid] > 0).all()
    assert not np.isnan(history.value[history.tried]).any()


@pytest.mark.parametrize("kind", BOTH)
def test_tables_of_separate_trainings_refuse_to_resume(kind):
    with pytest.raises(BadSetting, match="use continuation='restart'"):
        search(kind(continuation="resume"), benchmarks.make("digits101", {}), SearchSettings(evaluations=20))


@pytest.mark.parametrize("kind", BOTH)
def test_digits101_is_searched_at_its_own_budgets(kind):
    history = search(kind(), benchmarks.make("digits101", {}), SearchSettings(evaluations=44, runs=2))
    assert set(history.fidelity.ravel().tolist()) == {4, 12, 36}
    first = [4] * 9 + [12] * 3 + [36]
    assert history.fidelity[:13, 0].tolist() == first


@pytest.mark.parametrize("kind", BOTH)
def test_with_one_budget_it_is_random_search(kind):
    answers = KeyedBenchmark(SPACE, budgets=(27,))
    ours, random = (search(o, answers, SearchSettings(evaluations=30, runs=2)) for o in (kind(), RandomSearch()))
    assert (ours.archs == random.archs).all()


@pytest.mark.parametrize("kind", BOTH)
def test_answers_to_others_trials_change_nothing(kind):
    answers = KeyedBenchmark(SPACE)
    others = Streams.from_seed(9, 2)

    def interrupt(player):
        foreign = Trials(SPACE.sample(others), np.full(2, 27))
        value = answers.query(foreign.archs, foreign.epochs)
        player.tell(foreign, value)
        player.tell(foreign._replace(number=np.full(2, -1)), value)
        player.tell(foreign._replace(number=np.full(2, 10_000)), value)

    alone, disturbed = (
        proposals(kind().start(SPACE, Streams.from_seed(1, 2), answers.budgets), answers, 100, between)
        for between in (lambda player: None, interrupt)
    )
    assert (alone[0] == disturbed[0]).all()


@pytest.mark.parametrize("kind", BOTH)
def test_without_budgets_the_longest_training_is_a_setting(kind):
    with pytest.raises(BadSetting, match="give max_epochs"):
        kind().start(SPACE, Streams.from_seed(0, 1))
    trials = kind(min_epochs=5, max_epochs=50).start(SPACE, Streams.from_seed(0, 1)).ask()
    assert trials.epochs.tolist() == [5]


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(BadSetting, match="architectures is a whole number from 1 or none, not 0"):
        SuccessiveHalving(architectures=0)
    with pytest.raises(BadSetting, match="one of table, formula"):
        Hyperband(counts="both")
    for kind in BOTH:
        with pytest.raises(BadSetting, match="eta"):
            kind(eta=1)
        with pytest.raises(BadSetting, match="continuation is one of"):
            kind(continuation="maybe")


@pytest.mark.parametrize("optimizer", [SuccessiveHalving(), Hyperband(), ASHA()], ids=["halving", "hyperband", "asha"])
def test_what_trains_for_real_is_asked_for_the_same_epochs_as_a_table(optimizer):
    answers, budget = KeyedBenchmark(SPACE, failing=0.2), {"evaluations": 60}
    play = Play(optimizer, answers, SearchSettings(seed=3, **budget))
    out = play.ask()
    while out:
        training = out.pop(0)
        value, seconds, _, _, _ = answers.query(training.arch[None], training.epochs)
        play.hear(training.unit, Answer(float(value[0]), float("nan"), float(seconds[0])), 0.0)
        out += play.ask()
    live, looked_up = play.history({}), search(optimizer, answers, SearchSettings(seed=3, **budget))
    assert (live.archs == looked_up.archs).all()
    assert (live.fidelity == looked_up.fidelity).all()
    assert set(live.fidelity.ravel().tolist()) == {1, 3, 9, 27}


class TwoFiles(Benchmark):
    """Published accuracies on cifar100: on validation images after 12 epochs, on test images after 200 of one seed."""

    name, budgets = "two-files", (12, 200)

    def __init__(self, folder):
        self.space, self.values = NASBench201(), np.full((2, 15_625), np.nan)
        files = (
            ("mini-bench-arch-cell-accs.csv", "cellstr", "cifar100-val"),
            (
                "seed888_test_accuracy.csv",
                "architecture",
                "cifar100",
            ),
        )
        for values, (name, arch, accuracy) in zip(self.values, files, strict=True):
            with (folder / name).open() as file:
                rows = list(csv.DictReader(file))
            index = self.space.index(np.stack([self.space.parse(row[arch].rstrip("|") + "|") for row in rows]))
            values[index] = [float(row[accuracy]) / 100 for row in rows]

    def query(self, archs, epochs=None, streams=None):
        trained = np.broadcast_to(np.int64(200) if epochs is None else epochs, len(archs))
        value = self.values[(trained == 200).astype(int), self.space.index(archs)]
        return Evaluations(value, trained * 1.0, trained)

    def test(self, archs, epochs=None):
        return self.query(archs).value


@pytest.mark.slow
def test_published_short_trainings_tell_enough_to_beat_random_search(shared_data):
    """NAS-Bench-201, cifar100, what 30 trainings of 200 epochs cost: 500 runs, restarted from scratch."""
    answers, found = TwoFiles(shared_data / "nasbench201"), {}
    for optimizer in (RandomSearch(), SuccessiveHalving(), Hyperband(), ASHA()):
        history = search(optimizer, answers, SearchSettings(total_epochs=6_000, runs=500, seed=1)).attach(answers)
        found[type(optimizer)] = history.metric("test")[-1]
    random = found.pop(RandomSearch)
    for better in found.values():
        gain = better - random
        assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))
