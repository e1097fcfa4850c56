"""Building: what does not fit is refused, a column more keeps all others, a file is replaced whole or not at all."""

import numpy as np
import pytest
from tables.made import ARCHS, SHAPE, SPACE, results, table_at

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.tables import column_file
from nasbed.tables.build import append_column
from nasbed.tables.table import Table


@pytest.fixture
def table(tmp_path):
    return table_at(tmp_path / "toy.arrow")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"archs": ARCHS[:, 1:]}, "rows of 8 decisions"),
        ({"archs": ARCHS[:0]}, "at least one"),
        ({"archs": np.concatenate([ARCHS[:90], ARCHS[3:4]])}, "rows 3 and 90 are the same module"),
        ({"budgets": (12, 4)}, "budgets must ascend"),
        ({"budgets": (4, 4)}, "budgets must ascend"),
        ({"budgets": ()}, "budgets must ascend"),
        ({"repeats": 0}, "repeats be at least 1"),
        ({"repeats": 2}, r"shape \(91, 2, 3\); it should have \(91, 2, 2\)"),
        ({"trainable_parameters": np.arange(5)}, r"shape \(5,\)"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, change, what):
    with pytest.raises(BadSetting, match=what):
        table_at(tmp_path / "toy.arrow", **change)
    assert not list(tmp_path.iterdir())


def test_rows_must_be_modules(tmp_path):
    archs = ARCHS.copy()
    archs[4] = 0
    with pytest.raises(InvalidArchitecture):
        table_at(tmp_path / "toy.arrow", archs=archs)
    assert not list(tmp_path.iterdir())


def test_raw_rows_are_stored_pruned(tmp_path):
    archs = ARCHS.copy()
    archs[0, 0] = 1  # a dead end: it starts at the input and leads nowhere
    assert SPACE.graph(archs[0]) == SPACE.graph(ARCHS[0])
    table = table_at(tmp_path / "toy.arrow", archs=archs)
    assert table.graph(0) == SPACE.graph(ARCHS[0])


def test_a_space_that_does_not_number_its_modules_is_found_by_key(tmp_path):
    space = NASBench101(vertices=8)
    archs = np.array([space.embed(SPACE.graph(arch)) for arch in ARCHS])
    table = table_at(tmp_path / "wide.arrow", space=space, archs=archs)
    assert table.classes is None
    table.verify()
    assert [table.row_of(arch) for arch in archs] == list(range(len(archs)))


def test_texts_are_kept(tmp_path):
    paths = np.full(SHAPE, None, object)
    paths[3, 1, 2] = "weights/é"
    table = table_at(tmp_path / "toy.arrow", results={**results(), "checkpoint_path": paths})
    np.testing.assert_array_equal(table.column("checkpoint_path").stored, paths)
    table.verify()


def test_a_column_more_keeps_all_others(table):
    before = {name: table.column(name).values().tobytes() for name in table.columns}
    values = np.random.default_rng(1).normal(size=SHAPE)
    values[3, 1, 1] = np.nan
    more = append_column(table, "loss", values, unit="nats", split="validation", meaning="cross-entropy")
    assert more.path == table.path
    more.verify()
    assert more.columns == (*before, "loss")
    for name, column in {**before, "loss": values.tobytes()}.items():
        assert more.column(name).values().tobytes() == column
    assert more.describe()["columns"]["loss"] == {"unit": "nats", "split": "validation", "meaning": "cross-entropy"}
    assert (more.space, more.budgets, more.provenance) == (table.space, table.budgets, table.provenance)
    np.testing.assert_array_equal(more.hashes, table.hashes)
    assert more.checksum != table.checksum


def test_a_table_that_is_open_stays_what_it_was(table):
    before = table.column("total_time").values()
    append_column(table, "loss", np.zeros(len(ARCHS)))
    np.testing.assert_array_equal(table.column("validation_accuracy").values(), results()["validation_accuracy"])
    np.testing.assert_array_equal(table.column("total_time").values(), before)
    assert "loss" not in table.columns
    assert "loss" in Table.open(table.path).columns


def test_a_column_may_go_to_another_file(table, tmp_path):
    whole = table.path.read_bytes()
    more = append_column(table, "loss", np.zeros(len(ARCHS)), path=tmp_path / "more.arrow")
    assert "loss" in more.columns
    assert table.path.read_bytes() == whole


@pytest.mark.parametrize("name", ["validation_accuracy", "total_time", "score", "hash", "arch", "cold", "class"])
def test_a_name_that_is_taken_is_refused(table, name):
    with pytest.raises(BadSetting, match="already; choose another name"):
        append_column(table, name, np.zeros(len(ARCHS)))


@pytest.mark.parametrize("shape", [(90,), (91, 2), (91, 3, 2), ()])
def test_a_column_of_another_shape_is_refused(table, shape):
    with pytest.raises(BadSetting, match=r"it should have \(91,\) or \(91, 2, 3\)"):
        append_column(table, "loss", np.zeros(shape))


def test_what_fails_halfway_leaves_the_old_file(table, tmp_path, monkeypatch):
    whole = table.path.read_bytes()

    def fail(path):
        raise OSError("no space left on device")

    monkeypatch.setattr(column_file, "seal", fail)
    with pytest.raises(OSError, match="no space"):
        append_column(table, "loss", np.zeros(len(ARCHS)))
    assert table.path.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["toy.arrow"]


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"):
        table_at(tmp_path / "no" / "toy.arrow")
