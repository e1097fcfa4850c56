"""Simulated annealing against one run of it in plain Python, and the chances of Metropolis."""

from math import exp, log

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.climbing.annealing import SimulatedAnnealing
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(4)


def heard(values):
    values = np.asarray(values, float)
    return Evaluations(values, np.ones(len(values)), np.ones(len(values), np.int64))


def plain_annealing(streams, evaluate, steps, its):
    """Play one run; give what is proposed and how often it started."""
    centre, value, hot = None, None, its.temperature
    losses, looked, cooled, idle, starts, starting, proposed = [], 0, 0, 0, 1, True, []
    for _ in range(steps):
        if starting:
            arch = SPACE.sample(streams)[0]
        else:
            while True:
                arch = SPACE.moved(centre[None], streams.integers(len(SPACE.moves))[0])[0]
                if SPACE.valid(arch[None])[0]:
                    break
        proposed.append(arch)
        heard = evaluate(arch)
        if starting and not np.isnan(heard):
            centre, value, cooled, idle, starting = arch, heard, 0, 0, False
            continue
        if centre is None:
            continue
        draw = streams.uniform()[0, 0]
        worse = value - heard
        if hot is None or worse <= 0:
            chance = 1.0
        else:
            now = hot * its.cooling ** (cooled // its.plateau)
            chance = exp(-worse / now) if now > 0 else 0.0
        if hot is None:
            looked += 1
            losses += [worse] if worse > 0 else []
            if looked == its.warmup:
                hot = (np.mean(losses) if losses else 0.0) / -log(its.acceptance)
        else:
            cooled += 1
        if not np.isnan(heard) and draw < chance:
            centre, value, idle, starting = arch, heard, 0, False
        else:
            idle += 1
            if idle == its.patience:
                idle = 0
                if not starting and (its.restarts is None or starts <= its.restarts):
                    starting, starts = True, starts + 1
    return np.array(proposed), starts


@pytest.mark.slow_where("0.0-0.2", "0.0-0.4", "0.4-0", "0.4-default")
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"temperature": 0.2, "cooling": 0.8, "patience": 7},
        {"acceptance": 0.4, "warmup": 3, "plateau": 4, "restarts": 1, "patience": 12},
        {"temperature": 0.01, "restarts": 0, "patience": 3},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())) or "default",
)
@pytest.mark.parametrize("failing", [0.0, 0.4])
def test_it_walks_as_one_run_of_it_does(settings, failing):
    answers = KeyedBenchmark(SPACE, failing)
    together = SimulatedAnnealing(**settings).start(SPACE, Streams.from_seed(5, 4))
    played = []
    for number in range(250):
        trials = together.ask()
        assert trials.number.tolist() == [number] * 4
        together.tell(trials, answers.query(trials.archs))
        played.append(trials.archs)
    most = 0
    for run in range(4):
        evaluate = lambda arch: answers.query(arch[None]).value[0]  # noqa: E731
        plain, starts = plain_annealing(Streams.from_seed(5, 1, run), evaluate, 250, together)
        np.testing.assert_array_equal(np.array(played)[:, run], plain)
        most = max(most, starts)
    if together.patience < 20:
        assert most == (1 + together.restarts if together.restarts is not None else most)
        assert (most > 1) == (together.restarts != 0)


@pytest.mark.slow
@pytest.mark.parametrize("worse", [0.0, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("steps", [0, 5])
def test_how_likely_what_is_worse_is_gone_to(worse, steps):
    runs, cooling = 20_000, 0.8
    search = SimulatedAnnealing(temperature=0.1, cooling=cooling).start(SPACE, Streams.from_seed(0, runs))
    start = search.ask()
    search.tell(start, heard(np.full(runs, 0.5)))
    for _ in range(steps):
        search.tell(search.ask(), heard(np.full(runs, np.nan)))  # a failure is never gone to, but it cools all the same
    neighbour = search.ask()
    search.tell(neighbour, heard(np.full(runs, 0.5 - worse)))
    went = (search._centre == neighbour.archs).all(axis=1).mean()
    chance = exp(-worse / (0.1 * cooling**steps))
    assert abs(went - chance) <= 4 * np.sqrt(chance * (1 - chance) / runs)


@pytest.mark.slow
def test_neighbours_are_all_alike():
    runs = 30_000
    search = SimulatedAnnealing().start(SPACE, Streams.from_seed(0, runs))
    arch = SPACE.sample(Streams.from_seed(3, 1))
    search.tell(Trials(np.repeat(arch, runs, axis=0)), heard(np.full(runs, 0.5)))
    search._starts.begun(np.arange(runs))
    found, counts = np.unique(search.ask().archs, axis=0, return_counts=True)
    near = SPACE.neighbors(arch[0])
    assert {row.tobytes() for row in found} == {row.tobytes() for row in near}
    np.testing.assert_allclose(counts / runs, 1 / len(near), atol=4 * np.sqrt(1 / len(near) / runs))


def test_the_first_temperature_accepts_the_mean_loss_as_often_as_said():
    search = SimulatedAnnealing(warmup=4, acceptance=0.6).start(SPACE, Streams.from_seed(0, 1))
    for value in (0.5, 0.3, 0.4, 0.1, np.nan):  # two losses, 0.2 and 0.3, a gain and a failure
        search.tell(search.ask(), heard([value]))
    assert exp(-0.25 / search._hot[0]) == pytest.approx(0.6)


def test_what_is_over_a_limit_is_not_gone_to_and_says_nothing_of_losses():
    search = SimulatedAnnealing(warmup=2).start(SPACE, Streams.from_seed(0, 1))
    for value, excess in ((0.5, 0.0), (0.4, 0.0), (0.3, 0.2)):
        search.tell(search.ask(), heard([value])._replace(excess=np.array([excess])))
    assert search._hot[0] == pytest.approx(0.1 / -log(0.8))
    search.tell(search.ask(), heard([0.1])._replace(excess=np.zeros(1)))  # back within the limits
    for _ in range(20):
        search.tell(search.ask(), heard([0.9])._replace(excess=np.array([0.01])))
    assert search._value[0] == 0.1


def test_where_no_answers_come_it_begins_anew_too():
    search = SimulatedAnnealing(patience=3).start(SPACE, Streams.from_seed(0, 1))
    search.tell(search.ask(), heard([0.5]))
    for _ in range(30):
        assert not search._starts.starting[0]
        search.ask()
    start = search.ask()
    assert search._starts.starting[0]
    search.tell(start, heard([0.1]))
    assert search._value[0] == 0.1


def test_late_answers_are_held_against_where_it_stands():
    search = SimulatedAnnealing(temperature=1e-9).start(SPACE, Streams.from_seed(0, 1))
    first, second = search.ask(), search.ask()
    search.tell(second, heard([0.5]))
    search.tell(first, heard([0.4]))  # a start, too, but it stands somewhere better already
    assert (search._centre == second.archs).all()
    late, later = search.ask(), search.ask()
    search.tell(later, heard([0.7]))
    search.tell(late, heard([0.6]))
    assert (search._centre == later.archs).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, "temperature is a number above 0 or none"),
        ({"acceptance": 1.0}, "acceptance is a number above 0 and below 1"),
        ({"cooling": 0.0}, "cooling is a number above 0"),
        ({"cooling": 1.1}, "cooling is a number above 0 and at most 1"),
        ({"warmup": 0}, "warmup is a whole number from 1"),
        ({"plateau": 0}, "plateau is a whole number from 1"),
        ({"patience": 0}, "patience is a whole number from 1"),
        ({"restarts": -1}, "restarts is a whole number from 0 or none"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        SimulatedAnnealing(**settings)
