"""Published figures of predictors and guided searches: what is copied is compared with nothing, what is re-run is."""

import json
import lzma

import numpy as np
import pytest

from nasbed.core.errors import BadSetting
from nasbed.spaces.nasbench101 import NASBench101
from nasbed.spaces.nasbench201 import NASBench201
from nasbed.studies import nasbench201_guided as guided
from nasbed.studies.nasbench101_predictors import Pool, pool_of
from nasbed.studies.nasbench201_baselines import OneSeed
from nasbed.studies.nasbench201_predictors import read_scores
from nasbed.studies.prediction.examples import Examples
from nasbed.studies.predictors_published import COPIED, NASBENCH101, copied, found_below, line, ours, rerun
from nasbed.studies.reproduction import reproduce

SPACE = NASBench201()


def test_what_is_copied_is_compared_with_nothing():
    lines = copied(NASBENCH101, "a paper")
    assert len(lines) == sum(map(len, NASBENCH101.values()))
    assert {one.part for one in lines} == {COPIED}
    assert not any(one.compared for one in lines)
    assert all(one.ours is None and one.remark == "copied: a paper" for one in lines)


def test_ours_may_differ_from_what_is_documented_by_what_draws_do():
    taus = np.array([0.7, 0.72, 0.74, 0.76])
    near, far = line("near", taus, 0.74, ""), line("far", taus, 0.6, "")
    assert (near.ours, near.within, far.within) == (pytest.approx(0.73), True, False)
    assert not line("unknown", taus, None, "").compared


@pytest.fixture(scope="module")
def cells():
    """The number of convolutions, with some noise: what any predictor learns at once."""
    rows = SPACE.enumerate()
    worth = (rows == rows.max()).sum(axis=1) / 10 + np.random.default_rng(0).normal(0, 0.01, len(rows))
    return Examples.of(OneSeed("made up", worth, SPACE)).only(np.arange(0, 15_625, 50))


@pytest.mark.slow
def test_predictors_are_judged_on_the_test_sets_that_are_named(cells):
    lines = ours(cells, [20], ("whole-space", "unseen-functions"), {}, 2, 0, lambda share: None)
    assert [one.what for one in lines] == ["default, 20, whole space", "default, 20, unseen functions"]
    assert all(0 < one.ours <= 1 for one in lines)
    (again,) = rerun("ridge", "bayesian-ridge", {}, "onehot", cells, "naslib-200", {20: 0.0}, "x", 0.01, 3, 0)
    assert (again.published, again.within, again.remark) == (0.0, False, "re-run: x")


def test_scores_are_read_by_their_published_strings(tmp_path):
    rows = SPACE.enumerate()[[5, 900]]
    text = "net,net_str,plain\n" + "".join(f'"()",{SPACE.format(row)},{i}.5\n' for i, row in enumerate(rows))
    path = tmp_path / "scores.csv.xz"
    path.write_bytes(lzma.compress(text.encode()))
    found, scores = read_scores(path)
    assert (found == rows).all()
    assert scores["plain"].tolist() == [0.5, 1.5]
    assert found_below(tmp_path, "scores.csv.xz") == found_below(path, "scores.csv.xz") == path
    assert found_below(tmp_path, "other.csv") is None
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(BadSetting, match="no file of scores"):
        read_scores(path)
    with pytest.raises(BadSetting, match="there is no file or folder"):
        found_below(tmp_path / "none", "scores.csv.xz")


def test_a_pool_of_modules_answers_at_each_budget(tmp_path):
    rows = NASBench101().only(_some_rows()).enumerate()
    pool = Pool("three", rows, {4: np.array([0.1, 0.2, 0.3]), 108: np.array([0.9, 0.8, 0.7])}, np.array([9.0, 18, 27]))
    answers = pool.query(rows[::-1], 4)
    assert answers.value.tolist() == [0.3, 0.2, 0.1]
    assert answers.seconds == pytest.approx(np.array([27, 18, 9]) * 4 / 108)
    assert np.isnan(pool.test(rows)).all()
    (tmp_path / "bad.json").write_text(json.dumps({"key": ["zz"]}))
    with pytest.raises(BadSetting, match="no file of modules"):
        pool_of(tmp_path / "bad.json")


def _some_rows():
    space = NASBench101()
    texts = ("011/001/000:conv3x3-bn-relu", "011/001/000:maxpool3x3", "011/001/000:conv1x1-bn-relu")
    return np.array([space.parse(text) for text in texts], np.int8)


def test_how_often_the_optimum_was_found_is_told_beside_the_mean(monkeypatch):
    monkeypatch.setattr(guided, "DOCUMENTED", {"cifar10": {"guided": ((90.0, 0.0),) * 4 + ((91.0, 50.0),)}})
    best = np.full((40, 5), 90.0)
    best[:20, 4] = 92.0
    lines = guided._lines("cifar10", "guided", best, 92.0)
    assert [one.ours for one in lines] == [90, 0, 90, 0, 90, 0, 90, 0, 91, 50]
    assert all(one.within for one in lines)
    assert not guided._lines("cifar10", "guided", best - 2, 92.0)[-1].within


@pytest.mark.slow
def test_without_scores_what_reads_them_is_copied(tmp_path, fresh_home):
    random = np.random.default_rng(0)
    lines = [
        f"{SPACE.format(row)},{random.uniform(80, 91):.2f},{random.uniform(50, 73):.2f},{random.uniform(20, 47):.2f}"
        for row in SPACE.enumerate()
    ]
    path = tmp_path / "seed888_test_accuracy.csv"
    path.write_text("\n".join(["architecture,cifar10,cifar100,ImageNet16-120", *lines]))
    found = reproduce("predictors-nasbench201", data=tmp_path, runs=2)
    assert any("not re-run: give --data a folder" in note for note in found.notes)
    assert all(abs(one.ours) < 0.3 for one in found.lines if one.ours is not None), "noise is not predicted"
    played = reproduce("guided-nasbench201", data=path, runs=2)
    assert {one.remark for one in played.lines if one.ours is not None} == {"re-run"}
