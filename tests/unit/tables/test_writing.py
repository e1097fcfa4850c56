"""Writing: what does not fit is refused, a file is replaced whole or not at all, any part of a space is a table."""

import numpy as np
import pytest
from tables.made import ARCHS, SHAPE, SPACE, results, table_at, trainings_at

from nasbed.core.errors import BadSetting, InvalidArchitecture, NotInTable
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables import writing
from nasbed.tables.column import Measure
from nasbed.tables.table import Table
from nasbed.tables.writing import Given, attach, write_table

CELLS = NASBench201()
VALID = Measure("accuracy", "valid", data="toy", unit="percent")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"archs": ARCHS[:, 1:]}, "rows of 8 decisions"),
        ({"archs": ARCHS[:0]}, "at least one"),
        ({"archs": np.concatenate([ARCHS[:90], ARCHS[3:4]])}, "rows 3 and 90 are the same architecture"),
        ({"budgets": (12, 4)}, "budgets must ascend"),
        ({"budgets": (4, 4)}, "budgets must ascend"),
        ({"budgets": ()}, "budgets must ascend"),
        ({"repeats": 0}, "repeats be at least 1"),
        ({"repeats": 2}, r"shape \(91, 2, 3\); it should have \(91, 2, 2\)"),
        ({"parameters": np.arange(5)}, r"shape \(5,\)"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, change, what):
    with pytest.raises(BadSetting, match=what):
        trainings_at(tmp_path / "toy.arrow", **change)
    assert not list(tmp_path.iterdir())


def test_rows_must_be_architectures(tmp_path):
    archs = ARCHS.copy()
    archs[4] = 0
    with pytest.raises(InvalidArchitecture):
        trainings_at(tmp_path / "toy.arrow", archs=archs)
    with pytest.raises(InvalidArchitecture, match="architecture 1 of 2 is not valid"):
        write_table(tmp_path / "t.arrow", CELLS, np.array([[0] * 6, [9] * 6], np.int8), {VALID: np.zeros(2)})
    assert not list(tmp_path.iterdir())


def test_raw_modules_are_stored_pruned(tmp_path):
    archs = ARCHS.copy()
    archs[0, 0] = 1  # a dead end: it starts at the input and leads nowhere
    assert SPACE.graph(archs[0]) == SPACE.graph(ARCHS[0])
    assert table_at(tmp_path / "toy.arrow", archs=archs).modules.graph(0) == SPACE.graph(ARCHS[0])


def test_a_space_that_does_not_number_its_modules_is_found_by_hash_and_key(tmp_path):
    space = NASBench101(vertices=8)
    archs = np.array([space.embed(SPACE.graph(arch)) for arch in ARCHS])
    table = table_at(tmp_path / "wide.arrow", space=space, archs=archs)
    assert table.modules.classes is None
    table.verify()
    assert [int(table.rows(arch[None])[0]) for arch in archs] == list(range(len(archs)))


def test_texts_are_kept(tmp_path):
    paths = np.full(SHAPE, None, object)
    paths[3, 1, 2] = "weights/é"
    table = trainings_at(tmp_path / "toy.arrow", results={**results(), "checkpoint_path": paths})
    np.testing.assert_array_equal(table.column("checkpoint_path").stored.reshape(SHAPE), paths)
    table.verify()


@pytest.mark.parametrize("size", [15_625, 7_812, 1])
def test_any_part_of_a_space_is_a_table_in_whatever_order_it_is_given(tmp_path, size):
    order = np.random.default_rng(0).permutation(CELLS.size)[:size]
    archs, values = CELLS.archs_of(order), order / 200
    table = write_table(tmp_path / "part.arrow", CELLS, archs, {VALID: values})
    assert table.complete == (size == CELLS.size)
    np.testing.assert_array_equal(table.measurement().mean(archs), values)
    np.testing.assert_array_equal(table.measurement().mean(np.arange(size)), np.sort(values))
    table.verify()
    if size < CELLS.size:
        absent = CELLS.archs_of(np.setdiff1d(np.arange(CELLS.size), order)[:1])
        with pytest.raises(NotInTable, match="is not in the table"):
            table.rows(absent)


def test_without_rows_it_is_of_the_whole_space(tmp_path):
    table = write_table(tmp_path / "all.arrow", CELLS, None, {VALID: np.arange(CELLS.size) / 200})
    np.testing.assert_array_equal(table.measurement().mean(CELLS.enumerate()), np.arange(CELLS.size) / 200)


def test_a_row_may_stand_for_all_architectures_of_a_key(tmp_path):
    archs = CELLS.unique()
    table = write_table(tmp_path / "keys.arrow", CELLS, archs, {VALID: np.arange(len(archs)) / 100}, by_key=True)
    assert table.complete
    every = CELLS.enumerate()
    values = table.measurement().mean(every)
    keys = dict(zip(CELLS.key(archs).tolist(), table.measurement().mean(archs).tolist(), strict=True))
    assert values.tolist() == [keys[key] for key in CELLS.key(every).tolist()]
    with pytest.raises(BadSetting, match="are the same architecture"):
        write_table(tmp_path / "t.arrow", CELLS, every, {VALID: np.zeros(len(every))}, by_key=True)


def test_a_space_without_numbers_has_its_rows_in_the_table(tmp_path):
    space = NASBench101(vertices=8, edges=10)
    drawn = space.sample(Streams.from_seed(0, 120))
    archs = drawn[np.unique(space.key(drawn), return_index=True)[1]]
    values = np.linspace(0, 1, len(archs))
    measure = Measure("accuracy", "valid", unit="fraction")
    table = write_table(tmp_path / "large.arrow", space, archs, {measure: values})
    np.testing.assert_array_equal(table.measurement().mean(archs[::-1]), values[::-1])


def test_an_axis_has_its_names(tmp_path):
    loss = Measure("loss", "test", "toy", ("200",), (777, 888), (1, 5, 200), axes=("seed", "epoch"))
    values = np.random.default_rng(0).random((3, 2, 3))
    values[1, 1] = np.nan
    table = write_table(tmp_path / "t.arrow", CELLS, CELLS.archs_of(np.arange(3)), {loss: values}, continues=True)
    measured = table.measurement("loss", split="test", recipe="200")
    np.testing.assert_array_equal(measured.curve(), values)
    np.testing.assert_array_equal(measured.values(seed=888, epoch=5), values[:, 1, 1])
    np.testing.assert_array_equal(measured.mean(), np.nanmean(values[:, :, 2], axis=1))
    assert (measured.goal, measured.role) == ("min", "reported")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"split": "dev"}, "split is 'dev'; it is one of train, valid, test"),
        ({"goal": "up"}, "goal is 'up'; it is one of max, min"),
        ({"role": "secret"}, "role is 'secret'; it is one of told, reported, cost, detail"),
        ({"metric": ""}, "needs a name"),
    ],
)
def test_what_a_measure_cannot_be_is_refused(said, why):
    with pytest.raises(BadSetting, match=why):
        Measure(**{"metric": "accuracy", **said})


# ── beside a table ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def table(tmp_path):
    return table_at(tmp_path / "toy.arrow")


def test_what_is_attached_leaves_the_table_as_it_is(table):
    before, columns = table.path.read_bytes(), list(table.columns)
    values = np.random.default_rng(1).normal(size=len(ARCHS))
    values[3] = np.nan
    more = attach(table, [Given(Measure("energy", unit="mJ"), values)], room="phone")
    more = attach(more, {Measure("latency", unit="ms"): np.ones(len(ARCHS))}, room="phone")
    assert table.path.read_bytes() == before
    assert list(table.columns) == columns
    assert more.attached == ("energy", "latency", "score")
    assert more.column("energy").values().tobytes() == values.tobytes()
    more.verify()
    copied = more.copy(table.path.with_name("copy.arrow"))
    assert copied.column("energy").values().tobytes() == values.tobytes()
    assert copied.checksum == table.checksum


@pytest.mark.parametrize("name", ["validation_accuracy", "total_time", "score", "hash", "arch", "cold", "class"])
def test_a_name_that_is_taken_is_refused(table, name):
    with pytest.raises(BadSetting, match="already; choose another name"):
        attach(table, [Given(Measure("loss"), np.zeros(len(ARCHS)), name)], room="more")


@pytest.mark.parametrize(
    ("shape", "room", "why"),
    [((90,), "a", r"it should have \(91,\)"), ((), "a", "it should have"), ((91,), "cold", "choose another name"),
     ((91,), "a/b", "cannot name")],
)  # fmt: skip
def test_what_cannot_lie_beside_a_table_is_refused(table, shape, room, why):
    with pytest.raises(BadSetting, match=why):
        attach(table, {Measure("loss"): np.zeros(shape)}, room=room)


def test_what_fails_halfway_leaves_the_old_file(table, monkeypatch):
    whole = {path.name: path.read_bytes() for path in table.path.parent.iterdir()}

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(writing, "write_columns", fail)
    with pytest.raises(OSError, match="no space"):
        table_at(table.path, seed=1)
    with pytest.raises(OSError, match="no space"):
        attach(table, {Measure("loss"): np.zeros(len(ARCHS))}, room="scores")
    assert {path.name: path.read_bytes() for path in table.path.parent.iterdir()} == whole
    assert "score" in Table.open(table.path).columns


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(BadSetting, match="there is no folder"):
        table_at(tmp_path / "no" / "toy.arrow")
