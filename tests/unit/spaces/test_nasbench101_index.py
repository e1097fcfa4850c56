"""The look-up tables: what is left in the cache folder, and what it may look like."""

from dataclasses import fields

import numpy as np
import pytest

from nasbed.spaces import nasbench101_index
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench101_index import compute_index, load_index, module_index


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


def test_more_structures_than_sixteen_bits_count_are_told_apart():
    space = NASBench101(7, edges=12, operations=("a",))
    index = compute_index(7, 12, 1)
    assert index.structure.dtype == np.uint32
    space.__dict__["module_index"] = index
    archs = space.enumerate()
    np.testing.assert_array_equal(space.index(archs), np.arange(index.size))


def test_the_tables_in_the_package_are_those_that_would_be_computed():
    shipped, computed = load_index(5, 9, 3), compute_index(5, 9, 3)
    assert (nasbench101_index.SHIPPED / nasbench101_index._name(5, 9, 3)).is_dir()
    for field in fields(computed):
        np.testing.assert_array_equal(getattr(shipped, field.name), getattr(computed, field.name))
