"""Listings: each format against the space itself."""

import json

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.graph import Graph
from nasbed.factory import listing
from nasbed.factory.listing import write_enumeration
from nasbed.nets.costs import params
from nasbed.spaces.enumeration import Modules
from nasbed.spaces.nasbench101 import NASBench101

SPACE = NASBench101(4)


def read(path):
    return (
        pyarrow.parquet.read_table(path)
        if path.suffix == ".parquet"
        else pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=listing._SCHEMA))
    )


def test_json_is_what_the_original_generator_dumps(tmp_path):
    assert write_enumeration(SPACE, tmp_path / "graphs.json") == 91
    text = (tmp_path / "graphs.json").read_text()
    graphs = json.loads(text)
    assert text == json.dumps(graphs, sort_keys=True)
    labels = {"input": -1, "output": -2, **{name: label for label, name in enumerate(SPACE.operations)}}
    assert graphs == {
        SPACE.module_hash(arch): [
            SPACE.graph(arch).matrix.tolist(),
            [labels[name] for name in SPACE.graph(arch).labels],
        ]
        for arch in SPACE.enumerate()
    }


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_rows_are_the_modules_in_their_order(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(listing, "_BATCH", 40)
    path = tmp_path / f"graphs{suffix}"
    assert write_enumeration(SPACE, path, verify=True) == 91
    table = read(path)
    assert table.schema.equals(listing._SCHEMA)
    np.testing.assert_array_equal(table["trainable_parameters"].to_numpy(), params(SPACE, SPACE.enumerate()))
    for row, arch in zip(table.to_pylist(), SPACE.enumerate(), strict=True):
        graph = SPACE.graph(arch)
        side = row["vertices"]
        matrix = np.array([int(bit) for bit in row["adjacency"]]).reshape(side, side)
        assert Graph.of(matrix, row["operations"].split(",")) == graph
        assert row["hash"] == SPACE.module_hash(arch)
        assert row["edges"] == len(graph.edges)


def test_operations_without_a_formula_have_no_parameters(tmp_path):
    write_enumeration(NASBench101(3, operations=("conv3x3-bn-relu", "mine")), tmp_path / "graphs.parquet")
    assert read(tmp_path / "graphs.parquet")["trainable_parameters"].null_count == 5


@pytest.mark.parametrize("name", ["graphs.txt", "graphs", "graphs.json.gz"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(BadSetting, match=r"\.json, \.parquet, \.csv"):
        write_enumeration(SPACE, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_modules_that_share_a_hash_are_not_lost_silently(tmp_path, monkeypatch):
    twice = Modules(np.full(2, 2, np.int8), np.ones(2, np.uint64), np.zeros((2, 0), np.int8), np.array([[0, 1]]))
    monkeypatch.setattr(listing, "enumerate_modules", lambda *_, **__: twice)
    with pytest.raises(BadSetting, match="share a published hash, first numbers 0 and 1"):
        write_enumeration(NASBench101(2), tmp_path / "graphs.json", verify=True)
    once = Modules(twice.vertices, twice.masks, twice.labels)
    monkeypatch.setattr(listing, "enumerate_modules", lambda *_, **__: once)
    with pytest.raises(BadSetting, match="1 modules have the published hash of a different one"):
        write_enumeration(NASBench101(2), tmp_path / "graphs.json")
    assert not list(tmp_path.iterdir())
    assert write_enumeration(NASBench101(2), tmp_path / "graphs.csv") == 2


def test_a_folder_that_is_not_there_is_named_before_any_work(tmp_path):
    with pytest.raises(BadSetting, match="no folder"):
        write_enumeration(SPACE, tmp_path / "nowhere" / "graphs.json")
