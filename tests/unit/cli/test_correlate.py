"""``nasbed correlate``: scores against tables and CSVs, printed, as JSON and as a folder."""

import json

import numpy as np
import pytest
from scores.scorings import made_up

from nasbed.oneshot import OneShot
from nasbed.scores.asked import Asked
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201

CELLS = NASBench201()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Scores of modules of digits101, and of 60 cells with a CSV that knows them."""
    where = tmp_path_factory.mktemp("correlate")
    made_up(where / "modules.sqlite", space=NASBench101(vertices=5), asked=Asked())
    scores = made_up(where / "cells.csv", space=CELLS, asked=Asked(sample=60))
    worth = 80 + scores["params"] / scores["params"].max()
    rows = [f"{text},{value},{i}" for i, (text, value) in enumerate(zip(scores.texts, worth.tolist(), strict=True))]
    (where / "truth: real.csv").write_text("\n".join(["architecture,cifar10,row", *rows]))
    return where


@pytest.mark.slow
def test_tables_show_every_proxy_with_params_and_flops_beside_it(nasbed_command, folder):
    out = nasbed_command("correlate", folder / "modules.sqlite", "--with", "digits101", "--best-of", "10,50").out
    assert "2,532 networks of nasbench101 against digits101:test: test accuracy (%) at 36 epochs" in out
    lines = [line.split()[0] for line in out.splitlines() if line.strip()]
    assert lines.count("snip") == lines.count("params") == lines.count("flops") == 2
    assert "best of 50" in out
    assert "best by params: 01111/" in out


def test_json_has_everything(nasbed_command, folder):
    found = nasbed_command("correlate", folder / "cells.csv", "--with", f"{folder}/truth: real.csv:cifar10", "--json")
    (about,) = found.json
    rows = {row["proxy"]: row for row in about["proxies"]}
    assert rows["params"]["kendall"] == 1.0
    assert rows["params"]["kendall_low"] <= 1.0 <= rows["params"]["kendall_high"]
    assert rows["params"]["best_rank"] == 1
    assert about["truth"]["name"] == "truth: real.csv:cifar10"
    assert about["architectures"] == {"scored": 60, "with truth": 60}


@pytest.mark.slow
def test_several_truths_have_a_folder_each(nasbed_command, folder, tmp_path):
    ran = nasbed_command(
        *("correlate", folder / "modules.sqlite", "--with", "digits101", "--with", "digits101:validation"),
        *("--epochs", 12, "--out", tmp_path / "out", "--forms", "svg"),
    )
    assert ran.code == 0
    for name in ("digits101-test", "digits101-validation"):
        made = {path.name for path in (tmp_path / "out" / name).iterdir()}
        assert made == {
            *("overview.svg", "scatter-snip.svg", "scatter-params.svg", "scatter-flops.svg"),
            *("correlation.csv", "correlation.md", "correlation.json"),
        }
        assert "at 12 epochs" in json.loads((tmp_path / "out" / name / "correlation.json").read_text())["truth"]["what"]


@pytest.mark.slow
def test_the_bootstrap_follows_its_seed(nasbed_command, folder):
    words = ("correlate", folder / "modules.sqlite", "--with", "digits101", "--resamples", 50, "--json", "--seed")
    first, again, other = (nasbed_command(*words, seed).json[0]["proxies"][0] for seed in (0, 0, 1))
    assert first == again
    assert first["kendall"] == other["kendall"]
    assert not np.isclose(first["kendall_low"], other["kendall_low"], atol=1e-12)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.csv", "--with", "digits101"), "there is no file nowhere.csv; 'nasbed score' makes one"),
        (("modules.sqlite", "--with", "digits100"), "Did you mean 'digits101'"),
        (("modules.sqlite", "--with", "digits101:tests"), "Did you mean 'test'"),
        (("modules.sqlite", "--with", "digits101", "--epochs", 5), "it has 4, 12, 36"),
        (("modules.sqlite", "--with", "nowhere.csv:x"), "there is no file nowhere.csv"),
        (("modules.sqlite", "--with", "truth: real.csv:cifar10"), "names no architectures of nasbench101"),
        (("cells.csv", "--with", "truth: real.csv"), "name one after a colon"),
        (("cells.csv", "--with", "truth: real.csv:cifar100"), "Did you mean 'cifar10'"),
        (("cells.csv", "--with", "truth: real.csv:row", "--epochs", 3), "--epochs is for tables"),
        (("cells.csv", "--with", "digits101"), "the scores are of nasbench201, what they are held against of nasb"),
        (("modules.sqlite", "--with", "digits101", "--with", "digits101"), "given twice"),
        (("modules.sqlite", "--with", "digits101", "--best-of", "ten"), "--best-of are integers"),
        (("modules.sqlite", "--with", "digits101", "--forms", "bmp", "--out", "out"), "not 'bmp'"),
        (("modules.sqlite", "--with", "digits101", "--resamples", 1), "at least 20 resamples"),
        (("truth: real.csv", "--with", "digits101", "--out", "modules.sqlite"), "has no scores|scores are of"),
    ],
)
def test_bad_words_are_one_sentence(nasbed_command, folder, monkeypatch, words, said):
    import re

    monkeypatch.chdir(folder)
    ran = nasbed_command("correlate", *words)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert re.search(said, ran.err)
    assert not (folder / "out").exists()


def test_a_folder_that_cannot_be_made_is_named(nasbed_command, folder):
    ran = nasbed_command("correlate", folder / "modules.sqlite", "--with", "digits101", "--out", folder / "cells.csv")
    assert ran.code == 2
    assert "no folder can be made" in ran.err


@pytest.mark.slow
def test_supernets_of_one_training_are_held_against_the_truth(nasbed_command, tmp_path):
    made = OneShot.of("spos", "nasbench201", "digits", 2, channels=4, cells=1)
    for epoch in (1, 2):
        made.epoch()
        made.save(tmp_path / f"{epoch}.safetensors")
    space = NASBench201()
    rows = Asked(sample=6).archs(space)
    truth = tmp_path / "truth.csv"
    truth.write_text("architecture,worth\n" + "".join(f'"{space.format(row)}",{i}\n' for i, row in enumerate(rows)))
    found = nasbed_command("correlate", tmp_path, "--with", f"{truth}:worth", "--sample", 6, "--json")
    (about,) = found.json
    assert [row["proxy"] for row in about["proxies"]] == ["epoch 1", "epoch 2", "params", "flops"]
    assert about["architectures"] == {"scored": 6, "with truth": 6}
