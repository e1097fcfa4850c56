"""What commands print: tables that fit their lines, numbers that can be read."""

import re

import pytest

from nasbed.cli.console import print_table, print_text

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


def test_sentences_are_as_wide_as_columns_say(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    print_text("Told apart are those of which the intervals do not overlap.")
    assert capsys.readouterr().out == "Told apart are those of which\nthe intervals do not overlap.\n"


def test_large_numbers_have_separators(nasbed_command):
    ran = nasbed_command("search", "random", "--runs", 2, "--evaluations", 1000)
    assert len(re.findall(r"^ *[01] +1,000 ", ran.out, re.MULTILINE)) == 2
