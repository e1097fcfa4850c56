"""The evolutionary algorithm against one run of it in plain Python, with lists for a population."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.evolving.evolutionary import EvolutionaryAlgorithm
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)


def heard(values):
    values = np.asarray(values, float)
    return Evaluations(values, np.ones(len(values)), np.ones(len(values), np.int64))


class Plain:
    """One run: members are (number, architecture, value, when told), the best first."""

    def __init__(self, settings, streams):
        self.settings, self.streams = settings, streams
        self.members, self.waiting, self.pool, self.told = [], [], [], 0

    def parent(self):
        if not self.pool:
            values = np.array([[value for _, _, value, _ in self.members]])
            ranks = self.settings._selection.ranks(values, self.streams, np.zeros(1, np.int64))
            self.pool = [self.members[rank][:2] for rank in ranks[0]]
        return self.pool.pop(0)

    def ask(self):
        if len(self.members) < self.settings.population:
            return SPACE.sample(self.streams)[0], [-1, -1]
        mother, child = self.parent()
        parents = [mother, -1]
        if self.settings.crossover == 1 or (
            self.settings.crossover and self.streams.uniform()[0, 0] < self.settings.crossover
        ):
            parents[1], father = self.parent()
            child = SPACE.crossover(child[None], father[None], self.streams)[0]
        if self.settings.mutation == 1 or (
            self.settings.mutation and self.streams.uniform()[0, 0] < self.settings.mutation
        ):
            child = SPACE.mutate(child[None], self.streams)[0]
        return child, parents

    def tell(self, number, arch, value):
        self.waiting.append((number, arch, -np.inf if np.isnan(value) else value, self.told))
        self.told += 1
        if len(self.members) < self.settings.population:
            self.members, self.waiting = self.ranked(self.members + self.waiting), []
        elif len(self.waiting) == self.settings._offspring:
            self.members, self.waiting = self.ranked(self.survivors()), []

    def survivors(self):
        size, protected = self.settings.population, self.settings.elitism
        elite, others = self.members[:protected], self.members[protected:]
        if self.settings.replacement == "worst":
            return self.members[: size - len(self.waiting)] + self.waiting
        if self.settings.replacement == "oldest":
            others.sort(key=lambda member: member[3])
            return elite + others[len(self.waiting) :] + self.waiting
        if self.settings.replacement == "plus":
            return self.ranked(self.members + self.waiting)[:size]
        return elite + self.ranked(self.waiting)[: size - protected]  # comma, generational

    @staticmethod
    def ranked(members):
        return sorted(members, key=lambda member: (-member[2], member[3]))


@pytest.mark.parametrize(
    "settings",
    [
        {"tournament": 3},
        {"selection": "best", "selected": 3, "replacement": "oldest", "offspring": 2, "elitism": 1},
        {"selection": "roulette", "baseline": "worst", "replacement": "plus", "crossover": 0.6, "mutation": 0.7},
        {"selection": "rank", "selected": 2, "replacement": "comma", "offspring": 12, "crossover": 1.0},
        {"tournament": 12, "selected": 5, "distinct": False, "replacement": "generational", "elitism": 2},
        {"selection": "epsilon-greedy", "replacement": "comma", "elitism": 3, "offspring": 9, "mutation": 0.0},
        {"selection": "middle", "selected": 4, "replacement": "worst", "offspring": 3},
        {"selection": "random", "selected": 3, "replacement": "plus", "offspring": 1, "crossover": 0.5},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
@pytest.mark.parametrize("delay", [0, pytest.param(4, marks=pytest.mark.slow)])
def test_it_does_what_its_parts_say(settings, delay):
    answers = KeyedBenchmark(SPACE, failing=0.2)
    optimizer = EvolutionaryAlgorithm(population=8, **settings)
    together = optimizer.start(SPACE, Streams.from_seed(3, 3))
    plain = [Plain(optimizer, Streams.from_seed(3, 1, run)) for run in range(3)]
    out = []
    for number in range(100):
        trials = together.ask()
        assert trials.number.tolist() == [number] * 3
        for run in range(3):
            arch, parents = plain[run].ask()
            assert (trials.archs[run] == arch).all(), f"run {run} proposes something else at trial {number}"
            assert trials.parents[run].tolist() == parents
        out.append(trials)
        if len(out) > delay:
            trials = out.pop(0 if number % 3 else -1)
            values = answers.query(trials.archs)
            together.tell(trials, values)
            for run in range(3):
                plain[run].tell(trials.number[run], trials.archs[run], values.value[run])


def test_it_never_waits_for_a_generation():
    optimizer = EvolutionaryAlgorithm(population=3, replacement="generational", selection="best")
    search = optimizer.start(SPACE, Streams.from_seed(0, 1))
    for value in (0.1, 0.3, 0.2):
        search.tell(search.ask(), heard([value]))
    children = [search.ask() for _ in range(7)]  # more than two generations, none of which is told
    assert [trials.parents[0, 0] for trials in children] == [1] * 7
    for place, value in ((6, 0.05), (2, 0.04)):
        search.tell(children[place], heard([value]))
        assert search.ask().parents[0, 0] == 1, "a generation is over before it is"
    search.tell(children[4], heard([0.01]))
    assert search.ask().parents[0, 0] == children[6].number[0], "three were told of: that is a generation"


def test_the_population_is_made_of_the_first_that_are_told():
    search = EvolutionaryAlgorithm(population=2, selection="best", replacement="plus").start(
        SPACE, Streams.from_seed(0, 1)
    )
    out = [search.ask() for _ in range(6)]
    assert all((trials.parents == -1).all() for trials in out)
    search.tell(out[5], heard([0.1]))
    search.tell(out[3], heard([0.2]))
    assert search.ask().parents.tolist() == [[3, -1]]


@pytest.mark.parametrize("number", [None, np.array([-1])])
def test_who_was_never_asked_for_is_a_member_like_others(number):
    search = EvolutionaryAlgorithm(population=2, selection="best", mutation=0.0).start(SPACE, Streams.from_seed(0, 1))
    for value in (0.5, 0.6):
        search.tell(search.ask(), heard([value]))
    stranger = SPACE.sample(Streams.from_seed(9, 1))
    search.tell(Trials(stranger, number=number), heard([0.7]))
    child = search.ask()
    assert (child.archs == stranger).all()
    assert child.parents.tolist() == [[-1, -1]]


def test_failures_are_worse_than_everything():
    search = EvolutionaryAlgorithm(population=3, selection="best", selected=3, replacement="plus").start(
        SPACE, Streams.from_seed(0, 1)
    )
    for value in (np.nan, -1e9, 0.0):
        search.tell(search.ask(), heard([value]))
    assert [search.ask().parents[0, 0] for _ in range(3)] == [2, 1, 0]


def test_what_is_over_a_limit_is_worse_than_what_keeps_it_and_better_than_a_failure():
    search = EvolutionaryAlgorithm(population=5, selection="best", selected=5, replacement="plus").start(
        SPACE, Streams.from_seed(0, 1)
    )
    for value, excess in ((0.9, 0.5), (-1e9, 0.0), (np.nan, 0.0), (0.2, 0.1), (0.3, 0.0)):
        search.tell(search.ask(), heard([value])._replace(excess=np.array([excess])))
    assert [search.ask().parents[0, 0] for _ in range(5)] == [4, 1, 3, 0, 2]


def test_crossed_children_have_each_decision_from_a_parent():
    optimizer = EvolutionaryAlgorithm(population=6, selection="random", crossover=1.0, mutation=0.0)
    search, asked = optimizer.start(SPACE, Streams.from_seed(0, 5)), []
    mixed = 0
    for _ in range(60):
        trials = search.ask()
        asked.append(trials.archs)
        for run, (mother, father) in enumerate(trials.parents):
            if father >= 0:
                mother, father = asked[mother][run], asked[father][run]
                child = trials.archs[run]
                assert ((child == mother) | (child == father)).all()
                mixed += (child != mother).any() and (child != father).any()
        search.tell(trials, KeyedBenchmark(SPACE).query(trials.archs))
    assert mixed > 20


@pytest.mark.slow
def test_children_are_crossed_and_mutated_as_often_as_said():
    runs = 4000
    optimizer = EvolutionaryAlgorithm(population=2, selection="random", selected=2, crossover=0.25, mutation=0.4)
    search = optimizer.start(SPACE, Streams.from_seed(0, runs))
    first, second = SPACE.sample(Streams.from_seed(1, 2))
    for arch in (first, second):
        search.tell(Trials(np.tile(arch, (runs, 1))), heard(np.full(runs, 0.5)))
    trials = search.ask()
    clones = (trials.archs == first).all(axis=1) | (trials.archs == second).all(axis=1)
    streams, parents = Streams.from_seed(2, runs), np.tile(first, (runs, 1))
    unchanged = (SPACE.mutate(parents, streams) == parents).all(axis=1).mean()  # a mutation may leave all as it was
    crossed = SPACE.crossover(parents, np.tile(second, (runs, 1)), streams)
    alike = ((crossed == first).all(axis=1) | (crossed == second).all(axis=1)).mean()
    expected = (0.75 + 0.25 * alike) * (0.6 + 0.4 * unchanged)
    assert abs(clones.mean() - expected) < 0.03


def test_a_child_that_is_bred_anew_has_its_last_parents_alone():
    runs = 4000
    optimizer = EvolutionaryAlgorithm(population=2, tournament=1, crossover=0.5)
    search = optimizer.start(SPACE, Streams.from_seed(0, runs))
    for _ in range(2):
        search.tell(search.ask(), heard(np.full(runs, 0.5)))
    trials = search.ask()
    search._breed(np.arange(runs), trials.archs, trials.parents)
    assert abs((trials.parents[:, 1] >= 0).mean() - 0.5) < 0.04


def test_elites_stay_when_a_generation_goes():
    for elitism in (0, 1):
        optimizer = EvolutionaryAlgorithm(population=4, replacement="generational", elitism=elitism, selection="best")
        search = optimizer.start(SPACE, Streams.from_seed(0, 1))
        for value in (0.9, 0.1, 0.2, 0.3, *[0.0] * 8):
            search.tell(search.ask(), heard([value]))
        assert (search.ask().parents[0, 0] == 0) == bool(elitism)


# ── unique ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "settings",
    [{}, {"tries": 1}, {"mutation": 0.0, "crossover": 1.0, "replacement": "generational", "tries": 3}],
    ids=["bred", "hardly-tried", "crossed"],
)
def test_unique_proposals_never_come_twice_and_end_with_the_space(settings):
    space = NASBench101(vertices=4)
    benchmark = KeyedBenchmark(space)
    optimizer = EvolutionaryAlgorithm(population=10, tournament=4, unique=True, **settings)
    history = nasbed.search(optimizer, benchmark, evaluations=1000, runs=3)
    assert history.tried.sum(axis=0).tolist() == [space.size] * 3
    for run in range(3):
        assert len(np.unique(space.key(history.archs[history.tried[:, run], run]))) == space.size


def test_a_child_that_cannot_be_new_is_replaced_by_a_random_one():
    optimizer = EvolutionaryAlgorithm(population=3, selection="best", mutation=0.0, unique=True, tries=5)
    search = optimizer.start(SPACE, Streams.from_seed(0, 2))
    for _ in range(20):  # with neither crossover nor mutation children are clones
        trials = search.ask()
        assert (trials.parents == -1).all()
        search.tell(trials, KeyedBenchmark(SPACE).query(trials.archs))


def test_what_strangers_tell_of_is_known():
    space = NASBench101(vertices=3)
    benchmark = KeyedBenchmark(space)
    search = EvolutionaryAlgorithm(population=2, tournament=1, unique=True).start(space, Streams.from_seed(0, 1))
    everything = space.enumerate()
    for arch in everything[:-1]:
        search.tell(Trials(arch[None]), benchmark.query(arch[None]))
    last = search.ask()
    assert space.key(last.archs) == space.key(everything[-1:])
    assert search.ask().active.tolist() == [False]


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 0}, "population is a whole number from 1, not 0"),
        ({"selection": "turnament"}, "selection is one of best, random, tournament, .*, not 'turnament'"),
        ({"population": 2.5}, "population is a whole number from 1, not 2.5"),
        ({"tournament": 0}, "tournament is a whole number from 1 or none, not 0"),
        ({"tournament": 5, "selected": 6}, "tournament is a whole number from 6, not 5"),
        ({"selected": 101}, "selected is a whole number from 1 to 100"),
        ({"epsilon": 1.5}, "epsilon is a number from 0 to 1"),
        ({"pressure": 2.5}, "pressure is a number from 1 to 2"),
        ({"baseline": "best"}, "baseline is one of zero, worst"),
        ({"crossover": -0.1}, "crossover is a number from 0 to 1"),
        ({"mutation": 2}, "mutation is a number from 0 to 1"),
        ({"tries": 0}, "tries is a whole number from 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(BadSetting, match=message):
        EvolutionaryAlgorithm(**{"population": 100, **settings})


def test_a_tournament_of_more_than_there_are_draws_some_twice_or_is_refused():
    with pytest.raises(BadSetting, match="tournament=50 different ones cannot be drawn of population=3"):
        EvolutionaryAlgorithm(population=3, tournament=50)
    EvolutionaryAlgorithm(population=3, tournament=50, distinct=False)


def test_tournaments_are_no_business_of_other_selections():
    EvolutionaryAlgorithm(population=5, selection="rank", selected=4, tournament=2)
