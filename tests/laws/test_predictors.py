"""Every registered predictor keeps the laws of its noun, with other settings and in other spaces, too."""

from functools import cache

import numpy as np
import pytest

import nasbed
from nasbed.core import registry
from nasbed.testing import DoesNotApply, predictor_laws


@cache
def curves(space):
    """An encoding with beginnings of trainings, which tell something of what the laws take for values."""
    rows = space.enumerate()
    ends = (space.simplify(rows) / space.cardinalities).sum(axis=1)
    noise = np.random.default_rng(0).normal(0, 0.2, (len(rows), 4))
    return nasbed.encoding("onehot", space).with_curves(rows, ends[:, None] * [0.3, 0.5, 0.6, 0.7] + noise)


def made(name, space):
    """A predictor with settings that make it quick, and with what it cannot be without."""
    settings = FEW.get(name, {})
    if name in CURVE:
        settings = {"encoding": curves(space)}
    if name == "score":
        settings = {"encoding": "counts", "of": nasbed.encoding("counts", space).names[-1]}
    return nasbed.predictor(name, space, **settings)


SPACES = {name: nasbed.space(name) for name in ("transnas-micro", "nasbenchmacro")}
FEW = {
    "xgboost": {"trees": 50, "rate": 0.2},
    "lightgbm": {"trees": 60},
    "random-forest": {"trees": 20},
    "mlp-ensemble": {"members": 2, "layers": 2, "epochs": 80},
    "graph-network": {"members": 2, "epochs": 40, "width": 16},
    "ensemble": {"members": "gp|xgboost:trees=20|graph-network:members=2,epochs=20,width=8"},
    "svr": {"trials": 5},
    "auto": {"candidates": "bayesian-ridge|gp"},
}
CURVE = ("last-value", "sotl", "sotl-e", "sotl-ema")

OTHERS = {
    "gp-log-error": ("gp", {"target": "log-error"}),
    "gp-plain": ("gp", {"target": "standardised", "encoding": "onehot"}),
    "gp-of-a-part": ("gp", {"most": 30}),
    "gp-wl": ("gp", {"encoding": "wl:h=1+path"}),
    "forest-smac": ("random-forest", {"trees": 10, "max_features": 0.8, "min_samples_leaf": 3}),
    "forest-without-draws": ("random-forest", {"trees": 10, "bootstrap": False}),
    "ridge": ("sklearn", {"estimator": "sklearn.linear_model.Ridge", "arguments": {"alpha": 3.0}}),
}

AT_ONCE = ("gp", "bayesian-ridge", "conformal", "sklearn", "score", "last-value", "svr")  # the others fit many trees


def hold(law, predictor):
    try:
        law(predictor)
    except DoesNotApply as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(
    ("name", "law"),
    [
        pytest.param(name, law, id=f"{name}-{law}", marks=[pytest.mark.slow] * (name not in AT_ONCE))
        for name in registry.predictors
        for law in predictor_laws
    ],
)
def test_predictor(name, law):
    hold(law, made(name, SPACES["transnas-micro"]))


@pytest.mark.slow
@pytest.mark.parametrize("law", predictor_laws, ids=str)
@pytest.mark.parametrize("name", OTHERS)
def test_predictor_with_other_settings(name, law):
    registered, settings = OTHERS[name]
    hold(law, nasbed.predictor(registered, SPACES["transnas-micro"], **settings))


@pytest.mark.slow
@pytest.mark.parametrize("law", predictor_laws, ids=str)
@pytest.mark.parametrize("name", list(registry.predictors))
def test_predictor_in_a_sequence(name, law):
    hold(law, made(name, SPACES["nasbenchmacro"]))
