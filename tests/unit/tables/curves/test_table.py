"""Tables of curves: what is asked for is answered, and what is not there is an error that says what is."""

import subprocess
import sys

import numpy as np
import pytest
from tables.curves.made import made, table_of

import nasbed
from nasbed.core.errors import BadSetting, CorruptFile, InvalidArchitecture, NotInTable, UnknownName
from nasbed.core.rng import Streams
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables.curves.encoding import is_absent
from nasbed.tables.curves.table import CurveTable
from nasbed.tables.opening import open_table
from nasbed.tables.table import Table

INDICES = (3, 7, 284, 5000)
SOURCE = {index: made(index) for index in INDICES}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return table_of(
        SOURCE.values(), tmp_path_factory.mktemp("curves") / "toy.arrow", provenance={"warnings": ["made up"]}
    )


def runs(index, hp, data):
    return {run.seed: run for run in SOURCE[index].runs if (run.hp, run.data) == (hp, data)}


def expected(index, hp, data, split, metric, epoch, seed):
    """One number, from the trainings themselves."""
    run = runs(index, hp, data).get(seed)
    if run is None:
        return np.nan
    if split is None:
        return {"params": run.params, "flops": run.flops, "epochs": run.epochs, "latency": run.latency[0]}[metric]
    return run.curves[f"train/{metric}"][epoch] if split == "train" else run.evaluations[split, epoch][metric]


ASKED = [
    ("12", "cifar10-valid", "x-valid", "accuracy", 11),
    ("12", "cifar10-valid", "x-valid", "loss", 3),
    ("12", "cifar10-valid", "train", "accuracy", 0),
    ("12", "cifar10-valid", "train", "time", 6),
    ("12", "cifar10-valid", "ori-test", "time", 6),
    ("12", "cifar100", "x-test", "accuracy", 11),
    ("2", "cifar100", "x-test", "accuracy", 0),
    ("2", "cifar10", "train", "top5", 1),
    ("12", "cifar10", None, "params", None),
    ("12", "cifar10", None, "latency", None),
]


@pytest.mark.parametrize(("hp", "data", "split", "metric", "epoch"), ASKED)
def test_one_training_is_answered_to_the_bit(table, hp, data, split, metric, epoch):
    ask = {"data": data, "split": split, "metric": metric, "hp": hp, "epoch": epoch}
    for which, seed in enumerate(table.axis(hp, data)):
        wanted = [expected(index, hp, data, split, metric, epoch, seed) for index in INDICES]
        np.testing.assert_array_equal(table.query(table.archs, **ask, seed=seed), wanted)
        np.testing.assert_array_equal(table.outcomes(table.archs, **ask)[:, which], wanted)


@pytest.mark.parametrize(("hp", "data", "split", "metric", "epoch"), ASKED)
def test_the_mean_is_over_the_seeds_that_an_architecture_has(table, hp, data, split, metric, epoch):
    some = {index: runs(index, hp, data) for index in INDICES}
    wanted = [
        np.mean([expected(index, hp, data, split, metric, epoch, seed) for seed in some[index]]) for index in INDICES
    ]
    found = table.query(table.archs, data=data, split=split, metric=metric, hp=hp, epoch=epoch)
    np.testing.assert_allclose(found, wanted, rtol=1e-15)


def test_many_rows_are_answered_as_few_are(table, monkeypatch):
    ask = {"data": "cifar10-valid", "split": "valid"}
    archs = table.archs[np.arange(1000) % 4]
    for seed in ("mean", 777):
        few = table.query(table.archs, **ask, seed=seed)
        np.testing.assert_array_equal(table.query(archs, **ask, seed=seed), few[np.arange(1000) % 4])
    np.testing.assert_array_equal(table.outcomes(archs, **ask)[:4], table.outcomes(table.archs, **ask))
    monkeypatch.setattr("nasbed.tables.curves.table._KEPT", 2)
    for epoch in range(12):
        found = table.query(archs, **ask, epoch=epoch)[:4]
        np.testing.assert_array_equal(found, table.query(table.archs, **ask, epoch=epoch))
    assert len(table._whole) <= 2


def test_a_random_seed_is_one_that_the_architecture_has(table):
    archs = np.repeat(table.archs, 300, axis=0)
    streams = Streams.from_seed(0, len(archs))
    found = table.query(archs, data="cifar10-valid", split="valid", seed="random", streams=streams).reshape(4, 300)
    assert (streams.positions == 1).all()
    for row, index in enumerate(INDICES):
        there = [
            expected(index, "12", "cifar10-valid", "x-valid", "accuracy", 11, s)
            for s in runs(index, "12", "cifar10-valid")
        ]
        drawn, count = np.unique(found[row], return_counts=True)
        assert sorted(there) == drawn.tolist()
        assert (count > 300 / len(there) - 5 * np.sqrt(300 / 4)).all()


def test_valid_and_test_are_what_the_data_set_has(table):
    for data, valid, test in (("cifar10-valid", "x-valid", "ori-test"), ("cifar100", "x-valid", "x-test")):
        for name, split in (("valid", valid), ("validation", valid), ("test", test)):
            found = table.query(table.archs, data=data, split=name)
            np.testing.assert_array_equal(found, table.query(table.archs, data=data, split=split))
    found = table.query(table.archs, data="cifar10", split="test")
    np.testing.assert_array_equal(found, table.query(table.archs, data="cifar10", split="ori-test"))


def test_without_a_recipe_the_longest_is_taken_and_a_number_names_it_too(table):
    wanted = table.query(table.archs, data="cifar10", split="test", hp="12")
    for hp in (None, 12, "12", "012"):
        np.testing.assert_array_equal(table.query(table.archs, data="cifar10", split="test", hp=hp), wanted)


@pytest.mark.parametrize(
    ("ask", "error", "why"),
    [
        (
            {"data": "cifar10", "split": "valid"},
            NotInTable,
            "no split 'valid' here; it has: train, ori-test.*cifar10-valid",
        ),
        ({"data": "cifar10", "split": "x-test"}, NotInTable, "it has: train, ori-test"),
        ({"data": "mnist", "split": "valid"}, NotInTable, "it has: cifar10, cifar10-valid, cifar100"),
        ({"data": "cifar10", "split": "test", "hp": 200}, NotInTable, "there are: 2, 12"),
        (
            {"data": "cifar10", "split": "test", "epoch": 12},
            NotInTable,
            "epoch 12 .counted from 0.; it was after: 0 to 11",
        ),
        ({"data": "cifar100", "split": "valid", "epoch": 3}, NotInTable, "it was after: 11"),
        ({"data": "cifar10", "split": "test", "seed": 111}, NotInTable, "the seeds 777, 888, 999"),
        ({"data": "cifar10", "split": "test", "metric": "top5"}, NotInTable, "it has: accuracy, loss, time"),
        ({"data": "cifar10", "split": "test", "metric": "f1"}, NotInTable, "it has: accuracy, loss, time"),
        ({"data": "cifar10"}, BadSetting, "say which images"),
        ({"data": "cifar10", "metric": "params", "epoch": 3}, BadSetting, "leave epoch out"),
        ({"data": "cifar10", "split": "test", "seed": "random"}, BadSetting, "streams"),
        ({"data": "cifar10", "split": "test", "streams": Streams.from_seed(0, 4)}, BadSetting, "streams"),
        (
            {"data": "cifar10", "split": "test", "seed": "random", "streams": Streams.from_seed(0, 3)},
            BadSetting,
            "not 3",
        ),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_is(table, ask, error, why):
    with pytest.raises(error, match=why):
        table.query(table.archs, **ask)


def test_architectures_that_are_not_there_or_none_are_refused(table):
    absent = table.space.archs_of(np.array([4]))
    with pytest.raises(NotInTable, match="architecture 4 of 5 is not in the table"):
        table.rows(np.concatenate([table.archs, absent]))
    with pytest.raises((NotInTable, InvalidArchitecture)):
        table.rows(np.full((1, 6), 9, np.int8))
    with pytest.raises(NotInTable, match="no results of architecture 4"):
        table.run(4, "12", "cifar10", 777)
    assert table.rows_of(np.array([-1, 3, 4, 5000, 99_999])).tolist() == [-1, 0, -1, 3, -1]


def test_a_training_that_is_not_there_is_an_error_that_says_which_are(table):
    assert table.seeds(284, "12", "cifar10") == (999, 777, 888)
    assert table.seeds(7, "12", "cifar10") == (777, 888)
    with pytest.raises(NotInTable, match="with seed 999; there are: 777, 888"):
        table.run(7, "12", "cifar10", 999)


def test_learning_curves_come_whole(table):
    epochs, values = table.curves(table.archs, data="cifar10-valid", split="valid")
    assert epochs == tuple(range(12))
    for row, index in enumerate(INDICES):
        for which, seed in enumerate(table.axis("12", "cifar10-valid")):
            if seed in runs(index, "12", "cifar10-valid"):
                wanted = [expected(index, "12", "cifar10-valid", "x-valid", "accuracy", e, seed) for e in epochs]
                np.testing.assert_array_equal(values[row, which], wanted)
            else:
                assert is_absent(values[row, which]).all()


def test_the_time_until_an_epoch_is_summed_as_published_times_are(table):
    column = table.measured("cifar10", "train", "time", "12")
    for row, index in enumerate(INDICES):
        times = runs(index, "12", "cifar10")[777].curves["train/time"]
        assert column.until(8)[row, 0] == sum(times[:9].tolist())


def test_an_unknown_column_is_an_error_with_the_nearest_name(table):
    with pytest.raises(UnknownName, match="12/cifar10/params"):
        table.column("12/cifar10/param")


def test_a_table_describes_its_splits_and_its_warnings(table):
    said = table.describe()
    assert "made up" in said["warnings"]
    assert any("cifar10: trained on all 50k" in warning for warning in said["warnings"])
    assert said["trainings"]["12/cifar100"]["x-valid"].startswith("accuracy after epoch 11, loss after epoch 11, time")
    assert said["trainings"]["12/cifar10"]["architectures by seed"] == "777: 4, 888: 4, 999: 2"


def test_a_path_opens_as_what_lies_there(table, tmp_path):
    assert isinstance(open_table(table.path), CurveTable)
    assert isinstance(nasbed.table(table.path), CurveTable)
    with pytest.raises(BadSetting, match="is a table of another kind"):
        Table.open(table.path)
    with pytest.raises(BadSetting, match="there is no file"):
        open_table(tmp_path / "none.arrow")
    digits = nasbed.benchmark("digits101").table
    assert isinstance(open_table(digits.path), Table)
    with pytest.raises(BadSetting, match="is no table of curves"):
        CurveTable.open(digits.path)


def test_a_table_that_was_cut_off_is_refused(table, tmp_path):
    (tmp_path / "cut.arrow").write_bytes(table.path.read_bytes()[:5000])
    with pytest.raises(CorruptFile, match=r"cut\.arrow"):
        open_table(tmp_path / "cut.arrow")


def test_a_complete_table_has_the_space_s_numbers_as_rows(tmp_path):
    from nasbed.tables.curves.build import Computed, build_computed

    space = NASBench201()
    values = np.random.default_rng(0).uniform(10, 90, space.size)
    column = Computed("200", "cifar10", "ori-test", "accuracy", values, 777, 199, "percent")
    table = build_computed(
        tmp_path / "t.arrow", space=space, index=np.arange(space.size), computed=[column], provenance={}
    )
    assert table.complete
    archs = space.enumerate()[::-7]
    np.testing.assert_array_equal(table.query(archs, data="cifar10", split="test"), values[::-7])
    with pytest.raises((NotInTable, InvalidArchitecture)):
        table.rows(np.full((1, 6), 9, np.int8))
    assert table.rows_of(np.array([-1, 15_624, 15_625])).tolist() == [-1, 15_624, -1]


def test_one_query_in_a_fresh_process_imports_nothing_large(table):
    program = f"""
import sys, nasbed
table = nasbed.table({str(table.path)!r})
arch = table.space.parse({table.archs_text[0]!r})
print(table.query(arch[None], data="cifar10-valid", split="valid")[0])
assert not {{"numba", "torch", "pandas", "scipy", "rich"}} & set(sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert float(found.stdout) == table.query(table.archs[:1], data="cifar10-valid", split="valid")[0]
