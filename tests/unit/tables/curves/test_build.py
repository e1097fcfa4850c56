"""Building tables of curves: what goes in comes out as it was, whole or not at all."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from tables.curves.made import made, made_run, same, same_run, table_of

from nasbed.core.errors import BadSetting, CorruptFile, NotInTable
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables.curves import build, shards
from nasbed.tables.curves.build import Computed, attach, build_computed
from nasbed.tables.curves.table import CurveTable
from nasbed.tables.natsbench.published import Published


@pytest.fixture
def some():
    return [made(index) for index in (7, 3, 284, 15_624)]


@pytest.fixture
def as_if_large(monkeypatch):
    monkeypatch.setattr(build, "INSIDE_AT_MOST", 0)


def test_every_training_comes_back_as_it_was(some, tmp_path):
    table = table_of(some, tmp_path / "t.arrow")
    assert table.indices.tolist() == [3, 7, 284, 15_624]
    for published in some:
        same(published, table.published(published.index))


def test_it_does_not_matter_how_architectures_are_divided_into_shards(some, tmp_path, monkeypatch):
    one = table_of(some, tmp_path / "one.arrow")
    monkeypatch.setattr(shards, "AT_MOST", 1)
    table = table_of(some, tmp_path / "many.arrow")
    assert len(list(tmp_path.glob("many-*.shard"))) == 4
    for published in some:
        same(published, table.published(published.index))
    assert {name: one.column(name).epochs for name in one.columns} == {n: table.column(n).epochs for n in table.columns}


def test_trainings_need_not_have_the_same_epochs_or_measurements(tmp_path):
    random = np.random.default_rng(0)
    a, b, c = (made_run(random, "12", "cifar10-valid", seed) for seed in (777, 888, 999))
    b = replace(b, latency=(), evaluations={("x-valid", 3): {"loss": float("nan")}, ("x-valid", 7): {"time": 1.5}})
    c = replace(c, latency=(0.1, 0.3), curves={"train/loss": np.where(np.arange(12) == 4, np.nan, 0.5)}, other={})
    rows = [Published(0, made(0).arch, (c, a), {}), Published(5, made(5).arch, (b,), {"x": (1, None)})]
    table = table_of(rows, tmp_path / "t.arrow")
    for published in rows:
        same(published, table.published(published.index))
    assert table.seeds(0, "12", "cifar10-valid") == (999, 777)  # in the order of the source
    assert table.seeds(5, "12", "cifar10-valid") == (888,)


def test_what_no_benchmark_reads_lies_beside_a_large_table(some, tmp_path, as_if_large):
    table = table_of(some, tmp_path / "t.arrow")
    assert list(table.companions) == ["cold"]
    beside = {name for name, about in table.metadata["columns"].items() if "beside" in about}
    assert all(name.endswith(("/loss", "texts")) or "/train/" in name for name in beside)
    for published in some:
        same(published, table.published(published.index))
    table.verify()


def test_without_its_companion_a_table_answers_and_says_what_is_missing(some, tmp_path, as_if_large):
    arch = table_of(some, tmp_path / "t.arrow").archs[:1]
    (tmp_path / "t.cold.arrow").unlink()
    table = CurveTable.open(tmp_path / "t.arrow")
    assert table.query(arch, data="cifar10-valid", split="x-valid").shape == (1,)
    with pytest.raises(NotInTable, match=r"there is no .*t\.cold\.arrow"):
        table.query(arch, data="cifar10-valid", split="x-valid", metric="loss")
    with pytest.raises(NotInTable, match=r"t\.cold\.arrow"):
        table.published(3)
    assert "12/cifar10/train/loss" in table.missing
    table.verify()


def test_a_companion_of_another_table_is_not_taken_for_its_own(some, tmp_path, as_if_large):
    table_of(some, tmp_path / "t.arrow")
    table_of(some[:2], tmp_path / "other.arrow")
    (tmp_path / "other.cold.arrow").replace(tmp_path / "t.cold.arrow")
    with pytest.raises(CorruptFile, match=r"t\.cold\.arrow is about other"):
        CurveTable.open(tmp_path / "t.arrow").verify()


def test_any_arrow_reader_reads_the_file(some, tmp_path):
    table = table_of(some, tmp_path / "t.arrow")
    batch = pa.ipc.open_file(str(table.path)).get_batch(0)
    assert batch.column("index").to_pylist() == [3, 7, 284, 15_624]
    assert batch.schema.field("12/cifar10/ori-test/accuracy").type.shape == [3, 12]


@pytest.mark.parametrize("which", ["architecture", "training", "curve", "nothing"])
def test_what_does_not_fit_together_is_refused(which, tmp_path):
    a, b = made(3), made(7)
    broken = {
        "architecture": [a, b, a],
        "training": [replace(a, runs=(*a.runs, a.runs[-1]))],
        "curve": [replace(a, runs=(replace(a.runs[0], epochs=5),))],
        "nothing": [],
    }[which]
    why = {
        "architecture": "an architecture comes twice",
        "training": "architecture 3, training 12/cifar100/888: it comes twice",
        "curve": "architecture 3, training 2/cifar10-valid/111: the curve train/accuracy has 2 values for 5 epochs",
        "nothing": "no results of any architecture",
    }[which]
    with pytest.raises(CorruptFile, match=why):
        table_of(broken, tmp_path / "t.arrow")
    assert not (tmp_path / "t.arrow").exists()


def computed(values, **changed):
    about = {"hp": "200", "data": "cifar10-valid", "split": "ori-test", "metric": "accuracy", "seed": 888, "epoch": 199}
    return Computed(values=np.asarray(values, float), **{**about, "unit": "percent", **changed})


def test_a_table_can_be_made_of_single_columns(tmp_path):
    table = build_computed(
        tmp_path / "t.arrow",
        space=NASBench201(),
        index=np.array([1, 5]),
        computed=[
            computed([91.5, np.nan]),
            computed([0.3, 0.4], metric="loss", seed=777, unit=""),
            computed([70, 71], data="cifar100", seed="mean", split="x-test"),
        ],
        provenance={"source": "a test"},
    )
    ask = {"data": "cifar10-valid", "split": "ori-test", "seed": 888}
    np.testing.assert_array_equal(table.query(table.archs, **ask), [91.5, np.nan])
    assert table.axis("200", "cifar10-valid") == (777, 888)
    assert table.seeds(5, "200", "cifar10-valid") == (777,)
    np.testing.assert_array_equal(table.query(table.archs, data="cifar100", split="test"), [70, 71])
    with pytest.raises(NotInTable, match="it has but the mean over seeds"):
        table.query(table.archs, data="cifar100", split="test", seed=888)


@pytest.mark.parametrize("wrong", ["order", "twice", "length"])
def test_columns_that_do_not_fit_are_refused(wrong, tmp_path):
    index = np.array([5, 1] if wrong == "order" else [1, 5])
    columns = {"twice": [computed([1, 2])] * 2, "length": [computed([1, 2, 3])]}.get(wrong, [computed([1, 2])])
    with pytest.raises(BadSetting):
        build_computed(tmp_path / "t.arrow", space=NASBench201(), index=index, computed=columns, provenance={})


def test_columns_are_put_beside_a_table_by_row(some, tmp_path):
    table = table_of(some, tmp_path / "t.arrow")
    before = table.path.read_bytes()
    table = attach(table, {"latency": np.array([1.0, 2.0, np.nan, 4.0])}, room="phone", units={"latency": "ms"})
    table = attach(table, {"energy": np.arange(4.0)}, room="phone")
    assert table.path.read_bytes() == before
    assert table.attached == ("latency", "energy")
    np.testing.assert_array_equal(table.values("latency", table.archs[[3, 0]]), [4.0, 1.0])
    assert table.column("latency").unit == "ms"
    table.verify()
    copied = table.copy(tmp_path / "copy.arrow")
    np.testing.assert_array_equal(copied.values("energy"), np.arange(4.0))
    same_run(table.run(3, "12", "cifar10", 777), copied.run(3, "12", "cifar10", 777))


@pytest.mark.parametrize(
    ("columns", "room", "why"),
    [
        ({"a": np.zeros(3)}, "phone", "it should have"),
        ({"12/cifar10/params": np.zeros(4)}, "phone", "already"),
        ({"index": np.zeros(4)}, "phone", "already"),
        ({"a": np.zeros(4)}, "cold", "choose another name"),
        ({"a": np.zeros(4)}, "a/b", "cannot name"),
    ],
)
def test_columns_that_cannot_lie_beside_a_table_are_refused(some, tmp_path, columns, room, why):
    table = table_of(some, tmp_path / "t.arrow")
    with pytest.raises(BadSetting, match=why):
        attach(table, columns, room=room)


def test_verify_finds_a_flipped_bit_and_names_the_column(some, tmp_path):
    table = table_of(some, tmp_path / "t.arrow")
    raw = bytearray(table.path.read_bytes())
    stored = table.column("12/cifar10/ori-test/accuracy").stored.tobytes()
    raw[raw.find(stored) + 5] ^= 1
    (tmp_path / "bad.arrow").write_bytes(raw)
    with pytest.raises(CorruptFile, match="12/cifar10/ori-test/accuracy"):
        CurveTable.open(tmp_path / "bad.arrow").verify()
