"""Truth: read off benchmarks and CSVs, never off another architecture."""

import numpy as np
import pytest

import nasbed
from nasbed.core.errors import BadSetting, CorruptFile, NotInTable, UnknownName
from nasbed.scores.scores import Scores
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.statistics.truth import Truth

CELLS = NASBench201()


def scores_of(space, archs):
    return Scores(space, archs, {"params": np.zeros(len(archs))}, np.zeros(len(archs)))


@pytest.fixture(scope="module")
def digits():
    return nasbed.benchmark("digits101")


@pytest.fixture
def modules(digits):
    return scores_of(digits.space, digits.space.enumerate()[[5, 3, 80]])


def test_a_benchmark_gives_its_mean_test_accuracy_in_percent(digits, modules):
    truth = Truth.of_benchmark(digits, modules)
    np.testing.assert_allclose(truth.values, 100 * digits.test(modules.archs))
    assert (truth.name, truth.what) == ("digits101:test", "test accuracy (%) at 36 epochs")


def test_validation_at_another_budget_is_asked_for_by_name(digits, modules):
    truth = Truth.of_benchmark(digits, modules, "validation", epochs=4)
    np.testing.assert_allclose(truth.values, 100 * digits.query(modules.archs, 4).value)


def test_without_test_results_the_validation_accuracy_is_meant(untested):
    scores = scores_of(untested.space, untested.space.enumerate()[:9])
    truth = Truth.of_benchmark(untested, scores)
    assert truth.name == "landscape:validation"
    assert truth.warnings == ("This landscape is made up.",)


def test_a_column_of_a_table_is_its_mean_over_repeats(digits, modules):
    times = digits.table.column("training_time").values(digits.table.rows(modules.archs))[:, 2].mean(axis=1)
    truth = Truth.of_benchmark(digits, modules, "training_time")
    np.testing.assert_allclose(truth.values, times)
    assert truth.what == "training time at 36 epochs"


def test_a_column_that_there_is_not_is_named(digits, modules):
    with pytest.raises(UnknownName, match="Did you mean 'validation'"):
        Truth.of_benchmark(digits, modules, "validaton")


def test_a_budget_that_there_is_not_is_named(digits, modules):
    with pytest.raises(NotInTable, match="nothing at 5 epochs; it has 4, 12, 36"):
        Truth.of_benchmark(digits, modules, epochs=5)


def test_modules_of_a_larger_space_are_found_where_they_have_a_place(digits, modules):
    larger = NASBench101(vertices=6)
    texts = [digits.space.format(arch) for arch in modules.archs]
    six = larger.parse("010000/001000/000100/000010/000001/000000:conv3x3,conv3x3,conv3x3,conv3x3")
    truth = Truth.of_benchmark(digits, scores_of(larger, np.stack([*map(larger.parse, texts), six])))
    np.testing.assert_allclose(truth.values[:3], 100 * digits.test(modules.archs))
    assert np.isnan(truth.values[3])


def test_another_space_is_refused(digits):
    with pytest.raises(BadSetting, match="of nasbench201, what they are held against of nasbench101"):
        Truth.of_benchmark(digits, scores_of(CELLS, CELLS.enumerate()[:3]))


# ── CSV ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def csv(tmp_path, rows, header="uid,architecture,accuracy"):
    path = tmp_path / "x.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def text(row):
    return CELLS.format(CELLS.enumerate()[row])


def test_a_column_of_a_csv_is_found_by_architecture_whatever_the_order(tmp_path):
    path = csv(tmp_path, [f"{row},{text(row)},{row}.5" for row in (9, 2, 7)])
    truth = Truth.of_csv(path, scores_of(CELLS, CELLS.enumerate()[[7, 9, 4]]), "accuracy")
    np.testing.assert_array_equal(truth.values, [7.5, 9.5, np.nan])
    assert truth.name == "x.csv:accuracy"


def test_the_only_column_needs_no_name(tmp_path):
    path = csv(tmp_path, [f"{text(1)},3"], "arch,value")
    assert Truth.of_csv(path, scores_of(CELLS, CELLS.enumerate()[[1]])).values.tolist() == [3.0]


def test_one_of_several_columns_must_be_named(tmp_path):
    path = csv(tmp_path, [f"0,{text(0)},1"])
    with pytest.raises(BadSetting, match=r"name one after a colon, .*: uid, accuracy"):
        Truth.of_csv(path, scores_of(CELLS, CELLS.enumerate()[:3]))


def test_an_isomorphic_cell_stands_in_where_the_very_row_is_not_there(tmp_path):
    everything = CELLS.enumerate()
    keys = CELLS.key(everything)
    kinds, counts = np.unique(keys, return_counts=True)
    first, second, *_ = np.flatnonzero(keys == kinds[np.argmax(counts)])
    path = csv(tmp_path, [f"0,{text(first)},1"])
    scores = scores_of(CELLS, everything[[first, second]])
    assert Truth.of_csv(path, scores, "accuracy").values.tolist() == [1.0, 1.0]
    path = csv(tmp_path, [f"0,{text(first)},1", f"0,{text(second)},2"])
    assert Truth.of_csv(path, scores, "accuracy").values.tolist() == [1.0, 2.0]


def test_repeats_of_an_architecture_are_averaged_and_gaps_are_gaps(tmp_path):
    path = csv(tmp_path, [f"0,{text(0)},1", f"1,{text(0)},2", f"2,{text(1)},", f"3,{text(2)},nan"])
    truth = Truth.of_csv(path, scores_of(CELLS, CELLS.enumerate()[:3]), "accuracy")
    np.testing.assert_array_equal(truth.values, [1.5, np.nan, np.nan])


@pytest.mark.parametrize(
    ("rows", "column", "error", "said"),
    [
        (["0,hello,1"], "accuracy", BadSetting, "names no architectures of nasbench201; its columns are uid"),
        ([f"0,{text(0)},1"], "acuracy", UnknownName, "Did you mean 'accuracy'"),
        ([f"0,{text(0)},1"], "architecture", UnknownName, "no column"),
        ([f"0,{text(0)},much"], "accuracy", CorruptFile, "line 2: 'much' in accuracy is no number"),
        ([f"0,{text(0)},1", "1,hello,2"], "accuracy", BadSetting, "row 3 of"),
        ([f"0,{text(9)},1"], "accuracy", NotInTable, "no accuracy of any of the 3 architectures"),
    ],
)
def test_what_is_wrong_with_a_csv_is_said(tmp_path, rows, column, error, said):
    with pytest.raises(error, match=said):
        Truth.of_csv(csv(tmp_path, rows), scores_of(CELLS, CELLS.enumerate()[:3]), column)
