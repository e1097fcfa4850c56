"""Each verb does its job, and says it to people and to programs."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import nasbed
from nasbed.cli.app import EXAMPLES
from nasbed.core.registry import optimizers
from nasbed.nets.data.sources import SOURCES
from nasbed.run.history import History
from nasbed.tables.table import Table

VERBS = list(EXAMPLES)
MODULE = "0110/0011/0001/0000:conv3x3,maxpool"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_with_an_example_that_names_it(nasbed_command, verb):
    ran = nasbed_command(verb, "--help")
    assert ran.code == 0
    assert re.search(rf"Example: nasbed {verb}\b", ran.out)


@pytest.mark.parametrize("verb", VERBS)
def test_the_lines_of_a_help_are_as_long_as_the_terminal_is_wide(nasbed_command, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "70")
    lines = [line.strip() for line in nasbed_command(verb, "--help").out.split("╭")[0].splitlines()]
    pairs = [(line, after) for line, after in pairwise(lines) if line and after]
    assert all(len(f"{line} {after.split()[0]}") > 68 for line, after in pairs)


def test_without_a_verb_the_help_names_all_of_them(nasbed_command):
    ran = nasbed_command()
    assert ran.code == 0
    assert all(re.search(rf"│ {verb} ", ran.out) for verb in VERBS)
    assert nasbed_command("--version").out == f"nasbed {nasbed.__version__}\n"


def test_list_has_every_registered_name(nasbed_command):
    found = nasbed_command("list", "--json").json
    assert list(found["optimizers"]) == list(optimizers)
    assert all(text for names in found.values() for text in names.values())
    ran = nasbed_command("list", "optimizers")
    assert all(name in ran.out for name in optimizers)
    assert "nasbench101" not in ran.out


def test_info_describes_spaces_optimizers_and_tables(nasbed_command, table):
    assert nasbed_command("info", "regularized-evolution", "--json").json["optimizer"]["settings"]["population"] == "50"
    found = nasbed_command("info", table.path, "--json").json["table"]
    assert (found["architectures"], found["rows"], found["warnings"]) == (91, "all of the space", ["made up"])
    assert "reported" in found["measurements"]["4/toy/test/accuracy"]
    assert found["checksum"] in nasbed_command("info", table.path).out
    both = nasbed_command("info", "nasbench101", "--json").json
    assert both["space"]["vertices"] == 7
    assert "nasbed import" in both["benchmark"]["missing"]
    assert nasbed_command("info", "nasbench101:vertices=5", "--json").json["space"]["settings"]["vertices"] == "5"
    with_settings = nasbed_command("info", "darts:cells=3,operations=[s1]", "--json").json["space"]
    assert (with_settings["architectures"], with_settings["settings"]["cells"]) == ((4 * 12 * 24 * 40) ** 2, "3")


def test_a_query_says_that_an_equal_cell_was_trained(nasbed_command):
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    found = nasbed_command("query", "digits201", none, "--json").json
    assert found["architecture"] != none
    assert found["trained"] == "this one, for all that are equal to it"
    assert "equal" not in nasbed_command("query", "digits101", "01/00:").out


@pytest.mark.parametrize("name", list(optimizers))
def test_info_says_where_an_optimizer_is_from_and_what_can_be_set(nasbed_command, name):
    about = nasbed_command("info", name, "--json").json["optimizer"]
    assert any(year in about["from"] for year in map(str, range(1950, 2030)))
    assert about["settings"]
    assert "factory" not in str(about)


@pytest.mark.parametrize("name", list(SOURCES))
def test_info_says_what_each_data_source_is_and_what_its_settings_mean(nasbed_command, name):
    about = nasbed_command("info", name, "--json").json["data source"]
    assert about["what"]
    assert list(about["meaning"]) == list(about["settings"])
    assert all(about["meaning"].values())


def test_info_knows_proxies(nasbed_command):
    assert "Mellor" in nasbed_command("info", "naswot", "--json").json["proxy"]["from"]


def test_info_describes_what_a_training_made_of_its_probe_batch(nasbed_command, tmp_path):
    place = tmp_path / "seen.npz"
    assert nasbed_command("train", MODULE, "--epochs", 1, "--diagnostics", place).code == 0
    found = nasbed_command("info", place, "--json").json["diagnostics"]
    assert (found["images"], found["layers"]) == (100, ["stem", "cells.0", "cells.1"])
    assert found["end"]["loss"] < found["start"]["loss"]
    assert f"{found['end']['loss']}" in nasbed_command("info", place).out


def test_show_draws_a_module(nasbed_command, tmp_path):
    svg = tmp_path / "module.svg"
    ran = nasbed_command("show", MODULE, "--svg", svg)
    assert "3207690" in ran.out
    assert "1  conv3x3-bn-relu  → 2, 3" in ran.out
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    found = nasbed_command("show", MODULE, "--json").json
    assert found["hash"] == "5498ba534c256c9d086596e2b51cf170"
    assert found["operations"] == ["input", "conv3x3-bn-relu", "maxpool3x3", "output"]
    assert nasbed_command("show", MODULE, "--dot").out.startswith("digraph")


def test_enumerate_counts_and_writes(nasbed_command, tmp_path):
    assert re.search(r"4 +84 +91", nasbed_command("enumerate", "--vertices", 4).out)
    out = tmp_path / "graphs.json"
    assert nasbed_command("enumerate", "nasbench101", "--vertices", 4, "--verify", "--out", out).code == 0
    assert len(json.loads(out.read_text())) == 91


def test_a_table_goes_out_as_tfrecord_and_comes_back(nasbed_command, table, tmp_path):
    record, back = tmp_path / "toy.tfrecord", tmp_path / "back.arrow"
    assert nasbed_command("export", table.path, record).code == 0
    found = nasbed_command("import", record, "--out", back, "--json").json
    assert (found["architectures"], found["trainings"]) == (91, ["4/cifar10", "12/cifar10"])
    again = Table.open(back)
    for row, digest in enumerate(again.modules.hashes):
        there = table.modules.row_of(digest.tobytes().hex())
        for name in ("validation_accuracy", "training_time"):
            np.testing.assert_array_equal(
                again.column(name).values(np.array([row])), table.column(name).values(np.array([there]))
            )
    assert nasbed_command("verify", record, "--json").json["verified"]
    assert nasbed_command("query", record, table.space.format(table.archs[40])).code == 0  # found by its path
    found = nasbed_command("search", "random", "--benchmark", record, "--evaluations", 3, "--json").json
    assert found["info"]["benchmark"]["name"] == "toy"  # and not what the cache calls it


def test_export_writes_csv_with_a_row_a_training(nasbed_command, table, tmp_path):
    assert nasbed_command("export", table.path, tmp_path / "toy.csv").code == 0
    with (tmp_path / "toy.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 91 * 2 * 3


def test_verify_finds_a_flipped_bit(nasbed_command, table, tmp_path):
    assert nasbed_command("verify", table.path).code == 0
    raw = bytearray(table.path.read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "bad.arrow").write_bytes(raw)
    ran = nasbed_command("verify", tmp_path / "bad.arrow")
    assert ran.code == 2
    assert "is damaged: its bytes" in ran.err


def test_verify_says_what_is_missing_beside_a_table_of_an_earlier_version(nasbed_command, tmp_path):
    old = Path(__file__).parents[2] / "old" / "beside"
    for path in old.iterdir():
        shutil.copy(path, tmp_path / path.name.replace("toy", "large"))
    found = nasbed_command("verify", tmp_path / "large.arrow", "--json").json
    assert (found["beside"], found["missing"]) == (["large.cold.arrow"], {})
    (tmp_path / "large.cold.arrow").unlink()
    found = nasbed_command("verify", tmp_path / "large.arrow", "--json").json
    assert "total_time" in found["missing"]
    assert found["verified"]
    ran = nasbed_command("export", tmp_path / "large.arrow", tmp_path / "large.tfrecord")
    assert ran.code == 2
    assert "large.cold.arrow" in ran.err


def test_query_says_what_the_table_has(nasbed_command, table):
    space = table.space
    row = 40
    text = space.format(table.archs[row])
    found = nasbed_command("query", table.path, text, "--epochs", 4, "--json").json
    lines = {(line["split"], line["metric"]): line for line in found["results"]}
    for what in (("validation", "accuracy"), ("test", "accuracy"), ("", "training_time")):
        wanted = table.measurement(what[1], split=what[0], recipe=4).values([row])[0]
        seeds = [lines[what]["seeds"][str(seed)] for seed in range(3)]
        np.testing.assert_allclose(seeds, wanted)
        assert lines[what]["epochs"] == 4
    by_hash = nasbed_command("query", table.path, found["hash"], "--json").json
    assert (by_hash["architecture"], by_hash["results"][0]["epochs"]) == (text, 12)
    ran = nasbed_command("query", table.path, text)
    mean = 100 * table.measurement("accuracy", split="test").mean([row])[0]
    assert re.search(rf"test +accuracy, %.*{mean:.2f}", ran.out)


def test_search_prints_and_keeps_what_was_chosen(nasbed_command, table, tmp_path):
    words = ("search", "regularized-evolution:population=5,sample=2", "--benchmark", table.path, "--runs", 3)
    out = tmp_path / "history.parquet"
    found = nasbed_command(*words, "--evaluations", 15, "--out", out, "--json").json
    history = History.from_parquet(out)
    assert history.info["settings"] == {"population": 5, "sample": 2, "distinct": True}
    assert [run["validation"] for run in found["runs"]] == history.best_value.tolist()
    assert [run["evaluations"] for run in found["runs"]] == [15] * 3
    ran = nasbed_command(*words, "--total-epochs", 100, "--epochs", 4)
    assert "100 epochs" in ran.out
    assert "made up" in ran.out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_comparison_of_failures_alone_is_in_vain(nasbed_command, table, form):
    words = ("--benchmark", table.path, "--evaluations", 4, "--runs", 2, "--failures", 1)
    ran = nasbed_command("compare", "random", "local", *words, *form)
    assert (ran.code, ran.err.strip()) == (1, "nasbed: every training failed, so there is nothing to compare")


def test_a_search_that_is_over_before_its_first_evaluation_is_in_vain(nasbed_command, table):
    how = ["--benchmark", table.path, "--seconds", "0.001", "--overdraw", "drop", "--runs", "2"]
    for verb, end in ((["search", "random"], ""), (["compare", "random", "local"], ", so there is nothing to compare")):
        ran = nasbed_command(*verb, *how)
        assert (ran.code, ran.err.strip()) == (1, f"nasbed: no evaluation ended within the budget{end}")


def test_compare_prints_a_row_a_search_and_leaves_a_folder(nasbed_command, table, tmp_path):
    out = tmp_path / "study"
    words = ("compare", "random", "local", "--benchmark", table.path, "--runs", 20, "--evaluations", 10)
    ran = nasbed_command(*words, "--out", out)
    assert ran.code == 0
    assert re.search(r"random +10", ran.out)
    assert "told apart" in ran.out
    assert {"summary.csv", "comparison.json", "final.png"} <= {path.name for path in out.iterdir()}
    found = nasbed_command(*words, "--json").json
    assert [row["optimizer"] for row in found["summary"]] == ["random", "local"]


def test_train_really_trains(nasbed_command):
    words = ("train", "011/001/000:conv3x3", "--epochs", 3, "--set", "skeleton.stem_channels=4")
    found = nasbed_command(*words, "--json").json
    assert found["skeleton"]["stem_channels"] == 4
    assert found["failure"] is None
    correct, images = found["points"]["end"]["validation"]
    ran = nasbed_command(*words)
    assert f"{100 * correct / images:.2f}" in ran.out  # seeded: the same again


def test_generate_trains_a_space_into_a_table(nasbed_command, tmp_path):
    out = tmp_path / "mine.arrow"
    words = ("generate", "nasbench101", "--vertices", 2, "--budgets", "1,2", "--repeats", 2, "--out", out)
    assert nasbed_command(*words, "--executor", "inline", "--set", "recipe.batch_size=20").code == 0
    table = Table.open(out)
    assert table.provenance["recipe"]["batch_size"] == 20
    assert not np.isnan(table.column("validation_accuracy").values()).any()
    first = out.read_bytes()
    assert nasbed_command(*words, "--executor", "inline", "--set", "recipe.batch_size=20").code == 0
    np.testing.assert_array_equal(
        Table.open(out).column("training_time").values(), table.column("training_time").values()
    )  # measured times and all: nothing was done twice
    assert len(first) == out.stat().st_size


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough_is_no_error(table, unbuffered):
    read, write = os.pipe()
    os.close(read)  # before anything is written: what is printed at once fails at once, else at the end
    ran = subprocess.run(
        [sys.executable, "-m", "nasbed.cli", "info", table.path],
        stdout=write,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(write)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_search_takes_workers_failures_and_aims(nasbed_command):
    words = ("search", "regularized-evolution", "--evaluations", "30", "--runs", "2", "--workers", "3", "--json")
    aims = ("--objective", "params", "--limit", "params=2000", "--failures", "0.1", "--scheduling", "synchronous")
    info = nasbed_command(*words, *aims).json["info"]
    assert (info["workers"], info["scheduling"], info["failures"]) == (3, "synchronous", 0.1)
    assert (info["objectives"], info["limits"]) == (["params"], {"params": 2000})


@pytest.mark.parametrize("words", [["search", "local"], ["compare", "local", "random"]], ids=["search", "compare"])
def test_a_log_has_a_line_an_evaluation_and_the_same_command_adds_none(nasbed_command, table, tmp_path, words):
    log = tmp_path / "run.jsonl"
    for _ in range(2):
        ran = nasbed_command(*words, "--benchmark", table.path, "--evaluations", 6, "--runs", 3, "--log", log)
        assert ran.code == 0
        assert len(log.read_text().splitlines()) == 18 * (len(words) - 1)
    ran = nasbed_command(*words, "--benchmark", table.path, "--seed", 9, "--runs", 3, "--log", log)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
