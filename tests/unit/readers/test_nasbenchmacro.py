"""The published JSON file of NAS-Bench-Macro: every number of it, and nothing that is not one."""

import json

import numpy as np
import pytest
from readers.made_macro import SPACE, made_entries, write

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.readers import nasbenchmacro
from nasbed.readers.nasbenchmacro import read_results

TEXTS = ("22212220", "02012100", "00000000")
ENTRIES = made_entries(np.stack([SPACE.parse(text) for text in TEXTS]))


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "nas-bench-macro_cifar10.json", ENTRIES)


def test_every_number_is_read(file):
    read = read_results(file)
    assert [SPACE.format(row) for row in read.archs] == list(TEXTS)
    columns = {name: values.tolist() for name, (values, _) in read.columns.items()}
    for name in ("params", "flops"):
        assert columns.pop(name) == [entry[name] for entry in ENTRIES.values()]
    three = [entry["test_acc"] for entry in ENTRIES.values()]
    assert columns == {f"test_acc {seed}": list(values) for seed, values in enumerate(zip(*three, strict=True))}


def test_accuracies_are_percent_of_test_images_under_their_seed(file):
    measures = [measure for name, (_, measure) in read_results(file).columns.items() if name.startswith("test_acc")]
    assert [measure.seeds for measure in measures] == [(0,), (1,), (2,)]
    about = {(m.metric, m.split, m.data, m.unit, m.goal, m.role, m.epochs) for m in measures}
    assert about == {("accuracy", "test", "cifar10", "percent", "max", "reported", (50,))}


@pytest.mark.parametrize("name", ["mean_acc", "std"])
def test_a_mean_that_does_not_follow_is_kept(file, name):
    write(file, {**ENTRIES, "00000000": {**ENTRIES["00000000"], name: 12.5}})
    values, measure = read_results(file).columns[name]
    assert values.tolist() == [ENTRIES[TEXTS[0]][name], ENTRIES[TEXTS[1]][name], 12.5]
    assert measure.role == "detail"


DAMAGE = {
    "test_acc": [[90.0, 91.0], "90", [90.0, 91.0, "92"], [90.0, 91.0, 100.5], [90.0, float("nan"), 1.0], None],
    "mean_acc": [-1.0, True, float("inf")],
    "std": [None],
    "params": [0, 1.5, 2**60, "12"],
    "flops": [-3, [1]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in DAMAGE.items() for value in values])
def test_what_cannot_be_is_refused_with_its_architecture(file, name, value):
    write(file, {**ENTRIES, "02012100": {**ENTRIES["02012100"], name: value}})
    with pytest.raises(CorruptFile, match=f"{name} .*in the entry of 02012100"):
        read_results(file)


@pytest.mark.parametrize("entry", [None, [], {}, {**ENTRIES[TEXTS[0]], "latency": 3}], ids=str)
def test_an_entry_has_just_what_is_published(file, entry):
    write(file, {**ENTRIES, "02012100": entry})
    with pytest.raises(CorruptFile, match="not just test_acc, mean_acc, std, params, flops in the entry of 02012100"):
        read_results(file)


@pytest.mark.parametrize("name", ["02012103", "0201210", "#1602"])
def test_what_is_no_architecture_is_refused(file, name):
    write(file, {**ENTRIES, name: ENTRIES[TEXTS[0]]})
    with pytest.raises(CorruptFile, match=f"'{name}' is no architecture"):
        read_results(file)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps(ENTRIES)[:-9], "no whole JSON file"),
        ("", "no whole JSON file"),
        ("[" * 100_000, "no whole JSON file"),
        ("9" * 5_000, "no whole JSON file"),
        ('{"00000000": 1, "00000000": 2}', "'00000000' comes twice"),
        ("\udcff", "no whole JSON file"),
    ],
    ids=["cut off", "empty", "deep", "long number", "twice", "not UTF-8"],
)
def test_a_damaged_file_is_refused(file, text, why):
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CorruptFile, match=why) as refused:
        read_results(file)
    assert len(str(refused.value)) <= 400


@pytest.mark.parametrize("found", [[], {}, 3, {"accuracy": 90.0}, {"1": {"test_acc": []}}], ids=str)
def test_json_of_something_else_is_no_such_file(file, found):
    write(file, found)
    with pytest.raises(BadSetting, match=r"no file of results that is known; .*nas-bench-macro_cifar10\.json"):
        read_results(file)


def test_fractions_are_not_taken_for_percent(file):
    fractions = {"test_acc": [0.9, 0.91, 0.92], "mean_acc": 0.91, "std": 0.01}
    write(file, {name: {**entry, **fractions} for name, entry in ENTRIES.items()})
    with pytest.raises(CorruptFile, match="seem to be fractions"):
        read_results(file)


def test_a_file_that_is_far_too_large_is_not_read(file, monkeypatch):
    monkeypatch.setattr(nasbenchmacro, "_AT_MOST", 10)
    with pytest.raises(CorruptFile, match="far more than the published file"):
        read_results(file)


def test_a_file_that_is_not_there_is_no_damage(tmp_path):
    with pytest.raises(BadSetting, match="cannot be read"):
        read_results(tmp_path / "none.json")
