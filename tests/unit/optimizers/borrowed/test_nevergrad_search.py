"""Nevergrad's optimizers, one a run."""

import nevergrad
import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, MissingExtra, UnknownName
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.borrowed.nevergrad_search import NevergradSearch
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
ANSWERS = KeyedBenchmark(SPACE, failing=0.2)

METHODS = ["DiscreteOnePlusOne", "TwoPointsDE", "LognormalDiscreteOnePlusOne", "NGOpt"]
"""The third draws from NumPy's global generator."""


@pytest.mark.parametrize("method", METHODS)
def test_a_run_is_the_run_alone_and_goes_on_from_its_state(method):
    budget, how = {"evaluations": 15}, {"workers": 2, "failures": 0.1}
    together = search(NevergradSearch(method=method), ANSWERS, SearchSettings(runs=3, **budget, **how))
    played = NevergradSearch(method=method)
    alone = search(played, ANSWERS, SearchSettings(first_run=2, **budget, **how))
    np.testing.assert_array_equal(together.archs[:15, 2], alone.archs[:15, 0])
    again = NevergradSearch(method=method).start(SPACE, Streams.from_seed(7, 1))
    again.load_state_dict(played.state_dict())
    for _ in range(5):
        trials, same = played.ask(), again.ask()
        np.testing.assert_array_equal(trials.archs, same.archs)
        played.tell(trials, ANSWERS.query(trials.archs))
        again.tell(same, ANSWERS.query(same.archs))


def test_the_global_generator_is_left_as_it_was_and_decides_nothing():
    before = np.random.get_state()  # noqa: NPY002
    played = []
    try:
        for seed in (1, 2):
            np.random.seed(seed)  # noqa: NPY002
            expected = np.random.get_state()[1].copy()  # noqa: NPY002
            method = NevergradSearch(method="LognormalDiscreteOnePlusOne")
            played.append(search(method, ANSWERS, SearchSettings(evaluations=30)).archs)
            np.testing.assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002
    finally:
        np.random.set_state(before)  # noqa: NPY002
    np.testing.assert_array_equal(*played)


def test_a_row_is_what_the_candidate_says():
    method = NevergradSearch().start(SPACE, Streams.from_seed(0, 1))
    searcher = method._searchers[0]
    for _ in range(5):
        (_, candidate), arch = searcher.propose()
        for block, values in zip(searcher._blocks, candidate.value, strict=True):
            assert tuple(arch[block].tolist()) == values
    assert sorted(np.concatenate(searcher._blocks)) == list(range(SPACE.decisions))


def test_failures_have_the_worst_loss_so_far():
    method = NevergradSearch().start(SPACE, Streams.from_seed(0, 1))
    told = []
    searcher = method._searchers[0]
    searcher._optimizer.tell = lambda candidate, loss, violation: told.append((loss, violation))
    for value in (np.nan, 0.5, np.nan, -2.0, np.nan):
        _, arch = searcher.propose()
        method.tell(Trials(arch[None]), heard(value))
    assert told == [(0.0, None), (-0.5, None), (0.0, None), (2.0, None), (2.0, None)]


def heard(value, costs=None, excess=None):
    return Evaluations(np.array([value]), np.ones(1), np.ones(1, np.int64), costs, excess)


def test_what_was_never_asked_for_is_heard():
    method = NevergradSearch().start(SPACE, Streams.from_seed(0, 1))
    method.tell(method.ask(), heard(0.1))
    arch = SPACE.sample(Streams.from_seed(5, 1))
    method.tell(Trials(arch), heard(0.9))
    best = method._searchers[0]._optimizer.provide_recommendation()
    row = np.zeros(SPACE.decisions, np.int8)
    for block, values in zip(method._searchers[0]._blocks, best.value, strict=True):
        row[block] = values
    np.testing.assert_array_equal(row, arch[0])


def test_a_method_that_has_no_ear_for_others_goes_on():
    method = NevergradSearch(method="OnePlusOne").start(SPACE, Streams.from_seed(0, 1))

    def refuse(candidate, loss, violation):
        raise nevergrad.errors.TellNotAskedNotSupportedError

    method._searchers[0]._optimizer.tell = refuse
    method.tell(Trials(SPACE.sample(Streams.from_seed(5, 1))), heard(0.9))


@pytest.mark.slow
def test_costs_and_limits_are_heard():
    method = NevergradSearch()
    history = search(
        method, ANSWERS, SearchSettings(evaluations=10, repeats="mean", objectives=("params",), limits={"params": 5.0})
    )
    assert history.paid.sum() == 10
    assert history.refused.sum() == history.steps - 10 > 0
    assert method._searchers[0]._optimizer.num_objectives == 2
    assert len(method._searchers[0]._optimizer.pareto_front()) >= 1


def test_settings_that_nevergrad_does_not_know_are_refused():
    with pytest.raises(UnknownName, match="Did you mean 'TwoPointsDE'"):
        NevergradSearch(method="TwoPointDE")
    with pytest.raises(BadSetting, match="from 1 or none, not 0"):
        NevergradSearch(evaluations=0)


def test_without_nevergrad_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "nevergrad", None)
    with pytest.raises(MissingExtra, match=r"nasbed\[nevergrad\].*GPL"):
        nasbed.optimizer("nevergrad")
