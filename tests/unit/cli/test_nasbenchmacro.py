"""NAS-Bench-Macro from its published form to answers and searches."""

import json

import numpy as np
import pytest
from readers.made_macro import SPACE, made_entries, write

from nasbed.tables.table import Table


@pytest.fixture(scope="module")
def entries():
    return made_entries(SPACE.enumerate())


@pytest.fixture(scope="module")
def table(entries, tmp_path_factory):
    from nasbed.tables.cache import import_table

    folder = tmp_path_factory.mktemp("macro")
    return import_table(write(folder / "nas-bench-macro_cifar10.json", entries), folder / "macro.arrow")


@pytest.mark.slow
def test_the_table_has_every_number_of_the_file(table, entries):
    assert [SPACE.format(row) for row in table.archs] == sorted(entries)
    there = [entries[name] for name in sorted(entries)]
    accuracy = table.measurement("accuracy", split="test", data="cifar10")
    assert accuracy.seeds == (0, 1, 2)
    assert "highest of the training's epochs" in accuracy.meaning
    np.testing.assert_array_equal(accuracy.values(epoch=50), [entry["test_acc"] for entry in there])
    for name in ("params", "flops"):
        np.testing.assert_array_equal(table.measurement(name).mean(), [entry[name] for entry in there])
    table.verify()


@pytest.mark.slow
def test_import_finds_out_what_the_file_is(nasbed_command, entries, tmp_path, fresh_home):
    file = write(tmp_path / "some.json", {name: entries[name] for name in list(entries)[::1000]})
    found = nasbed_command("import", file, "--out", tmp_path / "macro.arrow", "--json").json
    assert (found["architectures"], found["provenance"]["file"]) == (7, "some.json")
    assert Table.open(tmp_path / "macro.arrow").space == SPACE
    assert nasbed_command("info", file).code == 0


def test_a_json_file_of_something_else_leaves_with_a_sentence(nasbed_command, tmp_path, fresh_home):
    ran = nasbed_command("import", write(tmp_path / "cells.json", ["a", "b"]))
    assert ran.code == 2
    assert "no file of results that is known" in ran.err


def test_digits_are_asked_for_as_an_architecture(nasbed_command, table, entries):
    found = nasbed_command("query", table.path, "22212220", "--json").json
    assert (found["architecture"], found["index"]) == ("22212220", int("22212220", 3))
    assert found["cifar10/params"] == entries["22212220"]["params"]
    assert list(found["results"][0]["seeds"].values())[:3] == entries["22212220"]["test_acc"]


def test_an_index_is_asked_for_by_its_number(nasbed_command, table):
    for written in ("1602", "#1602"):
        assert nasbed_command("query", table.path, written, "--json").json["architecture"] == "02012100"


def test_digits_that_are_no_architecture_are_no_index(nasbed_command, table):
    ran = nasbed_command("query", table.path, "00000003")
    assert ran.code == 2
    assert "write 8 digits from 0 to 2" in ran.err


def test_it_can_be_searched(nasbed_command, table):
    words = ("--benchmark", table.path, "--evaluations", 20, "--runs", 3)
    found = nasbed_command("search", "random", *words, "--json").json
    assert "only TEST" in json.dumps(found["info"]["benchmark"])
