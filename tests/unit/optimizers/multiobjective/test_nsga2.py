"""NSGA-II against one run of it in plain Python; limits, failures, lineage, and fronts of a space that is known."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.multiobjective.nsga2 import NSGA2
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.pareto import Fronts, exact_front
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
LIMIT = 8.0


def evaluated(answers, archs, with_costs=True):
    """Two objectives, and a limit of the second."""
    heard = answers.query(archs)
    params = answers.cost("params", archs)
    if not with_costs:
        return heard
    return heard._replace(costs=params[:, None], excess=np.maximum(params / LIMIT - 1, 0))


def better(a, b):
    """Say whether member a dominates member b; each is (objectives, excess, …)."""
    if a[1] or b[1]:
        return a[1] < b[1]
    return all(x <= y for x, y in zip(a[0], b[0], strict=True)) and a[0] != b[0]


def survivors(members, size):
    """Give the next members, each with its front and its distance, by the paper's words."""
    left, chosen, number = list(range(len(members))), [], 0
    while left and len(chosen) < size:
        front = [b for b in left if not any(better(members[a], members[b]) for a in left)]
        distance = dict.fromkeys(front, 0.0)
        for i in range(len(members[0][0])):
            order = sorted(front, key=lambda m: members[m][0][i])
            extent = members[order[-1]][0][i] - members[order[0]][0][i]
            if extent:
                distance[order[0]] = distance[order[-1]] = np.inf
            for before, m, after in zip(order, order[1:], order[2:], strict=False):
                if extent:
                    distance[m] += (members[after][0][i] - members[before][0][i]) / extent
        chosen += [(m, number, distance[m]) for m in sorted(front, key=lambda m: -distance[m])]
        left = [m for m in left if m not in front]
        number += 1
    return [(*members[m][:4], front, distance) for m, front, distance in chosen[:size]]


def plain_nsga2(streams, evaluate, size, crossover, mutation, steps):
    """Play one run without ``unique``; a member is objectives, excess, architecture, number, front and distance."""
    members, children, proposed, lineage = [], [], [], []
    for step in range(steps):
        parents = [-1, -1]
        if not members:
            arch = SPACE.sample(streams)[0]
        else:
            rivals = streams.integers(size, 4)[0].tolist()
            mixes, mutates = streams.uniform(2)[0] < [crossover, mutation]
            pair = []
            for a, b in (rivals[:2], rivals[2:]):
                one, other = members[a], members[b]
                wins = (other[4], -other[5]) < (one[4], -one[5])
                pair.append(other if wins else one)
            parents = [pair[0][3], pair[1][3] if mixes else -1]
            mixed = SPACE.crossover(pair[0][2][None], pair[1][2][None], streams)[0]
            child = mixed if mixes else pair[0][2]
            mutated = SPACE.mutate(child[None], streams)[0]
            arch = mutated if mutates else child
        heard = evaluate(arch[None])
        objectives = (-heard.value[0], *([] if heard.costs is None else heard.costs[0]))
        excess = 0.0 if heard.excess is None else heard.excess[0]
        if np.isnan(objectives).any():
            objectives, excess = (0.0,) * len(objectives), np.inf
        children.append((objectives, excess, arch, step))
        if len(children) == size:
            members, children = survivors([*members, *children], size), []
        proposed.append(arch)
        lineage.append(parents)
    return np.array(proposed), np.array(lineage)


@pytest.mark.parametrize("with_costs", [True, False])
@pytest.mark.parametrize(("size", "crossover", "mutation"), [(2, 0.5, 0.5), (10, 0.9, 0.7), (25, 0.0, 1.0)])
def test_each_run_is_what_the_paper_says(size, crossover, mutation, with_costs):
    answers = KeyedBenchmark(SPACE, failing=0.2)
    together = NSGA2(size, crossover, mutation, unique=False).start(SPACE, Streams.from_seed(3, 3))
    played, lineage = [], []
    for _ in range(120):
        trials = together.ask()
        together.tell(trials, evaluated(answers, trials.archs, with_costs))
        played.append(trials.archs)
        lineage.append(trials.parents)
    for run in range(3):
        plain, parents = plain_nsga2(
            Streams.from_seed(3, 1, run),
            lambda arch: evaluated(answers, arch, with_costs),
            size,
            crossover,
            mutation,
            120,
        )
        np.testing.assert_array_equal(np.array(played)[:, run], plain)
        np.testing.assert_array_equal(np.array(lineage)[:, run], parents)


def test_a_search_for_several_objectives_goes_on_from_its_state_and_needs_no_company():
    answers = KeyedBenchmark(SPACE, failing=0.2)

    def play(player, steps):
        asked = []
        for _ in range(steps):
            trials = player.ask()
            player.tell(trials, evaluated(answers, trials.archs))
            asked.append(trials.archs)
        return np.array(asked)

    whole = NSGA2(10).start(SPACE, Streams.from_seed(1, 4))
    begun = play(whole, 55)
    state = whole.state_dict()
    rest = play(whole, 60)
    fresh = NSGA2(10).start(SPACE, Streams.from_seed(9, 4))
    fresh.load_state_dict(state)
    np.testing.assert_array_equal(play(fresh, 60), rest)
    alone = play(NSGA2(10).start(SPACE, Streams.from_seed(1, 1, 2)), 55)
    np.testing.assert_array_equal(alone[:, 0], begun[:, 2])


def test_nothing_is_tried_twice():
    """By index, so that what may cost something else is another architecture; until there is nothing left."""
    small = NASBench101(vertices=4)
    player = NSGA2(10).start(small, Streams.from_seed(0, 3))
    answers, seen = KeyedBenchmark(small), [set(), set(), set()]
    for _ in range(small.size + 5):
        trials = player.ask()
        active = np.ones(3, bool) if trials.active is None else trials.active
        for run in np.flatnonzero(active):
            index = int(small.index(trials.archs[run : run + 1])[0])
            assert index not in seen[run]
            seen[run].add(index)
        player.tell(trials._replace(active=active), answers.query(trials.archs))
    assert [len(known) for known in seen] == [small.size] * 3


def test_what_others_tried_is_known():
    player = NSGA2(4).start(SPACE, Streams.from_seed(0, 1))
    first = NSGA2(4).start(SPACE, Streams.from_seed(0, 1)).ask().archs
    player.tell(Trials(first), KeyedBenchmark(SPACE).query(first))
    assert (player.ask().archs != first).any()


def test_children_are_bred_from_members_while_answers_are_out():
    """Sixty trials out at a time, more than three generations: it asks on, and parents are what was told."""
    player, answers, told = NSGA2(8).start(SPACE, Streams.from_seed(0, 2)), KeyedBenchmark(SPACE), set()
    out = [player.ask() for _ in range(60)]
    assert all((trials.parents == -1).all() for trials in out)
    for _ in range(100):
        trials = out.pop(0)
        player.tell(trials, evaluated(answers, trials.archs))
        told.add(int(trials.number[0]))
        out.append(player.ask())
        assert set(out[-1].parents.ravel().tolist()) <= told | {-1}
    assert (out[-1].parents[:, 0] >= 0).all()


@pytest.mark.slow
def test_limits_are_kept_more_and_more_often():
    """Four modules in five are over this limit; what is told of them is the number of their parameters alone."""
    benchmark = nasbed.benchmark("digits101")
    budget, limits = {"evaluations": 200}, {"params": 700.0}
    history = search(NSGA2(20), benchmark, SearchSettings(runs=20, objectives=["params"], limits=limits, **budget))
    over = history.excess > 0
    assert over[:20].mean() > 0.65
    assert over[-40:].mean() < 0.85 * over[:20].mean()
    fronts = Fronts.of(history, benchmark)
    assert max(fronts.front(run)[1][:, 1].max() for run in range(20)) <= 700.0


@pytest.mark.slow
def test_fronts_come_closer_to_the_exact_one_than_those_of_random_search():
    """In a space where accuracy costs parameters, within a fifth of its size."""
    benchmark = KeyedBenchmark(SPACE)
    exact = exact_front(benchmark, ["params"])
    scale = exact.scale("worst")

    def share(method):
        history = search(method, benchmark, SearchSettings(evaluations=500, runs=20, objectives=["params"]))
        return np.median(Fronts.of(history, benchmark).volumes(scale)[-1]) / exact.volume(scale)

    assert share(NSGA2(40)) > 0.985
    assert share(RandomSearch()) < 0.975


def test_the_number_of_objectives_stays():
    player = NSGA2(4).start(SPACE, Streams.from_seed(0, 2))
    trials, answers = player.ask(), KeyedBenchmark(SPACE)
    player.tell(trials, answers.query(trials.archs))
    with pytest.raises(BadSetting, match="has 2 objectives, those before had 1"):
        player.tell(trials, evaluated(answers, trials.archs))


def test_an_answer_whose_costs_nobody_knows_is_the_worst():
    player = NSGA2(2, unique=False).start(SPACE, Streams.from_seed(0, 1))
    for step, cost in enumerate([np.nan, 9.0, 8.0, np.nan]):
        trials = player.ask()
        answer = Evaluations(np.array([0.9 if step % 3 == 0 else 0.1]), np.ones(1), np.ones(1, np.int64))
        player.tell(trials, answer._replace(costs=np.array([[cost]])))
    parents = {int(n) for _ in range(50) for n in player.ask().parents.ravel()}
    assert parents <= {1, 2, -1}


@pytest.mark.parametrize("settings", [{"population": 1}, {"crossover": 1.1}, {"mutation": -0.1}])
def test_settings_that_are_not_allowed_are_refused(settings):
    with pytest.raises(BadSetting):
        NSGA2(**settings)
