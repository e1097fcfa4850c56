"""CSV files as tables of curves, and as columns beside one: each number where its declared meaning says."""

import numpy as np
import pytest
from tables.curves.made import made, table_of

from nasbed.core.errors import BadSetting, NotInTable
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables.curves.csv import attach_csv, import_csv

SPACE = NASBench201()
ROWS = (5, 3, 284, 15_624)

DECLARED = """
space = "nasbench201"
architecture = "cell"
ignored = ["by"]

[columns.half]
data = "cifar10-valid"
split = "x-valid"
metric = "accuracy"
unit = "percent"
epochs = 12
seeds = [777]

[columns.other]
data = "cifar10-valid"
split = "x-valid"
metric = "accuracy"
unit = "percent"
epochs = 12
seeds = [888]

[columns.mean]
data = "cifar100"
split = "x-test"
metric = "accuracy"
unit = "fraction"
epochs = 200
seeds = [777, 888, 999]
note = "as somebody averaged it"

[columns.phone]
data = "cifar100"
metric = "latency"
unit = "ms"
missing = -1
"""


@pytest.fixture
def meaning(tmp_path):
    (tmp_path / "meaning.toml").write_text(DECLARED)
    return tmp_path / "meaning.toml"


@pytest.fixture
def file(tmp_path):
    lines = ["cell,half,other,mean,phone,by"]
    for i, index in enumerate(ROWS):
        text = SPACE.format(SPACE.archs_of(np.array([index]))[0])
        lines.append(f"{text},{50 + i},{'' if i == 1 else 60 + i},{0.1 * i},{-1 if i == 2 else 7.5 + i},me")
    (tmp_path / "some.csv").write_text("\n".join(lines))
    return tmp_path / "some.csv"


def test_each_column_is_where_its_meaning_says(file, meaning, tmp_path):
    table = import_csv(file, tmp_path / "t.arrow", meaning)
    assert table.indices.tolist() == [3, 5, 284, 15_624]
    ask = {"data": "cifar10-valid", "split": "valid", "hp": 12}
    np.testing.assert_array_equal(table.query(table.archs, **ask, seed=777), [51, 50, 52, 53])
    np.testing.assert_array_equal(table.query(table.archs, **ask, seed=888), [np.nan, 60, 62, 63])
    np.testing.assert_array_equal(table.query(table.archs, **ask), [51, 55, 57, 58])
    np.testing.assert_allclose(table.query(table.archs, data="cifar100", split="test"), [10, 0, 20, 30])
    np.testing.assert_array_equal(table.values("cifar100/phone"), [8.5, 7.5, np.nan, 10.5])
    assert (table.column("cifar100/phone").unit, table.column("200/cifar100/x-test/accuracy").unit) == (
        "ms",
        "fraction",
    )


def test_a_mean_over_seeds_is_no_seed(file, meaning, tmp_path):
    table = import_csv(file, tmp_path / "t.arrow", meaning)
    with pytest.raises(NotInTable, match="but the mean over seeds"):
        table.query(table.archs, data="cifar100", split="test", seed=777)
    said = table.column("200/cifar100/x-test/accuracy").meaning
    assert "mean over such seeds as there are of 777, 888, 999; as somebody averaged it" in said


def test_the_provenance_has_the_file_and_what_its_columns_were_taken_for(file, meaning, tmp_path):
    first = import_csv(file, tmp_path / "t.arrow", meaning).provenance
    assert first["file"] == "some.csv"
    assert first["columns"]["mean"]["note"] == "as somebody averaged it"
    meaning.write_text(DECLARED.replace("[888]", "[999]"))
    second = import_csv(file, tmp_path / "u.arrow", meaning).provenance
    assert first["checksums"] == second["checksums"]
    assert first["sha256"] != second["sha256"]  # another meaning is another table


def test_columns_are_put_beside_a_table_by_architecture(file, meaning, tmp_path):
    table = table_of([made(index) for index in (284, 7, 3)], tmp_path / "t.arrow")
    table = attach_csv(table, file, meaning)
    assert (tmp_path / "t.some.arrow").is_file()
    np.testing.assert_array_equal(table.values("cifar10-valid/half"), [51, np.nan, 52])
    table.verify()


def test_a_file_of_what_was_not_trained_says_where_it_belongs(tmp_path, file, meaning):
    text = DECLARED.split("[columns.half]")[0] + "[columns.phone]" + DECLARED.split("[columns.phone]")[1]
    meaning.write_text(text.replace('["by"]', '["by", "half", "other", "mean"]'))
    with pytest.raises(BadSetting, match="--into nasbench201"):
        import_csv(file, tmp_path / "t.arrow", meaning)


def test_columns_of_other_architectures_are_refused(file, meaning, tmp_path):
    sizes = table_of([made(5, space="natssize")], tmp_path / "s.arrow", space="natssize")
    with pytest.raises(BadSetting, match="about architectures of nasbench201"):
        attach_csv(sizes, file, meaning)
    with pytest.raises(BadSetting, match="has none of the architectures"):
        attach_csv(table_of([made(8)], tmp_path / "t.arrow"), file, meaning)
