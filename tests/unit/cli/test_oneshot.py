"""``nasbed oneshot``: listed, searched, gone on with, refused, reported, trained."""

import json

import pytest

from nasbed.oneshot import METHODS
from nasbed.oneshot.course import Course

FEW = ("--set", "settings.batch=200", "--set", "skeleton.channels=2")
"""Steps and channels, so that the tests are quick."""


def test_without_a_method_it_lists_them(nasbed_command):
    ran = nasbed_command("oneshot")
    assert ran.code == 0
    assert all(name in ran.out for name in METHODS)
    assert nasbed_command("oneshot", "--json").json["gdas"]["temperature"] == [10.0, 0.1]


def test_a_search_is_kept_with_figures_and_a_page_and_the_same_command_shows_it_again(nasbed_command, tmp_path):
    folder = tmp_path / "runs" / "first"
    words = ("oneshot", "darts", "--epochs", 2, "--seed", 3, "--out", folder, *FEW)
    ran = nasbed_command(*words)
    assert ran.code == 0, ran.err
    assert "validation loss" in ran.out
    there = {path.name for path in folder.iterdir() if path.name[0] != "."}
    assert there >= {"course.json", "log.jsonl", "found.json", "state.safetensors", "supernet.safetensors", "page.html"}
    assert {path.name for path in (folder / "figures").iterdir()} == {"alphas.png", "derived.png", "losses.png"}
    course = Course.read(folder)
    assert json.loads((folder / "found.json").read_text())["architecture"] == course.moments[-1].architecture
    again = nasbed_command(*words, "--json").json
    assert again["moments"] == json.loads(json.dumps(course.to_dict()))["moments"]
    page = (folder / "page.html").read_text()
    assert "Architecture parameters over time" in page
    report = tmp_path / "both.html"
    assert nasbed_command("report", folder, folder, "--out", report).code == 0
    assert report.read_text().count("It is one search with one seed") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dartz",), "Did you mean 'darts'"),
        (("darts", "--space", "nasbench101"), "has no supernet"),
        (("darts", "--data", "digitz"), "Did you mean 'digits'"),
        (("darts", "--set", "settings.batch=9999"), "batch of 9999"),
        (("darts", "--then", "sleep"), "--then is 'train'"),
        (("darts", "--device", "tpu"), "cpu always works"),
        (("darts", "--table", "digits101"), "is of nasbench101, not of nasbench201"),
    ],
)
def test_what_is_wrong_is_one_sentence(nasbed_command, tmp_path, words, said):
    ran = nasbed_command("oneshot", *words, "--out", tmp_path / "run")
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_then_train_trains_what_was_found_and_a_file_says_how(nasbed_command, tmp_path):
    (tmp_path / "search.toml").write_text(
        'method = "darts"\nspace = "darts:cells=3,channels=4"\nepochs = 1\n[settings]\nbatch = 200\n'
        "[train]\nepochs = 1\nevery = 1\n"
    )
    words = ("oneshot", "--config", tmp_path / "search.toml", "--then", "train", "--out", tmp_path / "run")
    ran = nasbed_command(*words, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["training"]["step"] == ran.json["training"]["steps"]
    assert (tmp_path / "run" / "training" / "best.safetensors").exists()
    assert "trained in" in nasbed_command(*words).out


def test_a_study_of_one_shot_searches_is_told_by_its_file_or_its_name(nasbed_command, tmp_path):
    (tmp_path / "few.toml").write_text('[oneshot]\nmethods = ["gdas", "spos"]\nseeds = 3\n')
    assert len(nasbed_command("study", tmp_path / "few.toml", "--dry-run", "--json").json) == 6
    assert "S4" in nasbed_command("study", "robustdarts-s1-s4", "--dry-run").out
    ran = nasbed_command("study", "robustdarts-s1-s4", "--runs", 3)
    assert ran.code == 2
    assert "all else is in its file" in ran.err


def test_latencies_are_measured_into_a_file(nasbed_command, tmp_path):
    words = ("latency", "nasbench201", "--repeats", 1, "--out", tmp_path / "here.json", "--set", "skeleton.channels=2")
    found = nasbed_command(*words, "--json").json
    assert found["layers"] > 5
    assert found["network"]["channels"] == 2
    assert nasbed_command("latency", "nasbench101", "--out", tmp_path / "none.json").code == 2
