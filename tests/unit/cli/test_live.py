"""A search that really trains, from the command line: stopped in any way, the same command goes on."""

import os
import shlex
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest

import nasbed
from nasbed.cli.search import default_store
from nasbed.run.history import History
from nasbed.run.stores.sqlite import SQLiteStore

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs nasbed[torch]")

EVALUATIONS = 14
OPTIMIZER = "regularized-evolution:population=4,sample=2"
WORDS = ["search", OPTIMIZER, "--benchmark", "trained:digits:nasbench101", "--epochs", "1", "--seed", "3"]
WORDS += ["--set", "skeleton.stacks=1", "--set", "recipe.batch_size=20", "--evaluations", str(EVALUATIONS)]
STORE = "trained-digits-nasbench101-regularized-evolution-population-4-sample-2-seed3.sqlite"


def begun(folder, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "nasbed.cli", *WORDS, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def records(path):
    if not path.exists():
        return []
    with SQLiteStore(path) as store:
        return list(store)


def stop(folder, after, how, *words):
    """Begin, and stop when more than so many trainings are kept; give the process's exit code, output and errors."""
    process = begun(folder, *words)
    deadline = time.monotonic() + 120
    while len(records(folder / STORE)) <= after and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, how)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the machine was too fast to interrupt")
    return process.returncode, out, err


def search(**settings):
    """Search here, undisturbed."""
    training = {"skeleton": {"stacks": 1}, "recipe": {"batch_size": 20}}
    return nasbed.search(
        nasbed.optimizer("regularized-evolution", population=4, sample=2),
        nasbed.benchmark("trained:digits:nasbench101", **training),
        evaluations=EVALUATIONS,
        epochs=1,
        seed=3,
        **settings,
    )


@pytest.mark.slow
@needs_torch
def test_stopped_by_ctrl_c_and_killed_it_goes_on_to_the_uninterrupted_result(tmp_path):
    code, out, err = stop(tmp_path, 2, signal.SIGINT)
    assert (code, out) == (130, "")
    first, *between, last = err.splitlines()
    assert all(" searching " in line for line in between)  # on a crowded machine half a minute may pass
    assert first == f"every training is kept in {STORE}"
    assert last.startswith("nasbed: interrupted after ")
    assert f"of {EVALUATIONS} evaluations, 0." in last
    assert f"what was trained is kept in {STORE}, and the same call goes on: nasbed {shlex.join(WORDS)}" in last
    interrupted = records(tmp_path / STORE)
    code, _, _ = stop(tmp_path, len(interrupted) + 1, signal.SIGKILL)
    assert code == -signal.SIGKILL
    killed = records(tmp_path / STORE)
    assert killed[: len(interrupted)] == interrupted
    done = begun(tmp_path, "--out", "history.parquet")
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert records(tmp_path / STORE)[: len(killed)] == killed
    assert len(records(tmp_path / STORE)) == EVALUATIONS
    whole = search(executor="inline")
    found = History.from_parquet(tmp_path / "history.parquet")
    for field in ("archs", "value", "epochs", "paid", "test", "mean_validation"):
        np.testing.assert_array_equal(getattr(found, field), getattr(whole, field))
    text = whole.space.format(whole.best[0])
    assert f"{100 * whole.best_value[0]:.2f}" in out
    assert f"{100 * whole.metric('test')[-1, 0]:.2f}" in out
    assert f"nasbed show {text} --svg run0.svg" in out
    assert f"every training: {STORE}" in out
    assert {path.name for path in tmp_path.iterdir()} == {STORE, "history.parquet"}


@needs_torch
@pytest.mark.slow
def test_two_workers_go_on_where_they_were(tmp_path):
    stop(tmp_path, 3, signal.SIGKILL, "--workers", "2")
    killed = records(tmp_path / STORE)
    done = begun(tmp_path, "--workers", "2", "--out", "history.parquet")
    _, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    kept = records(tmp_path / STORE)
    assert kept[: len(killed)] == killed
    assert sorted(int(unit.split("/")[0]) for unit, _ in kept) == list(range(EVALUATIONS))
    found = History.from_parquet(tmp_path / "history.parquet")
    assert [r["value"]["repeats"][0]["points"]["end"]["validation"][0] / 800 for _, r in kept] == found.value[
        :, 0
    ].tolist()
    again = search(workers=2, store=tmp_path / STORE)
    np.testing.assert_array_equal(again.value, found.value)
    np.testing.assert_array_equal(again.clock("seconds"), found.clock("seconds"))


@needs_torch
@pytest.mark.slow
def test_a_search_ends_when_its_time_is_used_up(tmp_path):
    began = time.monotonic()
    found = search_for(10.0, tmp_path / "s.sqlite")
    assert time.monotonic() - began < 60
    clock = found.clock("seconds")[:, 0]
    assert clock[-2] < 10.0 <= clock[-1]
    assert found.info["budget"] == {"evaluations": None, "epochs": None, "seconds": 10.0, "total_seconds": None}
    longer = search_for(15.0, tmp_path / "s.sqlite")
    np.testing.assert_array_equal(longer.clock("seconds")[: len(clock), 0], clock)
    assert longer.clock("seconds")[-1, 0] >= 15.0


def search_for(seconds, store):
    return nasbed.search("random", "trained:digits:nasbench101", seconds=seconds, epochs=1, store=store)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--benchmark", "trained:digits", "--evaluations", "1"], "write trained:DATA:SPACE"),
        (["--benchmark", "trained:digits:nasbench102", "--evaluations", "1"], "Did you mean 'nasbench101'"),
        (["--benchmark", "trained:digits:nasbench101"], "a search needs a budget"),
        (["--evaluations", "1", "--set", "recipe.batchsize=3"], "did you mean 'batch_size'"),
        (["--evaluations", "1", "--set", "skeleton.width=3"], "it has: classes"),
        (["--evaluations", "1", "--recipe", "digit"], "Did you mean 'digits'"),
        (["--evaluations", "1", "--recipe", "missing.toml"], "cannot be read"),
        (["--evaluations", "1", "--workers", "0"], "workers is a whole number from 1"),
        (["--evaluations", "1", "--executor", "process"], "Did you mean 'processes'"),
        (["--evaluations", "1", "--store", "no/folder/s.sqlite"], "there is no folder"),
        (["--evaluations", "1", "--repeats", "mean"], "a training that has not been made"),
        (["--benchmark", "TABLE", "--recipe", "digits"], "trains nothing"),
        (["--benchmark", "TABLE", "--set", "recipe.l2=0"], "trains nothing"),
        (["--benchmark", "TABLE", "--device", "cuda"], "trains nothing"),
        (["--benchmark", "TABLE", "--store", "s.sqlite"], "answers from a table"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(nasbed_command, table, words, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [table.path if word == "TABLE" else word for word in words]
    default = [] if "--benchmark" in words else ["--benchmark", "trained:digits:nasbench101"]
    ran = nasbed_command("search", "random", *default, *words)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert ran.err.startswith("nasbed: ")
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@needs_torch
def test_what_cannot_be_trained_leaves_nothing(nasbed_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["search", "random", "--benchmark", "trained:digit:nasbench101", "--evaluations", "1"]
    ran = nasbed_command(*words, "--executor", "inline")
    assert ran.code == 2
    assert ran.err == "nasbed: no data source is called 'digit'. Did you mean 'digits'?\n"
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_named_for_its_search():
    assert (
        str(default_store("random", "trained:digits:nasbench101", 0))
        == "trained-digits-nasbench101-random-seed0.sqlite"
    )
    assert str(default_store(OPTIMIZER, "trained:digits:nasbench101", 3)) == STORE


def test_info_says_what_would_be_trained(nasbed_command):
    said = nasbed_command("info", "trained:digits:nasbench101", "--json").json["benchmark"]
    assert said["recipe"]["batch_size"] == 25
    assert said["budgets"] == [4, 12, 36]
    assert "write trained:DATA:SPACE" in nasbed_command("info", "trained:digits").err


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize("space", ["nasbench201", pytest.param("natssize", marks=pytest.mark.slow), "nasbenchmacro"])
def test_networks_of_any_space_are_trained(nasbed_command, tmp_path, monkeypatch, space):
    monkeypatch.chdir(tmp_path)
    words = ("--set", "recipe.batch_size=100", "--epochs", 1, "--json")
    benchmark = ("--benchmark", f"trained:digits:{space}", "--evaluations", 2, "--executor", "inline")
    found = nasbed_command("search", "random", *benchmark, *words).json
    assert found["info"]["benchmark"]["name"] == f"trained:digits:{space}"
    (run,) = found["runs"]
    assert 0 < run["validation"] < 1
    trained = nasbed_command("train", run["architecture"], "--space", space, *words).json
    assert trained["failure"] is None
    assert 0 < trained["points"]["end"]["validation"][0] < 800


@pytest.mark.slow_where("form1")
@needs_torch
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_search_whose_trainings_all_failed_is_in_vain_and_says_why(nasbed_command, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    wild = ("--set", "recipe.batch_size=100", "--set", "recipe.learning_rate=1e20", "--set", "skeleton.stacks=1")
    words = ("--benchmark", "trained:digits:nasbench101", "--evaluations", 2, "--epochs", 1, "--executor", "inline")
    ran = nasbed_command("search", "random", *words, *wild, "--out", "h.parquet", *form)
    assert ran.code == 1
    last = ran.err.splitlines()[-1]
    assert last.startswith("nasbed: every training failed; the first because: weights or outputs were not finite after")
    failed = History.from_parquet("h.parquet").info["failed"]
    assert failed["trainings"] == 2
    assert last.endswith(failed["first"])


def test_a_space_without_networks_is_refused_at_once_with_what_to_do(nasbed_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nasbed.spaces.nasbench201.NASBench201.network", "unbuilt")
    cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    for words in (
        ("search", "random", "--benchmark", "trained:digits:nasbench201", "--evaluations", 1),
        ("generate", "nasbench201", "--sample", 2),
        ("train", cell, "--space", "nasbench201"),
    ):
        ran = nasbed_command(*words)
        assert (ran.code, ran.out) == (2, "")
        assert "the space nasbench201 has no blueprint" in ran.err
        assert "register one for 'unbuilt'" in ran.err
    assert list(tmp_path.iterdir()) == []
