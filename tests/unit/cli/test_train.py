"""``nasbed train``: at once, for long, stopped, gone on with."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from nasbed.cli.door import stopping
from nasbed.factory.settings import training_settings
from nasbed.nets.diagnostics import Diagnostics
from nasbed.nets.network_file import load_network, network_facts
from nasbed.nets.passes import Pass
from nasbed.nets.recipe import NASBENCH101_AUGMENT, Recipe
from nasbed.nets.training_folder import LAST, STATE
from nasbed.spaces.nasbench101 import NASBench101

MODULE = "011/001/000:conv3x3"
FEW = ("--set", "recipe.batch_size=100")
"""Steps, so that the tests are quick."""


def test_a_training_is_kept_in_a_folder_and_ends_as_one_that_is_not(nasbed_command, tmp_path):
    words = ("train", MODULE, "--epochs", 3, "--seed", 4, *FEW)
    short = nasbed_command(*words, "--json").json
    out = tmp_path / "runs" / "first"
    long = nasbed_command(*words, "--out", out, "--every", 1, "--json").json
    assert long["measurements"][-1]["scores"]["validation"] == short["points"]["end"]["validation"]
    assert [round(m["epoch"]) for m in long["measurements"]] == [0, 1, 2, 3]
    ran = nasbed_command(*words, "--out", out, "--every", 1)
    assert "best by validation" in ran.out
    assert "last.safetensors" in ran.out
    assert sum(map(torch.Tensor.numel, load_network(out / LAST).parameters())) == short["trainable_parameters"]


@pytest.mark.slow
def test_augment_trains_by_the_published_schedule_on_validation_images_too(nasbed_command, tmp_path):
    words = ("train", MODULE, *FEW, "--augment", "--epochs", 2, "--every", 1, "--out", tmp_path / "run")
    ran = nasbed_command(*words)
    assert "best by test" in ran.out
    assert "too good" in ran.out
    facts = network_facts(tmp_path / "run" / LAST)
    assert facts["plan"]["final"] is True
    assert facts["recipe"]["schedule"] == "stepwise"
    named = ("--recipe", "digits", "--set", "recipe.crop=0")
    assert nasbed_command(*words[:-1], tmp_path / "other", *named).code == 0
    recipe = network_facts(tmp_path / "other" / LAST)["recipe"]
    assert (recipe["schedule"], recipe["crop"]) == ("cosine", 0)


def test_augment_is_the_published_recipe_where_the_data_are():
    _, recipe = training_settings(NASBench101(), "cifar10", {}, {"schedule": "stepwise"})
    assert recipe == NASBENCH101_AUGMENT == Recipe(schedule="stepwise")


@pytest.mark.slow
def test_a_published_module_is_trained_by_its_name(nasbed_command):
    found = nasbed_command("train", "resnet-like", *FEW, "--epochs", 1, "--json").json
    assert found["failure"] is None
    wide = ("train", "inception-resnet-like", *FEW, "--epochs", 1, "--json")
    assert (
        nasbed_command(*wide).json["trainable_parameters"]
        == nasbed_command(*wide, "--edges", 10).json["trainable_parameters"]
    )
    assert "outside this space" in nasbed_command(*wide, "--edges", 9).err


def test_diagnostics_are_written(nasbed_command, tmp_path):
    assert nasbed_command("train", MODULE, *FEW, "--epochs", 1, "--diagnostics", tmp_path / "d.npz").code == 0
    assert Diagnostics.load(tmp_path / "d.npz").moments == ("start", "halfway", "end")


def test_a_failure_is_an_error(nasbed_command, tmp_path):
    wild = ("train", MODULE, "--epochs", 1, "--set", "recipe.learning_rate=1e20")
    for more in ((), ("--json",), ("--out", tmp_path / "run")):
        ran = nasbed_command(*wild, *more)
        assert ran.code == 1
        assert "the training failed: weights or outputs were not finite" in ran.err


@pytest.mark.slow
def test_ctrl_c_says_where_things_stand_and_the_command_that_goes_on(nasbed_command, tmp_path, monkeypatch):
    """A real process, a real signal, and the command that it printed."""
    words = ["train", MODULE, *FEW, "--epochs", "30", "--every", "10", "--out", "the run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nasbed.cli", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "the run" / STATE).exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert "stopping after this step" in said
    *_, last = said.splitlines()
    sentence, _, again = last.partition("and the same command goes on: ")
    assert "nasbed: stopped at epoch" in sentence
    assert "of 30, validation accuracy" in sentence
    assert shlex.split(again) == ["nasbed", *words]
    monkeypatch.chdir(tmp_path)
    assert nasbed_command(*shlex.split(again)[1:]).code == 0
    assert nasbed_command(*words[:-1], "whole").code == 0
    for name, value in load_network("whole/" + LAST).state_dict().items():
        assert torch.equal(value, load_network("the run/" + LAST).state_dict()[name])


def test_ctrl_c_of_a_training_that_is_not_kept_says_so(nasbed_command, monkeypatch):
    def step(self, numbers, rate):
        if self.made == 20:
            os.kill(os.getpid(), signal.SIGINT)
        original(self, numbers, rate)

    original = Pass.step
    monkeypatch.setattr(Pass, "step", step)
    monkeypatch.setattr(sys, "argv", ["nasbed", "train", MODULE])
    ran = nasbed_command("train", MODULE, "--epochs", 12)
    assert ran.code == 130
    assert "nothing is kept of a training without --out FOLDER" in ran.err
    assert ran.err.endswith(f"begins again: nasbed train {MODULE}\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_and_the_second_an_order(number, capsys):
    before = signal.getsignal(number)
    with stopping() as asked:
        assert not asked()
        os.kill(os.getpid(), number)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
    assert "once more stops at once" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--augment",), "--out FOLDER"),
        (("--out", "x", "--time-limit", "3"), "without --out"),
        (("--out", "x", "--diagnostics", "y"), "without --out"),
        (("--diagnostics", "no/such/place"), "no folder no/such"),
        (("--every", "0"), "--every"),
        (("--recipe", "nasbench10"), "Did you mean 'nasbench101'"),
        (("--epochs", "0"), "0 epochs"),
        (("--epochs", "0", "--out", "x"), "0 epochs"),
    ],
)
def test_bad_input_is_refused_at_the_door(nasbed_command, words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = nasbed_command("train", MODULE, *words)
    assert ran.code == 2
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_numbers_to_predict_are_trained_on_kept_and_started_from(nasbed_command, tmp_path):
    images = np.random.default_rng(0).random((60, 8, 8)).astype(np.float32)
    images *= np.linspace(0.2, 1, 60, dtype=np.float32)[:, None, None]
    np.savez(tmp_path / "bright.npz", images=images, labels=100 * images.mean((1, 2)))
    small = ("--set", "skeleton.stacks=1", "--set", "skeleton.stem_channels=4")
    words = ("train", MODULE, "--data", f"arrays:{tmp_path / 'bright.npz'}", "--epochs", 2, *small)
    ran = nasbed_command(*words, "--out", tmp_path / "run", "--every", 1)
    assert "validation mae" in ran.out
    assert "%" not in ran.out
    assert "train_mae,validation_mae,test_mae" in (tmp_path / "run" / "log.csv").read_text()
    found = nasbed_command(*words, "--out", tmp_path / "run", "--every", 1, "--json").json
    values = {m["step"]: m["scores"]["validation"][0] for m in found["measurements"]}
    assert values[found["best"]["step"]] == min(values.values())
    task = network_facts(tmp_path / "run" / LAST)["task"]
    assert (task["metric"], task["goal"], len(task["mean"]), len(task["std"])) == ("mae", "min", 1, 1)
    again = nasbed_command(*words, "--set", f"recipe.pretrained={tmp_path / 'run' / LAST}")
    assert re.search(r"pretrained +(\d+) of \1 tensors from", again.out)
