"""``nasbed score``: from words to scores, stopped and resumed; ``nasbed status`` on its store."""

import re
import shlex
import signal

import numpy as np
import pytest
from processes import records, started, until
from scores.scorings import Scorer, survey

from nasbed.scores.scores import Scores
from nasbed.spaces.nasbench201 import NASBench201

CELLS = NASBench201()
WORDS = ("score", "nasbench201", "--proxies", "snip", "--sample", 60, "--seed", 5)
HOW = ("--executor", "inline")
SMALL = ("--set", "channels=4", "--set", "cells=1", "--batch", 8)


@pytest.fixture
def scorer(monkeypatch):
    """Scores that are made up, in this process."""
    made = Scorer()
    monkeypatch.setattr("nasbed.scores.campaign.SURVEY", survey)
    monkeypatch.setattr("nasbed.scores.campaign.SCORE", made)
    return made


@pytest.mark.slow
def test_ctrl_c_says_where_it_stands_and_what_resumes_it(nasbed_command, tmp_path):
    out, store = tmp_path / "my scores.csv", tmp_path / "my scores.sqlite"
    process = started([*WORDS, *HOW, "--out", out])
    until(lambda: len(records(store)) >= 3, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    said = re.search(
        r"nasbed: interrupted with (\d+) of (\d+) units done; they are kept in (.*); to go on: (.*)\n$", err
    )
    assert said[3] == str(store)
    before = records(store)
    assert len(before) == int(said[1]) < int(said[2])
    assert {path.name for path in tmp_path.iterdir()} == {store.name}
    shown = nasbed_command("status", store).out
    assert re.search(rf"networks done +{said[1]} of {said[2]}, for 60 architectures\n", shown)
    name, *words = shlex.split(said[4])
    assert name == "nasbed"
    printed, _ = started(words).communicate(timeout=60)
    assert f"{out}: 60 architectures of nasbench201" in printed
    after = records(store)
    assert {unit: after[unit] for unit in before} == before
    assert len(after) == int(said[2])


@pytest.mark.slow
def test_kill_9_loses_no_more_than_what_was_in_flight(nasbed_command, scorer, tmp_path):
    out, store = tmp_path / "x.csv", tmp_path / "x.sqlite"
    process = started([*WORDS, *HOW, "--out", out])
    until(lambda: len(records(store)) >= 5, process)
    process.kill()
    process.communicate()
    before = records(store)
    assert len(before) >= 5
    assert nasbed_command(*WORDS, *HOW, "--out", out).code == 0
    whole = nasbed_command(*WORDS, *HOW, "--out", tmp_path / "whole.csv")
    assert whole.code == 0
    assert len(scorer.asked) == 2 * len(records(store)) - len(before)
    assert out.read_text() == (tmp_path / "whole.csv").read_text()


@pytest.mark.slow
def test_a_second_command_on_the_same_store_is_refused(nasbed_command, scorer, tmp_path):
    process = started([*WORDS, *HOW, "--out", tmp_path / "x.csv"])
    until(lambda: len(records(tmp_path / "x.sqlite")), process)
    ran = nasbed_command(*WORDS, *HOW, "--out", tmp_path / "x.csv")
    assert ran.code == 2
    assert "another process works on" in ran.err
    assert nasbed_command("status", tmp_path, "--json").json[0]["running"]["process"] == process.pid
    process.communicate(timeout=60)


@pytest.mark.slow
def test_workers_in_processes_score_as_one_does_here(nasbed_command, tmp_path):
    words = ("score", "nasbench201", "--proxies", "naswot,zen", "--sample", 3, *SMALL)
    assert nasbed_command(*words, "--executor", "inline", "--out", tmp_path / "here.arrow").code == 0
    assert nasbed_command(*words, "--workers", 2, "--out", tmp_path / "there.arrow").code == 0
    here, there = Scores.read(tmp_path / "here.arrow"), Scores.read(tmp_path / "there.arrow")
    for proxy in ("naswot", "zen", "params", "flops"):
        np.testing.assert_array_equal(here[proxy], there[proxy])


def test_a_list_and_a_sample_score_the_same_network_alike(nasbed_command, tmp_path):
    words = ("score", "nasbench201", "--proxies", "snip", *SMALL, *HOW)
    nasbed_command(*words, "--sample", 4, "--out", tmp_path / "a.csv")
    sampled = Scores.read(tmp_path / "a.csv")
    (tmp_path / "list.txt").write_text("\n".join(sampled.texts[::-1][:2]))
    assert nasbed_command(*words, "--archs", tmp_path / "list.txt", "--out", tmp_path / "b.csv").code == 0
    listed = Scores.read(tmp_path / "b.csv")
    assert listed["snip"].tolist() == sampled["snip"][::-1][:2].tolist()


def test_the_modules_of_nasbench101_are_scored_too(nasbed_command, tmp_path):
    ran = nasbed_command(
        *("score", "nasbench101", "--vertices", 3, "--all", "--proxies", "snip", "--batch", 8, *HOW),
        *("--set", "stem_channels=4", "--set", "stacks=1", "--set", "modules_per_stack=1", "--out", tmp_path / "x.csv"),
    )
    assert f"{tmp_path / 'x.csv'}: 7 architectures of nasbench101, snip, params, flops\n" in ran.out


def test_other_settings_are_refused_with_their_differences(nasbed_command, scorer, tmp_path):
    nasbed_command(*WORDS, *HOW, "--out", tmp_path / "x.csv")
    ran = nasbed_command(*WORDS, *HOW, "--batch", 64, "--set", "cells=1", "--out", tmp_path / "x.csv")
    assert ran.code == 2
    assert "batch was 128, now 64" in ran.err
    assert "network.cells was null, now 1" in ran.err


def test_equal_cells_are_said_to_share_a_network(nasbed_command, scorer, tmp_path):
    some = CELLS.enumerate()[:300]
    (tmp_path / "some.txt").write_text("\n".join(map(CELLS.format, some)))
    words = ("score", "nasbench201", "--proxies", "snip", "--archs", tmp_path / "some.txt")
    ran = nasbed_command(*words, *HOW, "--out", tmp_path / "x.sqlite")
    networks = len(np.unique(CELLS.key(some)))
    assert networks < 300
    assert f"300 architectures of nasbench201, {networks} networks since some are equal, snip, params" in ran.out
    assert len(scorer.asked) == networks


def test_what_was_given_up_is_said(nasbed_command, scorer, tmp_path):
    scorer.fails = lambda unit: unit < "4"
    ran = nasbed_command(*WORDS, *HOW, "--attempts", 1, "--out", tmp_path / "x.csv")
    assert re.search(
        r"\d+ networks were given up; --retry tries them again; the first because: ValueError: no luck", ran.out
    )
    assert "no luck" in nasbed_command("status", tmp_path).out


def test_scoring_that_achieved_nothing_is_in_vain(nasbed_command, scorer, tmp_path):
    scorer.fails = lambda unit: True
    ran = nasbed_command(*WORDS, *HOW, "--attempts", 1, "--out", tmp_path / "x.csv")
    assert ran.code == 1
    assert "every network was given up; the first because: ValueError: no luck" in ran.err


def test_status_changes_nothing_and_finds_stores_beside_others(nasbed_command, scorer, tmp_path):
    nasbed_command(*WORDS, *HOW, "--out", tmp_path / "x.sqlite")
    nasbed_command(*WORDS, *HOW, "--out", tmp_path / "y.sqlite")
    (tmp_path / "z.sqlite").write_text("hello")
    before = (tmp_path / "x.sqlite").read_bytes()
    found = nasbed_command("status", tmp_path, "--json").json
    assert [(part["architectures"], part["done"] == part["networks"]) for part in found] == [(60, True)] * 2
    assert "now            complete" in nasbed_command("status", tmp_path / "x.sqlite").out
    assert (tmp_path / "x.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--sample N, --archs FILE or --all"),
        (("--sample", 3, "--all"), "one way"),
        (("--sample", 0), "at least 1"),
        (("--sample", 99999), "it has 15625"),
        (("--archs", "nowhere.txt"), "nowhere.txt cannot be read: No such file"),
        (("--sample", 3, "--proxies", "naswut"), "Did you mean 'naswot'"),
        (("--sample", 3, "--proxies", "naswot:variant=best"), "not 'best'"),
        (("--sample", 3, "--data", "nowhere"), "no data source is called 'nowhere'"),
        (("--sample", 3, "--batch", 500), "too few for a batch of 500"),
        (("--sample", 3, "--set", "cell=1"), "no setting 'cell'"),
        (("--sample", 3, "--device", "abacus"), "the device 'abacus' cannot be used"),
        (("--sample", 3, "--out", "x.txt"), "ends in .sqlite, .arrow, .csv"),
    ],
)
def test_bad_words_leave_nothing_behind(nasbed_command, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    ran = nasbed_command("score", "nasbench201", *HOW, *words)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []


def test_the_space_is_the_one_that_was_named(nasbed_command, scorer, tmp_path):
    nasbed_command(*WORDS, *HOW, "--out", tmp_path / "x.arrow")
    assert Scores.read(tmp_path / "x.arrow").space == CELLS


def test_what_was_scored_is_json_where_that_is_wanted(nasbed_command, scorer, tmp_path):
    made = nasbed_command(*WORDS, *HOW, "--out", tmp_path / "scores.sqlite", "--json").json
    assert (made["file"], made["architectures"], made["failures"]) == (str(tmp_path / "scores.sqlite"), 60, [])
    assert "snip" in made["columns"]
