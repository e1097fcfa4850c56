"""A saved search goes on bit for bit, and fits what it is loaded for or is refused."""

import json

import numpy as np
import pytest

from nasbed.core.checked import write_arrays
from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.registry import optimizers
from nasbed.core.rng import Streams
from nasbed.optimizers import saving
from nasbed.optimizers.evolution import RegularizedEvolution
from nasbed.optimizers.random import RandomSearch
from nasbed.optimizers.saving import load, save
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.testing.keyed import KeyedBenchmark

SPACE = NASBench101(vertices=5)
ANSWERS = KeyedBenchmark(SPACE, failing=0.2)
RUNS = 2


def play(optimizer, steps):
    some = SPACE.sample(Streams.from_seed(0, 1))
    asked = []
    for _ in range(steps):
        trials = optimizer.ask()
        active = np.ones(RUNS, bool) if trials.active is None else trials.active
        archs = np.where(active[:, None], trials.archs, some)
        optimizer.tell(trials, ANSWERS.query(archs, trials.epochs))
        asked.append(np.where(active[:, None], archs, 0))
    return np.array(asked)


def started(optimizer, seed=1):
    return optimizer.start(SPACE, Streams.from_seed(seed, RUNS), ANSWERS.budgets)


@pytest.mark.slow_where("smac", "optuna")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "bananas")) for name in optimizers],  # it trains networks
)
def test_every_optimizer_goes_on_from_its_file(name, tmp_path):
    played = started(optimizers.make(name, {}))
    play(played, 15)
    path = save(played, tmp_path / "search.npz")
    loaded = load(path, optimizers.make(name, {}), SPACE)
    np.testing.assert_array_equal(play(loaded, 15), play(played, 15))


@pytest.fixture
def path(tmp_path):
    return save(started(RegularizedEvolution()), tmp_path / "search.npz")


def test_a_file_is_replaced_whole_or_not_at_all(path, monkeypatch):
    before = path.read_bytes()

    def stop(file, **arrays):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", stop)
    with pytest.raises(KeyboardInterrupt):
        save(started(RegularizedEvolution(), seed=2), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["search.npz"]


@pytest.mark.parametrize(
    ("optimizer", "space", "words"),
    [
        (RegularizedEvolution(population=30), SPACE, r"settings\.population was 50, now 30"),
        (RandomSearch(), SPACE, "RegularizedEvolution.*RandomSearch"),
        (RegularizedEvolution(), NASBench101(vertices=4), r"space\.settings\.vertices was 5, now 4"),
    ],
)
def test_another_search_is_refused(path, optimizer, space, words):
    with pytest.raises(BadSetting, match=words):
        load(path, optimizer, space)


def test_another_version_is_refused(path, monkeypatch):
    monkeypatch.setattr(saving, "version", lambda package: "99.0")
    with pytest.raises(BadSetting, match=r'nasbed was "0\.1\.0", now "99\.0"'):
        load(path, RegularizedEvolution(), SPACE)


def test_another_format_is_refused(path):
    rewritten(path, format=7)
    with pytest.raises(BadSetting, match="format 7; this nasbed reads format 1"):
        load(path, RegularizedEvolution(), SPACE)


def rewritten(path, **changes):
    with np.load(path) as file:
        arrays = dict(file)
    about = {**json.loads(arrays["about"].tobytes()), **changes}
    del arrays["format"]
    write_arrays(path, {**arrays, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)})


@pytest.mark.parametrize("state", [{}, {"mapping": [], "list": []}, {"tuple": 3}, {"exec": "1"}, {"array": "none"}])
def test_a_state_that_is_none_is_refused(path, state):
    rewritten(path, state=state)
    with pytest.raises(CorruptFile, match="does not have the state"):
        load(path, RegularizedEvolution(), SPACE)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadSetting, match="there is no file"):
        load(tmp_path / "none.npz", RegularizedEvolution(), SPACE)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_what_is_no_saved_search_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(CorruptFile, match="not a search saved by nasbed"):
        load(path, RegularizedEvolution(), SPACE)


def test_a_cut_or_changed_file_is_refused(path):
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            with pytest.raises(CorruptFile, match="damaged"):
                load(path, RegularizedEvolution(), SPACE)
