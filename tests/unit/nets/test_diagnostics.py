"""Diagnostics: measured beside a training that does not notice, and kept in files that come back as they were."""

import copy
import json
import pickle
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from nets.plain import INCEPTION, small101

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.graph import Graph
from nasbed.nets import passes, training, units
from nasbed.nets.data.source import load
from nasbed.nets.diagnostics import AXES, Diagnostics
from nasbed.nets.passes import Pass, repeat_seed, using_threads
from nasbed.nets.probing import probed
from nasbed.nets.recipe import DIGITS as RECIPE
from nasbed.nets.training import train, train_repeats
from nasbed.nets.units import train_unit

DIGITS, ROW = small101(INCEPTION)
ROWS = ROW[None]
SMALL = replace(DIGITS, stem_channels=4, stacks=1)
PATH = Graph.of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
TINY, TINY_ROW = small101(PATH, stem_channels=4, stacks=1)
ARGUMENTS = TINY, tuple(TINY_ROW.tolist()), RECIPE


def assert_same(one, another):
    for name in AXES:
        np.testing.assert_array_equal(getattr(one, name), getattr(another, name), name)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with using_threads(1):
        yield


@pytest.fixture(scope="module")
def data():
    return load("digits")


@pytest.fixture(scope="module")
def found(data):
    return train(DIGITS, ROW, RECIPE, data, 1, seed=1, diagnostics=True).diagnostics


@pytest.mark.slow
def test_the_training_does_not_notice(data):
    """Weights, averages and the optimizer's momentum are the same to the last bit, and so are accuracies."""
    blind, seeing = (
        Pass(DIGITS, ROWS, replace(RECIPE, noise=0.1), data, 2, (1, 2), diagnostics=on) for on in (False, True)
    )
    for one in (blind, seeing):
        one.run()
    assert list(seeing.probed) == ["start", "halfway", "end"]
    for part in ("network", "optimizer"):
        ours, theirs = (getattr(one, part).state_dict() for one in (seeing, blind))
        flat = [
            torch.cat([torch.as_tensor(x).flatten() for x in torch.utils._pytree.tree_leaves(s)])
            for s in (ours, theirs)
        ]
        assert torch.equal(*flat)
    for ours, theirs in zip(seeing.points, blind.points, strict=True):
        assert {n: (p.train, p.validation, p.test) for n, p in ours.items()} == {
            n: (p.train, p.validation, p.test) for n, p in theirs.items()
        }
    assert [r.diagnostics for r in blind.results()] == [None, None]


@pytest.mark.slow
def test_the_clock_stands_meanwhile(data, monkeypatch):
    def slow(*arguments):
        begun = time.thread_time()
        while time.thread_time() - begun < 0.5:
            pass
        return probed(*arguments)

    monkeypatch.setattr(passes, "probed", slow)
    result = train(SMALL, ROW, RECIPE, data, 1, seed=1, diagnostics=True)
    assert result.points["end"].training_time < 0.5 < 1.5 < result.total_time


@pytest.mark.slow
def test_every_moment_shows_the_network_as_it_was_then(data):
    one = Pass(DIGITS, ROWS, RECIPE, data, 1, (4,), diagnostics=True)
    seen = {}
    for made, name in sorted(one.moments.items()):
        one.run(until=made)
        seen[name] = probed(one.plain(0), one.probe, RECIPE.l2)
    found = one.results()[0].diagnostics
    assert found.moments == ("start", "halfway", "end")
    assert found.layers == ("stem", "cells.0", "cells.1")
    assert found.parameters == tuple(name for name, _ in DIGITS.network(ROW).named_parameters())
    for place, name in enumerate(found.moments):
        for field, values in seen[name].items():
            assert np.array_equal(getattr(found, field)[place], values), field
    assert found.labels.tolist() == [label for label in range(10) for _ in range(10)]
    assert found.loss[-1] < found.loss[0]


@pytest.mark.slow
def test_a_saved_pass_keeps_what_was_seen(data):
    whole, first, second = (Pass(SMALL, ROWS, RECIPE, data, 1, (1, 2), diagnostics=True) for _ in range(3))
    whole.run()
    first.run(until=10)  # past halfway
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second.run()
    for ours, theirs in zip(second.results(), whole.results(), strict=True):
        assert ours.diagnostics.moments == ("start", "halfway", "end")
        assert_same(ours.diagnostics, theirs.diagnostics)


def test_a_training_that_explodes_is_seen_exploding(data):
    first, second = train_repeats(SMALL, ROWS, replace(RECIPE, learning_rate=1e20), data, 1, (1, 2), diagnostics=True)
    assert "not finite" in first.failure
    assert first.diagnostics.moments == second.diagnostics.moments == ("start", "halfway")
    assert np.isfinite(first.diagnostics.loss).tolist() == [True, False]
    assert np.isfinite(list(first.diagnostics.describe()["start"].values())).all()
    assert first.diagnostics.describe()["halfway"]["accuracy"] == 0


def test_figures_of_large_numbers_do_not_overflow(found):
    huge = replace(found, parameter_norms=np.full_like(found.parameter_norms, 1e30))
    assert huge.describe()["end"]["parameter_norm"] == pytest.approx(1e30 * len(found.parameters) ** 0.5, rel=1e-5)


def test_a_training_that_ends_before_its_start_has_nothing_to_show(data):
    result = train(SMALL, ROW, RECIPE, data, 1, seed=1, time_limit=1e-9, diagnostics=True)
    assert (result.diagnostics, dict(result.points)) == (None, {})


@pytest.mark.slow
def test_a_unit_leaves_a_file_for_each_repeat(tmp_path, data):
    folder = tmp_path / "hash" / "1"
    plain = train_unit(*ARGUMENTS, "digits", 1, 3, repeats=2, first=1)
    unit = train_unit(*ARGUMENTS, "digits", 1, 3, repeats=2, first=1, diagnostics=str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["1.npz", "2.npz"]
    assert [r["seed"] for r in unit["repeats"]] == [repeat_seed(3, 1), repeat_seed(3, 2)]
    for ours, theirs in zip(unit["repeats"], plain["repeats"], strict=True):
        assert [p["test"] for p in ours["points"].values()] == [p["test"] for p in theirs["points"].values()]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    train_unit(*ARGUMENTS, "digits", 1, 3, repeats=2, first=1, diagnostics=str(folder))  # as after a lost worker
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    found = [Diagnostics.load(folder / f"{r}.npz") for r in (1, 2)]
    assert not np.array_equal(found[0].logits, found[1].logits)


@pytest.mark.slow
def test_a_units_files_are_of_the_last_attempt(tmp_path, monkeypatch):
    original = training.train_repeats

    def failing(*arguments, **options):
        results = original(*arguments, **options)
        first = arguments[5][0] == repeat_seed(3, 0)
        return tuple(replace(result, failure="it failed" if first else None) for result in results)

    monkeypatch.setattr(units, "train_repeats", failing)
    train_unit(*ARGUMENTS, "digits", 1, 3, diagnostics=str(tmp_path))
    monkeypatch.undo()
    again = train(TINY, TINY_ROW, RECIPE, load("digits"), 1, repeat_seed(3, 0, 1), diagnostics=True)
    assert_same(Diagnostics.load(tmp_path / "0.npz"), again.diagnostics)


def test_a_file_gives_back_what_was_saved(found, tmp_path):
    found.save(tmp_path / "one.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]
    back = Diagnostics.load(tmp_path / "one.npz")
    assert_same(back, found)
    assert (back.moments, back.layers, back.parameters) == (found.moments, found.layers, found.parameters)
    with np.load(tmp_path / "one.npz", allow_pickle=False) as archive:  # without this package
        assert set(archive) == {*AXES, "format"}


def test_there_is_an_axis_for_each_dimension(found):
    sizes = {"moments": 3, "layers": 3, "parameters": len(found.parameters), "images": 100, "classes": 10}
    for name, axes in AXES.items():
        assert np.shape(getattr(found, name)) == tuple(sizes[axis] for axis in axes), name


def test_figures_of_each_moment_are_described(found):
    about = json.loads(json.dumps(found.describe()))
    assert about["images"] == 100
    assert about["layers"] == ["stem", "cells.0", "cells.1"]
    right = np.mean([scores.argmax() == label for scores, label in zip(found.logits[2], found.labels, strict=True)])
    assert about["end"]["accuracy"] == found.accuracy[2] == right
    assert about["halfway"]["loss"] == pytest.approx(float(found.loss[1]), rel=1e-5)
    assert about["start"]["gradient_norm"] == pytest.approx(np.sqrt((found.gradient_norms[0] ** 2).sum()), rel=1e-5)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_files_that_are_something_else_are_refused(found, tmp_path):
    path = tmp_path / "one.npz"
    found.save(path)
    whole = path.read_bytes()
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in AXES}

    def refused(message):
        with pytest.raises(CorruptFile, match=message):
            Diagnostics.load(path)

    for damaged in (b"", b"PK", whole[: len(whole) // 2], whole[:-10], b"text", pickle.dumps(Evil())):
        path.write_bytes(damaged)
        refused("damaged")
    for place in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:place] + bytes(byte ^ 255 for byte in whole[place : place + 64]) + whole[place + 64 :])
        refused("damaged")
    with path.open("wb") as file:
        np.save(file, arrays["logits"])
    refused("is not a file of diagnostics")
    np.savez(path, **{name: value for name, value in arrays.items() if name != "logits"})
    refused("logits")
    np.savez(path, **arrays | {"logits": np.array([Evil()], object)})
    refused("allow_pickle")
    np.savez(path, **arrays | {"logits": arrays["logits"].astype(np.float64)})
    refused("'logits' is float64 with 3 axes")
    np.savez(path, **arrays | {"loss": arrays["loss"][:2]})
    refused("'loss' has 2 moments, others 3")
    with pytest.raises(BadSetting, match="there is no file"):
        Diagnostics.load(tmp_path / "none.npz")
    with pytest.raises(BadSetting, match="there is no folder"):
        found.save(tmp_path / "none" / "one.npz")
