"""Random scalarisation: against one run of it in plain Python, beside regularized evolution, and what weights do."""

from collections import deque

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.core.rng import Streams
from nasbed.optimizers.multiobjective.scalarisation import RandomScalarisation, extents, scalarised
from nasbed.optimizers.random import RandomSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.statistics.pareto import Fronts, exact_front
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
LIMIT = 8.0


def evaluated(answers, archs, with_costs=True):
    """Three objectives, and a limit of the second."""
    heard, params = answers.query(archs), answers.cost("params", archs)
    if not with_costs:
        return heard
    costs = np.stack([params, heard.seconds], axis=1)
    return heard._replace(costs=costs, excess=np.maximum(params / LIMIT - 1, 0))


def plain_scalarisation(streams, evaluate, size, sample, rho, steps):
    """Play one run; a member's place in a draw is its number modulo the population."""
    alive, proposed, lineage = deque(maxlen=size), [], []
    for number in range(steps):
        parent = -1
        if len(alive) < size:
            arch = SPACE.sample(streams)[0]
        else:
            shares = -np.log(1 - streams.uniform(len(alive[0][2]))[0])
            weights = shares / shares.sum()
            place = {member[0] % size: member for member in alive}
            kept = np.array([member[2] for member in alive if member[3] == 0])
            low, extent = (kept.min(axis=0), np.ptp(kept, axis=0)) if len(kept) else (0.0, np.zeros(len(weights)))

            def rank(member, weights=weights, low=low, extent=extent):
                if member[3] > 0:
                    return (member[3], 0.0)
                f = np.divide(member[2] - low, extent, out=np.zeros(len(weights)), where=extent > 0)
                return (0.0, round((weights * f).max() + rho * (weights * f).sum(), 12))

            rivals = [place[rival] for rival in streams.integers(size, sample)[0].tolist()]
            winner = min(rivals, key=rank)  # the first of equals
            parent, arch = winner[0], SPACE.mutate(winner[1][None], streams)[0]
        heard = evaluate(arch[None])
        objectives = np.array([-heard.value[0], *([] if heard.costs is None else heard.costs[0])])
        excess = 0.0 if heard.excess is None else heard.excess[0]
        if np.isnan(objectives).any():
            objectives, excess = np.zeros(len(objectives)), np.inf
        alive.append((number, arch, objectives, excess))
        proposed.append(arch)
        lineage.append(parent)
    return np.array(proposed), np.array(lineage)


@pytest.mark.parametrize("with_costs", [True, False])
@pytest.mark.parametrize(("size", "sample", "rho"), [(1, 1, 0.0), (9, 3, 0.05), (20, 10, 1.0)])
def test_each_run_is_what_it_should_be(size, sample, rho, with_costs):
    answers = KeyedBenchmark(SPACE, failing=0.2)
    together = RandomScalarisation(size, sample, rho).start(SPACE, Streams.from_seed(3, 3))
    played, lineage = [], []
    for _ in range(120):
        trials = together.ask()
        together.tell(trials, evaluated(answers, trials.archs, with_costs))
        played.append(trials.archs)
        lineage.append(trials.parents)
    for run in range(3):
        plain, parents = plain_scalarisation(
            Streams.from_seed(3, 1, run), lambda arch: evaluated(answers, arch, with_costs), size, sample, rho, 120
        )
        np.testing.assert_array_equal(np.array(played)[:, run], plain)
        np.testing.assert_array_equal(np.array(lineage)[:, run, 0], parents)
    assert (np.array(lineage)[:, :, 1] == -1).all()


def test_the_augmented_chebyshev_function_by_hand():
    """Half and a quarter of the extents, weighed with 0.4 and 0.6: max(0.2, 0.15) + 0.05 · 0.35."""
    bounds = extents(np.array([[0.0, 10.0], [2.0, 50.0], [9.0, 99.0]]), np.array([0.0, 0.0, 0.1]))
    assert bounds.tolist() == [[0.0, 10.0], [2.0, 50.0]]
    found = scalarised(np.array([1.0, 20.0]), bounds, np.array([0.4, 0.6]), 0.05)
    np.testing.assert_allclose(found, 0.2 + 0.05 * 0.35)


def test_an_objective_in_which_all_are_alike_does_not_count():
    bounds = extents(np.array([[0.0, 7.0], [2.0, 7.0]]), np.zeros(2))
    assert scalarised(np.array([2.0, 7.0]), bounds, np.array([0.5, 0.5]), 0.0) == 0.5


def test_a_search_for_several_objectives_goes_on_from_its_state():
    answers = KeyedBenchmark(SPACE, failing=0.2)

    def play(player, steps):
        asked = []
        for _ in range(steps):
            trials = player.ask()
            player.tell(trials, evaluated(answers, trials.archs))
            asked.append(trials.archs)
        return np.array(asked)

    whole = RandomScalarisation(10).start(SPACE, Streams.from_seed(1, 4))
    play(whole, 55)
    state = whole.state_dict()
    rest = play(whole, 40)
    fresh = RandomScalarisation(10).start(SPACE, Streams.from_seed(9, 4))
    fresh.load_state_dict(state)
    np.testing.assert_array_equal(play(fresh, 40), rest)


@pytest.mark.slow
def test_fronts_come_closer_to_the_exact_one_than_those_of_random_search():
    benchmark = nasbed.benchmark("digits101")
    exact = exact_front(benchmark, ["params"])
    scale = exact.scale()

    def share(method):
        how = {"runs": 20, "objectives": ["params"], "repeats": "mean"}
        history = search(method, benchmark, SearchSettings(evaluations=400, **how))
        return np.median(Fronts.of(history, benchmark).volumes(scale)[-1]) / exact.volume(scale)

    assert share(RandomScalarisation()) > share(RandomSearch()) + 0.002


@pytest.mark.parametrize("settings", [{"population": 0}, {"sample": 0}, {"rho": -0.1}, {"rho": float("nan")}])
def test_settings_that_are_not_allowed_are_refused(settings):
    with pytest.raises(BadSetting):
        RandomScalarisation(**settings)
