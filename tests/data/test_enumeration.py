"""The enumeration against what was published: the original generator's file, and the table's hashes and counts."""

import json

import numpy as np
import pyarrow.parquet
import pytest

from nasbed.factory.listing import write_enumeration
from nasbed.spaces.module_hash import module_hash
from nasbed.spaces.nasbench101 import NASBench101


@pytest.fixture(scope="module")
def published(shared_data):
    return shared_data / "nasbench101"


@pytest.mark.slow
def test_the_listing_is_the_original_generators_file_byte_for_byte(published, tmp_path):
    write_enumeration(NASBench101(5), tmp_path / "graphs.json")
    assert (tmp_path / "graphs.json").read_bytes() == (published / "generated_graphs_5V9E.json").read_bytes()


@pytest.mark.slow
def test_every_published_module_is_listed_with_its_parameters(published, tmp_path):
    data = json.loads((published / "data-20k.json").read_text())
    write_enumeration(NASBench101(), tmp_path / "graphs.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "graphs.parquet", columns=["hash", "trainable_parameters"])
    listed = dict(zip(table["hash"].to_pylist(), table["trainable_parameters"].to_pylist(), strict=True))
    assert len(listed) == 423624
    assert [listed[text] for text in data["key"]] == data["trainable_parameters"]


def test_published_matrices_have_the_published_hashes(published):
    data = json.loads((published / "data-1k.json").read_text())
    for matrix, labels, expected in zip(data["adjacency"], data["operations"], data["key"], strict=True):
        size = sum(label != -3 for label in labels)
        assert not np.array(matrix)[size:].any()
        assert module_hash(np.array(matrix)[:size, :size], labels[:size]) == expected
