"""Listings of spaces that number their architectures, each format against the space itself."""

import json

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from nasbed.core.errors import BadSetting
from nasbed.factory.listing import write_space
from nasbed.nets.costs import flops, params
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.spaces.natssize import NATSSize

SPACE = NASBench201()
ARCHS = SPACE.enumerate()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_has_a_row_for_each_architecture_in_the_official_order(tmp_path, ending):
    path = tmp_path / f"cells.{ending}"
    assert write_space(SPACE, path) == 15625
    table = (pyarrow.csv.read_csv if ending == "csv" else pyarrow.parquet.read_table)(path)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    np.testing.assert_array_equal(columns["index"], np.arange(15625))
    assert columns["architecture"].tolist() == [SPACE.format(arch) for arch in ARCHS]
    np.testing.assert_array_equal(columns["first_equal"], SPACE.representatives)
    np.testing.assert_array_equal(columns["trainable_parameters"], params(SPACE, ARCHS))
    for counting in ("natsbench", "naslib"):
        np.testing.assert_array_equal(columns[f"flops_{counting}"], flops(SPACE, ARCHS, counting=counting))


@pytest.mark.slow
def test_json_has_the_texts(tmp_path):
    space = NATSSize()
    assert write_space(space, tmp_path / "sizes.json") == 32768
    assert json.loads((tmp_path / "sizes.json").read_text()) == [space.format(arch) for arch in space.enumerate()]


def test_a_space_without_networks_is_listed_without_their_costs(tmp_path):
    class Unbuilt(NASBench201):
        network = "unbuilt"

    write_space(Unbuilt(), tmp_path / "cells.parquet")
    names = pyarrow.parquet.read_table(tmp_path / "cells.parquet").column_names
    assert names == ["index", "architecture", "first_equal"]


@pytest.mark.parametrize(
    ("space", "name", "why"),
    [
        (SPACE, "cells.txt", "should end in one of .json, .parquet, .csv"),
        (NASBench101(8), "modules.csv", "does not number its architectures"),
    ],
)
def test_what_cannot_be_listed_is_refused_and_leaves_nothing(tmp_path, space, name, why):
    with pytest.raises(BadSetting, match=why):
        write_space(space, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
