"""pymoo's algorithms, one a run."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, MissingExtra, UnknownName
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.borrowed.pymoo_search import PymooSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
ANSWERS = KeyedBenchmark(SPACE, failing=0.2)
CELLS = NASBench201()  # in which every row is an architecture


@pytest.mark.slow_where("PSO")
@pytest.mark.parametrize("algorithm", ["GA", "DE", "PSO", "NSGA2", "GDE3"])
@pytest.mark.parametrize("objectives", [(), ("params",)])
def test_a_run_is_the_run_alone_and_goes_on_from_its_state(algorithm, objectives):
    how = {"workers": 2, "failures": 0.1, "objectives": objectives, "limits": {"params": 10.0} if objectives else {}}
    budget = {"evaluations": 24}
    together = search(PymooSearch(algorithm=algorithm, population=6), ANSWERS, SearchSettings(runs=3, **budget, **how))
    played = PymooSearch(algorithm=algorithm, population=6)
    alone = search(played, ANSWERS, SearchSettings(first_run=2, **budget, **how))
    np.testing.assert_array_equal(together.archs[together.tried[:, 2], 2], alone.archs[alone.tried[:, 0], 0])
    again = PymooSearch(algorithm=algorithm, population=6).start(SPACE, Streams.from_seed(7, 1))
    again.load_state_dict(played.state_dict())
    for _ in range(12):
        trials, same = played.ask(), again.ask()
        np.testing.assert_array_equal(trials.archs, same.archs)
        answer = ANSWERS.query(trials.archs)
        costs = ANSWERS.cost("params", trials.archs)[:, None] if objectives else None
        for method, told in ((played, trials), (again, same)):
            method.tell(told, answer._replace(costs=costs))


def heard(value, costs=None, excess=None):
    return Evaluations(np.array([value]), np.ones(1), np.ones(1, np.int64), costs, excess)


def begun(**settings):
    return PymooSearch(**{"population": 6, **settings}).start(CELLS, Streams.from_seed(0, 1))


def members(method):
    """The algorithm's population: rows, objectives and how far each is over limits."""
    population = method._searchers[0]._algorithm.pop
    rows = np.rint(population.get("X").astype(float)).astype(np.int8)
    return {
        row.tobytes(): (tuple(f), g)
        for row, f, g in zip(rows, population.get("F"), population.get("G")[:, 0], strict=True)
    }


def test_the_population_is_what_was_told():
    method = begun(algorithm="NSGA2")
    told = {}
    for number in range(6):
        trials = method.ask()
        value, excess = (np.nan, 0.0) if number == 2 else (0.1 * number, 0.5 * (number == 3))
        told[trials.archs[0].tobytes()] = ((-value, 7.0 + number), excess)
        if number == 2:
            told[trials.archs[0].tobytes()] = ((0.0, 0.0), 1e6)
        method.tell(trials, heard(value, np.array([[7.0 + number]]), np.array([excess])))
    method.ask()
    assert members(method) == told


def test_of_what_was_told_before_costs_nothing_is_known():
    method = begun(algorithm="NSGA2")
    for _ in range(6):
        method.tell(method.ask(), heard(0.9))
    later = [method.ask() for _ in range(6)]
    for trials in later:
        method.tell(trials, heard(0.1, np.array([[5.0]])))
    method.ask()
    assert members(method) == {trials.archs[0].tobytes(): ((-0.1, 5.0), 0.0) for trials in later}


def test_while_the_last_answers_are_out_it_draws_from_the_space_and_then_gives_up():
    method = begun()
    first = [method.ask() for _ in range(6)]
    drawn = [method.ask() for _ in range(6)]
    rows = {trials.archs[0].tobytes() for trials in first}
    assert len({trials.archs[0].tobytes() for trials in drawn} - rows) > 1
    generation = method._searchers[0]._generation
    method.tell(first[4], heard(0.4))
    method.ask()
    assert method._searchers[0]._generation is not generation
    assert members(method)[first[4].archs[0].tobytes()] == ((-0.4,), 0.0)
    assert sum(excess == 1e6 for _, excess in members(method).values()) == 5
    method.tell(first[0], heard(0.9))  # too late
    assert not method._searchers[0]._answers


def test_answers_in_any_order_breed_the_next_generation_at_once():
    method = begun()
    out = [method.ask() for _ in range(6)]
    for place in (3, 0, 5, 1, 4, 2):
        method.tell(out[place], heard(0.1 * place))
    generation = method._searchers[0]._generation
    assert method.ask().number == 6
    assert method._searchers[0]._generation is not generation
    assert method._searchers[0]._draws == 0


def test_an_algorithm_that_knows_nothing_new_begins_again():
    space = NASBench101(vertices=2)  # of two rows, one of which is an architecture
    method = PymooSearch().start(space, Streams.from_seed(0, 1))
    for _ in range(10):
        trials = method.ask()
        assert space.valid(trials.archs).all()
        method.tell(trials, heard(0.5))
    assert method._searchers[0]._beginnings > 1


def test_a_space_that_is_nearly_known_does_not_hold_it_up():
    method = PymooSearch().start(NASBench101(vertices=3), Streams.from_seed(0, 1))  # of 24 rows
    for _ in range(30):
        method.tell(method.ask(), heard(0.5))
    assert len(members(method)) == 20


def test_trials_that_it_never_asked_for_change_nothing():
    method, plain = begun(), begun()
    for step in range(20):
        method.tell(Trials(CELLS.sample(Streams.from_seed(step, 1))), heard(0.99))
        trials, expected = method.ask(), plain.ask()
        np.testing.assert_array_equal(trials.archs, expected.archs)
        method.tell(trials, heard(0.01 * step))
        plain.tell(expected, heard(0.01 * step))


def test_every_value_of_a_decision_is_bred():
    for algorithm in ("GA", "DE"):
        method = begun(algorithm=algorithm, population=20)
        asked = []
        for _ in range(120):
            trials = method.ask()
            asked.append(trials.archs[0])
            method.tell(trials, heard(float(trials.archs[0].sum()) / 30))
        assert all(set(column) == set(range(5)) for column in np.array(asked).T)


@pytest.mark.slow
def test_several_objectives_find_a_better_front_than_random():
    front = {}
    for name, method in (
        ("nsga2", PymooSearch(algorithm="NSGA2", population=10)),
        ("random", nasbed.optimizer("random")),
    ):
        history = search(method, KeyedBenchmark(CELLS), SearchSettings(evaluations=300, runs=4, objectives=("params",)))
        value, params = history.value, history.costs[:, :, 0]
        front[name] = np.mean([staircase(value[:, run], params[:, run]) for run in range(4)])
    assert front["nsga2"] > front["random"]


def staircase(value, params, most=20.0):
    """The area that is dominated, over parameters from 0 to the most."""
    order = np.argsort(params)
    best = np.maximum.accumulate(value[order])
    return float((best * np.diff(np.append(params[order], most))).sum())


def test_settings_that_pymoo_does_not_know_are_refused():
    with pytest.raises(UnknownName, match="Did you mean 'NSGA2'"):
        PymooSearch(algorithm="NSGA-2")
    with pytest.raises(BadSetting, match="from 4, not 3"):
        PymooSearch(population=3)


def test_without_pymoo_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pymoo", None)
    with pytest.raises(MissingExtra, match=r"nasbed\[pymoo\].*LGPL"):
        nasbed.optimizer("pymoo")
