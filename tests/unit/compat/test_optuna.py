"""Our optimizers as a sampler in real studies of Optuna's."""

import threading
import time

import numpy as np
import optuna
import pytest

import nasbed
from nasbed.compat.optuna import NasbedSampler, epochs, suggest
from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.core.registry import optimizers
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import OPERATIONS, NASBench201
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
ANSWERS = KeyedBenchmark(SPACE)
FAILING = KeyedBenchmark(SPACE, failing=0.3)
STATES = optuna.trial.TrialState


@pytest.fixture(autouse=True)
def _quiet():
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(verbosity)


def evolution():
    return RegularizedEvolution(population=8, sample=3)


def sampler(optimizer=None, space=SPACE, **settings):
    return NasbedSampler(optimizer or evolution(), space, **settings)


def accuracy(trial, answers=ANSWERS):
    arch = suggest(trial, answers.space)
    return float(answers.query(arch[None], epochs(trial)).value[0])


def searched(steps, optimizer=None, answers=ANSWERS, **settings):
    return search(optimizer or evolution(), answers, SearchSettings(evaluations=steps, repeats="mean", **settings))


def chosen(study, space=SPACE):
    names = [f"decision_{i}" for i in range(space.decisions)]
    return np.array([[trial.params[name] for name in names] for trial in study.trials])


@pytest.mark.parametrize("name", ["random", "regularized-evolution", "local"])
@pytest.mark.parametrize("answers", [ANSWERS, FAILING], ids=["", "failing"])
def test_in_order_it_plays_what_a_search_plays(name, answers):
    study = optuna.create_study(direction="maximize", sampler=sampler(optimizers.make(name, {}), seed=5))
    study.optimize(lambda trial: accuracy(trial, answers), n_trials=90)
    history = searched(90, optimizers.make(name, {}), answers, seed=5)
    np.testing.assert_array_equal(chosen(study), history.archs[:, 0])
    assert (len(study.get_trials(states=[STATES.FAIL])) > 0) == (answers is FAILING)


def test_on_a_table_it_plays_what_a_search_plays():
    digits = nasbed.benchmark("digits101")
    study = optuna.create_study(direction="maximize", sampler=sampler(space=digits.space))
    study.optimize(lambda trial: accuracy(trial, digits), n_trials=100)
    history = nasbed.search(evolution(), digits, evaluations=100, repeats="mean")
    np.testing.assert_array_equal(chosen(study, digits.space), history.archs[:, 0])
    assert study.best_value == history.best_value[0]


def test_to_minimize_the_negative_is_the_same_search():
    study = optuna.create_study(sampler=sampler())
    study.optimize(lambda trial: -accuracy(trial), n_trials=40)
    np.testing.assert_array_equal(chosen(study), searched(40).archs[:, 0])


def test_a_study_that_was_stopped_goes_on_bit_for_bit(tmp_path):
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.log"))
    where = {"study_name": "search", "direction": "maximize", "load_if_exists": True}
    for trials in (3, 20):
        storage = optuna.storages.JournalStorage(backend)
        study = optuna.create_study(**where, storage=storage, sampler=sampler())
        study.optimize(lambda trial: accuracy(trial, FAILING), n_trials=trials)
    np.testing.assert_array_equal(chosen(study), searched(23, answers=FAILING).archs[:, 0])


def test_tells_of_an_earlier_session_may_have_been_late():
    whole = optuna.create_study(direction="maximize", sampler=sampler())
    out = [whole.ask() for _ in range(4)]
    values = [accuracy(trial) for trial in out]
    for step in range(40):
        place = (7 * step) % 4
        whole.tell(out[place], values[place])
        out[place] = whole.ask()
        values[place] = accuracy(out[place])
    resumed = sampler()
    resumed._catch_up(whole, -1)
    np.testing.assert_array_equal(resumed._ask().archs, whole.sampler._ask().archs)


def test_trials_of_another_sampler_are_heard_and_the_search_begins():
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(1))
    study.optimize(accuracy, n_trials=30)
    study.sampler = sampler()
    study.optimize(accuracy, n_trials=5)
    valid = len(study.get_trials(states=[STATES.COMPLETE])) - 5
    assert study.sampler.optimizer._told[0] == valid + 5
    np.testing.assert_array_equal(study.sampler._asked[30].number, 0)


def test_in_threads_answers_are_late_and_none_is_lost():
    delays = iter(np.random.default_rng(0).uniform(0, 0.005, 200).tolist())
    running, most, lock = set(), [0], threading.Lock()

    def slow(trial):
        value = accuracy(trial)
        with lock:
            running.add(trial.number)
            most[0] = max(most[0], len(running))
            delay = next(delays)
        time.sleep(delay)
        with lock:
            running.remove(trial.number)
        return value

    study = optuna.create_study(direction="maximize", sampler=sampler())
    study.optimize(slow, n_trials=60, n_jobs=4)
    assert most[0] > 1, "the comparison has seen no two trials at a time"
    assert {trial.state for trial in study.trials} == {STATES.COMPLETE}
    assert study.sampler.optimizer._told[0] == 60


def test_a_pruned_trial_is_heard_with_its_last_value_and_a_crash_as_a_failure():
    def objective(trial):
        value = accuracy(trial)
        if trial.number == 0:
            trial.report(0.25, 1)
            raise optuna.TrialPruned
        if trial.number == 1:
            raise ZeroDivisionError
        if trial.number == 2:
            raise optuna.TrialPruned
        return value

    study = optuna.create_study(direction="maximize", sampler=sampler())
    study.optimize(objective, n_trials=8, catch=(ZeroDivisionError,))
    values = study.sampler.optimizer._values[0]
    assert values[:3].tolist() == [0.25, -np.inf, -np.inf]
    assert np.isfinite(values[3:]).all()


def test_an_enqueued_architecture_is_heard_as_never_asked_for():
    study = optuna.create_study(direction="maximize", sampler=sampler())
    arch = SPACE.sample(nasbed.core.rng.Streams.from_seed(9, 1))[0]
    study.enqueue_trial({f"decision_{i}": value for i, value in enumerate(arch.tolist())})
    study.optimize(accuracy, n_trials=4)
    np.testing.assert_array_equal(chosen(study)[0], arch)
    np.testing.assert_array_equal(chosen(study)[1:], searched(3).archs[:, 0])
    np.testing.assert_array_equal(study.sampler.optimizer._archs[0, 0], arch)


def test_other_objectives_are_costs():
    heard = []
    method = evolution()
    method.tell = lambda trials, evaluations: heard.append(evaluations)
    study = optuna.create_study(directions=["minimize", "minimize", "maximize"], sampler=sampler(method))

    def objectives(trial):
        suggest(trial, SPACE)
        return 0.25, 3.0, 7.0

    study.optimize(objectives, n_trials=1)
    assert heard[0].value.tolist() == [-0.25]
    assert heard[0].costs.tolist() == [[3.0, -7.0]]


def test_decisions_may_be_integers_or_names_and_other_parameters_are_drawn():
    space = NASBench201()
    answers = KeyedBenchmark(space)

    def objective(trial):
        trial.suggest_float("learning_rate", 0.0, 1.0)
        arch = [trial.suggest_int(f"decision_{i}", 10, 14) - 10 for i in range(3)]
        arch += [OPERATIONS.index(trial.suggest_categorical(f"decision_{i}", OPERATIONS)) for i in range(3, 6)]
        return float(answers.query(np.array([arch], np.int8)).value[0])

    study = optuna.create_study(direction="maximize", sampler=sampler(space=space))
    study.optimize(objective, n_trials=30)
    expected = searched(30, answers=answers).archs[:, 0]
    for trial, arch in zip(study.trials, expected, strict=True):
        names = [OPERATIONS[value] for value in arch[3:]]
        assert list(trial.params.values())[1:] == [*(arch[:3] + 10).tolist(), *names]
    assert len({trial.params["learning_rate"] for trial in study.trials}) == 30


def test_a_parameter_that_is_not_the_decision_is_refused():
    study = optuna.create_study(sampler=sampler())
    with pytest.raises(BadSetting, match="decision_0 has 2 values in nasbench101"):
        study.ask().suggest_categorical("decision_0", ["a", "b", "c"])
    with pytest.raises(BadSetting, match="decision_1 has 2 values"):
        study.ask().suggest_float("decision_1", 0, 1)


def test_a_sampler_is_of_one_study():
    one = optuna.create_study(study_name="one", sampler=sampler())
    one.ask()
    with pytest.raises(BadSetting, match="chooses for the study 'one'; make one of its own for 'two'"):
        optuna.create_study(study_name="two", sampler=one.sampler).ask()


def test_fidelities_are_told_to_the_study():
    method = nasbed.optimizer("successive-halving")
    study = optuna.create_study(direction="maximize", sampler=sampler(method, budgets=ANSWERS.budgets))
    asked = []

    def objective(trial):
        value = accuracy(trial)
        asked.append(epochs(trial))
        return value

    study.optimize(objective, n_trials=40)
    history = searched(40, nasbed.optimizer("successive-halving"))
    assert asked == history.fidelity[:, 0].tolist()
    np.testing.assert_array_equal(chosen(study), history.archs[:, 0])


def test_under_other_samplers_what_is_no_architecture_is_pruned():
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(accuracy, n_trials=30)
    for trial, arch in zip(study.trials, chosen(study), strict=True):
        valid = SPACE.valid(arch[None].astype(np.int8))[0]
        assert trial.state == (STATES.COMPLETE if valid else STATES.PRUNED)
    assert epochs(study.ask()) is None


def test_without_optuna_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "nasbed.compat.optuna")
    with pytest.raises(MissingExtra, match=r"nasbed\[optuna\]"):
        __import__("nasbed.compat.optuna")
