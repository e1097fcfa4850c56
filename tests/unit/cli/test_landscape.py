"""``nasbed landscape``: from a table to what climbing on it is like."""

import numpy as np
import pytest

from nasbed.tables.table import Table


def test_it_prints_what_python_finds(nasbed_command, table):
    ran = nasbed_command("landscape", table.path if isinstance(table, Table) else table, "--json")
    assert ran.code == 0
    assert ran.json["architectures"] == 91
    assert len(ran.json["rows"]) == ran.json["local_optima"]["optima"]
    assert ran.json["random_walk"]["rho"][0] == pytest.approx(1)


def test_people_get_sentences_tables_and_a_folder(nasbed_command, table, tmp_path):
    path = table.path if isinstance(table, Table) else table
    ran = nasbed_command(
        "landscape", path, "--split", "test", "--epochs", "4", "--lags", "3", "--out", tmp_path / "out"
    )
    assert ran.code == 0
    for said in (
        "test accuracy: 91 architectures",
        "correlation length",
        "best improvement",
        "warning: made up",
        "10 files in",
    ):
        assert said in ran.out
    assert np.size(list((tmp_path / "out").iterdir())) == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["digits102"], "no benchmark is called 'digits102'"),
        (["digits101", "--split", "train"], "validation or test"),
        (["digits101", "--epochs", "5"], "no results at 5 epochs"),
        (["digits101", "--lags", "0"], "at least 1 lag"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(nasbed_command, words, said):
    ran = nasbed_command("landscape", *words)
    assert ran.code == 2
    assert said in ran.err
