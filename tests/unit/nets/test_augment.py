"""Long trainings: interrupted anywhere, in any way, they end with the same bits."""

import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from nets.plain import small101
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nasbed.core.errors import BadSetting, CorruptFile, Interrupted
from nasbed.core.graph import Graph
from nasbed.core.locks import locked
from nasbed.nets.augment import augment, joined
from nasbed.nets.blueprint import blueprint_of
from nasbed.nets.data.batches import full_batches
from nasbed.nets.data.source import prepared
from nasbed.nets.network_file import load_network, network_facts
from nasbed.nets.passes import Pass
from nasbed.nets.recipe import Recipe
from nasbed.nets.tensorfile import read_tensors
from nasbed.nets.training import train
from nasbed.nets.training_folder import BEST, LAST, STATE

MODULE = Graph.of(
    [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
    ["input", "conv3x3-bn-relu", "maxpool3x3", "output"],
)
OLD = Path(__file__).parents[2] / "old" / "0.1" / "training"
BLUEPRINT, ROW = small101(MODULE, stem_channels=4, stacks=1, classes=4, image_size=6)
RECIPE = Recipe(
    batch_size=8, learning_rate=0.1, norm_momentum=0.9, crop=1, noise=0.1, evaluation_batch=10, schedule="stepwise"
)


@pytest.fixture(scope="module")
def data():
    """Four kinds of stripes under noise."""
    labels = np.arange(120, dtype=np.int64) % 4
    images = np.random.default_rng(0).uniform(0, 1, (120, 6, 6, 1)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[(np.add.outer(np.arange(6) * (label & 1), np.arange(6) * (label >> 1)) % 2) == 1] += 1
    parts = {"train": np.arange(50), "validation": np.arange(50, 90), "test": np.arange(90, 120)}
    return prepared("stripes", images, labels, parts, 4)


@pytest.fixture
def trained(data, tmp_path):
    def call(folder="run", **changes):
        settings = {"blueprint": BLUEPRINT, "recipe": RECIPE, "data": data, "epochs": 7, "seed": 5, "every": 3}
        return augment(row=ROW, folder=tmp_path / folder, **{**settings, **changes})

    return call


def timeless(folder):
    """Give all that a training left but its times."""
    tensors, facts = read_tensors(folder / STATE)
    del facts["training"]["seconds"]
    facts["scalars"] = [scalar[:-1] for scalar in facts["scalars"]]
    for measurement in facts["measurements"]:
        del measurement["training_time"]
    networks = {name: read_tensors(folder / name) for name in (LAST, BEST)}
    for name, (weights, about) in networks.items():
        del about["measurement"]["training_time"]
        facts[name] = about
        tensors |= {f"{name}/{weight}": value for weight, value in weights.items()}
    return tensors, facts


def same(one, other):
    (tensors, facts), (tensors_again, facts_again) = timeless(one), timeless(other)
    assert facts == facts_again
    assert tensors.keys() == tensors_again.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, tensors_again[name]), name


def scalars(folder):
    board = EventAccumulator(str(folder / "tensorboard")).Reload()
    return {tag: [(event.step, event.value) for event in board.Scalars(tag)] for tag in board.Tags()["scalars"]}


def test_it_is_an_ordinary_training_watched_more_often(data, trained):
    long = trained(final=False)
    short = train(BLUEPRINT, ROW, RECIPE, data, 7, 5)
    assert long.trainable_parameters == short.trainable_parameters
    for measurement, name in ((long.measurements[0], "start"), (long.measurements[-1], "end")):
        point = short.points[name]
        parts = {part: getattr(point, part) for part in ("train", "validation", "test")}
        assert (measurement.epoch, measurement.scores) == (point.epoch, parts)


def test_it_measures_after_the_first_step_every_so_often_and_at_the_end(trained):
    result = trained()
    assert result.steps == 7 * 90 // 8
    assert [m.step for m in result.measurements] == [1, 3 * 90 // 8, 6 * 90 // 8, 7 * 90 // 8]
    assert [round(m.epoch) for m in result.measurements] == [0, 3, 6, 7]


@pytest.mark.slow
def test_a_final_training_learns_from_validation_images_and_is_led_by_test(data, trained):
    together = joined(data)
    assert torch.equal(together.train.images[50:], data.validation.images)
    assert torch.equal(together.train.labels[50:], data.validation.labels)
    assert together.test is data.test
    final, held_out = trained(), trained("other", final=False)
    assert (final.led_by, list(final.measurements[0].scores)) == ("test", ["train", "test"])
    assert (held_out.led_by, list(held_out.measurements[0].scores)) == (
        "validation",
        ["train", "validation", "test"],
    )


@pytest.mark.parametrize("final", [pytest.param(True, marks=pytest.mark.slow), False])
def test_stopped_between_steps_it_goes_on_to_the_same_bits(trained, tmp_path, final):
    trained("whole", final=final)
    for stops in count():
        asked = iter([False] * (1 + stops % 2) + [True])
        try:
            result = trained("stopped", final=final, stop=lambda asked=asked: next(asked))
            break
        except Interrupted as error:
            said = str(error)
    assert re.fullmatch(
        r"stopped at epoch \d.\d of 7, .* accuracy .* is kept in .*, and the same command goes on", said
    )
    assert stops > 5
    assert result.step == result.steps
    times = [m.training_time for m in result.measurements]
    assert times == sorted(times)
    assert len(list((tmp_path / "stopped" / "tensorboard").iterdir())) == 1
    same(tmp_path / "whole", tmp_path / "stopped")
    assert scalars(tmp_path / "whole") == scalars(tmp_path / "stopped")


@pytest.mark.slow
def test_ctrl_c_within_a_step_goes_on_from_the_last_that_is_kept(trained, tmp_path, monkeypatch):
    original, made = Pass.step, count()

    def step(self, numbers, rate):
        if next(made) == 40:
            raise KeyboardInterrupt
        original(self, numbers, rate)

    trained("whole")
    monkeypatch.setattr(Pass, "step", step)
    with pytest.raises(Interrupted, match=r"epoch 3\.\d of 7, test accuracy .* step 33 of 78 is the last"):
        trained("interrupted")
    (tmp_path / "interrupted" / f".{STATE}.7.part").write_bytes(b"half")
    trained("interrupted")
    assert not list((tmp_path / "interrupted").glob(".*"))
    same(tmp_path / "whole", tmp_path / "interrupted")


KILLED = """
import os, random, signal, sys, time
import safetensors.torch, torch.utils.tensorboard  # once, for all children
from nasbed.factory.settings import training_settings
from nasbed.nets.augment import augment
from nasbed.nets.data.source import load
from nasbed.spaces.nasbench101 import NASBench101

space = NASBench101(vertices=3)
blueprint, recipe = training_settings(space, "digits")
row = space.parse("011/001/000:conv3x3-bn-relu")
data = load("digits")

def run(folder):
    child = os.fork()
    if not child:
        augment(blueprint, row, recipe, data, 2, 3, folder, every=1, minutes=0)
        os._exit(0)
    return child

assert os.waitpid(run(sys.argv[1]), 0)[1] == 0
moment, kills = random.Random(int(sys.argv[3])), 0
while True:
    child = run(sys.argv[2])
    time.sleep(moment.uniform(0.02, 0.3 + 0.1 * kills))  # later and later, so that it ends on any machine
    os.kill(child, signal.SIGKILL)
    if os.waitpid(child, 0)[1] == 0:
        break
    kills += 1
print(kills)
"""


def killed(tmp_path, seed):
    words = [sys.executable, "-c", KILLED, tmp_path / "whole", tmp_path / "killed", str(seed)]
    kills = int(subprocess.run(words, check=True, capture_output=True, text=True, timeout=300).stdout)
    same(tmp_path / "whole", tmp_path / "killed")
    assert scalars(tmp_path / "whole") == scalars(tmp_path / "killed")
    return kills


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_to_the_same_bits(tmp_path):
    assert killed(tmp_path, 1) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
def test_killed_at_many_random_moments_it_goes_on_to_the_same_bits(tmp_path, seed):
    killed(tmp_path, seed)


def test_the_journal_has_every_measurement_once_and_every_epochs_loss(trained, tmp_path):
    result = trained()
    with (tmp_path / "run" / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [m.step for m in result.measurements]
    assert [float(row["test_accuracy"]) for row in rows] == [m.scores["test"].value for m in result.measurements]
    found = scalars(tmp_path / "run")
    np.testing.assert_allclose([v for _, v in found["accuracy/test"]], [float(row["test_accuracy"]) for row in rows])
    ends = [epoch * 90 // 8 for epoch in range(1, 8)]
    assert [step for step, _ in found["training/loss"]] == ends
    rates = dict(found["training/learning_rate"])
    assert rates[ends[0]] == pytest.approx(0.1)
    assert rates[ends[4]] == pytest.approx(0.001)
    assert rates[ends[6]] == pytest.approx(0.00001)


@pytest.mark.slow
def test_kept_networks_are_rebuilt_from_their_files_alone(data, trained, tmp_path):
    result = trained(epochs=12)
    for name, measured in ((LAST, result.measurements[-1]), (BEST, result.best)):
        network = load_network(tmp_path / "run" / name)
        (images, labels), *rest = full_batches(data.test, 30, 30, 1)
        assert not rest
        assert not network.training
        assert (network(images).argmax(1) == labels).sum() == measured.scores["test"].total
        facts = network_facts(tmp_path / "run" / name)
        assert facts["measurement"] == json.loads(json.dumps(measured.to_dict()))
        assert (facts["architecture"], facts["row"]) == (BLUEPRINT.space.format(ROW), ROW.tolist())
        assert Recipe(**facts["recipe"]) == RECIPE
        assert blueprint_of(BLUEPRINT.space, **facts["skeleton"]) == BLUEPRINT
        assert (facts["plan"]["seed"], facts["plan"]["data"]["checksum"]) == (5, data.checksum)
        assert facts["led_by"] == "test"
    assert result.best.scores["test"].value == max(m.scores["test"].value for m in result.measurements)


def test_a_rebuilt_network_has_the_same_logits(data, trained, tmp_path, monkeypatch):
    passes = []
    original = Pass.__init__
    monkeypatch.setattr(Pass, "__init__", lambda self, *rest: passes.append(self) or original(self, *rest))
    trained()
    images = next(full_batches(data.test, 30, 30, 1))[0]
    before = passes[0].network.eval()(images)[0]
    torch.testing.assert_close(load_network(tmp_path / "run" / LAST)(images), before)  # trained, it rounds otherwise


def test_other_settings_are_refused_and_named(data, trained):
    trained(epochs=2)
    changes = {"recipe": replace(RECIPE, l2=0.5), "seed": 6, "epochs": 3, "final": False}
    with pytest.raises(BadSetting) as refused:
        trained(**changes)
    for text in (
        "recipe.l2 was 0.0001, now 0.5",
        "seed was 5, now 6",
        "epochs was 2, now 3",
        "final was true, now fal",
    ):
        assert text in str(refused.value)
    other = replace(data, checksum="0")
    with pytest.raises(BadSetting, match=r"data\.checksum"):
        trained(epochs=2, data=other)


def test_a_finished_training_is_not_made_again(trained, monkeypatch):
    result = trained()
    monkeypatch.setattr(Pass, "step", None)
    assert trained() == result


def test_a_training_that_fails_says_so_and_says_it_again(trained, monkeypatch):
    wild = replace(RECIPE, learning_rate=1e20)
    result = trained(recipe=wild)
    assert "not finite" in result.failure
    assert [m.step for m in result.measurements] == [1]
    monkeypatch.setattr(Pass, "step", None)
    assert trained(recipe=wild) == result


def test_a_damaged_state_is_refused(trained, tmp_path):
    trained(epochs=2)
    path = tmp_path / "run" / STATE
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 16
    path.write_bytes(raw)
    with pytest.raises(CorruptFile, match=r"state\.safetensors is damaged.*begin"):
        trained(epochs=2)
    path.write_bytes((tmp_path / "run" / LAST).read_bytes())
    with pytest.raises(CorruptFile, match="not the state of a training"):
        trained(epochs=2)
    trained("other", epochs=2)
    with pytest.raises(CorruptFile, match="does not hold a network"):
        load_network(tmp_path / "other" / STATE)


def test_a_state_of_version_0_1_is_refused(trained, tmp_path):
    shutil.copytree(OLD, tmp_path / "run")
    with pytest.raises(BadSetting, match=r"begun by version 0\.1 of nasbed.* Its networks open as before"):
        trained()


def test_a_folder_that_is_in_use_or_is_not_a_trainings_is_refused(trained, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("mine")
    with pytest.raises(BadSetting, match=r"other files in it, such as diary\.txt"):
        trained("notes")
    with pytest.raises(BadSetting, match="is a file"):
        trained("notes/diary.txt")
    (tmp_path / "run").mkdir()
    with locked(tmp_path / "run" / STATE, "is busy"), pytest.raises(BadSetting, match="another process trains in"):
        trained()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"every": 0}, "every 1 or more epochs, not 0"),
        ({"epochs": 0}, "use more epochs"),
        ({"recipe": replace(RECIPE, clock="time")}, "cannot be gone on with"),
        ({"blueprint": replace(BLUEPRINT, image_size=8)}, "image_size=6"),
    ],
)
def test_what_does_not_fit_is_refused_before_a_folder_is_made(trained, tmp_path, changes, message):
    with pytest.raises(BadSetting, match=message):
        trained(**changes)
    assert list(tmp_path.iterdir()) == []
