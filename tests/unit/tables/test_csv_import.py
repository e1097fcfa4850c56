"""CSV files as tables of curves, and as columns beside one: each number where its declared meaning says."""

import numpy as np
import pytest
from tables.made_runs import made, table_of

from nasbed.core.errors import BadSetting, NotInTable
from nasbed.readers.csv import read_declaration, said_in_words
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.tables import csv_import

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


def import_csv(file, out, meaning):
    return csv_import.import_csv(file, out, read_declaration(meaning, file.name))


def attach_csv(table, file, meaning):
    return csv_import.attach_csv(table, file, read_declaration(meaning, file.name))


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
    told = table.measurement("accuracy", split="valid", data="cifar10-valid", recipe=12)
    np.testing.assert_array_equal(told.values(table.archs, seed=777, epoch=12), [51, 50, 52, 53])
    np.testing.assert_array_equal(told.values(seed=888), [np.nan, 60, 62, 63])
    np.testing.assert_array_equal(told.mean(), [51, 55, 57, 58])
    test = table.measurement("accuracy", split="test", data="cifar100")
    np.testing.assert_allclose(test.mean(), [0.1, 0, 0.2, 0.3])
    phone = table.measurement("latency", data="cifar100")
    np.testing.assert_array_equal(phone.mean(), [8.5, 7.5, np.nan, 10.5])
    assert (phone.unit, phone.role, phone.goal, test.unit, test.role) == ("ms", "cost", "min", "fraction", "reported")


def test_a_mean_over_seeds_is_no_seed(file, meaning, tmp_path):
    table = import_csv(file, tmp_path / "t.arrow", meaning)
    test = table.measurement("accuracy", split="test", data="cifar100")
    assert test.seeds == ()
    with pytest.raises(NotInTable, match="has no seed 777; it has: mean"):
        test.values(seed=777)
    assert "mean over such seeds as there are of 777, 888, 999; as somebody averaged it" in test.meaning


def test_the_provenance_has_the_file_and_what_its_columns_were_taken_for(file, meaning, tmp_path):
    first = import_csv(file, tmp_path / "t.arrow", meaning).provenance
    assert first["file"] == "some.csv"
    assert first["columns"]["mean"]["meaning"] == "as somebody averaged it"
    meaning.write_text(DECLARED.replace("[888]", "[999]"))
    second = import_csv(file, tmp_path / "u.arrow", meaning).provenance
    assert first["checksums"] == second["checksums"]
    assert first["sha256"] != second["sha256"]  # another meaning is another table


def test_columns_are_put_beside_a_table_by_architecture(file, meaning, tmp_path):
    table = table_of([made(index) for index in (284, 7, 3)], tmp_path / "t.arrow")
    text = DECLARED.split("[columns.half]")[0] + "[columns.phone]" + DECLARED.split("[columns.phone]")[1]
    meaning.write_text(text.replace('["by"]', '["by", "half", "other", "mean"]').replace('"latency"', '"phone"'))
    table = attach_csv(table, file, meaning)
    assert (tmp_path / "t.some.arrow").is_file()
    assert table.attached == ("cifar100/phone",)
    np.testing.assert_array_equal(table.measurement("phone").mean(), [8.5, np.nan, np.nan])
    table.verify()


def test_a_file_of_what_was_not_trained_says_where_it_belongs(tmp_path, file, meaning):
    text = DECLARED.split("[columns.half]")[0] + "[columns.phone]" + DECLARED.split("[columns.phone]")[1]
    meaning.write_text(text.replace('["by"]', '["by", "half", "other", "mean"]'))
    with pytest.raises(BadSetting, match="--into nasbench201"):
        import_csv(file, tmp_path / "t.arrow", meaning)


def test_columns_of_other_architectures_are_refused(file, meaning, tmp_path):
    sizes = table_of([made(5, space="natssize")], tmp_path / "s.arrow", space="natssize")
    with pytest.raises(BadSetting, match="is about nasbench201"):
        attach_csv(sizes, file, meaning)
    with pytest.raises(BadSetting, match="has none of the architectures"):
        attach_csv(table_of([made(8)], tmp_path / "t.arrow"), file, meaning)


# ── said in words ─────────────────────────────────────────────────────────────────────────────────────────────────


def said(file, *measures, space="nasbench201", architecture="cell"):
    return said_in_words(space, architecture, measures, file.name)


def test_a_command_can_say_what_a_column_means(file, tmp_path):
    words = (
        "half:metric=accuracy,data=toy,epochs=12,seeds=777",
        "mean:split=test,metric=accuracy,data=toy,unit=fraction",
    )
    table = csv_import.import_csv(file, tmp_path / "t.arrow", said(file, *words, "phone:unit=ms,data=toy,missing=-1"))
    told, test, phone = table.find()
    assert (told.name, told.role, told.unit, told.epochs, told.seeds) == (
        "12/toy/valid/accuracy", "told", "percent", (12,), (777,),
    )  # fmt: skip
    assert (test.name, test.role, test.goal) == ("toy/test/accuracy", "reported", "max")
    assert (phone.name, phone.role, phone.goal) == ("toy/phone", "cost", "min")
    np.testing.assert_array_equal(phone.mean(), [8.5, 7.5, np.nan, 10.5])


def test_what_is_not_said_has_a_default(file, tmp_path):
    (one,) = csv_import.import_csv(file, tmp_path / "t.arrow", said(file, "half")).find()
    assert (one.metric, one.data, one.split, one.role, one.goal, one.unit) == (
        "half",
        "some",
        "valid",
        "told",
        "max",
        "",
    )


def test_columns_that_differ_in_epochs_or_seeds_are_one_measurement(file, tmp_path):
    words = (
        "half:metric=time,unit=s,data=toy,epochs=12,seeds=777",
        "other:metric=time,unit=s,data=toy,epochs=200,seeds=888",
        "mean:metric=accuracy,split=validation,unit=fraction,data=toy,epochs=200,seeds=[777,888]",
    )
    table = csv_import.import_csv(file, tmp_path / "t.arrow", said(file, *words))
    time, told = table.measurement("time"), table.measurement()
    assert (time.epochs, time.seeds, time.role) == ((12, 200), (777, 888), "cost")
    np.testing.assert_array_equal(time.values(seed=777, epoch=12), [51, 50, 52, 53])
    assert np.isnan(time.values(seed=777, epoch=200)).all()
    assert (told.split, told.published, told.recipe, told.seeds) == ("valid", "validation", "200", ())


@pytest.mark.parametrize(
    ("measure", "why"),
    [
        ("half:splitt=valid", "'splitt' means nothing; there are: metric"),
        ("half:split=dev", "split is 'dev'; it is one of train"),
        ("half:goal=up", "goal is 'up'; it is one of max, min"),
        ("half:role=hidden", "role is 'hidden'"),
        ("half:epochs=many", "epochs is 'many'; it should be a whole number"),
        ("half:seeds=few", "seeds is 'few'; it should be a list"),
        ("half:metric=accuracy,unit=points", "percent or fraction"),
        ("half:missing=none", "missing is None; it should be a number"),
        ("half:seeds=[a]", "seeds are whole numbers"),
        ("half:split", "no column 'half:split'"),
        ("whole", "no column 'whole'"),
    ],
)
def test_words_that_mean_nothing_are_refused(file, tmp_path, measure, why):
    with pytest.raises(BadSetting, match=why):
        csv_import.import_csv(file, tmp_path / "t.arrow", said(file, measure))
