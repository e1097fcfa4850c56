"""What is wrong leaves with exit code 2 and one sentence; Ctrl-C with 130, and the same command goes on."""

import os
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nets.devices import GPU

NO_DEVICES = ["abacus", "meta", "cuda:99", "mps:99", *(name for name in ("cuda", "mps") if name != GPU)]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["serch"], "Did you mean 'search'"),
        (["search"], "Missing argument"),
        (["search", "random", "--runs", "many"], "--runs"),
        (["search", "random", "--nonsense"], "--nonsense"),
        (["search", "regular-evolution", "--benchmark", "TABLE"], "regularized-evolution"),
        (["search", "random:replacment=true", "--benchmark", "TABLE"], "it has: replacement"),
        (["search", "random:replacement=maybe", "--benchmark", "TABLE"], "replacement is true or false, not 'maybe'"),
        (["search", "random:replacement", "--benchmark", "TABLE"], "key=value"),
        (["search", "random", "--benchmark", "TABLE", "--duplicates", "ignore"], "pay, free, skip"),
        (["search", "random", "--benchmark", "TABLE", "--evaluations", "0"], "evaluations is a whole number from 1"),
        (["search", "random", "--benchmark", "TABLE", "--epochs", "5"], "it has 4, 12"),
        (["search", "random", "--benchmark", "TABLE", "--runs", "0"], "runs is a whole number from 1"),
        (["search", "random", "--benchmark", "TABLE", "--out", "/no/such/folder/x.parquet"], "there is no folder"),
        (["search", "random", "--benchmark", "missing.arrow"], "there is no file"),
        (["search", "random", "--benchmark", "TABLE", "--workers", "0"], "workers is a whole number from 1"),
        (["search", "random", "--benchmark", "TABLE", "--scheduling", "sync"], "asynchronous, synchronous"),
        (["search", "random", "--benchmark", "TABLE", "--failures", "2"], "from 0 to 1"),
        (["search", "random", "--benchmark", "TABLE", "--objective", "beauty"], "it knows seconds"),
        (["search", "random", "--benchmark", "TABLE", "--limit", "params=few"], "a limit is a number"),
        (["search", "random", "--benchmark", "TABLE", "--limit", "seconds=0"], "allows nothing"),
        (["search", "random", "--benchmark", "TABLE", "--limit", "params"], "COST=NUMBER"),
        (["search", "random", "--benchmark", "TABLE", "--executor", "inline"], "are for benchmarks that really train"),
        (["search", "random", "--benchmark", "TABLE", "--out", "x.csv"], "name the file x.parquet"),
        (["search", "random", "--benchmark", "TABLE", "--runs", str(10**30)], "at most"),
        (["search", "random", "--benchmark", "TABLE", "--runs", str(10**12)], "at most"),
        (["compare", "random", "random", "--benchmark", "TABLE"], "twice"),
        (
            [
                "compare",
                "random",
                "--benchmark",
                "TABLE",
                "--evaluations",
                "9999999999",
                "--out",
                "x",
                "--forms",
                "gif",
            ],
            "png",
        ),
        (["compare", "random", "--benchmark", "TABLE", "--report", "x.pdf"], "name the file x.html, not x.pdf"),
        (["report", "folder", "--out", "x.pdf"], "name the file x.html, not x.pdf"),
        (["search", "random", "--benchmark", "TABLE", "--seed", "-1"], "seed is a whole number from 0, not -1"),
        (["search", "random", "--benchmark", "TABLE", "--patience", "0"], "patience is a whole number from 1, not 0"),
        (["compare", "random", "--benchmark", "trained:digits:nasbench101"], "nasbed search --out"),
        (["landscape", "trained:digits:nasbench101"], "a landscape needs a table"),
        (["landscape", "TABLE", "--tolerance", "-1"], "0 or more"),
        (["landscape", "TABLE", "--tolerance", "nan"], "0 or more"),
        (["info", "digits102"], "Did you mean 'digits101'"),
        (["list", "nouns"], "There are"),
        (["show", "01"], "is not a module"),
        (["show", "011/001/000:conv7x7"], "no operation is called 'conv7x7'"),
        (["show", "01/00:", "--space", "nasbench102"], "Did you mean 'nasbench101'"),
        (["enumerate", "--vertices", "99"], "2 to 11"),
        (["enumerate", "--vertices", "3", "--out", "graphs.txt"], ".json, .parquet, .csv"),
        (["export", "TABLE", "table.xml"], ".parquet or .csv or .tfrecord"),
        (["verify", "README"], "no"),
        (["query", "TABLE", "0" * 32], "no module with the hash"),
        (["query", "TABLE", "01/00:", "--epochs", "7"], "with the recipes 4, 12"),
        (["train", "01/00:", "--set", "recipe.learning_rat=1"], "did you mean 'learning_rate'"),
        (["train", "01/00:", "--set", "rate=1"], "recipe.NAME=VALUE"),
        (["train", "01/00:", "--data", "cifar11"], "no data source is called"),
        (["train", "01/00:", "--epochs", "0"], "0 epochs"),
        *((["train", "01/00:", "--device", no], f"the device '{no}' cannot be used here (") for no in NO_DEVICES),
        (["train", "01/00:", "--threads", "0"], "--threads"),
        (["enumerate", "--operations", "a,,b"], "different names"),
        (["enumerate", "--operations", "a,a"], "different names"),
        (["generate", "--vertices", "2", "--budgets", "4,x", "--out", "x.arrow"], "4,12,36"),
        (["generate", "--vertices", "2", "--budgets", "4,2", "--out", "x.arrow"], "ascend"),
        (["import", "missing.tfrecord"], "there is no file"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(nasbed_command, table, words, complaint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = nasbed_command(*(table.path if word == "TABLE" else word for word in words))
    assert ran.code == 2
    assert complaint in ran.err
    assert ran.err.startswith("nasbed: ")
    assert ran.err.count("\n") == 1
    assert ran.out == ""
    assert list(tmp_path.iterdir()) == []  # and leaves nothing behind


def test_a_file_that_is_no_table_is_refused(nasbed_command, tmp_path):
    (tmp_path / "x.arrow").write_text("hello")
    (tmp_path / "x.tfrecord").write_text("hello, this is no record at all")
    for words in (("info", "x.arrow"), ("verify", "x.arrow"), ("import", "x.tfrecord"), ("verify", "x.tfrecord")):
        ran = nasbed_command(words[0], tmp_path / words[1])
        assert ran.code == 2
        assert ran.err.count("\n") == 1


def test_a_damaged_or_foreign_history_is_one_sentence(nasbed_command, table, tmp_path):
    kept = tmp_path / "x.parquet"
    assert nasbed_command("search", "random", "--benchmark", table.path, "--evaluations", 20, "--out", kept).code == 0
    whole = kept.read_bytes()
    middle = len(whole) // 2
    for damaged in (
        whole[:middle],
        whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 : -40] + b"\xff" * 40,
    ):
        kept.write_bytes(damaged)
        ran = nasbed_command("report", kept, "--out", tmp_path / "x.html")
        assert ran.code == 2
        assert ran.err.count("\n") == 1
    pq.write_table(pa.table({"a": [1]}), kept)
    assert "says nothing of a search" in nasbed_command("report", kept, "--out", tmp_path / "x.html").err


def test_too_much_for_the_machine_is_one_sentence(nasbed_command, table, monkeypatch):
    def allocate(*args, **settings):
        raise MemoryError("no room")

    monkeypatch.setattr("nasbed.search", allocate)
    ran = nasbed_command("search", "random", "--benchmark", table.path)
    assert ran.code == 2
    assert "fewer runs" in ran.err
    assert ran.err.count("\n") == 1


def test_ctrl_c_that_compiled_code_hears_is_ctrl_c(nasbed_command, table, monkeypatch):
    def pressed(*args, **settings):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as inner:
            raise SystemError("returned a result with an exception set") from inner

    monkeypatch.setattr("nasbed.search", pressed)
    ran = nasbed_command("search", "random", "--benchmark", table.path)
    assert ran.code == 130
    assert ran.err.startswith("nasbed: interrupted")


@pytest.mark.slow
def test_ctrl_c_in_a_search_says_what_becomes_of_it(table):
    words = ["search", "random", "--benchmark", str(table.path), "--evaluations", "100000000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "nasbed.cli", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        time.sleep(4)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()  # what heeds nothing would go on for hours
    assert process.returncode == 130
    assert (out, err.count("\n")) == ("", 1)
    assert "the same command begins again" in err
