"""``nasbed study``: from words or a file to cells, stopped and resumed; ``nasbed status`` on its folder."""

import signal
import subprocess
import sys
import time

import pytest

HERE = ("--executor", "inline")
ENDS = ("--keep", "outcomes")  # which no courses are drawn of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_words_make_a_study(nasbed_command, folder):
    words = (
        "study",
        "random",
        "local:tabu=1",
        "--grid",
        "evaluations=10,20",
        "--runs",
        5,
        "--out",
        "made",
        *HERE,
        *ENDS,
    )
    ran = nasbed_command(*words)
    assert ran.code == 0, ran.err
    assert ran.out.count("local:tabu=1") >= 2
    assert len(list((folder / "made" / "cells").iterdir())) == 4
    assert (folder / "made" / "report" / "summary.csv").is_file()
    again = nasbed_command(*words, "--json")
    assert [row["evaluations"] for row in again.json["summary"]] == [10, 10, 20, 20]


def test_a_file_makes_a_study_and_words_change_it(nasbed_command, folder):
    (folder / "mine.toml").write_text(
        'runs = 4\nkeep = "outcomes"\nsearch = { evaluations = 12 }\n'
        '[[optimizers]]\nname = "evolutionary"\npopulation = 5\ntournament = "1..5"\nselected = "1..2"\n'
        'where = "selected <= tournament"\n'
    )
    ran = nasbed_command("study", "mine.toml", *HERE)
    assert ran.code == 0, ran.err
    assert "surface on digits101: best at tournament" in ran.out
    assert {path.name for path in (folder / "mine" / "report").iterdir()} >= {"surface.png", "surface.pdf"}
    found = nasbed_command(
        "study", "mine.toml", "--grid", "tournament=3", "--seed", 7, "--runs", 9, "--dry-run", "--json"
    )
    cells = found.json["cells"]
    assert [cell["spec"]["settings"]["selected"] for cell in cells] == [1, 2]
    assert {(cell["spec"]["search"]["seed"], cell["spec"]["runs"], cell["done"]) for cell in cells} == {(7, 9, False)}
    assert len(found.json["stale"]) == 9


def test_a_dry_run_lists_cells_with_their_cost_and_plays_nothing(nasbed_command, folder):
    ran = nasbed_command("study", "random", "--grid", "evaluations=1000,2000", "--dry-run", "--out", "none")
    assert ran.code == 0
    assert "1,000" in ran.out
    assert "2,000" in ran.out
    assert "2 cells, 2 to play: about" in ran.out
    assert not (folder / "none").exists()
    numbers = nasbed_command("study", "random", "--grid", "evaluations=1000,2000", "--dry-run", "--json").json
    one, two = (cell["seconds"] for cell in numbers["cells"])
    assert two == pytest.approx(2 * one)
    assert numbers["core_seconds"] == pytest.approx(sum(cell["core_seconds"] for cell in numbers["cells"]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("randon",), "Did you mean 'random'"),
        (("nix.toml",), "cannot be read"),
        (("nix.toml", "random"), "not both"),
        (("random", "--grid", "sampel=3"), "no setting of the study's searches and optimizers is called 'sampel'"),
        (("random", "--grid", "sample"), "key=a,b,c"),
        (("random", "--where", "a <= b"), "concerns none"),
        (("random", "--benchmark", "digits102"), "Did you mean 'digits101'"),
        (("random", "--keep", "all"), "trials or outcomes"),
        (("random", "--runs", "0"), "at least 1"),
        (("random", "--duplicates", "often"), "pay, free, skip"),
        (("random", "--executor", "inlin"), "Did you mean 'inline'"),
    ],
)
def test_what_is_wrong_is_one_sentence(nasbed_command, words, said):
    ran = nasbed_command("study", *words)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


SLOW = """
import time
from nasbed.studies import study as running, work
running.PLAY = lambda *what: time.sleep(0.05) or work.play(*what)
from nasbed.cli import main
main()
"""


@pytest.mark.slow
def test_ctrl_c_says_where_things_stand_and_what_goes_on(nasbed_command, folder):
    what = ["random", "local", "--grid", "seed=0..9", "--runs", "3", "--evaluations", "9"]
    words = ["study", *what, "--out", "it", *HERE, *ENDS]
    command = [sys.executable, "-c", SLOW, *words]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    while len(list((folder / "it").glob("cells/*.parquet"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "of 20 units done; they are kept in it; to go on: nasbed study random local" in said
    standing = nasbed_command("status", "it").out
    assert "of 20" in standing
    assert "to go on: nasbed study random local" in standing
    (before,) = nasbed_command("status", "it", "--json").json
    assert 2 <= before["done"] < 20
    ran = nasbed_command(*words)
    assert ran.code == 0
    (after,) = nasbed_command("status", "it", "--json").json
    assert (after["done"], after["waiting_parts"], after["running"]) == (20, 0, None)
    assert len(after["sessions"]) == 2


def test_a_study_that_is_refused_leaves_no_folder_and_names_the_key(nasbed_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words, complaint in (
        (("--workers", 0), "workers is a whole number from 1"),
        (("--executor", "ray2"), "Did you mean 'ray'"),
        (("--grid", "failures=2"), "search.failures"),
        (("--grid", "workers=0"), "search.workers"),
    ):
        ran = nasbed_command("study", "random", "--evaluations", 5, "--runs", 2, "--out", "folder", *words)
        assert ran.code == 2
        assert complaint in ran.err
        assert not (tmp_path / "folder").exists()


def test_an_objective_on_the_command_line_is_a_word(nasbed_command, tmp_path):
    words = ("--grid", "objectives=params,flops", "--evaluations", 5, "--runs", 2, "--dry-run", "--json")
    cells = nasbed_command("study", "random", *words, "--out", tmp_path / "x").json["cells"]
    assert [cell["spec"]["search"]["objectives"] for cell in cells] == [["params"], ["flops"]]
