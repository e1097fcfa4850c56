"""A live search: every answer kept before it is heard, and stopped or not the same search."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from live_toy import LiveToy

from nasbed.core.errors import BadSetting, CorruptFile, Interrupted, UnknownName
from nasbed.optimizers.climbing.local import LocalSearch
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.halving.asha import ASHA
from nasbed.optimizers.halving.dehb import DEHB
from nasbed.optimizers.halving.halving_search import Hyperband
from nasbed.optimizers.multiobjective.nsga2 import NSGA2
from nasbed.optimizers.random import RandomSearch
from nasbed.run.live import search_live
from nasbed.run.search import search
from nasbed.run.settings import NAMES, SearchSettings
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.run.watching import Status

OPTIMIZERS = [RandomSearch(), RegularizedEvolution(6, 3), LocalSearch(), Hyperband(), NSGA2(population=6)]
names = [str(optimizer) for optimizer in OPTIMIZERS]
EVALUATIONS = 25


def play(optimizer=OPTIMIZERS[1], toy=None, budget=None, followers=(), **given):
    settings = {name: given.pop(name) for name in NAMES if name in given}
    settings = SearchSettings(**budget or {"evaluations": EVALUATIONS}, **settings)
    return search_live(optimizer, toy or LiveToy(noise=1.0), settings, *followers, **{"executor": "inline", **given})


def same(one, other):
    for field in ("archs", "value", "epochs", "tried", "paid", "test", "mean_validation"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def records(path):
    with SQLiteStore(path) as store:
        return list(store)


@pytest.mark.parametrize("runs", [1, 3])
def test_it_is_the_search_that_asks_a_benchmark(runs):
    toy, budget = LiveToy(), {"evaluations": EVALUATIONS}
    found = play(toy=toy, runs=runs, seed=2, duplicates="free")
    asked = search(OPTIMIZERS[1], toy, SearchSettings(runs=runs, seed=2, duplicates="free", **budget)).attach(toy)
    for field in ("archs", "value", "epochs", "tried", "paid"):
        np.testing.assert_array_equal(getattr(found, field), getattr(asked, field))
    np.testing.assert_array_equal(found.metric("test"), asked.metric("test"))
    assert (np.diff(found.clock("seconds"), axis=0) >= 0).all()
    assert found.info["settings"] == {"population": 6, "sample": 3, "distinct": True}
    assert np.isnan(found.optimum).all()


def test_every_training_is_kept_in_the_order_of_telling(tmp_path):
    path = tmp_path / "s.sqlite"
    found = play(store=path, epochs=1, seed=3)
    kept = records(path)
    assert [unit for unit, _ in kept] == [f"{n}/0" for n in range(EVALUATIONS)]
    for step, (unit, record) in enumerate(kept):
        assert record["unit"] == unit
        assert record["architecture"] == found.space.format(found.archs[step, 0])
        assert record["value"]["seed"] == record["seed"]
        assert record["value"]["epochs"] == record["epochs"] == 1
        assert record["value"]["validation"] == found.value[step, 0]
        assert record["clock"] == found.clock("seconds")[step, 0]
        assert record["error"] is None
    assert len({record["seed"] for _, record in kept}) == EVALUATIONS


class Stopped(LiveToy):
    """Somebody presses Ctrl-C at the n-th call."""

    stop = 10**9

    def call(self, arch, epochs, seed):
        if self.called == self.stop:
            raise KeyboardInterrupt
        return super().call(arch, epochs, seed)


def stopped(n, **settings):
    toy = Stopped(**settings)
    toy.stop = n
    return toy


@pytest.mark.slow_where("pay", "skip")
@pytest.mark.parametrize("runs", [pytest.param(1, marks=pytest.mark.slow), 2])
@pytest.mark.parametrize("duplicates", ["pay", "free", "skip"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=names)
def test_stopped_again_and_again_it_comes_to_the_same(optimizer, duplicates, runs, tmp_path):
    how = {"optimizer": optimizer, "duplicates": duplicates, "runs": runs, "patience": 100}
    toy = {"vertices": 4, "failing": 0.2, "noise": 1.0}
    whole = play(toy=LiveToy(**toy), store=tmp_path / "whole.sqlite", **how)
    for n in (0, 1, 7, 3):
        with pytest.raises(
            Interrupted, match=r"evaluations, 0\.0 minutes; what was trained is kept in .*, and the same"
        ):
            play(toy=stopped(n, **toy), store=tmp_path / "s.sqlite", **how)
    toy = LiveToy(**toy)
    same(play(toy=toy, store=tmp_path / "s.sqlite", **how), whole)
    assert 0 < toy.called < whole.paid.sum()
    mine, others = records(tmp_path / "s.sqlite"), records(tmp_path / "whole.sqlite")
    for _, record in [*mine, *others]:
        del record["clock"], record["finished"]
    assert dict(mine) == dict(others)


def test_the_clock_goes_on_where_it_was(tmp_path):
    path = tmp_path / "s.sqlite"
    with pytest.raises(Interrupted, match=f"interrupted after 8 of {EVALUATIONS} evaluations"):
        play(toy=stopped(8), store=path)
    time.sleep(0.2)
    found = play(store=path, toy=LiveToy())
    clock = [record["clock"] for _, record in records(path)]
    assert all(a < b for a, b in pairwise(clock))
    assert clock[8] - clock[7] < 0.2  # the pause is not counted
    assert [session["clock"] for session in found.info["sessions"]] == [0.0, clock[7]]


def test_a_finished_search_is_heard_again_and_more_of_its_budget_goes_on(tmp_path):
    path, toy = tmp_path / "s.sqlite", LiveToy(noise=1.0)
    whole = play(budget={"evaluations": 30})
    short = play(store=path, budget={"evaluations": 20})
    same(play(store=path, budget={"evaluations": 20}, toy=toy), short)
    assert toy.called == 0
    same(play(store=path, budget={"evaluations": 30}, toy=toy), whole)
    assert toy.called == 10
    same(play(store=path, budget={"evaluations": 20}, toy=toy), short)  # and less of it ends earlier
    assert toy.called == 10


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"seed": 1}, "seed was 0, now 1"),
        ({"optimizer": RegularizedEvolution(7, 3)}, "settings.population was 6, now 7"),
        ({"optimizer": RandomSearch()}, 'optimizer was "RegularizedEvolution", now "RandomSearch"'),
        ({"toy": LiveToy(4)}, "benchmark.space.vertices was 5, now 4"),
        ({"epochs": 1}, "epochs was 3, now 1"),
        ({"duplicates": "free"}, 'duplicates was "pay", now "free"'),
        ({"runs": 2}, "runs was 1, now 2"),
        ({"first_run": 2}, "first_run was 0, now 2"),
        ({"executor": "processes", "workers": 2}, "workers was 1, now 2"),
        ({"budget": {"seconds": 9}}, r'budget was \["evaluations"\], now \["seconds"\]'),
    ],
)
def test_another_search_in_the_same_store_is_refused_and_named(other, said, tmp_path):
    path = tmp_path / "s.sqlite"
    play(store=path, budget={"evaluations": 3})
    before = records(path)
    with pytest.raises(BadSetting, match=said):
        play(store=path, **other)
    assert records(path) == before


def test_a_store_that_holds_other_trainings_is_refused(tmp_path):
    play(store=tmp_path / "s.sqlite")
    with SQLiteStore(tmp_path / "s.sqlite") as kept, SQLiteStore(tmp_path / "other.sqlite") as other:
        other.note("plan", kept.notes()["plan"])
        for unit, record in kept:
            other.append(unit, {**record, "seed": record["seed"] + (unit == "9/0")})
    with pytest.raises(CorruptFile, match="as its trial 9/0 it trained"):
        play(store=tmp_path / "other.sqlite")


def test_two_searches_do_not_share_a_store(tmp_path):
    path = tmp_path / "s.sqlite"

    class Nested(LiveToy):
        def call(self, arch, epochs, seed):
            play(toy=LiveToy(noise=1.0), store=path)

    with pytest.raises(BadSetting, match="another process searches with"):
        play(toy=Nested(noise=1.0), store=path)


class Dying(LiveToy):
    """The worker dies the first time that it trains, or every time that it trains one architecture."""

    def __init__(self, flag, lost=None):
        super().__init__()
        self.flag, self.lost = str(flag), lost

    def call(self, arch, epochs, seed):
        _, arguments = super().call(arch, epochs, seed)
        if self.space.format(arch) == self.lost:
            return "live_toy:die", arguments
        return "live_toy:die_once", (self.flag, *arguments)


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_a_training_that_kills_them_has_failed(tmp_path):
    budget, path = {"evaluations": 6}, tmp_path / "s.sqlite"
    expected = play(toy=LiveToy(), budget=budget)
    proposed = [expected.space.format(arch) for arch in expected.archs[:, 0]]
    lost = proposed[1]
    toy, heard = Dying(tmp_path / "flag", lost), []
    found = play(toy=toy, budget=budget, store=path, executor="processes", followers=[heard.append])
    assert (tmp_path / "flag").exists()
    np.testing.assert_array_equal(np.isnan(found.value[:, 0]), [arch == lost for arch in proposed])
    assert found.paid.all()
    assert dict(records(path))["1/0"]["error"] == "the worker was killed by SIGKILL"
    failures = proposed.count(lost)
    assert 0 < failures < 6
    assert heard[-1] == Status(6, failures, np.nanmax(found.value), found.clock("seconds")[-1, 0], 1.0)
    same(play(toy=toy, budget=budget, store=path), found)  # and stays so


def test_a_history_says_how_many_trainings_failed_and_why_the_first_did():
    assert "failed" not in play().info
    found = play(RandomSearch(), LiveToy(failing=0.3))
    lost = int(np.isnan(found.value).sum())
    assert 0 < lost < EVALUATIONS
    assert found.info["failed"]["trainings"] == lost
    assert found.info["failed"]["first"].startswith("TypeError: ")
    whole = play(RandomSearch(), LiveToy(failing=1.0))
    assert whole.info["failed"]["trainings"] == EVALUATIONS


@pytest.mark.parametrize("runs", [1, 3])
def test_what_was_given_up_is_trained_again_and_the_rest_is_heard_again(runs, tmp_path, caplog):
    path, unlucky = tmp_path / "s.sqlite", LiveToy(failing=0.3)
    lost = play(toy=unlucky, store=path, runs=runs)
    failures = lost.info["failed"]["trainings"]
    same(play(toy=unlucky, store=path, runs=runs), lost)  # what is not asked for is not done
    before, raw = records(path), path.read_bytes()
    lucky = LiveToy()
    again = play(toy=lucky, store=path, runs=runs, retry=True)
    assert f"{failures} of the records" in caplog.text
    assert (tmp_path / "s.sqlite.retried-1").read_bytes() == raw
    same(again, play(toy=LiveToy(), runs=runs))
    assert failures <= lucky.called < runs * EVALUATIONS
    assert "failed" not in again.info
    assert [one for one in before if one[1]["error"] is None] == records(path)[: len(before) - failures]
    same(play(toy=LiveToy(), store=path, runs=runs, retry=True), again)
    assert not (tmp_path / "s.sqlite.retried-2").exists()


def test_a_first_failure_decides_nothing_where_all_is_trained_again(tmp_path):
    path = tmp_path / "s.sqlite"
    play(toy=LiveToy(failing=1.0), store=path)
    same(play(toy=LiveToy(), store=path, retry=True), play(toy=LiveToy()))


@pytest.mark.slow
def test_runs_take_each_step_side_by_side(tmp_path):
    alone = play(runs=3)
    same(play(runs=3, executor="processes", workers=2, store=tmp_path / "s.sqlite"), alone)
    kept = [unit for unit, _ in records(tmp_path / "s.sqlite")]
    assert sorted(kept) == sorted(f"{step}/{run}" for step in range(EVALUATIONS) for run in range(3))
    assert [int(unit.split("/")[0]) for unit in kept] == [step for step in range(EVALUATIONS) for _ in range(3)]


SCRIPT = """
import json, sys
from live_toy import LiveToy
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.run.live import search_live
from nasbed.run.settings import SearchSettings
say = lambda status: print(status.evaluations, flush=True)
path, workers = sys.argv[1:]
settings = SearchSettings(evaluations=200, workers=int(workers))
search_live(RegularizedEvolution(6, 3), LiveToy(noise=1.0), settings, say, store=path)
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_it_hears_what_it_heard_and_goes_on(workers, tmp_path):
    path, known = tmp_path / "s.sqlite", []
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{SCRIPT}", str(path), str(workers)]
    for target in (20, 60):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        start = int(process.stdout.readline())
        assert start == len(known)
        for line in process.stdout:
            if int(line) >= target:
                break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        now = records(path)
        assert now[:start] == known
        known = now
    toy = LiveToy(noise=1.0)
    budget = {"evaluations": 200}
    found = search_live(RegularizedEvolution(6, 3), toy, SearchSettings(workers=workers, **budget), store=path)
    kept = records(path)
    assert kept[: len(known)] == known
    assert len(kept) == 200
    assert found.paid.sum() == 200
    assert [record["value"]["validation"] for _, record in kept] == found.value[:, 0].tolist()
    if workers == 1:
        same(found, search_live(RegularizedEvolution(6, 3), toy, SearchSettings(**budget), executor="inline"))
    else:
        trials = [int(unit.split("/")[0]) for unit, _ in kept]
        assert sorted(trials) == list(range(200))
        assert all(trial <= step + 1 for step, trial in enumerate(trials))  # two out at a time, never more


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"workers": 0, "executor": "processes"}, BadSetting, "workers is a whole number from 1"),
        ({"workers": 2}, BadSetting, "'inline' has no setting 'workers'"),
        ({"executor": "process"}, UnknownName, "Did you mean 'processes'"),
        ({"runs": 0}, BadSetting, "runs is a whole number from 1"),
        ({"store": "no/such/folder/s.sqlite"}, BadSetting, "there is no folder"),
        ({"duplicates": "ignore"}, BadSetting, "pay, free, skip"),
        ({"patience": 0}, BadSetting, "patience is a whole number from 1"),
        ({"optimizer": DEHB(continuation="resume")}, BadSetting, "use continuation='restart'"),
        ({"optimizer": ASHA(continuation="resume")}, BadSetting, "use continuation='restart'"),
    ],
)
def test_bad_settings_are_named_and_leave_nothing(settings, error, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said):
        play(**{"store": "s.sqlite", **settings})
    assert list(tmp_path.iterdir()) == []


def test_without_a_store_an_interrupt_says_that_nothing_is_kept():
    with pytest.raises(Interrupted, match=r"interrupted after 2 of 25 evaluations, 0\.0 minutes; nothing is kept"):
        play(toy=stopped(2))


def test_what_is_known_of_a_search_is_json():
    assert json.loads(json.dumps(play(budget={"evaluations": 2}).info))["epochs"] == 3


@pytest.mark.parametrize(
    ("trial", "settings"),
    [
        (0, {}),
        (7, {}),
        (EVALUATIONS - 1, {}),
        pytest.param(7, {"workers": 2, "executor": "processes"}, marks=pytest.mark.slow),
    ],
)
def test_a_damaged_answer_is_named_and_trained_again(trial, settings, tmp_path, caplog):
    path = tmp_path / "s.sqlite"
    whole = play(store=path, **settings)
    before = records(path)
    raw = path.read_bytes()
    unit, record = before[trial]
    path.write_bytes(raw.replace(json.dumps(record).encode(), json.dumps(record).replace("value", "valve").encode()))
    damaged = path.read_bytes()
    with pytest.raises(CorruptFile, match=f"s.sqlite is damaged: the record of {unit} is damaged; .*--redo-damaged"):
        play(store=path, **settings)
    assert path.read_bytes() == damaged
    again = play(store=path, redo_damaged=True, **settings)
    assert f"{EVALUATIONS - 1} records are whole, 1 lost: {unit}" in caplog.text
    assert (tmp_path / "s.sqlite.damaged-1").read_bytes() == damaged
    kept = records(path)
    if not settings:  # with several workers it depends on which ends first
        same(again, whole)
        assert sorted(unit for unit, _ in kept) == sorted(unit for unit, _ in before)
        assert kept[:-1] == [*before[:trial], *before[trial + 1 :]]
    heard_again = play(store=path, **settings)
    same(heard_again, again)
    np.testing.assert_array_equal(heard_again.clock("seconds"), again.clock("seconds"))
    assert records(path) == kept
