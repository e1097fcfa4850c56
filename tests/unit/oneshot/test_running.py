"""A one-shot search in a folder: killed at any step and gone on with, it is what an undisturbed one is, bit for bit."""

import json
import random

import numpy as np
import pytest
import torch

from nasbed.core.errors import BadSetting, CorruptFile, Interrupted, NasbedError
from nasbed.core.rng import Streams
from nasbed.nets.tensorfile import read_tensors
from nasbed.oneshot import METHODS
from nasbed.oneshot.course import COURSE, Course
from nasbed.oneshot.log import LOG
from nasbed.oneshot.running import FOUND, NET, STATE, Running, skips
from nasbed.oneshot.searching import OneShot
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.oneshot import changed_method

SMALL = {"channels": 4, "cells": 1}


class Killed(BaseException):
    """As if the process were gone."""


def search(method="darts", seed=0, epochs=2, **changes):
    changes = {"batch": 200, **changes}
    if METHODS[method].choice.kind != "strongest":
        changes["choice"] = {"candidates": 3, "rounds": 1, "population": 3, "images": 100, "calibration": 200}
    made = OneShot.of(changed_method(method, changes), "nasbench201", "digits", epochs, seed, **SMALL)
    made.name = method
    return made


def dying(at):
    """Kill what runs after so many of its steps."""
    left = at

    def progress(running, losses):
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    return progress


def contents(folder):
    tensors, facts = read_tensors(folder / STATE)
    return (
        {name: tensor.numpy().tobytes() for name, tensor in tensors.items()},
        facts,
        {name: (folder / name).read_bytes() for name in (LOG, COURSE, FOUND)},
        {name: tensor.numpy().tobytes() for name, tensor in read_tensors(folder / NET)[0].items()},
    )


QUICK = ("darts", "spos")
"""The others are killed in the slow tests."""

KILLED = [pytest.param(method, "float32", marks=[] if method in QUICK else pytest.mark.slow) for method in METHODS]


@pytest.mark.slow_where("spos")
@pytest.mark.parametrize(("method", "precision"), [*KILLED, pytest.param("darts", "bfloat16", marks=pytest.mark.slow)])
def test_killed_at_a_random_step_and_gone_on_with_it_is_the_same(tmp_path, method, precision):
    chance = random.Random(method)
    Running(search(method), tmp_path / "whole", precision=precision).run()
    for minutes in (0.0, 10.0):  # a state after each step, or after each epoch
        folder = tmp_path / f"ended-{minutes}"
        for steps in chance.choice([(1, 1, 1), (1, 2), (2, 1), (1, 1)]):
            with pytest.raises(Killed):
                Running(search(method), folder, precision=precision).run(minutes, progress=dying(steps))
        Running(search(method), folder, precision=precision).run(minutes)
        assert contents(folder) == contents(tmp_path / "whole")


def test_stopped_between_steps_it_says_so_and_goes_on(tmp_path):
    asked = iter([False, False, True])
    with pytest.raises(Interrupted, match=r"stopped at epoch 1.0 of 2; it is kept in .*, and the same command goes on"):
        Running(search(), tmp_path / "ended").run(stop=lambda: next(asked))
    Running(search(), tmp_path / "ended").run()
    assert [json.loads(line)["step"] for line in (tmp_path / "ended" / LOG).read_text().splitlines()] == [1, 2, 3, 4]


def test_other_settings_other_files_and_damage_are_refused(tmp_path):
    folder = tmp_path / "kept"
    Running(search(epochs=1), folder).run()
    with pytest.raises(BadSetting, match=r"begun with other settings \(method.weights.rate was 0.025, now 0.5\)"):
        Running(search(epochs=1, weights={"rate": 0.5}), folder).run()
    with pytest.raises(BadSetting, match="precision was"):
        Running(search(epochs=1), folder, precision="bfloat16").run()
    state = (folder / STATE).read_bytes()
    (folder / STATE).write_bytes(state[:-1] + bytes([state[-1] ^ 1]))
    with pytest.raises(CorruptFile, match="is damaged"):
        Running(search(epochs=1), folder).run()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("")
    with pytest.raises(BadSetting, match=r"has other files in it, such as thesis\.tex"):
        Running(search(), other).run()


def test_a_parameter_that_is_no_number_stops_with_a_sentence_and_the_kept_state_stays(tmp_path):
    Running(search(epochs=1), tmp_path / "kept").run()
    broken = Running(search(epochs=2), tmp_path / "bad")

    def spoil(running, losses):
        if running.search.made == 3:
            with torch.no_grad():
                running.search.alphas.trained[0].fill_(float("nan"))

    with pytest.raises(NasbedError, match=r"step 2 is the last that is kept in .*bad"):
        broken.run(progress=spoil)
    kept = read_tensors(tmp_path / "bad" / STATE)[0]
    assert all(bool(tensor.isfinite().all()) for tensor in kept.values())


@pytest.mark.slow
def test_bfloat16_computes_otherwise(tmp_path):
    losses = {}
    for precision in ("float32", "bfloat16"):
        course = Running(search(epochs=1), tmp_path / precision, precision=precision).run()
        losses[precision] = course.moments[-1].training_loss
    assert losses["float32"] != losses["bfloat16"]
    assert losses["float32"] == pytest.approx(losses["bfloat16"], rel=0.1)


def test_each_epoch_has_what_was_derived_and_what_is_known_of_it(tmp_path):
    def known(rows):
        index = NASBench201().index(rows)
        return {"number": (index.astype(float), index / 15_625)}

    course = Running(search(), tmp_path / "kept", known=known, ranked=8).run()
    assert Course.read(tmp_path / "kept") == Course.read(tmp_path / "kept" / COURSE)
    assert json.dumps(Course.read(tmp_path / "kept").to_dict()) == json.dumps(course.to_dict())
    space = course.space
    for moment in course.moments:
        row = np.array(moment.row, np.int8)
        assert moment.architecture == space.format(row)
        assert moment.known == {"number": float(space.index(row[None])[0])}
        assert moment.skips == moment.architecture.count("skip_connect")
        for (name, values), (decision, chances) in zip(course.decisions, moment.alphas.items(), strict=True):
            assert (name, len(values)) == (decision, len(chances))
            assert sum(chances) == pytest.approx(1)
        strongest = [values[int(np.argmax(moment.alphas[name]))] for name, values in course.decisions]
        words = moment.architecture.replace("+", "").strip("|").split("|")
        assert [word.partition("~")[0] for word in words if word] == strongest
    ranked = course.ranked
    assert len(ranked.rows) == len(ranked.inherited) == len(ranked.known["number"]) <= 8
    assert all(0 <= share <= 1 for share in ranked.inherited)


@pytest.mark.slow
def test_methods_that_choose_by_inherited_weights_choose_once_in_the_end(tmp_path):
    course = Running(search("rsps"), tmp_path / "kept").run()
    first, last = course.moments
    assert (first.architecture, first.entropy, first.alphas) == ("", None, {})
    assert last.architecture == course.space.format(np.array(last.row, np.int8))


def test_skips_are_counted_where_decisions_count():
    net = OneShot.of("darts", "darts:cells=3,channels=4", "digits", 1).net
    space = net.space
    for row in space.canonical(space.sample(Streams.from_seed(0, 20))):
        assert skips(net, row) == space.format(row).count("skip_connect")


@pytest.mark.slow
def test_layers_that_draw_go_on_with_their_stream(tmp_path):
    def noisy():
        made = OneShot.of("darts", "darts:cells=3,channels=4,operations=[noise,skip_connect]", "digits", 2)
        made.name = "darts"
        return made

    torch.manual_seed(5)
    Running(noisy(), tmp_path / "whole").run()
    torch.manual_seed(6)
    with pytest.raises(Killed):
        Running(noisy(), tmp_path / "ended").run(0.0, progress=dying(3))
    Running(noisy(), tmp_path / "ended").run(0.0)
    assert contents(tmp_path / "ended") == contents(tmp_path / "whole")
