"""Exports: every value of a table comes back from TFRecord, Parquet and CSV, read by other programs."""

import csv
import json

import numpy as np
import pytest
from pyarrow import parquet
from tables.made import ARCHS, SHAPE, SPACE, results, score, table_at
from tables.published import MEASURES, file_of, original_loader, records

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables.column_file import METADATA
from nasbed.tables.exporting import export
from nasbed.tables.importing import import_tfrecord


@pytest.fixture
def table(tmp_path):
    return table_at(tmp_path / "toy.arrow")


def test_the_original_loader_reads_a_tfrecord_with_every_value(table, tmp_path):
    export(table, tmp_path / "toy.tfrecord")
    fixed, computed = original_loader(tmp_path / "toy.tfrecord")
    assert list(fixed) == sorted(digest.tobytes().hex() for digest in table.hashes)
    measured = results()
    names = [f"{point}{measure}" for point in ("start_", "halfway_", "") for measure in MEASURES] + ["total_time"]
    for row, digest in enumerate(table.hashes):
        adjacency, operations, parameters = fixed[digest.tobytes().hex()]
        graph = SPACE.graph(ARCHS[row])
        assert (adjacency, operations) == (graph.matrix.tolist(), graph.labels)
        assert parameters == table.trainable_parameters[row]
        trainings = computed[digest.tobytes().hex()]
        assert {epochs: len(found) for epochs, found in trainings.items()} == {4: 2, 12: 3}  # the third is missing
        for epochs, found in trainings.items():
            budget = table.budgets.index(epochs)
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
    rows = [again.row_of_hash(digest.tobytes().hex()) for digest in table.hashes]
    for name, values in results().items():
        np.testing.assert_array_equal(again.column(name).values()[rows], values)
    export(again, tmp_path / "again.tfrecord")
    assert (tmp_path / "again.tfrecord").read_bytes() == (tmp_path / "toy.tfrecord").read_bytes()
    history = nasbed.search("random", nasbed.benchmark(again), evaluations=20, runs=3)
    assert history.best_value.shape[0] == 3


def test_part_of_a_space_is_a_table_of_the_published_one(tmp_path):
    table = table_at(tmp_path / "part.arrow", archs=ARCHS[:-1], **part(90))
    export(table, tmp_path / "part.tfrecord")
    again = import_tfrecord(tmp_path / "part.tfrecord", tmp_path / "again.arrow")
    assert again.space == NASBench101()
    assert {digest.tobytes() for digest in again.hashes} == {digest.tobytes() for digest in table.hashes}


def part(size):
    return {
        "results": {name: values[:size] for name, values in results().items()},
        "trainable_parameters": np.arange(1, size + 1),
    }


def test_a_parquet_file_has_every_value_under_its_name(table, tmp_path):
    export(table, tmp_path / "toy.parquet")
    frame = parquet.read_table(tmp_path / "toy.parquet")
    for name, values in {**results(), "score": score()}.items():
        np.testing.assert_array_equal(np.array(frame[name].to_pylist(), np.float64), values)
    modules(table, frame.to_pylist())
    assert json.loads(frame.schema.metadata[METADATA])["provenance"] == table.provenance


def test_a_csv_file_has_a_line_a_training_and_its_numbers_read_back_exactly(table, tmp_path):
    export(table, tmp_path / "toy.csv")
    with (tmp_path / "toy.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == np.prod(SHAPE)
    assert [(int(line["epochs"]), int(line["repeat"])) for line in lines[:6]] == [
        (e, r) for e in (4, 12) for r in range(3)
    ]
    for name, values in results().items():
        found = np.array([float(line[name]) for line in lines]).reshape(SHAPE)
        np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal([float(line["score"]) for line in lines[::6]], score())
    modules(table, lines[::6])


def modules(table, lines):
    """See that the lines name the table's modules, in its order."""
    for row, line in enumerate(lines):
        graph = table.graph(row)
        assert line["hash"] == table.hashes[row].tobytes().hex()
        assert int(line["vertices"]) == graph.vertices
        assert line["adjacency"] == "".join(map(str, graph.matrix.reshape(-1)))
        assert line["operations"] == ",".join(graph.labels)
        assert int(line["trainable_parameters"]) == table.trainable_parameters[row]


def test_checkpoint_paths_are_exported(tmp_path):
    source = file_of(tmp_path / "a.tfrecord", records(paths=("a", None, "b,ü")))
    table = import_tfrecord(source, tmp_path / "a.arrow")
    export(table, tmp_path / "a.parquet")
    export(table, tmp_path / "a.csv")
    size = len(table) * len(table.budgets) * table.repeats
    found = parquet.read_table(tmp_path / "a.parquet")["checkpoint_path"].to_pylist()
    assert np.array(found).reshape(-1).tolist() == ["b,ü"] * size
    with (tmp_path / "a.csv").open(newline="") as file:
        assert [line["start_checkpoint_path"] for line in csv.DictReader(file)] == ["a"] * size


@pytest.mark.parametrize("name", ["toy.txt", "toy", "toy.arrow"])
def test_another_ending_is_refused(table, tmp_path, name):
    with pytest.raises(BadSetting, match=r"should end in one of \.tfrecord, \.parquet, \.csv"):
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
    with pytest.raises(nasbed.core.errors.CorruptFile, match="total_time cannot be decompressed"):
        export(nasbed.table(table.path), path)
    assert path.read_text() == "what was there"
    assert {found.name for found in tmp_path.iterdir()} == {"toy.arrow", path.name}
