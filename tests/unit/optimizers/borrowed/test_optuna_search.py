"""Optuna's samplers, one study a run."""

import logging
import warnings

import numpy as np
import optuna
import pytest

import nasbed
from nasbed.core.errors import BadSetting, MissingExtra, UnknownName
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.optimizers.borrowed.optuna_search import OptunaSearch, decision_name
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=4)
ANSWERS = KeyedBenchmark(SPACE, failing=0.2)
STATES = optuna.trial.TrialState


def played(sampler="TPESampler", options=None, runs=1, steps=20):
    search = OptunaSearch(sampler=sampler, options=options or {}).start(SPACE, Streams.from_seed(0, runs))
    asked = []
    for _ in range(steps):
        trials = search.ask()
        search.tell(trials, ANSWERS.query(trials.archs))
        asked.append(trials.archs)
    return search, np.array(asked)


def study(search, run=0):
    return search._searchers[run]._study


@pytest.fixture(autouse=True)
def _as_talkative_as_before():
    verbosity = optuna.logging.get_verbosity()
    yield
    optuna.logging.set_verbosity(verbosity)


@pytest.mark.parametrize("sampler", ["TPESampler", "NSGAIISampler", "QMCSampler"])
def test_a_run_is_the_run_alone_and_goes_on_from_its_state(sampler):
    how = {"runs": 3, "workers": 2, "failures": 0.1}
    together = search(OptunaSearch(sampler=sampler), ANSWERS, SearchSettings(evaluations=15, **how))
    alone = search(
        OptunaSearch(sampler=sampler), ANSWERS, SearchSettings(evaluations=15, **how | {"runs": 1, "first_run": 2})
    )
    np.testing.assert_array_equal(together.archs[:15, 2], alone.archs[:15, 0])
    method, _ = played(sampler)
    again = OptunaSearch(sampler=sampler).start(SPACE, Streams.from_seed(7, 1))
    again.load_state_dict(method.state_dict())
    for _ in range(5):
        trials, same = method.ask(), again.ask()
        np.testing.assert_array_equal(trials.archs, same.archs)
        method.tell(trials, ANSWERS.query(trials.archs))
        again.tell(same, ANSWERS.query(same.archs))


def test_a_study_proposes_what_optuna_proposes():
    method, asked = played(steps=30)
    distributions = {
        decision_name(i): optuna.distributions.CategoricalDistribution(tuple(range(n)))
        for i, n in enumerate(SPACE.cardinalities.tolist())
    }
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    plain = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=int(method._seeds[0])))
    for expected in asked[:, 0]:
        while True:
            trial = plain.ask(distributions)
            arch = np.array([list(trial.params.values())], np.int8)
            if SPACE.valid(arch)[0]:
                break
            plain.tell(trial, state=STATES.FAIL)
        np.testing.assert_array_equal(arch[0], expected)
        value = ANSWERS.query(arch).value[0]
        plain.tell(trial, None if np.isnan(value) else value, STATES.FAIL if np.isnan(value) else None)


def test_failures_and_rows_that_are_no_architectures_are_failed_trials():
    method, asked = played(steps=40)
    failed = np.isnan(ANSWERS.query(asked[:, 0]).value)
    trials = study(method).trials
    assert sum(trial.state == STATES.COMPLETE for trial in trials) == (~failed).sum()
    invalid = [trial for trial in trials if not SPACE.valid(np.array([list(trial.params.values())], np.int8))[0]]
    assert invalid, "the comparison has seen no row that is no architecture"
    assert {trial.state for trial in invalid} == {STATES.FAIL}


def test_trials_that_were_never_asked_for_are_added_to_the_study():
    method, _ = played(steps=3)
    arch = SPACE.sample(Streams.from_seed(5, 1))
    method.tell(Trials(arch), Evaluations(np.array([0.75]), np.ones(1), np.ones(1, np.int64)))
    last = study(method).trials[-1]
    assert (last.value, list(last.params.values())) == (0.75, arch[0].tolist())


def test_other_objectives_are_directions_and_limits_are_constraints():
    method = OptunaSearch(sampler="NSGAIISampler", options={"population_size": 6})
    search(
        method, ANSWERS, SearchSettings(evaluations=25, repeats="mean", objectives=("params",), limits={"params": 5.0})
    )
    assert [direction.name for direction in study(method).directions] == ["MAXIMIZE", "MINIMIZE"]
    told = [trial for trial in study(method).trials if trial.state == STATES.COMPLETE]
    assert told
    worst = [0.0, 0.0]
    for trial in told:
        arch = np.array([list(trial.params.values())], np.int8)
        params = ANSWERS.cost("params", arch)[0]
        refused = params > 5.0
        assert trial.values == (worst if refused else [ANSWERS.query(arch).value[0], params])
        worst = [min(worst[0], trial.values[0]), max(worst[1], trial.values[1])]
        assert trial.constraints["excess"] == pytest.approx(max(params / 5.0 - 1.0, 0.0))


@pytest.mark.slow
def test_what_a_limit_refused_is_learned_from_and_not_proposed_for_ever():
    answers = KeyedBenchmark(NASBench101(vertices=5))
    for seed in range(3):
        history = search(OptunaSearch(), answers, SearchSettings(evaluations=60, seed=seed, limits={"params": 6.0}))
        assert history.paid.sum() == 60
        assert history.steps < 240


def test_it_works_in_silence_and_leaves_optuna_as_talkative_as_it_was(caplog, capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    optuna.logging.enable_propagation()
    try:
        with caplog.at_level(logging.INFO), warnings.catch_warnings(record=True) as heard:
            played(options={"multivariate": True}, steps=12)
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.disable_propagation()
    assert not heard
    assert not caplog.records
    assert capfd.readouterr().err == ""


def test_settings_that_optuna_does_not_know_are_refused():
    with pytest.raises(UnknownName, match="Did you mean 'TPESampler'"):
        OptunaSearch(sampler="TPESampller")
    with pytest.raises(UnknownName, match="no sampler of Optuna is called 'BaseSampler'"):
        OptunaSearch(sampler="BaseSampler")
    with pytest.raises(BadSetting, match="CmaEsSampler draws categorical decisions at random"):
        OptunaSearch(sampler="CmaEsSampler")
    with pytest.raises(BadSetting, match=r"no option 'startup'; it has: .*n_startup_trials"):
        OptunaSearch(options={"startup": 3})
    with pytest.raises(BadSetting, match="no option 'seed'"):
        OptunaSearch(options={"seed": 3})


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"nasbed\[optuna\]"):
        nasbed.optimizer("optuna")


@pytest.mark.slow
def test_tpe_beats_random_on_digits101():
    budget = {"evaluations": 100, "runs": 20, "repeats": "mean"}
    tpe = nasbed.search(OptunaSearch(options={"multivariate": True}), "digits101", **budget)
    random = nasbed.search("random", "digits101", evaluations=100, runs=500, repeats="mean")
    assert tpe.best_value.mean() > random.best_value.mean() + 2 * tpe.best_value.std() / np.sqrt(20)
