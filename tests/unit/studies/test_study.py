"""Study: what a TOML file describes, and what it says when it describes nothing that can be played."""

from dataclasses import replace

import pytest

from nasbed.core.errors import BadSetting
from nasbed.core.registry import optimizers
from nasbed.studies import Study

SWEEP = """
title = "A sweep"
runs = 7
benchmarks = ["digits101"]
optimizers = [
    "random",
    { name = "regularized-evolution", population = [10, 20], sample = "5..15..5", where = "sample <= population" },
]

[search]
evaluations = 30
duplicates = ["pay", "free"]
"""
SURFACE = '[surface]\nx = "sample"\ny = "population"'


def read(folder, text):
    path = folder / "sweep.toml"
    path.write_text(text)
    return Study.read(path)


def test_a_file_is_the_product_of_its_parts(tmp_path):
    study = read(tmp_path, SWEEP)
    assert (study.name, study.title, study.runs) == ("sweep", "A sweep", 7)
    labels = ["random"] + [
        f"regularized-evolution:population={population},sample={sample}"
        for population in (10, 20)
        for sample in (5, 10, 15)
        if sample <= population
    ]
    assert [(cell.search.duplicates, cell.label) for cell in study.cells] == [
        (duplicates, label) for duplicates in ("pay", "free") for label in labels
    ]
    assert study.varied == ["population", "sample", "duplicates"]
    assert study.cells[1].varied == {"duplicates": "pay", "population": 10, "sample": 5}
    assert (
        study.cells[1].settings == optimizers.make("regularized-evolution", {"population": 10, "sample": 5}).settings()
    )


def test_a_hash_stands_for_what_decides_the_results_and_for_nothing_else(tmp_path):
    study = read(tmp_path, SWEEP)
    hashes = [cell.hash for cell in study.cells]
    assert len(set(hashes)) == len(hashes) == 12
    for same in (replace(study, title="Other", name="other", part=3), read(tmp_path, SWEEP)):
        assert [cell.hash for cell in same.cells] == hashes
    spelled = SWEEP.replace("population = [10, 20]", 'population = ["10..20..10"]')
    assert [cell.hash for cell in read(tmp_path, spelled).cells] == hashes
    for other in (
        replace(study, runs=8),
        replace(study, keep="outcomes"),
        study.with_grid("seed", [1]),
        study.with_grid("evaluations", [31]),
        read(tmp_path, SWEEP.replace('"digits101"', '{ name = "digits101", pace = 2 }')),
    ):
        assert not {cell.hash for cell in other.cells} & set(hashes)


def test_a_named_default_is_the_default():
    plain, named = (
        Study.of({"optimizers": words, "search": {"evaluations": 9}}) for words in ("local", "local:tabu=0")
    )
    assert plain.cells[0].hash == named.cells[0].hash


def test_a_grid_is_laid_over_a_study(tmp_path):
    study = read(tmp_path, SWEEP)
    assert len(study.with_grid("duplicates", ["pay"]).cells) == 6
    assert len(study.with_grid("sample", [1, 2]).cells) == 2 * (1 + 4)
    assert len(study.with_grid("regularized-evolution.sample", [1]).cells) == 2 * (1 + 2)
    assert len(study.with_conditions(["population != 20"]).cells) == 2 * (1 + 2)


def test_labels_shorten_names():
    entry = {"name": "regularized-evolution", "label": "RE", "population": 30, "sample": [5, 10]}
    study = Study.of({"optimizers": [entry], "search": {"evaluations": 9}})
    assert [cell.label for cell in study.cells] == ["RE:sample=5", "RE:sample=10"]


def test_names_are_what_was_written_or_what_varies():
    many = {"name": "regularized-evolution", "population": 30, "sample": [5, 10]}
    study = Study.of({"optimizers": ["local:tabu=1", many], "search": {"evaluations": 9}})
    assert [cell.label for cell in study.cells] == [
        "local:tabu=1",
        "regularized-evolution:sample=5",
        "regularized-evolution:sample=10",
    ]
    best = study.with_grid("improvement", ["first", "best"]).cells
    assert [cell.label for cell in best[:2]] == ["local:tabu=1,improvement=first", "local:tabu=1,improvement=best"]
    alike = Study.of({"optimizers": [many, {**many, "population": 40}], "search": {"evaluations": 9}})
    assert alike.cells[0].label == "regularized-evolution:population=30,sample=5"


def test_a_relative_path_begins_where_the_file_lies(tmp_path, monkeypatch):
    import shutil

    import nasbed

    shutil.copy(nasbed.benchmark("digits101").table.path, tmp_path / "mine.arrow")
    monkeypatch.chdir("/")
    text = SWEEP.replace('["digits101"]', '["mine.arrow"]')
    (cell, *_) = read(tmp_path, text).cells
    assert cell.benchmark == "mine"
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copy(tmp_path / "mine.arrow", moved)
    assert read(moved, text).cells[0].hash == cell.hash, "where a table lies decides nothing"
    part = "mine.arrow:recipe=12"
    cells = read(moved, text.replace("mine.arrow", part)).cells
    assert cells[0].benchmark == "mine:recipe=12"


@pytest.mark.parametrize(
    ("words", "instead", "said"),
    [
        ("runs = 7", "runs = 0", ["runs", "at least 1"]),
        ("runs = 7", "runs = true", ["runs", "whole number"]),
        ("runs = 7", "rums = 7", ["'rums'", "Did you mean 'runs'"]),
        ("runs = 7", "runs = ", ["no TOML", "line 3"]),
        ("runs = 7", 'keep = "all"', ["keep", "trials or outcomes"]),
        ("runs = 7", "name = 3", ["name", "text"]),
        ('"random"', '"randon"', ["optimizers[0]", "Did you mean 'random'"]),
        ('"random"', "3", ["optimizers[0]", "no optimizer"]),
        ('"random"', '"random", "random"', ["random", "same search"]),
        ('"random"', '{ name = "random", label = "" }', ["optimizers[0]", "label"]),
        ("population = [", "populaton = [", ["optimizers[1].populaton", "Did you mean 'population'"]),
        ("population = [10, 20]", 'population = ["ten"]', ["optimizers[1].population", "like 50", "'ten'"]),
        ("5..15..5", "0..10..5", ["optimizers[1]", "sample is a whole number from 1", "where"]),
        ("5..15..5", "15..5", ["optimizers[1].sample", "FIRST..LAST"]),
        ("sample <= population", "sampel <= population", ["optimizers[1].where", "Did you mean 'sample'"]),
        ("sample <= population", "sample > 99", []),
        ('["digits101"]', '["digits102"]', ["benchmarks[0]", "Did you mean 'digits101'"]),
        ('["digits101"]', "[]", ["benchmarks", "one at least"]),
        ('["digits101"]', '["nix/da.arrow"]', ["benchmarks[0]", "no file"]),
        ('["digits101"]', '["trained:digits:nasbench101"]', ["benchmarks[0]", "really trains"]),
        ('["digits101"]', '[{ name = "digits101", pace = 0 }]', ["benchmarks[0].pace", "positive"]),
        ('["digits101"]', '[{ name = "digits101", data = "x" }]', ["benchmarks[0]", "'data'"]),
        ("evaluations = 30", "evalations = 30", ["search.evalations", "Did you mean 'evaluations'"]),
        ("evaluations = 30", "evaluations = 0", ["search.evaluations", "whole number from 1"]),
        ("evaluations = 30", 'evaluations = "many"', ["search.evaluations", "whole number"]),
        ("evaluations = 30", "", ["search", "budget"]),
        ('"free"]', '"fre"]', ["search.duplicates", "pay, free, skip"]),
        ("[search]", "[search]\nworkers = 0", ["search.workers", "from 1"]),
        ("[search]", "[search]\nworkers = 1.5", ["search.workers", "like 1"]),
        ("[search]", '[search]\nrepeats = "all"', ["search.repeats", "one of draw, mean"]),
        ("[search]", "[search]\nepochs = 5", ["search.epochs", "4, 12, 36"]),
        ("[search]", '[search]\nobjectives = ["beauty"]', ["search.objectives", "beauty"]),
        ("[search]", "[search]\nlimits = 3", ["search.limits", "table of costs"]),
        ("[search]", '[surface]\nx = "sample"\n[search]', ["surface", "x and y"]),
        ("[search]", '[surface]\nx = "sample"\ny = "popul"\n[search]', ["surface", "Did you mean 'population'"]),
        ("[search]", f"{SURFACE}\nmetric = 'tests'\n[search]", ["surface", "Did you mean 'test'"]),
        ("[search]", f"{SURFACE}\nz = 'seed'\n[search]", ["surface", "'z'"]),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, words, instead, said):
    assert words in SWEEP
    text = SWEEP.replace(words, instead)
    if not said:  # the conditions leave random search alone, which is a study
        assert [cell.label for cell in read(tmp_path, text).cells] == ["random", "random"]
        return
    with pytest.raises(BadSetting) as error:
        read(tmp_path, text).cells  # noqa: B018
    for part in said:
        assert part in str(error.value)


def test_errors_of_reading_name_the_file(tmp_path):
    with pytest.raises(BadSetting, match=r"sweep\.toml: optimizers\[1\]\.populaton"):
        read(tmp_path, SWEEP.replace("population = [", "populaton = ["))
    with pytest.raises(BadSetting, match=r"sweep\.toml: benchmarks\[0\]"):
        read(tmp_path, SWEEP.replace("digits101", "digits102")).cells  # noqa: B018
    with pytest.raises(BadSetting, match="cannot be read"):
        Study.read(tmp_path / "none.toml")


def test_a_grid_of_what_nobody_has_is_refused(tmp_path):
    study = read(tmp_path, SWEEP)
    with pytest.raises(BadSetting, match="is like 50, not 'x'"):
        study.with_grid("population", ["x"])
    with pytest.raises(KeyError, match="Did you mean 'sample'"):
        study.with_grid("sampl", [3])
    with pytest.raises(BadSetting, match="concerns none"):
        study.with_conditions(["selected <= tournament"])
