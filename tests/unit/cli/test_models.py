"""Commands on networks of one's own: those that the page shows, killed and begun again, and with another file."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import DOCS, write_files
from processes import records, until

import nasbed
from nasbed.run.history import History

PAGE = DOCS / "models.md"
MODELS = "cnn.py:build", "residual.py:build", "vit.py:Transformer"
LESS = {
    "--evaluations 20": "--evaluations 2 --executor inline",
    "--sample 20": "--sample 2 --executor inline",
    "--workers 2": "",
    r"--epochs \d+": "--epochs 1",
    "--budgets 4": "--budgets 1",
}


@pytest.fixture
def folder(tmp_path, monkeypatch, fresh_home):
    """A reader's folder: the page's files, and a folder of pictures, three classes of some brightness."""
    image, rng = pytest.importorskip("PIL.Image"), np.random.default_rng(0)
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    assert write_files(PAGE, tmp_path) == ["cnn.py", "rare.py", "residual.py", "vit.py"]
    for number in range(60):
        place = Path("pictures", "abc"[number % 3])
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 80, (12, 12, 3)) + 80 * (number % 3)
        image.fromarray(pixels.astype(np.uint8)).save(place / f"{number}.png")
    return tmp_path


def commands():
    """Give the page's commands, with less patience."""
    lines = re.findall(r"^nasbed (.*)$", PAGE.read_text(), re.MULTILINE)
    for words, instead in LESS.items():
        lines = [re.sub(words, instead, line) for line in lines]
    return lines


def test_the_users_code_is_of_thirty_lines_at_most(folder):
    assert len((folder / "cnn.py").read_text().splitlines()) <= 30


@pytest.mark.slow
def test_the_commands_of_the_page_run_one_after_the_other(nasbed_command, folder):
    shown = commands()
    verbs = ["search", "search", "info", "show", "train", "score", "generate", "search", "search", "search"]
    assert [line.split()[0] for line in shown] == verbs
    for line in shown:
        ran = nasbed_command(*shlex.split(line))
        assert ran.code == 0, ran.err
    assert len(nasbed.table("cnn.arrow")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_a_folder_of_pictures_is_searched(nasbed_command, folder, model):
    benchmark = f"trained:folder:pictures:{model}"
    words = ["search", "random", "--benchmark", benchmark, "--evaluations", 2, "--epochs", 2, "--executor", "inline"]
    ran = nasbed_command(*words, "--out", "h.parquet")
    assert ran.code == 0, ran.err
    found = History.from_parquet("h.parquet")
    assert np.isfinite(found.value).all()
    assert found.space == nasbed.space(model)


def test_a_model_is_searched_scored_shown_and_described(nasbed_command, folder):
    how = "--evaluations", 2, "--epochs", 1, "--executor", "inline"
    ran = nasbed_command("search", "random", "--benchmark", "trained:digits:cnn.py:build", *how, "--out", "h.parquet")
    assert ran.code == 0, ran.err
    assert re.search(r"width=\d+ depth=\d block0.kernel=\d", ran.out)
    assert nasbed_command("info", "cnn.py:build", "--json").json["space"]["architectures"] == 117
    shown = nasbed_command("show", "width=32", "--space", "cnn.py:build", "--json").json
    assert shown["architecture"] == "width=32 depth=1 block0.kernel=3"
    assert shown["trainable parameters"] == 32 * 27 + 3 * 32 + 330
    scored = "scored:naswot:cnn.py:build:digits"
    assert nasbed_command("search", "local", "--benchmark", scored, *how[:2], *how[4:]).code == 0
    text = (folder / "cnn.py").read_text()
    (folder / "cnn.py").unlink()
    assert History.from_parquet("h.parquet").space.size == 117
    (folder / "cnn.py").write_text(f"{text}# changed\n")
    again = nasbed_command("search", "random", "--benchmark", "trained:digits:cnn.py:build", *how, "--out", "h.parquet")
    assert again.code == 2
    assert "the store was begun with another plan (benchmark.space.checksum was" in again.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("info cnn.py", "which function builds the network? Name its file and it: FILE.py:build, not cnn.py"),
        ("train width=32 --space model", "not made by its name alone; name its file, such as space.toml or model.py"),
        ("train width=33 --space cnn.py:build", "width is 16, 32 or 64, not 33"),
        ("search random --benchmark trained:digits:cnn.py --evaluations 2", "which function builds the network"),
        ("enumerate cnn.py:build --vertices 3", "has its settings there; it takes no vertices"),
    ],
)
def test_what_names_no_model_is_refused_in_a_sentence(nasbed_command, folder, words, why):
    ran = nasbed_command(*words.split())
    assert ran.code == 2
    assert why in ran.err


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on(folder):
    words = "search regularized-evolution --benchmark trained:folder:pictures:cnn.py:build --evaluations 8 --epochs 2"
    command = [sys.executable, "-m", "nasbed.cli", *words.split(), "--workers", "1", "--seed", "3"]
    kept = ["--store", "s.sqlite", "--out", "h.parquet"]
    process = subprocess.Popen([*command, *kept], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: 2 <= len(records(folder / "s.sqlite")) < 7, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    before = set(records(folder / "s.sqlite"))
    subprocess.run([*command, *kept], check=True, capture_output=True)
    subprocess.run([*command, "--store", "w.sqlite", "--out", "w.parquet"], check=True, capture_output=True)
    assert before <= set(records(folder / "s.sqlite"))
    found, whole = (History.from_parquet(name) for name in ("h.parquet", "w.parquet"))
    assert (found.archs == whole.archs).all()
    assert (found.value == whole.value).all()


@pytest.mark.slow
def test_a_store_of_a_campaign_is_merged_where_the_code_is_not(nasbed_command, folder):
    words = "--sample", 3, "--budgets", 1, "--repeats", 2, "--executor", "inline", "--out", "t.arrow"
    assert nasbed_command("generate", "cnn.py:build", *words).code == 0
    (folder / "cnn.py").unlink()
    assert nasbed_command("merge", "t.sqlite", "--out", "m.arrow").code == 0
    made, merged = nasbed.table("t.arrow"), nasbed.table("m.arrow")
    parameters = [one.column("trainable_parameters").stored.tolist() for one in (made, merged)]
    assert parameters[0] == parameters[1]
