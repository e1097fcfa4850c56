"""The blocks against values that were worked out by hand on drawn cells."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture, NotInTable
from nasbed.encodings import Columns, encoding
from nasbed.spaces import WrittenSpace, choice, edges, op

CELL = (3, 0, 2, 1, 0, 4)
"""A cell of NAS-Bench-201: 0 -conv3x3→ 1 -conv1x1→ 2 -pool→ 3, beside 0 -skip→ 3."""

MODULE = "01010/00100/00001/00001/00000:conv3x3,conv1x1,maxpool"
"""A module of NAS-Bench-101: input → conv3x3 → conv1x1 → output, beside input → maxpool → output."""

NONE, SKIP, CONV1, CONV3, POOL = "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"
LONG3, LONG1, MAX = "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"

GRAF_OF_CELL = {
    f"op_count({NONE})": 2,
    f"op_count({POOL})": 1,
    f"min_path_len({NONE}|{SKIP}|{CONV1}|{CONV3}|{POOL})": 1,
    f"min_path_len({CONV1}|{CONV3}|{POOL})": 3,
    f"min_path_len({NONE}|{CONV3})": 2,
    f"min_path_len({CONV3})": 5,
    f"max_op_on_path({CONV1}|{CONV3}|{POOL})": 3,
    f"max_op_on_path({SKIP}|{CONV3})": 1,
    f"max_op_on_path({NONE}|{CONV3})": 2,
    f"max_op_on_path({NONE})": -1,
    f"out_degree({SKIP}|{CONV3})": 2,
    f"out_degree({POOL})": 0,
    f"in_degree({SKIP}|{POOL})": 2,
    f"in_degree({NONE})": 1,
    f"mean_out({NONE})": 0.5,
    f"mean_in({CONV1}|{CONV3}|{POOL})": 0.75,
}

GRAF_OF_MODULE = {
    "op_count(input)": 1,
    "op_count(output)": 1,
    f"op_count({MAX})": 1,
    f"min_path_len({MAX})": 2,
    f"min_path_len({LONG3}|{LONG1})": 3,
    f"min_path_len({LONG3})": 5,
    f"max_op_on_path({LONG3}|{LONG1})": 2,
    f"max_op_on_path({MAX})": 1,
    f"max_op_on_path({LONG3})": -1,
    f"out_degree({LONG3}|{MAX})": 2,
    f"out_degree({LONG1})": 0,
    f"in_degree({LONG1}|{MAX})": 2,
    f"in_degree({LONG3})": 0,
    f"mean_out({LONG1}|{MAX})": 0.4,
    f"mean_in({LONG3}|{LONG1})": 0.4,
}


def by_name(name, space, row):
    found = encoding(name, space)
    return dict(zip(found.names, found(np.asarray(row, np.int8)[None])[0].tolist(), strict=True))


def ones(name, space, row):
    return np.flatnonzero(encoding(name, space)(np.asarray(row, np.int8)[None])[0]).tolist()


@pytest.fixture(scope="module")
def cells():
    return nasbed.space("nasbench201")


@pytest.fixture(scope="module")
def modules():
    return nasbed.space("nasbench101")


def test_graph_features_of_a_cell(cells):
    found = by_name("graf", cells, CELL)
    assert {name: found[name] for name in GRAF_OF_CELL} == GRAF_OF_CELL


def test_graph_features_of_a_module(modules):
    found = by_name("graf", modules, modules.parse(MODULE))
    assert {name: found[name] for name in GRAF_OF_MODULE} == GRAF_OF_MODULE


def test_paths_of_a_cell(cells):
    assert ones("path:shared=true", cells, CELL) == [1, 5 + 3, 5 + 4 * 5, 30 + 3 + 2 * 5 + 4 * 25]
    assert ones("path", cells, CELL) == [1, 5 + 3, 30 + 4 * 5, 55 + 3 + 2 * 5 + 4 * 25]


def test_paths_of_a_module(modules):
    assert ones("path", modules, modules.parse(MODULE)) == [1 + 2, 4 + 0 + 1 * 3]
    assert ones("path", modules, modules.parse("01/00:")) == [0]


def test_neighbourhoods_of_a_cell(cells):
    found = {name for name, value in by_name("wl", cells, CELL).items() if value}
    firsts = {f"wl0 {name}" for name in ("input", CONV3, CONV1, POOL, "output")}
    seconds = {f"{CONV3}(input)", f"{CONV1}({CONV3})", f"{POOL}({CONV1})", f"output({POOL}, input)", "input"}
    assert found == firsts | {f"wl1 {name}" for name in seconds}


def test_one_hot_of_a_cell_and_of_a_module(cells, modules):
    assert ones("onehot", cells, CELL) == [3, 5, 12, 16, 20, 29]
    found = encoding("onehot", modules)(modules.parse("011/001/000:conv3x3")[None])[0]
    assert found.sum() == 4, "three edges and one operation; vertices that are not there have none"


def test_counts_and_depth_of_a_chain():
    space = nasbed.space("nasbenchmacro")
    row = space.parse("12012100")
    found = encoding("counts+depth", space)
    kinds, depths = (found(row[None])[0][columns].tolist() for columns in found.blocks.values())
    assert kinds == [3, 3, 2]
    assert depths == [1, 2, 2, 3, 4, 5, 5, 5]


DIMENSIONS = {"path": 180, "path:shared=true": 155, "counts": 5, "wl:h=0": 5}


@pytest.mark.parametrize("name", DIMENSIONS)
def test_dimensions_for_cells(cells, name):
    assert len(encoding(name, cells)) == DIMENSIONS[name]


def test_four_operations_have_94_graph_features_and_eight_fewer_sets():
    def dimensions(*names):
        return len(encoding("graf", WrittenSpace(edges(4, lambda i, j: choice(*map(op, names))))))

    assert dimensions("none", "skip", "conv1x1", "conv3x3") == 94
    assert dimensions(*"abcdefgh") == 8 + 6 * (8 + 28 + 1)


def test_modules_have_364_sequences_or_the_first_40(modules):
    rows = modules.enumerate()[::5000]
    np.testing.assert_array_equal(encoding("path", modules)(rows)[:, :40], encoding("path:most=40", modules)(rows))
    assert len(encoding("path", modules)) == 364


def test_columns_are_looked_up_by_architecture_and_then_by_function(cells):
    skip, chain = (1, 0, 0, 0, 1, 0), (0, 0, 0, 1, 0, 0)  # twice the identity
    other = (3, 0, 0, 0, 1, 0)
    archs = np.array([skip, other, CELL], np.int8)
    found = encoding("counts", cells).with_columns(archs, {"score": [1.0, 2.0, np.nan], "ms": [5.0, 6.0, 7.0]})
    assert found.blocks == {"counts": slice(0, 5), "columns": slice(5, 7)}
    rows = np.array([skip, chain, other], np.int8)
    np.testing.assert_array_equal(found(rows)[:, 5:], [[1.0, 5.0], [1.0, 5.0], [2.0, 6.0]])
    with pytest.raises(InvalidArchitecture, match="'score' has no number"):
        found(np.array([CELL], np.int8))


def test_what_is_around_an_architecture_is_the_mean_of_ranks_over_it_and_its_neighbours(cells):
    rows = np.array([row for row in cells.enumerate() if (cells.simplify(row[None])[0] == row).all()], np.int8)
    scores = np.exp(np.random.default_rng(0).normal(size=len(rows)) * 9)
    block = Columns(cells, rows, {"score": scores})
    some = rows[::700]
    ranks = ndtri((rankdata(scores) - 0.5) / len(scores))
    same = {key: ranks[cells.function_key(rows) == key].mean() for key in np.unique(cells.function_key(rows))}
    own = {row.tobytes(): rank for row, rank in zip(rows, ranks, strict=True)}

    def known(row):
        return own.get(row.tobytes(), same[cells.function_key(row[None])[0]])

    expected = [[np.mean([known(near) for near in (row, *cells.neighbors(row))])] for row in some]
    np.testing.assert_allclose(block.around.values(some), expected)
    assert Columns(cells, rows[::9], {"score": scores[::9]}).around is None, "too few neighbours are listed"
    assert Columns(cells, rows, {"score": scores}, neighbours=False).around is None
    missing = np.where(np.arange(len(rows)) % 7, scores, np.nan)
    assert Columns(cells, rows, {"score": scores, "ms": missing}).around.names == ("score around", "ms around")


def test_columns_may_count_by_their_logarithms(cells):
    archs = np.array([CELL], np.int8)
    found = Columns(cells, archs, {"score": np.array([-(np.e**2) + 1])}, log=True)
    np.testing.assert_allclose(found.values(archs), [[-2.0]])


def test_columns_of_a_table_are_costs_and_no_results():
    table = nasbed.benchmark("digits101").table
    found = encoding(f"onehot+columns:table={table.path},of=[params]", table.space)
    np.testing.assert_array_equal(found(table.archs[:50])[:, -1], table.measurement("params").mean()[:50])
    with pytest.raises(BadSetting, match="is a result"):
        encoding(f"columns:table={table.path},of=[36/digits/validation/accuracy]", table.space)
    with pytest.raises(NotInTable):
        encoding(f"columns:table={table.path},of=[beauty]", table.space)
    with pytest.raises(BadSetting, match="not of"):
        encoding(f"columns:table={table.path}", nasbed.space("natssize"))


@pytest.mark.parametrize("wrong", ["path:most=0", "wl:h=-1", "graf:h=1", "columns", "", "onehot+", "path:shared=2"])
def test_settings_that_are_none_are_refused(cells, wrong):
    with pytest.raises((BadSetting, KeyError)):
        encoding(wrong, cells)
