"""The commands on tables of NAS-Bench-201 and NATS-Bench, from a folder to a search."""

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest
from tables.made_runs import folder_of, made, run_of

import nasbed

INDICES = (0, 11, 284)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return folder_of([made(index) for index in INDICES], tmp_path_factory.mktemp("nats") / "NATS-tss-made-simple")


@pytest.fixture
def imported(folder, nasbed_command, tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    out = tmp_path / "nats.arrow"
    found = nasbed_command("import", folder, "--out", out, "--json").json
    assert found["architectures"] == 3
    assert found["trainings"][-1] == "12/cifar100"
    return out


def test_a_folder_is_found_by_its_path_and_by_its_name(imported, nasbed_command, folder):
    for name in (folder, "nasbench201", imported):
        found = nasbed_command("info", name, "--json")
        assert found.code == 0, found.err
        about = next(iter(found.json.values())) if name != "nasbench201" else found.json["benchmark"]
        assert about["architectures"] == 3
    assert nasbed_command("query", folder, "11").code == 0
    ran = nasbed_command("info", imported)
    assert "trained on all 50k" in ran.out or "trained again on all 50k" in ran.out


def test_query_says_every_split_by_its_name_and_every_seed(imported, nasbed_command):
    table = nasbed.table(imported)
    text = table.space.format(table.archs[1])
    found = nasbed_command("query", imported, text, "--json").json
    lines = {(line["data"], line["split"], line["metric"]): line for line in found["results"]}
    wanted = table.measurement(data="cifar100", split="x-valid").values([1], seed=888)[0]
    assert lines["cifar100", "x-valid", "accuracy"]["seeds"]["888"] == wanted
    assert lines["cifar100", "x-valid", "accuracy"]["seeds"]["999"] is None
    assert lines["cifar100", "x-valid", "accuracy"]["epochs"] == 12
    by_number = nasbed_command("query", imported, "11", "--json").json
    assert by_number["architecture"] == text
    ran = nasbed_command("query", imported, "11", "--data", "cifar10", "--split", "test", "--metric", "accuracy")
    assert "ori-test" in ran.out
    assert "–" in ran.out  # the seed that it lacks


def test_query_can_be_asked_for_an_epoch_of_a_recipe(imported, nasbed_command):
    table = nasbed.table(imported)
    words = ("--data", "cifar10-valid", "--split", "valid", "--metric", "loss", "--seed", 777, "--epochs", 5, "--json")
    (line,) = nasbed_command("query", imported, "0", *words).json["results"]
    wanted = table.measurement("loss", data="cifar10-valid", split="valid").values([0], seed=777, epoch=5)[0]
    assert line["seeds"] == {"777": wanted}
    assert (line["epochs"], line["recipe"]) == (5, "12")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("11", "--data", "cifar10", "--split", "valid"), "has no accuracy, valid, cifar10; it has cifar10/epochs"),
        (("11", "--data", "mnist"), "has no accuracy, mnist; it has cifar10"),
        (("11", "--data", "cifar10", "--recipe", "200"), "with the recipes 2, 12"),
        (("11", "--data", "cifar10", "--split", "test", "--metric", "accuracy", "--epochs", "13"), "after 1 to 12"),
        (("12",), "is not in the table"),
        (("99999",), "ends at 15624"),
        (("11", "--seed", "5"), "has no seed 5"),
    ],
)
def test_query_says_what_there_is_when_it_is_not_there(imported, nasbed_command, words, why):
    ran = nasbed_command("query", imported, *words)
    assert ran.code == 2
    assert why in ran.err


def test_a_table_goes_out_as_csv_and_as_parquet(imported, nasbed_command, tmp_path):
    table = nasbed.table(imported)
    assert nasbed_command("export", imported, tmp_path / "t.csv").code == 0
    with (tmp_path / "t.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(made(index).runs) for index in INDICES)
    for row in rows:
        run = run_of(table, int(row["index"]), row["recipe"], row["data"], int(row["seed"]))
        assert float(row["ori-test/accuracy"]) == run.evaluations["ori-test", run.epochs - 1]["accuracy"]
        assert float(row["params"]) == run.params
    assert nasbed_command("export", imported, tmp_path / "t.parquet").code == 0
    for row in pq.read_table(tmp_path / "t.parquet").to_pylist():
        run = run_of(table, row["index"], row["recipe"], row["data"], int(row["seed"]))
        assert row["train/loss"] == run.curves["train/loss"].tolist()
        assert (
            row["x-valid/accuracy"] is None
            or run.evaluations["x-valid", run.epochs - 1]["accuracy"] in row["x-valid/accuracy"]
        )
    ran = nasbed_command("export", imported, tmp_path / "t.tfrecord")
    assert ran.code == 2
    assert ".parquet or .csv" in ran.err


def test_verify_reads_a_table_or_the_folder_that_it_came_from(imported, nasbed_command, folder):
    assert nasbed_command("verify", imported, "--json").json["verified"]
    assert nasbed_command("verify", folder, "--json").json["architectures"] == 3
    raw = bytearray(imported.read_bytes())
    raw[len(raw) // 2] ^= 1
    imported.write_bytes(raw)
    assert nasbed_command("verify", imported).code == 2


def test_a_space_of_which_all_is_there_can_be_searched(nasbed_command, tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "home"))
    from nasbed.spaces.nasbench201 import NASBench201

    space = NASBench201()
    lines = ["cell,test", *(f"{space.format(arch)},{10 + i % 80}" for i, arch in enumerate(space.enumerate()))]
    (tmp_path / "all.csv").write_text("\n".join(lines))
    (tmp_path / "all.toml").write_text(
        'space = "nasbench201"\narchitecture = "cell"\n[columns.test]\ndata = "cifar10-valid"\nsplit = "ori-test"\n'
        'metric = "accuracy"\nunit = "percent"\nepochs = 200\nseeds = [888]\n'
    )
    ran = nasbed_command("import", tmp_path / "all.csv")
    assert ran.code == 2
    assert "--meaning" in ran.err
    assert nasbed_command("import", tmp_path / "all.csv", "--meaning", tmp_path / "all.toml").code == 0
    ran = nasbed_command("search", "random", "--benchmark", "nasbench201", "--evaluations", 30)
    assert "only TEST accuracies" in ran.out
    found = nasbed_command("search", "local", "--benchmark", tmp_path / "all.csv", "--evaluations", 30, "--json").json
    assert found["info"]["benchmark"]["name"] == "all"
    assert "only TEST" in found["info"]["benchmark"]["warnings"][0]
    (tmp_path / "more.csv").write_text(
        "\n".join(["cell,ms", *(f"{space.format(a)},1.5" for a in space.enumerate()[:9])])
    )
    (tmp_path / "more.toml").write_text(
        'space = "nasbench201"\narchitecture = "cell"\n'
        '[columns.ms]\ndata = "cifar10"\nmetric = "latency"\nunit = "ms"\n'
    )
    words = ("--into", "nasbench201", "--meaning", tmp_path / "more.toml")
    assert nasbed_command("import", tmp_path / "more.csv", *words, "--json").json["attached"] == ["cifar10/latency"]
    assert "1.5 ms" in nasbed_command("query", "nasbench201", "3").out


def test_into_is_for_csv_files_alone(imported, folder, nasbed_command):
    ran = nasbed_command("import", folder, "--into", imported)
    assert ran.code == 2
    assert "CSV" in ran.err
    assert np.array_equal(nasbed.table(imported).indices, INDICES)
