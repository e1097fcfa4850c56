"""Others' regressors: what is missing is named with its install line, any of scikit-learn's kind can be named."""

import sys

import numpy as np
import pytest
from scipy.stats import kendalltau

import nasbed
from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.optimizers.guided.guided import Guided

SPACE = nasbed.space("transnas-micro")
ROWS = SPACE.enumerate()[np.random.default_rng(0).permutation(4096)[:150]]
VALUES = (SPACE.simplify(ROWS) == 3).sum(axis=1) + np.random.default_rng(1).normal(0, 0.3, 150)


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("gp", "scipy", "predictors"),
        ("random-forest", "sklearn", "predictors"),
        ("xgboost", "xgboost", "xgboost"),
        ("lightgbm", "lightgbm", "lightgbm"),
    ],
)
def test_what_is_missing_is_named_with_its_install_line(name, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    for make in (lambda: nasbed.predictor(name, SPACE), lambda: Guided(predictor=name)):
        with pytest.raises(MissingExtra, match=rf"{module} is not installed.*pip install 'nasbed\[{extra}\]'"):
            make()


def test_without_xgboost_the_default_is_the_gaussian_process_alone_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    predictor = nasbed.predictor("default", SPACE).fit(ROWS[:60], VALUES[:60])
    assert "the others predict without xgboost: xgboost is not installed" in predictor.notes[0]
    alone = nasbed.predictor("gp", SPACE).fit(ROWS[:60], VALUES[:60])
    np.testing.assert_allclose(predictor.predict(ROWS), alone.predict(ROWS), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"target": "standardised"}], ids=["suited", "standardised"])
def test_the_default_is_the_mean_of_both(settings):
    both = [nasbed.predictor(name, SPACE, **settings).fit(ROWS[:60], VALUES[:60]) for name in ("gp", "xgboost")]
    found = nasbed.predictor("default", SPACE, **settings).fit(ROWS[:60], VALUES[:60])
    means = [one.predict(ROWS)[0] for one in both]
    np.testing.assert_allclose(found.predict(ROWS)[0], np.mean(means, axis=0))
    assert not found.notes
    assert [one.learns for one in (*both, found)] == (
        ["standardised"] * 3 if settings else ["blended", "log-error", "standardised"]
    )


def test_the_default_says_that_its_process_learned_from_a_part():
    predictor = nasbed.predictor("default", SPACE, members="gp:most=50|xgboost").fit(ROWS, VALUES)
    assert "50 of 150" in predictor.notes[0]


def test_any_regressor_can_be_named():
    predictor = nasbed.predictor("sklearn", SPACE, estimator="sklearn.neighbors.KNeighborsRegressor")
    assert kendalltau(predictor.fit(ROWS[:80], VALUES[:80]).predict(ROWS[80:])[0], VALUES[80:])[0] > 0.3
    spelled = nasbed.predictor("sklearn:estimator=sklearn.linear_model.Ridge", SPACE)
    assert type(spelled.regressor()).__name__ == "Ridge"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"estimator": "sklearn.nothing.Here"}, "sklearn.nothing"),
        ({"estimator": "sklearn.svm.Nothing"}, "Nothing"),
        ({"estimator": "SVR"}, "such as sklearn.svm.SVR"),
        ({"estimator": "sklearn.svm.SVR", "arguments": {"depth": 3}}, "depth"),
        ({"estimator": "collections.OrderedDict"}, "no fit and predict"),
    ],
)
def test_what_is_no_regressor_is_refused(settings, said):
    with pytest.raises(BadSetting, match=said):
        nasbed.predictor("sklearn", SPACE, **settings)


def test_how_far_it_is_off_is_measured_where_it_did_not_learn():
    """Trees that remember everything have no error where they learned; what they say of the rest is as far off."""
    settings = {"estimator": "sklearn.tree.DecisionTreeRegressor", "target": "standardised"}
    predictor = nasbed.predictor("sklearn", SPACE, **settings).fit(ROWS[:100], VALUES[:100])
    mean, deviation = predictor.predict(ROWS[100:])
    off = np.sqrt(np.mean((mean - VALUES[100:]) ** 2))
    assert off / 2 < deviation[0] < 2 * off
