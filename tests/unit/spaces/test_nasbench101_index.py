"""The look-up tables: what is left in the cache folder, and what it may look like."""

from dataclasses import fields

import numpy as np
import pytest

from nasbed.spaces import nasbench101_index
from nasbed.spaces.enumeration import enumerate_modules
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench101_index import compute_index, load_index, module_index
from nasbed.spaces.nasbench101_index_kernels import class_rows, class_rows_plainly
from nasbed.spaces.nasbench101_kernels import embedded_rows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NASBED_HOME", str(tmp_path))
    return nasbench101_index._kept() / nasbench101_index._name(4, 9, 3)


def test_the_next_process_finds_the_tables(folder):
    assert load_index(4, 9, 3) is None
    computed = module_index(4, 9, 3)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    loaded = load_index(4, 9, 3)
    np.testing.assert_array_equal(loaded.classes, computed.classes)
    np.testing.assert_array_equal(loaded.keys, computed.keys)


def _empty(folder):
    (folder / "classes.npy").write_bytes(b"")


def _cut(folder):
    whole = (folder / "structure.npy").read_bytes()
    (folder / "structure.npy").write_bytes(whole[:-3])


def _missing(folder):
    (folder / "keys.npy").unlink()


def _foreign(folder):
    np.save(folder / "keys.npy", np.zeros(3, np.uint64))


def _object(folder):
    (folder / "offsets.npy").write_text("not an array")


@pytest.mark.parametrize("damage", [_empty, _cut, _missing, _foreign, _object])
def test_tables_that_are_not_whole_are_computed_again(folder, damage):
    module_index(4, 9, 3)
    damage(folder)
    assert load_index(4, 9, 3) is None
    assert module_index(4, 9, 3).size == 91
    assert load_index(4, 9, 3).size == 91


def test_a_place_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NASBED_HOME", str(tmp_path / "file"))
    assert NASBench101(4).size == 91


@pytest.mark.slow
def test_more_structures_than_sixteen_bits_count_are_told_apart():
    space = NASBench101(7, edges=12, operations=("a",))
    index = compute_index(7, 12, 1)
    assert index.structure.dtype == np.uint32
    space.__dict__["module_index"] = index
    archs = space.enumerate()
    np.testing.assert_array_equal(space.index(archs), np.arange(index.size))


@pytest.mark.parametrize(("vertices", "edges", "operations"), [(2, 1, 1), (4, 3, 2), (5, 9, 3), (6, 5, 5)])
def test_the_tables_list_what_the_enumeration_lists(vertices, edges, operations):
    index, modules = compute_index(vertices, edges, operations), enumerate_modules(vertices, edges, operations)
    rows = embedded_rows(modules.vertices, modules.masks, modules.labels, vertices)
    np.testing.assert_array_equal(index.modules(vertices, operations), rows)


@pytest.mark.slow_where("7-3")
@pytest.mark.parametrize(("vertices", "operations"), [(2, 1), (3, 2), (5, 3), (7, 3)])
def test_rows_are_looked_up_alike_compiled_or_not(vertices, operations):
    space = NASBench101(vertices, 9, tuple("abc"[:operations]))
    index = compute_index(vertices, 9, operations)
    archs = np.random.default_rng(0).integers(0, space.cardinalities, (5000, space.decisions)).astype(np.int8)
    archs[::9] = np.random.default_rng(1).integers(-128, 128, archs[::9].shape)
    for some in (archs[:1], archs[:0], archs):
        asked = some, vertices, operations, index.structure, index.interior, index.offsets, index.classes
        compiled, plain = class_rows(*asked), class_rows_plainly(*asked)
        assert compiled.dtype == plain.dtype
        np.testing.assert_array_equal(compiled, plain)


def test_the_tables_in_the_package_are_those_that_would_be_computed():
    shipped, computed = load_index(5, 9, 3), compute_index(5, 9, 3)
    assert (nasbench101_index.SHIPPED / nasbench101_index._name(5, 9, 3)).is_dir()
    for field in fields(computed):
        np.testing.assert_array_equal(getattr(shipped, field.name), getattr(computed, field.name))
