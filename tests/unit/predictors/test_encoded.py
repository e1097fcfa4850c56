"""Predictors in scikit-learn's shape: what they learn, forget, refuse and give."""

from typing import get_args

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import nasbed
from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.predictors.estimator import GaussianProcessEstimator
from nasbed.predictors.targets import Transformation, targets

SPACE = nasbed.space("transnas-micro")
ROWS = SPACE.enumerate()[np.random.default_rng(0).permutation(4096)[:120]]
_SIMPLE = SPACE.simplify(ROWS)
VALUES = (_SIMPLE == 3).sum(axis=1) + 0.1 * (_SIMPLE == 1).sum(axis=1)


def made(name="gp", **settings):
    return nasbed.predictor(name, SPACE, **settings)


def test_it_ranks_what_it_has_not_seen():
    mean, deviation = made().fit(ROWS[:60], VALUES[:60]).predict(ROWS[60:])
    assert np.corrcoef(mean, VALUES[60:])[0, 1] > 0.95
    assert mean.shape == deviation.shape == (60,)


def test_predictions_are_in_the_unit_of_the_values():
    for target in get_args(Transformation):
        predictor = made(target=target)
        mean, deviation = predictor.fit(ROWS[:60], VALUES[:60]).predict(ROWS[60:])
        again = predictor.fit(ROWS[:60], 1000 * VALUES[:60] + 7).predict(ROWS[60:])
        np.testing.assert_allclose(again, (1000 * mean + 7, 1000 * deviation), rtol=1e-3, atol=1)
        assert np.abs(mean - VALUES[60:]).mean() < 0.5


def test_refitting_forgets():
    predictor = made().fit(ROWS, -VALUES).fit(ROWS[:60], VALUES[:60])
    np.testing.assert_array_equal(predictor.predict(ROWS), made().fit(ROWS[:60], VALUES[:60]).predict(ROWS))


@pytest.mark.parametrize("copied", [clone, lambda one: one.clone()], ids=["sklearn", "own"])
def test_a_clone_has_the_settings_and_learned_nothing(copied):
    found = copied(made(target="standardised", encoding="onehot").fit(ROWS, VALUES))
    assert found.get_params() == made(target="standardised", encoding="onehot").get_params()
    with pytest.raises(BadSetting, match="learned nothing"):
        found.predict(ROWS)


def test_settings_are_changed_as_scikit_learn_changes_them():
    predictor = made().fit(ROWS, VALUES).set_params(encoding="onehot")
    np.testing.assert_array_equal(
        predictor.fit(ROWS, VALUES).predict(ROWS), made(encoding="onehot").fit(ROWS, VALUES).predict(ROWS)
    )
    with pytest.raises(BadSetting, match="has no setting 'nothing'"):
        predictor.set_params(nothing=1)


def test_of_many_architectures_a_seeded_part_is_learned_from_and_it_says_so():
    predictor = made(most=50).fit(ROWS, VALUES)
    assert "50 of 120" in predictor.notes[0]
    assert not made(most=120).fit(ROWS, VALUES).notes
    np.testing.assert_array_equal(predictor.predict(ROWS), made(most=50).fit(ROWS, VALUES).predict(ROWS))
    assert (predictor.predict(ROWS)[0] != made(most=50, seed=1).fit(ROWS, VALUES).predict(ROWS)[0]).any()


def test_in_an_average_one_that_learned_from_a_part_counts_by_its_share():
    members = {"gp": {"most": 30}, "bayesian-ridge": {}}
    both = made("default", members="gp:most=30|bayesian-ridge").fit(ROWS, VALUES)
    numbers = both.features(ROWS)
    part, whole = (made(name, **more).fit(ROWS, VALUES).mean_of(numbers) for name, more in members.items())
    share = 30 / len(ROWS)
    np.testing.assert_allclose(both.mean_of(numbers), (share * part + whole) / (share + 1.0))
    assert made("auto", candidates="gp:most=30").fit(ROWS, VALUES).share == share


def test_the_regressor_alone_learns_from_numbers():
    predictor = made(target="standardised", steps=200)
    expected = predictor.fit(ROWS[:60], VALUES[:60]).predict(ROWS[60:])
    regressor = predictor.regressor().fit(predictor.features(ROWS[:60]), VALUES[:60])
    np.testing.assert_allclose(regressor.predict(predictor.features(ROWS[60:]), return_std=True), expected, rtol=1e-6)


@pytest.mark.slow
def test_the_regressor_keeps_scikit_learns_conventions():
    check_estimator(GaussianProcessEstimator(), on_skip=None)


def test_known_numbers_are_a_block_like_others():
    scores = np.random.default_rng(1).normal(size=len(ROWS))
    encoding = nasbed.encoding("onehot", SPACE).with_columns(ROWS, {"score": scores})
    values = VALUES + 3 * scores
    with_scores = made(encoding=encoding).fit(ROWS[:60], values[:60]).predict(ROWS[60:])[0]
    without = made(encoding="onehot").fit(ROWS[:60], values[:60]).predict(ROWS[60:])[0]
    assert np.corrcoef(with_scores, values[60:])[0, 1] > np.corrcoef(without, values[60:])[0, 1] + 0.2


def test_names_and_settings_that_are_not_there_are_refused():
    with pytest.raises(UnknownName, match="gp"):
        made("gpp")
    with pytest.raises(BadSetting, match="target is one of"):
        made(target="nothing")
    with pytest.raises(BadSetting, match="no setting 'depth'"):
        made(depth=3)


@pytest.mark.parametrize(
    ("archs", "values", "error", "said"),
    [
        (ROWS[:3], [1.0, np.nan, 2.0], BadSetting, "value 1 of 3 is nan; leave out"),
        (ROWS[:3], [1.0, 2.0, np.inf], BadSetting, "value 2 of 3 is inf"),
        (ROWS[:3], [1.0, 2.0], BadSetting, "3 architectures have 2 values"),
        (ROWS[:0], [], BadSetting, "one value for each"),
        (ROWS[:1], [[1.0]], BadSetting, "one value for each"),
        (ROWS[:1], ["good"], BadSetting, "from numbers"),
        (ROWS[:2, :3], [1.0, 2.0], InvalidArchitecture, "have shape"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_a_sentence(archs, values, error, said):
    with pytest.raises(error, match=said):
        made().fit(archs, values)


@pytest.mark.parametrize("transformation", get_args(Transformation))
@pytest.mark.parametrize(
    "values",
    [[3.0, 1.0, 2.0, 2.0], [-1e300, 1e300, 0.0], [5e-324, 0.0], [1.0, 1.0 + 1e-9], list(range(100))],
    ids=["ties", "huge", "tiny", "close", "many"],
)
def test_targets_rise_with_values_and_lead_back(transformation, values):
    made = targets(values, transformation)
    order = np.argsort(values, kind="stable")
    assert (np.diff(made.values[order]) >= 0).all()
    assert np.isfinite(made.values).all()
    back = made.back(made.values)
    assert np.isfinite(back).all()
    if np.ptp(made.values):
        np.testing.assert_allclose(made.values.mean(), 0, atol=1e-9)
        np.testing.assert_allclose(made.values.std(), 1, atol=1e-9)
        np.testing.assert_allclose(back, values, rtol=1e-6, atol=1e-12 * np.abs(values).max())


def test_log_errors_tell_the_good_apart():
    values = np.array([0.1, 0.5, 0.8, 0.9, 0.91])
    apart = [np.diff(targets(values, name).values)[[0, -1]] for name in ("standardised", "log-error")]
    assert apart[1][1] / apart[1][0] > 3 * apart[0][1] / apart[0][0]


def test_blended_targets_are_the_mean_of_two():
    values = np.random.default_rng(2).lognormal(size=50)
    both = [targets(values, name).values for name in ("rank-gaussian", "log-error")]
    blended = targets(values, "blended").values
    np.testing.assert_allclose(blended, np.mean(both, axis=0) / np.mean(both, axis=0).std(), atol=1e-9)


def test_columns_count_by_their_ranks_whatever_their_scale():
    scores = np.random.default_rng(5).normal(size=len(ROWS))
    found = []
    for some in (scores, np.exp(5 * scores), 3 - 2 * np.exp(-scores)):
        encoding = nasbed.encoding("onehot", SPACE).with_columns(ROWS, {"score": some, "other": -some})
        predictor = made(encoding=encoding).fit(ROWS[:60], VALUES[:60])
        found.append(predictor.predict(ROWS)[0])
        np.testing.assert_allclose(predictor.features.raw(predictor.features(ROWS)), encoding(ROWS), atol=1e-9)
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-9)


def test_what_is_around_an_architecture_stands_beside_its_own_numbers():
    scores = np.random.default_rng(5).normal(size=SPACE.size)
    encoding = nasbed.encoding("onehot", SPACE).with_columns(SPACE.enumerate(), {"score": scores})
    features = made(encoding=encoding).features
    assert list(features.blocks) == ["onehot", "columns", "columns around"]
    assert features.names[-2:] == ("score", "score around")
    np.testing.assert_allclose(features.raw(features(ROWS)), encoding(ROWS), atol=1e-9)
    ranks = ndtri((rankdata(scores) - 0.5) / len(scores))
    expected = [ranks[SPACE.index([row, *SPACE.neighbors(row)])].mean() for row in ROWS[:20]]
    np.testing.assert_allclose(np.corrcoef(expected, features(ROWS[:20])[:, -1])[0, 1], 1.0)
    few = nasbed.encoding("onehot", SPACE).with_columns(ROWS, {"score": scores[: len(ROWS)]})
    assert list(made(encoding=few).features.blocks) == ["onehot", "columns"], "few neighbours have scores"


@pytest.mark.slow
def test_several_predictors_read_what_each_reads_side_by_side():
    pytest.importorskip("torch")
    both = made("default", members="bayesian-ridge|graph-network:members=2,epochs=2,width=4", encoding="onehot")
    alone = [made("bayesian-ridge", encoding="onehot"), made("graph-network", members=2, epochs=2, width=4)]
    numbers = both.features(ROWS)
    assert list(both.features.blocks) == ["onehot", "graph"]
    np.testing.assert_array_equal(numbers[:, both.features.blocks["graph"]], alone[1].features(ROWS))
    means = [one.fit(ROWS[:50], VALUES[:50]).predict_numbers(one.features(ROWS))[0] for one in alone]
    found = both.fit(ROWS[:50], VALUES[:50]).predict_numbers(numbers)[0]
    np.testing.assert_allclose(found, np.mean(means, axis=0))
