"""Stored predictors predict the same bits; what is not safe is not stored, what is damaged is not read."""

import json
import sys

import numpy as np
import pytest

import nasbed
from nasbed.core.checked import read_arrays, write_arrays
from nasbed.core.errors import BadSetting, CorruptFile, MissingExtra
from nasbed.core.registry import predictors
from nasbed.predictors import load, save

SPACE = nasbed.space("transnas-micro")
ROWS = SPACE.enumerate()[np.random.default_rng(0).permutation(4096)[:60]]
VALUES = (SPACE.simplify(ROWS) == 3).sum(axis=1) + np.random.default_rng(1).normal(0, 0.3, 60)
FEW = {
    "xgboost": {"trees": 20},
    "lightgbm": {"trees": 20},
    "random-forest": {"trees": 5},
    "extra-trees": {"trees": 5},
    "mlp-ensemble": {"members": 2, "epochs": 5},
    "auto": {"candidates": "gp|xgboost:trees=20"},
    "graph-network": {"members": 2, "epochs": 40, "width": 16},
    "ensemble": {"members": "gp|xgboost:trees=20|graph-network:members=2,epochs=20,width=8"},
    "svr": {"trials": 3},
    "score": {"encoding": "counts", "of": "count(conv3x3)"},
}
OF_CURVES = ("last-value", "sotl", "sotl-e", "sotl-ema")


def fitted(name="gp", **settings):
    return nasbed.predictor(name, SPACE, **settings).fit(ROWS[:40], VALUES[:40])


@pytest.mark.slow_where("graph-network", "ensemble", "auto", "lightgbm", "extra-trees", "svr")
@pytest.mark.parametrize("name", [name for name in predictors if name not in OF_CURVES])
def test_what_is_loaded_predicts_the_same_bits(name, tmp_path):
    predictor = fitted(name, **FEW.get(name, {}))
    loaded = load(save(predictor, tmp_path / "learned.npz"))
    assert loaded.get_params() == predictor.get_params()
    np.testing.assert_array_equal(loaded.predict(ROWS), predictor.predict(ROWS))
    assert loaded.notes == predictor.notes


def test_a_constant_and_a_part_are_stored_too(tmp_path):
    for predictor in (fitted(most=20), nasbed.predictor("gp", SPACE).fit(ROWS[:3], [0.5] * 3)):
        loaded = load(save(predictor, tmp_path / "learned.npz"))
        np.testing.assert_array_equal(loaded.predict(ROWS), predictor.predict(ROWS))
        assert loaded.notes == predictor.notes


def test_what_learned_nothing_is_not_stored(tmp_path):
    with pytest.raises(BadSetting, match="learned nothing"):
        save(nasbed.predictor("gp", SPACE), tmp_path / "learned.npz")


def test_an_encoding_that_was_made_is_not_stored(tmp_path):
    encoding = nasbed.encoding("onehot", SPACE).with_columns(ROWS, {"score": VALUES})
    with pytest.raises(BadSetting, match="settings that are objects"):
        save(fitted(encoding=encoding), tmp_path / "learned.npz")


class Unsafe:
    """A regressor that skops does not know."""

    def fit(self, numbers, values):
        self.mean = values.mean()
        return self

    def predict(self, numbers):
        return np.full(len(numbers), self.mean)


def test_a_regressor_that_is_not_known_to_be_safe_is_refused(tmp_path, monkeypatch):
    predictor = nasbed.predictor("sklearn", SPACE)
    monkeypatch.setattr(predictor, "regressor", Unsafe)
    with pytest.raises(BadSetting, match=r"Unsafe is not stored: skops does not know .*Unsafe as safe"):
        save(predictor.fit(ROWS, VALUES), tmp_path / "learned.npz")
    assert not list(tmp_path.iterdir())


def test_without_skops_regressors_are_not_stored_and_the_install_line_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(MissingExtra, match=r"skops is not installed.*nasbed\[predictors\]"):
        save(fitted("bayesian-ridge"), tmp_path / "learned.npz")


def test_what_is_damaged_or_something_else_is_not_read(tmp_path):
    path = save(fitted(), tmp_path / "learned.npz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptFile, match="damaged"):
        load(path)
    with pytest.raises(BadSetting, match="no file"):
        load(tmp_path / "nothing.npz")
    with pytest.raises(CorruptFile, match="not a predictor"):
        load(write_arrays(tmp_path / "other.npz", {"archs": ROWS}))


@pytest.mark.parametrize(
    ("changed", "said"), [({"format": 99}, "format 99"), ({"numbers": 1}, "from 1 numbers .* has 1[0-9]+ now")]
)
def test_a_later_format_and_an_encoding_that_changed_are_refused(tmp_path, changed, said):
    path = save(fitted(), tmp_path / "learned.npz")
    arrays = read_arrays(path, "", "")
    about = {**json.loads(arrays["about"].tobytes()), **changed}
    write_arrays(path, {**arrays, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)})
    with pytest.raises(BadSetting, match=said):
        load(path)
