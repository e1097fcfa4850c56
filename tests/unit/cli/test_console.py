"""What commands print: tables that fit their lines, numbers that can be read."""

import os
import pty
import re
import subprocess
import sys

import pytest

from nasbed.cli.app import EXAMPLES
from nasbed.cli.console import print_facts, print_table, print_text, progress, quietly

HEADERS = ["optimizer", "trained", "unique", "validation %", "test %", "test regret, points", "found best %"]
ROWS = [
    ["random", "10,000", "2,100", "95.91", "96.29", "1.64 (1.41 to 1.94)", "0.0"],
    ["regularized-evolution", "10,000", "1,903", "96.08", "96.57", "1.36 (1.22 to 1.61)", "0.0"],
]
MODULE = "01001/00110/00010/00001/00000:conv3x3-bn-relu,conv3x3-bn-relu,maxpool3x3"


@pytest.fixture
def printed(capsys, monkeypatch):
    def run(columns, *table):
        monkeypatch.setenv("COLUMNS", str(columns))
        print_table(*table)
        return capsys.readouterr().out.splitlines()

    return run


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_no_word_of_a_header_and_no_number_is_broken(printed, columns):
    lines = printed(columns, HEADERS, ROWS)
    words = " ".join(lines).split()
    assert all(word in words for header in HEADERS for word in header.split())
    assert all(any(cell in line for line in lines) for row in ROWS for cell in row[1:])


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_piped_output_is_as_wide_as_columns_say(printed, columns):
    lines = printed(columns, HEADERS, ROWS)
    assert columns - 20 < max(map(len, lines)) <= columns


def test_columns_that_follow_below_name_the_rows_again(printed):
    lines = printed(60, HEADERS, ROWS)
    assert sum(line.startswith("regularized-evolution") for line in lines) == 2


def test_rows_are_named_by_what_tells_them_apart(printed):
    rows = [["digits", split, "90.00", "91.00", "92.00"] for split in ("train", "valid", "test")]
    lines = printed(30, ["data", "split", "seed 0", "seed 1", "seed 2"], rows)
    assert sum("valid" in line for line in lines) == 2
    assert sum("digits" in line for line in lines) == 3


def test_architectures_are_broken_after_their_marks(printed):
    lines = printed(40, ["index", "architecture"], [["7", MODULE], ["8", MODULE]])
    pieces = [line[6:].strip() for line in lines[2:]]
    assert "".join(pieces) == 2 * MODULE
    assert all(piece[-1] in "/,:" for piece in pieces if not piece.endswith("maxpool3x3"))


def test_of_a_long_list_of_facts_the_ends_are_printed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    for count, lines in ((6, 6), (70, 3)):
        print_facts({"sessions": [{"cores": i} for i in range(count)]})
        _, *shown = capsys.readouterr().out.splitlines()
        assert len(shown) == lines
        assert shown[0].split() == ["-", "cores", "0"]
        assert shown[-1].split() == ["-", "cores", str(count - 1)]
    assert "… 68 more …" in shown[1]


def test_sentences_are_as_wide_as_columns_say(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    print_text("Told apart are those of which the intervals do not overlap.")
    assert capsys.readouterr().out == "Told apart are those of which\nthe intervals do not overlap.\n"


def test_large_numbers_have_separators(nasbed_command):
    ran = nasbed_command("search", "random", "--runs", 2, "--evaluations", 1000)
    assert len(re.findall(r"^ *[01] +1,000 ", ran.out, re.MULTILINE)) == 2


def on_a_terminal(*words, **environment):
    """Run a command whose output is a terminal, and return what that would show."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "nasbed.cli", *words]
    ran = subprocess.Popen(command, stdout=its, stderr=its, env={**os.environ, "TERM": "xterm-256color", **environment})
    os.close(its)
    shown = b""
    try:
        while some := os.read(ours, 65536):
            shown += some
    except OSError:  # what Linux says at the end of a terminal
        pass
    os.close(ours)
    assert ran.wait() == 0
    return shown.decode()


COLOURS = re.compile(r"\x1b\[[\d;]*\b(?:3[0-7]|9[0-7]|38;[\d;]+)m")
SEARCH = ("search", "random", "--runs", "20", "--evaluations", "300")


@pytest.mark.slow
def test_a_search_on_a_terminal_shows_a_bar_that_moves_in_colours():
    shown = on_a_terminal(*SEARCH, COLUMNS="80")
    assert "searching" in shown
    assert "100%" in shown
    assert COLOURS.search(shown)


@pytest.mark.slow
def test_without_colours_where_they_are_not_wanted():
    assert not COLOURS.search(on_a_terminal(*SEARCH, COLUMNS="80", NO_COLOR="1"))


@pytest.mark.slow
def test_quiet_leaves_the_result_alone():
    shown = on_a_terminal(*SEARCH, "--quiet")
    assert "searching" not in shown
    assert "to draw it" not in shown
    assert "mean of all runs" in shown


def test_a_quiet_bar_prints_nothing(capsys, monkeypatch):
    monkeypatch.setattr("nasbed.cli.console.SECONDS_BETWEEN_LINES", 0.0)
    with quietly(True), progress("searching") as move:
        move(0.5, "half")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("verb", EXAMPLES)
def test_every_command_prints_json_where_that_is_wanted(nasbed_command, verb):
    assert "--json" in nasbed_command(verb, "--help").out


@pytest.mark.slow_where("export")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (
            "enumerate nasbench101 --vertices 4",
            {"vertices": {"2": 1, "3": 6, "4": 84}, "up_to": {"2": 1, "3": 7, "4": 91}},
        ),
        ("enumerate nasbench201", {"architectures": 15625, "different_by_key": 6466}),
        ("enumerate nasbench101 --vertices 3 --out graphs.json", {"file": "graphs.json", "architectures": 7}),
        ("export digits101 out.csv", {"file": "out.csv"}),
    ],
)
def test_counts_and_files_are_json_too(nasbed_command, tmp_path, monkeypatch, words, found):
    monkeypatch.chdir(tmp_path)
    assert nasbed_command(*words.split(), "--json").json.items() >= found.items()


def test_shells_are_told_what_a_command_can_be_completed_to():
    words = {"_NASBED_COMPLETE": "complete_bash", "COMP_WORDS": "nasbed sea", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "nasbed.cli"], env={**os.environ, **words}, capture_output=True, text=True
    )
    assert ran.stdout.split() == ["search"]
