"""The spaces of TransNAS-Bench-101: sizes, published strings on all rows, equality, and what is refused."""

import pickle

import numpy as np
import pytest

from nasbed.core.errors import InvalidArchitecture
from nasbed.core.registry import spaces
from nasbed.spaces import TransNASMacro, TransNASMicro, WrittenSpace

MICRO, MACRO = TransNASMicro(), TransNASMacro()


@pytest.mark.parametrize(("space", "size"), [(MICRO, 4_096), (MACRO, 3_256)], ids=["micro", "macro"])
def test_sizes_are_the_published_ones(space, size):
    assert space.size == len(space.enumerate()) == size


@pytest.mark.slow_where("macro")
@pytest.mark.parametrize("space", [MICRO, MACRO], ids=["micro", "macro"])
def test_every_row_is_read_back_from_its_string(space):
    rows = space.enumerate()
    texts = space.texts(rows)
    assert len(set(texts)) == space.size
    np.testing.assert_array_equal(np.stack([space.parse(text) for text in texts]), rows)


@pytest.mark.parametrize(
    ("space", "texts"),
    [
        (MICRO, ["64-41414-1_02_333", "1_02_333", "(1, 0, 2, 3, 3, 3)", "[1,0,2,3,3,3]", "#1215"]),
        (MACRO, ["64-1242-basic", "1242", "(1, 2, 4, 2)", "(1, 2, 4, 2, 0, 0)", "[0, 0, 1, 3, 1, 0, 0]"]),
        (MACRO, ["64-311112-basic", "modules.depth=6 modules.block0=halve modules.block5=widen"]),
    ],
    ids=["micro", "macro", "names"],
)
def test_whatever_an_architecture_is_written_as_it_is_the_same(space, texts):
    assert {space.format(space.parse(text)) for text in texts} == {texts[0]}


def test_the_published_example_has_its_operations():
    """README of github.com/yawen-d/TransNASBench: node 1 skips; node 2: none, conv1x1; node 3: conv3x3 thrice."""
    assert MICRO.names_of(MICRO.parse("64-41414-1_02_333")) == ["skip", "none", "conv1x1", *["conv3x3"] * 3]


def test_the_published_example_has_its_modules():
    layers = [str(layer) for layer in MACRO.resolve(MACRO.parse("64-1234-basic")).parts[1].parts]
    assert layers == ["keep", "widen", "halve", "widen-and-halve"]


MICRO_WRONG = ("64-41414-1_02_334", "32-41414-1_02_333", "64-41444-1_02_333", "(1, 0, 2)", "#4096", "1215", "")
MACRO_WRONG = ("64-1111-basic", "64-2222-basic", "64-12-basic", "32-1234-basic", "(1, 2, 0, 4, 0, 0)", "64-1235-basic")


@pytest.mark.parametrize(
    ("space", "text"), [*((MICRO, text) for text in MICRO_WRONG), *((MACRO, text) for text in MACRO_WRONG)]
)
def test_what_is_no_architecture_is_refused(space, text):
    with pytest.raises(InvalidArchitecture):
        space.parse(text)


def test_the_169_cells_without_a_path_are_equal_and_no_others_are():
    rows = MICRO.enumerate()
    without = np.array([not MICRO.graph(row).live for row in rows])
    keys = MICRO.key(rows)
    assert (without.sum(), len(set(keys[without])), len(set(keys))) == (169, 1, 4_096 - 168)


def test_cells_are_those_of_the_expression():
    rows, written = MICRO.enumerate(), MICRO.written
    np.testing.assert_array_equal(written.index(rows), MICRO.index(rows))
    assert [written.graph(row) for row in rows[::5]] == [MICRO.graph(row) for row in rows[::5]]
    for row in rows[::97]:
        assert {*map(tuple, written.neighbors(row).tolist())} == {*map(tuple, MICRO.neighbors(row).tolist())}


def test_a_module_beyond_the_depth_does_not_count():
    row = MACRO.parse("64-1234-basic")
    other = row.copy()
    other[-1] = 3
    assert MACRO.key(np.stack([row, other])).tolist() == [MACRO.key(row[None])[0]] * 2
    assert MACRO.format(other) == "64-1234-basic"


@pytest.mark.parametrize("space", [MICRO, MACRO], ids=["micro", "macro"])
def test_a_space_is_made_again_from_its_name_and_settings(space):
    assert spaces.make(space.kind, space.settings()) == space == pickle.loads(pickle.dumps(space))


def test_a_file_of_it_has_its_rows(tmp_path):
    MACRO.write(tmp_path / "macro.toml")
    found = WrittenSpace.open(tmp_path / "macro.toml")
    np.testing.assert_array_equal(found.enumerate(), MACRO.enumerate())


def test_a_space_of_the_same_expression_is_another():
    """Their texts differ, so a table of the one is none of the other."""
    assert WrittenSpace(MACRO.expression, MACRO.name) != MACRO
