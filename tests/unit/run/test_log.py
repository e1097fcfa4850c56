"""A log has a line an evaluation, what the history says of it, whenever and however often the search was stopped."""

import json
import logging
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from live_toy import LiveToy
from toy import ToyBenchmark

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.halving.halving_search import Hyperband
from nasbed.optimizers.multiobjective.nsga2 import NSGA2
from nasbed.optimizers.random import RandomSearch
from nasbed.run import watching
from nasbed.run.live import search_live
from nasbed.run.log import FileLog
from nasbed.run.search import search
from nasbed.run.settings import SearchSettings
from nasbed.testing.keyed import KeyedBenchmark


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def told(path):
    """What a log says, without the time at which it was written."""
    return sorted(((*line.items(),)[1:] for line in lines_of(path)), key=str)


KINDS = {
    "pay": (RandomSearch(), {"evaluations": 30}),
    "free": (RegularizedEvolution(5, 2), {"evaluations": 20, "duplicates": "free"}),
    "skip": (RegularizedEvolution(5, 2), {"evaluations": 20, "duplicates": "skip"}),
    "split": (RandomSearch(), {"evaluations": 10, "first_run": 5}),
    "seconds": (RandomSearch(), {"seconds": 20.0, "failures": 0.3}),
    "workers": (RegularizedEvolution(5, 2), {"evaluations": 30, "workers": 3}),
    "together": (RandomSearch(), {"evaluations": 30, "workers": 3, "scheduling": "synchronous"}),
    "rungs": (Hyperband(), {"total_epochs": 400}),
    "objectives": (NSGA2(population=6), {"evaluations": 25, "objectives": ["params"], "limits": {"params": 6.0}}),
}


@pytest.mark.parametrize("between", [0.0, 1e9], ids=["step-by-step", "at-once"])
@pytest.mark.parametrize("kind", KINDS)
def test_its_lines_are_the_history(kind, between, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "SECONDS_BETWEEN", between)
    (optimizer, settings), path = KINDS[kind], tmp_path / "run.jsonl"
    benchmark = KeyedBenchmark(nasbed.space("nasbench101", vertices=5))
    history = search(optimizer, benchmark, SearchSettings(runs=4, **settings), FileLog(path))
    found, first = lines_of(path), settings.get("first_run", 0)
    assert len(found) == history.tried.sum()
    where = np.array([(line["step"], line["run"] - first) for line in found]).T
    assert history.tried[*where].all()
    assert len({(line["run"], line["step"]) for line in found}) == len(found)
    same = {
        "validation": history.value,
        "best": history.metric("validation"),
        "clock": history.clock("seconds"),
        "paid": history.paid,
        "seconds": np.where(history.paid, history.seconds, 0),
        "epochs": np.where(history.paid, history.epochs, 0),
    }
    if history.costs is not None:
        same |= {"costs.params": history.costs[..., 0], "refused": history.refused}
    if history.fidelity is not None:
        same["fidelity"] = history.fidelity
    for name, values in same.items():
        said = np.array([line.get(name, False) for line in found], float)
        np.testing.assert_allclose(said, np.asarray(values, float)[*where], rtol=1e-12, err_msg=name)
    archs = history.archs[*where][:20]
    assert [line["architecture"] for line in found[:20]] == [history.space.format(arch) for arch in archs]


def test_a_search_that_is_followed_is_the_same_search(tmp_path):
    settings = SearchSettings(evaluations=30, runs=3, workers=2)
    alone = search(RandomSearch(), ToyBenchmark(), settings)
    followed = search(RandomSearch(), ToyBenchmark(), settings, FileLog(tmp_path / "x.jsonl"), lambda status: None)
    np.testing.assert_array_equal(alone.archs, followed.archs)
    assert alone.info == followed.info


def test_the_same_call_writes_no_line_twice_and_goes_on(tmp_path):
    path, whole = tmp_path / "run.jsonl", tmp_path / "whole.jsonl"
    for evaluations in (10, 10, 25):
        nasbed.search("local", "digits101", evaluations=evaluations, runs=3, log=path)
        assert len(lines_of(path)) == 3 * evaluations
    nasbed.search("local", "digits101", evaluations=25, runs=3, log=whole)
    assert told(path) == told(whole)


def test_a_line_that_was_cut_off_is_written_again(tmp_path):
    path, settings = tmp_path / "run.jsonl", {"evaluations": 20, "runs": 2}
    nasbed.search("local", "digits101", log=path, **settings)
    whole, data = told(path), path.read_bytes()
    for end in (len(data) - 1, len(data) - 40, data.rfind(b"\n", 0, -1) + 2, 3, 0):
        path.write_bytes(data[:end])
        nasbed.search("local", "digits101", log=path, **settings)
        assert told(path) == whole


def test_the_log_of_another_search_is_refused_as_it_is(tmp_path):
    path = tmp_path / "run.jsonl"
    nasbed.search("random", "digits101", evaluations=5, log=path)
    before = path.read_bytes()
    with pytest.raises(
        BadSetting, match=r"is the log of another search: in step 0 of run 0 that heard .* name another"
    ):
        nasbed.search("random", "digits101", evaluations=5, seed=1, log=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"hello", b"hello\n", b"[1]\n", b'{"time": "now"}\n', b"\xff\n", b"1\n"])
def test_what_is_no_log_is_refused_as_it_is(content, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(BadSetting, match="is no log of a search; name another file"):
        nasbed.search("random", "digits101", evaluations=5, log=path)
    assert path.read_bytes() == content


def test_a_place_that_is_none_is_refused_before_the_search(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"):
        nasbed.search("random", "digits101", evaluations=5, log=tmp_path / "nowhere" / "run.jsonl")


@pytest.mark.parametrize("runs", [1, 3])
def test_a_live_search_that_goes_on_goes_on_with_its_log(runs, tmp_path):
    store, path = tmp_path / "s.sqlite", tmp_path / "run.jsonl"

    def play(evaluations, path, **where):
        settings = SearchSettings(evaluations=evaluations, runs=runs)
        optimizer, toy = RegularizedEvolution(4, 2), LiveToy(noise=1.0, failing=0.2)
        return search_live(optimizer, toy, settings, FileLog(path), executor="inline", **where)

    play(6, path, store=store)
    assert len(lines_of(path)) == 6 * runs
    path.write_bytes(path.read_bytes()[:-30])  # as if it had been killed between the training and its line
    history = play(12, path, store=store)
    found = lines_of(path)
    assert [line["step"] for line in found] == sorted(line["step"] for line in found)
    assert len(found) == 12 * runs == history.paid.sum()
    for line in found:
        step, run = line["step"], line["run"]
        heard = history.value[step, run]
        assert line["validation"] == (None if np.isnan(heard) else heard)
        assert line["clock"] == history.clock("seconds")[step, run]


def test_a_comparison_names_the_search_in_each_line(tmp_path):
    path = tmp_path / "run.jsonl"
    for _ in range(2):
        nasbed.compare({"a": "random", "b": "local"}, "digits101", evaluations=5, runs=2, log=path)
    assert [line["search"] for line in lines_of(path)] == ["a"] * 10 + ["b"] * 10


def test_loggers_hear_an_evaluation_a_record_and_only_where_somebody_listens(caplog):
    nasbed.search("random", "digits101", evaluations=3, runs=2)
    assert not caplog.records
    with caplog.at_level(logging.INFO, "nasbed"):
        nasbed.search("random", "digits101", evaluations=3, runs=2)
    assert [record.name for record in caplog.records] == ["nasbed.search"] * 6
    assert caplog.messages[0].startswith("run 0, step 0: ")
    assert " %, best " in caplog.messages[0]
    assert "36 epochs" in caplog.messages[0]


def test_nothing_is_looked_up_for_nobody(monkeypatch):
    monkeypatch.setattr(watching.Watch, "_steps", lambda *_: pytest.fail("nobody follows"))
    nasbed.search("random", "digits101", evaluations=200, runs=2)


def test_the_status_is_the_history_in_short(monkeypatch):
    monkeypatch.setattr(watching, "SECONDS_BETWEEN", 0.0)
    heard = []
    history = nasbed.search("random", "digits101", evaluations=20, runs=3, failures=0.2, progress=heard.append)
    last = heard[-1]
    assert (last.evaluations, last.share) == (60, 1.0)
    assert last.failures == np.isnan(history.value).sum()
    assert last.best == np.nanmax(history.value)
    assert last.seconds == pytest.approx(history.clock("seconds").max())
    assert [status.evaluations for status in heard] == sorted(status.evaluations for status in heard)


KILLED = """
import nasbed
nasbed.search("random", "digits101", evaluations=10**7, runs=50, log="run.jsonl")
"""


@pytest.mark.slow
def test_killed_it_leaves_lines_that_can_be_read(tmp_path):
    path = tmp_path / "run.jsonl"
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{KILLED}"]
    process = subprocess.Popen(command, cwd=tmp_path)
    try:
        end = time.monotonic() + 60
        while (not path.exists() or path.stat().st_size < 500_000) and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    whole = path.read_bytes()[: path.read_bytes().rfind(b"\n")].split(b"\n")
    assert all({"run", "step", "architecture"} < set(json.loads(line)) for line in whole)
    FileLog(path)  # which opens it again
