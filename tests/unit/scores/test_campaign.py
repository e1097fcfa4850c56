"""A scoring campaign: each network once, whatever happens in between, and one plan for one store."""

import numpy as np
import pytest
from scores.scorings import Scorer, made_up, records, worth

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.scores.asked import Asked
from nasbed.scores.campaign import score_space, store_of
from nasbed.scores.scores import Scores
from nasbed.scores.standing import ScoringStanding
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201

CELLS = NASBench201()
SOME = Asked(sample=40)


def units(archs):
    return [f"{key:016x}" for key in CELLS.key(archs).tolist()]


def test_isomorphic_architectures_are_scored_once_and_each_has_the_result(tmp_path):
    scorer = Scorer()
    keys = CELLS.key(CELLS.enumerate())
    commonest = np.unique(keys, return_counts=True)
    same = CELLS.enumerate()[keys == commonest[0][np.argmax(commonest[1])]][:5]
    scores = made_up(
        tmp_path / "x.sqlite", scorer, space=CELLS, asked=Asked(listed=tuple(CELLS.format(arch) for arch in same))
    )
    assert len(scorer.asked) == 1
    np.testing.assert_array_equal(scores.archs, same)
    assert scores["snip"].tolist() == [worth(scorer.asked[0])] * 5


def test_each_is_scored_as_it_is_written_on_request(tmp_path):
    scorer = Scorer()
    scores = made_up(tmp_path / "x.sqlite", scorer, space=CELLS, asked=SOME, once=False)
    assert len(scorer.asked) == 40
    assert scorer.rows == [tuple(arch) for arch in scores.archs.tolist()]


def test_parameters_and_flops_are_those_of_the_architecture_as_it_is_written(tmp_path):
    from nasbed.nets import costs

    scores = made_up(tmp_path / "x.sqlite", space=CELLS, asked=SOME, network={"channels": 4})
    size = {"image_size": 8, "image_channels": 1, "channels": 4}
    np.testing.assert_array_equal(scores["params"], costs.params(CELLS, scores.archs, **size))
    np.testing.assert_array_equal(scores["flops"], costs.flops(CELLS, scores.archs, **size))


def test_what_is_there_is_not_scored_again(tmp_path):
    path, scorer = tmp_path / "x.sqlite", Scorer()
    made_up(path, space=CELLS, asked=SOME)
    before = records(path)
    made_up(path, scorer, space=CELLS, asked=SOME)
    assert scorer.asked == []
    assert records(path) == before


def test_a_larger_sample_adds_to_the_smaller(tmp_path):
    path, scorer = tmp_path / "x.sqlite", Scorer()
    few = made_up(path, space=CELLS, asked=SOME)
    more = made_up(path, scorer, space=CELLS, asked=Asked(sample=60))
    assert more.archs[:40].tolist() == few.archs.tolist()
    assert len(more) == 60
    assert not set(scorer.asked) & set(units(few.archs))


def test_another_plan_is_refused_with_its_differences(tmp_path):
    path = tmp_path / "x.sqlite"
    made_up(path, space=CELLS, asked=SOME)
    for change, said in (
        ({"proxies": "snip,synflow"}, "proxies.synflow"),
        ({"batch": 64}, "batch was 128, now 64"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"once": False}, "once was true, now false"),
        ({"network": {"cells": 1}}, "network.cells was null, now 1"),
        ({"data": "noise"}, 'data was "digits", now "noise"'),
        ({"space": NASBench101(vertices=4), "asked": Asked()}, 'space.name was "nasbench201", now "nasbench101"'),
    ):
        with pytest.raises(BadSetting, match=said):
            made_up(path, **{"space": CELLS, "asked": SOME, **change})


def test_ctrl_c_says_where_it_stands_and_what_goes_on(tmp_path):
    path = tmp_path / "x.sqlite"
    whole = made_up(tmp_path / "whole.sqlite", space=CELLS, asked=SOME)
    scorer = Scorer()

    def stop(unit):
        if len(scorer.asked) == 11:
            raise KeyboardInterrupt

    scorer.fails = stop
    with pytest.raises(Interrupted, match=r"interrupted with 10 of \d+ units done; .*x.sqlite; to go on: a test"):
        made_up(path, scorer, space=CELLS, asked=SOME)
    assert len(records(path)) == 10
    again = made_up(path, space=CELLS, asked=SOME)
    np.testing.assert_array_equal(again["snip"], whole["snip"])


def test_an_interrupted_store_can_be_read(tmp_path):
    path, scorer = tmp_path / "x.sqlite", Scorer()

    def stop(unit):
        if len(scorer.asked) == 6:
            raise KeyboardInterrupt

    scorer.fails = stop
    with pytest.raises(Interrupted):
        made_up(path, scorer, space=CELLS, asked=SOME)
    scores = Scores.read(path)
    assert set(scores.units) == set(scorer.asked[:5])
    standing = ScoringStanding.of(path)
    assert (standing.done, standing.architectures) == (5, 40)
    assert standing.networks == len(set(units(SOME.archs(CELLS))))
    assert standing.left > 0


def test_what_cannot_be_scored_is_nan_and_says_why(tmp_path):
    bad = units(SOME.archs(CELLS))[3]
    scorer = Scorer(lambda unit: unit == bad)
    scores = made_up(tmp_path / "x.sqlite", scorer, space=CELLS, asked=SOME, attempts=2)
    assert scorer.asked.count(bad) == 2
    assert np.isnan(scores["snip"]).tolist() == [unit == bad for unit in scores.units]
    assert not np.isnan(scores["params"]).any()
    assert "no luck" in scores.about["failures"][bad]
    assert "no luck" in next(iter(ScoringStanding.of(tmp_path / "x.sqlite").failures))


def test_what_was_given_up_is_tried_again_on_request(tmp_path):
    path, whole = tmp_path / "x.sqlite", made_up(tmp_path / "whole.sqlite", space=CELLS, asked=SOME)
    bad = units(SOME.archs(CELLS))[3:5]
    made_up(path, Scorer(lambda unit: unit in bad), space=CELLS, asked=SOME)
    scorer = Scorer(lambda unit: unit == bad[0])
    assert list(made_up(path, scorer, space=CELLS, asked=SOME, retry=True).about["failures"]) == bad[:1]
    assert set(scorer.asked) == set(bad)
    assert sum(ScoringStanding.of(path).failures.values()) == 1
    scores = made_up(path, space=CELLS, asked=SOME, retry=True)
    np.testing.assert_array_equal(scores["snip"], whole["snip"])
    assert ScoringStanding.of(path).failures == {}
    assert made_up(path, scorer := Scorer(), space=CELLS, asked=SOME, retry=True).about["failures"] == {}
    assert scorer.asked == []


@pytest.mark.parametrize("form", ["arrow", "csv"])
def test_a_file_of_another_form_has_its_store_beside_it(tmp_path, form):
    scores = made_up(tmp_path / f"x.{form}", space=CELLS, asked=SOME)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"x.{form}", "x.sqlite"])
    np.testing.assert_array_equal(Scores.read(tmp_path / f"x.{form}")["snip"], scores["snip"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch": 1}, "at least 2 images"),
        ({"seed": -1}, "must not be negative"),
        ({"out": "x.txt"}, "ends in .sqlite, .arrow, .csv"),
        ({"out": "nowhere/x.csv"}, "no folder"),
    ],
)
def test_what_is_not_allowed_is_said_before_anything_is_made(tmp_path, monkeypatch, settings, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadSetting, match=said):
        made_up(**{"out": "x.sqlite", "space": CELLS, **settings})
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_named_after_its_file():
    assert store_of("a/b.csv").name == "b.sqlite"
    assert store_of("a/b.sqlite").name == "b.sqlite"


def test_nothing_can_be_scored_where_the_survey_fails(tmp_path):
    with pytest.raises(BadSetting, match="nothing can be scored: no data source is called 'nowhere'"):
        score_space(tmp_path / "x.sqlite", space=CELLS, proxies="snip", data="nowhere", executor="inline", attempts=1)
    assert not (tmp_path / "x.sqlite").exists()
