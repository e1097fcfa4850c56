"""Exports: every value of a table comes back from TFRecord, Parquet and CSV, read by other programs."""

import csv
import json

import numpy as np
import pytest
from pyarrow import parquet
from tables.made import ARCHS, SHAPE, SPACE, results, score, table_at, trainings_at
from tables.made_runs import made, run_of, table_of
from tables.published import MEASURES, file_of, original_loader, records

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.exporting import export
from nasbed.tables.file import METADATA
from nasbed.tables.importing import import_tfrecord


@pytest.fixture
def table(tmp_path):
    return table_at(tmp_path / "toy.arrow")


def test_the_original_loader_reads_a_tfrecord_with_every_value(table, tmp_path):
    export(table, tmp_path / "toy.tfrecord")
    fixed, computed = original_loader(tmp_path / "toy.tfrecord")
    assert list(fixed) == sorted(digest.tobytes().hex() for digest in table.modules.hashes)
    measured = results()
    names = [f"{point}{measure}" for point in ("start_", "halfway_", "") for measure in MEASURES] + ["total_time"]
    for row, digest in enumerate(table.modules.hashes):
        adjacency, operations, parameters = fixed[digest.tobytes().hex()]
        graph = SPACE.graph(ARCHS[row])
        assert (adjacency, operations) == (graph.matrix.tolist(), graph.labels)
        assert parameters == table.column("trainable_parameters").stored[row]
        trainings = computed[digest.tobytes().hex()]
        assert {epochs: len(found) for epochs, found in trainings.items()} == {4: 2, 12: 3}  # the third is missing
        for epochs, found in trainings.items():
            budget = table.modules.trainings[0].index(epochs)
            for repeat, values in enumerate(found):
                for name, value in zip(names, values, strict=True):
                    if name.endswith("current_epoch"):
                        expected = epochs * {"start_": 0.0, "halfway_": 0.5}.get(name.removesuffix("current_epoch"), 1)
                    else:
                        expected = measured[name][row, budget, repeat] if name in measured else np.nan
                    np.testing.assert_equal(value, expected)


def test_a_tfrecord_comes_back_as_a_table_of_the_same_space_that_can_be_searched(table, tmp_path):
    export(table, tmp_path / "toy.tfrecord")
    again = import_tfrecord(tmp_path / "toy.tfrecord", tmp_path / "again.arrow")
    assert again.space == SPACE
    rows = [again.modules.row_of(digest.tobytes().hex()) for digest in table.modules.hashes]
    for name, values in results().items():
        np.testing.assert_array_equal(again.column(name).values()[rows], values)
    export(again, tmp_path / "again.tfrecord")
    assert (tmp_path / "again.tfrecord").read_bytes() == (tmp_path / "toy.tfrecord").read_bytes()
    history = nasbed.search("random", nasbed.benchmark(again), evaluations=20, runs=3)
    assert history.best_value.shape[0] == 3


def test_part_of_a_space_is_a_table_of_the_published_one(tmp_path):
    table = trainings_at(tmp_path / "part.arrow", archs=ARCHS[:-1], **part(90))
    export(table, tmp_path / "part.tfrecord")
    again = import_tfrecord(tmp_path / "part.tfrecord", tmp_path / "again.arrow")
    assert again.space == NASBench101()
    assert {digest.tobytes() for digest in again.modules.hashes} == {
        digest.tobytes() for digest in table.modules.hashes
    }


def part(size):
    return {
        "results": {name: values[:size] for name, values in results().items()},
        "parameters": np.arange(1, size + 1),
    }


def test_every_training_has_a_row_and_its_numbers_read_back_exactly(table, tmp_path):
    export(table, tmp_path / "toy.parquet")
    export(table, tmp_path / "toy.csv")
    frame = parquet.read_table(tmp_path / "toy.parquet")
    assert json.loads(frame.schema.metadata[METADATA])["provenance"] == table.provenance
    with (tmp_path / "toy.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    rows = frame.to_pylist()
    assert len(lines) == len(rows) == np.prod(SHAPE) - len(ARCHS)  # a training of each is missing
    for line, row in zip(lines, rows, strict=True):
        place = row["index"], (4, 12).index(int(row["recipe"])), int(row["seed"])
        for name, values in results().items():
            assert float(line[name]) == row[name] == values[place]
        number = score()[place[0]]
        assert row["score"] == number if number == number else row["score"] is None
        graph = table.modules.graph(place[0])
        for found in (line, row):
            assert found["arch"] == SPACE.format(ARCHS[place[0]])
            assert found["hash"] == table.modules.hashes[place[0]].tobytes().hex()
            assert found["adjacency"] == "".join(map(str, graph.matrix.reshape(-1)))
            assert found["operations"] == ",".join(graph.labels)
            assert int(found["trainable_parameters"]) == table.column("trainable_parameters").stored[place[0]]


def test_curves_are_lists_in_parquet_and_their_ends_in_csv(tmp_path):
    some = [made(index) for index in (7, 3)]
    table = table_of(some, tmp_path / "t.arrow")
    export(table, tmp_path / "t.parquet")
    export(table, tmp_path / "t.csv")
    rows = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    with (tmp_path / "t.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(rows) == len(lines) == sum(len(published.runs) for published in some)
    for row, line in zip(rows, lines, strict=True):
        run = run_of(table, row["index"], row["recipe"], row["data"], int(row["seed"]))
        assert row["train/loss"] == run.curves["train/loss"].tolist()
        assert float(line["ori-test/accuracy"]) == run.evaluations["ori-test", run.epochs - 1]["accuracy"]
        assert float(line["params"]) == row["params"] == run.params
    with pytest.raises(BadSetting, match="TFRecord is the format of modules"):
        export(table, tmp_path / "t.tfrecord")


def test_checkpoint_paths_are_exported(tmp_path):
    source = file_of(tmp_path / "a.tfrecord", records(paths=("a", None, "b,ü")))
    table = import_tfrecord(source, tmp_path / "a.arrow")
    export(table, tmp_path / "a.parquet")
    export(table, tmp_path / "a.csv")
    budgets, repeats = table.modules.trainings
    size = len(table) * len(budgets) * repeats
    found = parquet.read_table(tmp_path / "a.parquet")["checkpoint_path"].to_pylist()
    assert np.array(found).reshape(-1).tolist() == ["b,ü"] * size
    with (tmp_path / "a.csv").open(newline="") as file:
        assert [line["start_checkpoint_path"] for line in csv.DictReader(file)] == ["a"] * size


@pytest.mark.parametrize("name", ["toy.txt", "toy", "toy.arrow"])
def test_another_ending_is_refused(table, tmp_path, name):
    with pytest.raises(BadSetting, match=r"should end in \.parquet or \.csv or \.tfrecord"):
        export(table, tmp_path / "out" / name)


@pytest.mark.parametrize("ending", ["tfrecord", "parquet", "csv"])
def test_an_export_that_fails_leaves_what_was_there(table, tmp_path, ending):
    path = tmp_path / f"toy.{ending}"
    path.write_text("what was there")
    damaged = table.path.read_bytes()
    block = table.file.blocks()["total_time"]
    at = damaged.index(block)
    table.path.unlink()
    table.path.write_bytes(damaged[:at] + bytes(len(block)) + damaged[at + len(block) :])
    with pytest.raises(nasbed.core.errors.CorruptFile, match="is damaged"):
        export(nasbed.table(table.path), path)
    assert path.read_text() == "what was there"
    assert {found.name for found in tmp_path.iterdir()} == {"toy.arrow", "toy.scores.arrow", path.name}
