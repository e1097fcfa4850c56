"""One-shot studies: methods × spaces × seeds, gone on with, looked up or trained, beside random architectures."""

import json

import numpy as np
import pytest

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies.oneshot_report import read_outcomes, report, summary
from nasbed.studies.oneshot_study import NAMED, RANDOM, OneShotStudy
from nasbed.tables.column import Measure
from nasbed.tables.writing import write_table

FEW = {"settings": {"batch": 200}, "skeleton": {"channels": 2}}


def study(**about):
    words = {"methods": ["darts", "rsps"], "spaces": ["nasbench201"], "seeds": 1, "epochs": 1, **about}
    choice = {"candidates": 3, "images": 100}
    return OneShotStudy.of({"oneshot": words, **FEW, "settings": {"batch": 200, "choice": choice}}, "few")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    space = NASBench201()
    measure = Measure("accuracy", "valid", "digits", ("12",), (1,), (12,), axes=("seed",), unit="percent")
    values = {measure: np.arange(15_625.0)[:, None]}
    return write_table(tmp_path_factory.mktemp("study") / "t.arrow", space, space.enumerate(), values).path


def test_finds_are_looked_up_beside_random_architectures_and_it_goes_on(tmp_path, table):
    made = study(table=str(table))
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Exception, match="the same command goes on"):
        made.run(tmp_path / "few", stop=stop)
    outcomes = made.run(tmp_path / "few")
    assert [(one.method, one.seed) for one in outcomes] == [
        ("darts", 0), ("rsps", 0), (RANDOM, 0),
    ]  # fmt: skip
    space = NASBench201()
    for one in outcomes:
        index = int(space.index(space.parse(one.architecture)[None])[0])
        assert list(one.values.values()) == [float(index)]
        assert list(one.better.values()) == [index / 15_625]
    assert {one.method: (one.first, one.normalisation) for one in outcomes} == {
        "darts": ("alphas", "batch"), "rsps": ("", "batch"), RANDOM: ("", ""),
    }  # fmt: skip
    again, courses = read_outcomes(tmp_path / "few")
    assert again == outcomes
    assert len(courses) == 2
    headers, rows = summary(outcomes)
    assert [row[:3] for row in rows] == [["nasbench201", method, "1"] for method in ("darts", "rsps", RANDOM)]
    assert [header for header in headers if header.startswith("percentile")]
    written = {path.name for path in report(made, outcomes, tmp_path / "few")}
    assert written >= {"summary.csv", "summary.md", "page.html", "nasbench201-skips.png"}


def test_words_of_a_study_are_checked():
    for about, said in (
        ({"method": ["darts"]}, "has no 'method'"),
        ({"seeds": 0}, "1 or more, not 0"),
        ({"methods": []}, "names methods and spaces"),
    ):
        with pytest.raises(BadSetting, match=said):
            study(**about)
    with pytest.raises(UnknownName, match="Did you mean 'darts'"):
        study(methods=["dartz"]).run(None)


def test_studies_by_name_have_spaces_with_supernets_and_say_what_is_reduced():
    for made in NAMED.values():
        assert "Reduced" in made.note
        for variant, method, seed in made.cells:
            made.settings(variant, method, seed).checked_all()
    spaces = {variant.name: variant for variant in NAMED["robustdarts-s1-s4"].variants}
    assert spaces["S2"].space == spaces["S3"].space
    assert (spaces["S2"].settings, spaces["S3"].settings) == ({"none": False}, {"none": True})
    assert "noise" in spaces["S4"].space


@pytest.mark.slow
def test_without_a_table_finds_are_trained(tmp_path):
    words = {"methods": ["darts"], "spaces": ["nasbench201"], "seeds": 1, "epochs": 1}
    made = OneShotStudy.of({"oneshot": words, **FEW, "train": {"epochs": 1, "every": 1}}, "few")
    outcomes = made.run(tmp_path)
    assert all(set(one.values) == {"validation accuracy", "test accuracy"} for one in outcomes)
    assert json.loads((tmp_path / "study.json").read_text())["outcomes"][0]["values"] == outcomes[0].values
