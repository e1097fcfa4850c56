"""CSV files are read by what their columns are declared to mean, and not at all where that is not said."""

import numpy as np
import pytest
from readers.natsbench.states import archs_of

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers import csv
from nasbed.readers.csv import known_declaration, read_declaration, said_in_words
from nasbed.readers.measure import Measure
from nasbed.spaces.nasbench201 import NASBench201

ARCHS = archs_of("nasbench201")
DECLARED = """
space = "nasbench201"
architecture = "arch"
index = "uid"
ignored = ["C"]

[columns.valid]
data = "cifar10-valid"
split = "x-valid"
metric = "accuracy"
unit = "percent"
epochs = 200
seeds = [777, 888]

[columns.joules]
data = "cifar10"
metric = "energy"
unit = "J"
missing = -1
note = "measured on a toaster"
"""


@pytest.fixture
def file(tmp_path):
    return written(tmp_path, [(7, ARCHS[7], 16, 55.25, 2.5), (3, ARCHS[3], 16, "", -1)])


def written(folder, rows, headings="uid,arch,C,valid,joules"):
    path = folder / "results.csv"
    path.write_text("\n".join([headings, *(",".join(f'"{cell}"' for cell in row) for row in rows)]))
    return path


def read_columns(path, meaning):
    return csv.read_columns(path, read_declaration(meaning, path.name))


def declared(folder, text=DECLARED):
    path = folder / "meaning.toml"
    path.write_text(text)
    return path


def test_columns_come_in_the_order_of_the_file_with_their_meaning(file, tmp_path):
    found = read_columns(file, declared(tmp_path))
    assert found.space == NASBench201()
    assert found.space.index(found.archs).tolist() == [7, 3]
    values, measure = found.columns["valid"]
    assert np.array_equal(values, [55.25, np.nan], equal_nan=True)
    assert measure == Measure(
        "accuracy", "x-valid", "cifar10-valid", recipes=("200",), seeds=(777, 888), epochs=(200,), unit="percent"
    )


def test_what_stands_for_no_value_becomes_none(file, tmp_path):
    values, measure = read_columns(file, declared(tmp_path)).columns["joules"]
    assert np.array_equal(values, [2.5, np.nan], equal_nan=True)
    assert measure.meaning == "measured on a toaster"


def test_indices_alone_name_architectures(tmp_path):
    path = written(tmp_path, [(3, 50.0)], "uid,valid")
    text = DECLARED.replace('architecture = "arch"\n', "").replace('ignored = ["C"]', "").split("[columns.joules]")[0]
    found = read_columns(path, declared(tmp_path, text))
    assert found.space.index(found.archs).tolist() == [3]


def test_tuples_of_naslib_name_architectures(tmp_path):
    path = written(tmp_path, [("(4, 3, 3, 0, 0, 0)", 50.0)], "arch,valid")
    text = DECLARED.replace('index = "uid"\n', "").replace('ignored = ["C"]', "").split("[columns.joules]")[0]
    found = read_columns(path, declared(tmp_path, text))
    assert found.space.index(found.archs).tolist() == [0]


ROWS = {
    "of another architecture": (
        [(8, ARCHS[7], 16, 1, 1)],
        "line 2: '8' is not its architecture's index",
    ),
    "twice": ([(7, ARCHS[7], 16, 9, 1), (7, ARCHS[7], 16, 9, 1)], "line 3: its architecture is that of line 2"),
    "of no architecture": ([(7, "|x~0|", 16, 1, 1)], r"line 2: .*\|x~0\|"),
    "of no index": ([(15_625, ARCHS[7], 16, 1, 1)], "line 2: '15625' is not .* index, one from 0 to 15,624"),
    "of no number": ([(7, ARCHS[7], 16, "high", 1)], "line 2: 'high' in valid is no number"),
    "beyond": ([(7, ARCHS[7], 16, 100.5, 1)], "line 2: 100.5 in valid is no accuracy as a percent"),
    "in another unit": ([(7, ARCHS[7], 16, 0.93, 1)], "valid has no accuracy above 1; it seems to be a fraction"),
    "short": ([(7, ARCHS[7], 16)], "line 2: it has 3 cells where 5 should be"),
    "absent": ([], "has a header but no rows"),
}


@pytest.mark.parametrize(("rows", "why"), ROWS.values(), ids=ROWS.keys())
def test_a_row_that_cannot_be_is_refused_with_its_line(tmp_path, rows, why):
    with pytest.raises(CorruptFile, match=rf"results\.csv.*{why}"):
        read_columns(written(tmp_path, rows), declared(tmp_path))


def test_a_column_of_which_nothing_is_said_is_refused(tmp_path):
    path = written(tmp_path, [(7, ARCHS[7], 16, 1, 1, 1)], "uid,arch,C,valid,joules,extra")
    with pytest.raises(BadSetting, match="does not say what 'extra'"):
        read_columns(path, declared(tmp_path))


def test_a_column_that_is_not_there_is_refused(tmp_path):
    path = written(tmp_path, [(7, ARCHS[7], 16, 1)], "uid,arch,C,valid")
    with pytest.raises(BadSetting, match="has no column 'joules'"):
        read_columns(path, declared(tmp_path))


def test_a_file_may_lack_columns_of_a_declaration_that_says_so(tmp_path):
    path = written(tmp_path, [(7, ARCHS[7], 16, 50)], "uid,arch,C,valid")
    found = read_columns(path, declared(tmp_path, f"partial = true\n{DECLARED}"))
    assert list(found.columns) == ["valid"]


def test_a_file_without_any_of_the_columns_is_refused(tmp_path):
    path = written(tmp_path, [(7, ARCHS[7], 16)], "uid,arch,C")
    with pytest.raises(BadSetting, match="has no column 'joules'"):
        read_columns(path, declared(tmp_path, f"partial = true\n{DECLARED}"))


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_files_are_known_by_patterns_of_names_each_with_its_space(kind):
    for name in (f"transnas101_{kind}.csv", f"transnas101-more-{kind}-tasks.csv"):
        known = known_declaration(name)
        assert (known.space, known.columns["room_layout"].words) == (f"transnas-{kind}", "negative loss")


@pytest.mark.parametrize(
    ("measure", "words", "told"),
    [
        ("a:metric=accuracy,unit=percent", "accuracy", 0.5),
        ("a:metric=miou,unit=percent", "miou (%)", 50.0),
        ("a:metric=negative_loss,goal=max", "negative loss", 50.0),
        ("a:metric=loss", "negative loss", -50.0),
    ],
)
def test_a_search_is_told_what_is_said_of_a_column(measure, words, told):
    found = said_in_words("nasbench201", "arch", [measure], "some.csv").columns["a"]
    assert (found.words, found.told(50.0)) == (words, told)


def test_a_file_that_is_not_known_needs_a_declaration(file):
    with pytest.raises(BadSetting, match=r"not known what the columns of results\.csv mean.*--meaning"):
        known_declaration(file.name)


DECLARATIONS = {
    "a misspelt key": (DECLARED.replace("ignored", "ignore"), "'ignore' means nothing"),
    "a misspelt key of a column": (DECLARED.replace("seeds", "seed"), "'seed' means nothing; there are: metric, unit"),
    "no metric": (DECLARED.replace('metric = "energy"\n', ""), "joules: metric must be said"),
    "no data": (DECLARED.replace('data = "cifar10"\n', ""), "joules: data must be said"),
    "no split": (DECLARED.replace('split = "x-valid"\n', ""), "an accuracy has a split"),
    "another split": (DECLARED.replace('"x-valid"', '"dev"'), "split is 'dev'; it is one of train, valid"),
    "no unit of accuracy": (DECLARED.replace('"percent"', '"points"'), "its unit is percent or fraction"),
    "no architectures": (
        DECLARED.replace("index", "#").replace("architecture =", "#"),
        "neither which column has the architectures",
    ),
    "no columns": ('space = "nasbench201"\nindex = "uid"', "columns must be said"),
    "a text for a list": (DECLARED.replace("[777, 888]", '"777"'), "seeds is '777'; it should be a list"),
    "a text for a number": (DECLARED.replace("= 200", '= "200"'), "epochs is '200'; it should be a whole number"),
    "no TOML": ("space", "is no TOML file"),
}


@pytest.mark.parametrize(("text", "why"), DECLARATIONS.values(), ids=DECLARATIONS.keys())
def test_a_declaration_that_is_not_whole_is_refused(file, tmp_path, text, why):
    with pytest.raises(BadSetting, match=rf"meaning\.toml.*{why}"):
        read_columns(file, declared(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="cannot be read"):
        read_columns(tmp_path / "results.csv", declared(tmp_path))
    with pytest.raises(BadSetting, match="cannot be read"):
        read_columns(tmp_path / "results.csv", tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    "name",
    [
        "nasbench201_info.csv",
        "seed888_test_accuracy.csv",
        "mini-bench-arch-cell-accs.csv",
        "hw_cifar10.csv",
        "hw_cifar100.csv",
        "hw_ImageNet16-120.csv",
    ],
)
def test_of_the_public_files_every_column_has_a_data_set(name):
    assert all(measure.data for measure in known_declaration(name).columns.values())


@pytest.mark.parametrize("name", ["nasbench201_info.csv", "seed888_test_accuracy.csv"])
def test_files_of_test_accuracies_say_so(name):
    assert {measure.published for measure in known_declaration(name).columns.values()} <= {"ori-test", "x-test"}
