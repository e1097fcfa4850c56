"""The predictor study: splits, what is judged on what, and what carries a predictor."""

import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nasbed
from nasbed.core.errors import BadSetting, Interrupted, MissingExtra, UnknownName
from nasbed.report.page.parts import Figure
from nasbed.studies.folder import StudyStanding
from nasbed.studies.prediction.cell import Clocks, play
from nasbed.studies.prediction.chapter import chapters
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.prediction.explaining import explain
from nasbed.studies.prediction.judging import judge, made
from nasbed.studies.prediction.predicting import Prediction
from nasbed.studies.prediction.reporting import is_study, report
from nasbed.studies.prediction.results import PredictorResults
from nasbed.studies.prediction.study import PredictorStudy, early_of
from nasbed.studies.prediction.testsets import STANDARD, TEST_SETS, draw, protocols


@given(st.lists(st.integers(0, 12), min_size=3, max_size=60), st.data())
@settings(max_examples=60, deadline=None)
def test_no_function_is_on_both_sides_of_a_split(numbers, data):
    functions = np.array(numbers, np.uint64)
    size = data.draw(st.integers(1, len(functions)))
    one = draw(functions, size, data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5)))
    learned = set(functions[one.learned].tolist())
    assert not learned & set(functions[one.unseen].tolist())
    assert not learned & set(functions[one.one_each].tolist())
    every = functions[one.one_each].tolist()
    assert len(every) == len(set(every)), "one for each"
    assert learned | set(every) == set(numbers), "none is left out"
    assert sorted([*one.learned, *one.others]) == list(range(len(functions)))
    for name, some in TEST_SETS.items():
        places = some.places(one)
        assert len(set(places.tolist())) == len(places)
        assert some.leak or not learned & set(functions[places].tolist()), name


def test_a_larger_training_set_of_a_draw_has_the_smaller_one():
    functions = np.arange(50, dtype=np.uint64)
    small, large = (draw(functions, size, 3, 1) for size in (10, 20))
    assert small.learned.tolist() == large.learned[:10].tolist()
    assert small.learned.tolist() != draw(functions, 10, 3, 2).learned.tolist()


def test_standard_test_sets_are_always_there_and_unknown_protocols_are_not():
    assert protocols([]) == tuple(STANDARD)
    assert protocols(["naslib-200"]) == (*STANDARD, "naslib-200")
    with pytest.raises(UnknownName, match="Did you mean 'naslib-200'"):
        protocols(["naslib-20"])


@pytest.fixture(scope="module")
def digits():
    return Examples.of(nasbed.benchmark("digits101"), epochs=12, early=(4,))


def test_what_is_learned_from_is_of_the_fidelity_asked_for(digits):
    benchmark = digits.benchmark
    assert (digits.learnable == benchmark.query(digits.rows, 12).value).all()
    assert (digits.values == benchmark.query(digits.rows, 36).value).all()
    assert list(digits.early) == [4]
    with pytest.raises(BadSetting, match="no results at 5 epochs; it has 4, 12, 36"):
        Examples.of(benchmark, 5)
    with pytest.raises(BadSetting, match="early values are of fewer, not of 36"):
        Examples.of(benchmark, early=(36,))


def test_early_values_help_and_cost(digits):
    plain = Examples.of(digits.benchmark, epochs=12)
    predictor = made("gp:steps=5", digits)
    assert "curve" in predictor.features.blocks
    assert judge(made("last-value", digits), digits, 30, 0, sets=("all-others",)).qualities["all-others"].tau > 0.3
    with_early, without = (
        [judge(made("gp:steps=5", one), one, 30, draw, sets=("all-others",)) for draw in range(3)]
        for one in (digits, plain)
    )
    taus = [np.mean([one.qualities["all-others"].tau for one in some]) for some in (with_early, without)]
    assert taus[0] > taus[1]
    assert with_early[0].cost > without[0].cost > 0
    short, long = (digits.benchmark.query(digits.rows, epochs).seconds for epochs in (4, 12))
    assert digits.seconds == pytest.approx(short + long), "each length was trained by itself"
    assert digits.early_seconds == pytest.approx(short)


def test_a_block_that_says_everything_carries_the_predictor():
    examples = Examples.of(nasbed.benchmark("digits101"))
    predictor = nasbed.predictor("gp:steps=10,target=standardised", examples.space, encoding="onehot+counts")
    values = examples.space.layers(examples.rows)["conv3x3-bn-relu"].astype(float)
    predictor.fit(examples.rows[:60], values[:60])
    found = explain(predictor, examples.rows[60:], values[60:])
    blocks = {one.name: one for one in found.blocks}
    assert blocks["counts"].share > 0.5 > blocks["onehot"].share
    assert blocks["counts"].loss > 0.5 > blocks["onehot"].loss
    assert blocks["counts"].alone > 0.5 > blocks["onehot"].alone
    assert "conv3x3" in found.numbers[0].name


def test_a_stored_predictor_is_held_against_what_it_has_not_learned_from(tmp_path):
    benchmark = nasbed.benchmark("digits101")
    first = Prediction.learned(benchmark, "gp:steps=5", 40)
    path = nasbed.predictors.save(first.predictor, tmp_path / "gp.npz")
    again = Prediction.stored(path, benchmark)
    assert sorted(again.draw.learned.tolist()) == sorted(first.draw.learned.tolist())
    for name, one in first.qualities.items():
        assert again.qualities[name].tau == pytest.approx(one.tau, abs=1e-12)
    assert (again.best(3) == first.best(3)).all()
    with pytest.raises(BadSetting, match="name a benchmark"):
        Prediction.stored(path).best(3)


# ── the study ─────────────────────────────────────────────────────────────────────────────────────────────────────

HOW = {"sizes": [10, 20], "draws": 3, "most": 200}


@pytest.fixture(scope="module")
def study():
    made_of = PredictorStudy.of(["digits101"], ["gp:steps=2", "bayesian-ridge"], published=["naslib-200"], **HOW)
    return replace(made_of, part=2)


@pytest.fixture(scope="module")
def played(study, tmp_path_factory):
    return study.run(tmp_path_factory.mktemp("predictors") / "whole", executor="inline")


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "cells").iterdir())}


def test_stopped_it_goes_on_to_the_same_bytes_in_whatever_parts(study, played, tmp_path, monkeypatch):
    calls = []

    def stopping(*what):
        calls.append(what)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return play(*what)

    monkeypatch.setattr("nasbed.studies.prediction.study.PLAY", stopping)
    with pytest.raises(Interrupted, match="to go on"):
        study.run(tmp_path, executor="inline")
    monkeypatch.undo()
    assert PredictorResults.of(study, tmp_path).missing
    again = replace(study, part=3).run(tmp_path, executor="inline")
    assert not again.missing
    assert contents(tmp_path) == contents(played.path)
    assert StudyStanding.of(tmp_path).done == 4


def test_what_a_clock_measured_is_beside_the_cells_and_a_cut_line_is_passed_over(played, study):
    assert all("fit" not in name and "second" not in name for name in played.draws(study.cells[0]))
    clocks = Clocks(played.path)
    assert set(clocks.of()) == {cell.hash for cell in study.cells}
    with clocks.path.open("a") as file:
        file.write('{"unit": "cut')
    assert set(clocks.of()) == {cell.hash for cell in study.cells}


@pytest.mark.slow
def test_its_summary_and_report_have_every_test_set(played, tmp_path):
    assert [(row["predictor"], row["size"]) for row in played.summary] == [
        ("gp:steps=2", 10),
        ("gp:steps=2", 20),
        ("bayesian-ridge", 10),
        ("bayesian-ridge", 20),
    ]
    row = played.summary[0]
    assert all(-1 <= row[f"{name}/tau"] <= 1 for name in (*STANDARD, "naslib-200"))
    assert row["hours"] > 0
    assert "naslib-200 leaks: those that were learned from may be among them" in played.warnings
    files = {path.name for path in report(played, forms=("svg",))}
    assert {"summary.csv", "study.json", "report.html", "digits101-learning.svg", "digits101-calibration.svg"} <= files
    page = (played.path / "report" / "report.html").read_text()
    for said in (
        "How well they rank",
        "What they believe",
        "What it costs",
        "naslib 200",
        played.sentence("digits101"),
    ):
        assert said in page
    (chapter,) = chapters(played)
    (figure,) = (part for section in chapter.sections for part in section.parts if isinstance(part, Figure))
    assert "tau|unseen-functions" in figure.views
    for view in figure.views.values():
        assert all(isinstance(view.layout[axis]["title"], str) for axis in ("xaxis", "yaxis")), (
            "as the page's script reads"
        )


def test_a_folder_says_what_was_asked(played, study, tmp_path):
    read = PredictorStudy.read(played.path)
    assert replace(read, part=study.part) == study
    assert is_study(played.path)
    assert not is_study(tmp_path)
    with pytest.raises(BadSetting, match="not the folder of a predictor study"):
        PredictorStudy.read(tmp_path)


def test_what_is_better_than_twins_is_called_a_leak(played, monkeypatch):
    monkeypatch.setattr(PredictorResults, "ceiling", lambda self, name: (-1.0, -1.0, 0.1, 8))
    assert sum("look for a leak" in one for one in played.warnings) == 4


def test_fidelities_and_early_values_are_cells_of_their_own():
    study = PredictorStudy.of(
        ["digits101"], ["gp"], [10], epochs=[4, 36], early=early_of("none,4"), draws=1, published=()
    )
    assert [cell.fidelity for cell in study.cells] == [
        "4 epochs",
        "4 epochs + 4 of all",
        "36 epochs",
        "36 epochs + 4 of all",
    ]
    assert len({cell.hash for cell in study.cells}) == 4


def test_what_is_wrong_is_said_before_anything_is_played():
    for how, said in (
        ({"predictors": ["gq"]}, "Did you mean 'gp'"),
        ({"predictors": ["gp:step=2"]}, "step"),
        ({"sizes": [5000]}, "learn from fewer"),
        ({"published": ["naslib"]}, "Did you mean 'naslib-200'"),
        ({"epochs": [5]}, "no results at 5 epochs"),
        ({"draws": 0}, "draws is at least 1"),
    ):
        with pytest.raises((BadSetting, UnknownName), match=said):
            PredictorStudy.of(["digits101"], **how)
    with pytest.raises(BadSetting, match="early values are epochs"):
        early_of("4,x")
    assert PredictorStudy.of(["digits101"], ["gp"], [10, 5000]).left_out


def test_what_is_not_installed_is_left_out_where_nothing_was_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    study = PredictorStudy.of(["digits101"], sizes=[10])
    assert "xgboost" not in study.predictors
    assert "default" in study.predictors
    with pytest.raises(MissingExtra, match="xgboost"):
        PredictorStudy.of(["digits101"], ["xgboost"], [10])


def test_what_is_made_when_it_is_asked_for_is_no_table():
    benchmark = nasbed.benchmark(lambda arch: float(sum(arch)), space=nasbed.space("nasbench101", vertices=4))
    with pytest.raises(BadSetting, match="predictors are judged on tables"):
        Examples.of(benchmark)


SLOW = """
import sys, time
from nasbed.studies.prediction import cell, study
study.PLAY = lambda *what: time.sleep(0.1) or cell.play(*what)
made = study.PredictorStudy.of(["digits101"], ["bayesian-ridge"], [10], draws=20, most=100)
made.run(sys.argv[1], executor="inline")
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(tmp_path):
    study = PredictorStudy.of(["digits101"], ["bayesian-ridge"], [10], draws=20, most=100)
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path / "killed")])
    while len(list((tmp_path / "killed").glob("parts/*.parquet"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert PredictorResults.of(study, tmp_path / "killed").missing
    for name in ("killed", "whole"):
        study.run(tmp_path / name, executor="inline")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
