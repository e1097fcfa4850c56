"""What the beginnings of trainings, scores and costs tell, and which predictor cross-validation chooses."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.svm import NuSVR

import nasbed
from nasbed.core.errors import BadSetting
from nasbed.predictors import load, save
from nasbed.predictors.folds import held_out
from nasbed.readers.measure import Measure
from nasbed.tables.writing import write_table

SPACE = nasbed.space("transnas-micro")
ROWS = SPACE.enumerate()[np.random.default_rng(0).permutation(4096)[:200]]
ENDS = (SPACE.simplify(ROWS) == 3).sum(axis=1) + np.random.default_rng(1).normal(0, 0.3, 200)
CURVES = ENDS[:, None] * np.linspace(0.2, 0.6, 6) + np.random.default_rng(2).normal(0, 0.2, (200, 6))
ENCODING = nasbed.encoding("onehot", SPACE).with_curves(ROWS, CURVES)

NUMBERS = {
    "last-value": CURVES[:, -1],
    "sotl": CURVES.sum(axis=1),
    "sotl-e": CURVES[:, -1],
    "sotl-e:last=3": CURVES[:, -3:].sum(axis=1),
    "sotl-ema:weight=1.0": CURVES.sum(axis=1),
    "sotl-ema:weight=0.5": CURVES @ [2 - 2**-5.0, 1 - 2**-5.0, 1 - 2**-4.0, 1 - 2**-3.0, 0.75, 0.5],
}


def made(text, encoding=ENCODING):
    name, settings = nasbed.core.spelling.named(text)
    return nasbed.predictor(name, SPACE, encoding=encoding, **settings)


@pytest.mark.parametrize("text", NUMBERS)
def test_architectures_are_ranked_by_the_number_whatever_was_learned(text):
    for values in (ENDS[:20], -ENDS[:20]):
        mean = made(text).fit(ROWS[:20], values).predict(ROWS)[0]
        assert kendalltau(mean, NUMBERS[text])[0] > 0.999


def test_values_after_each_epoch_and_changes_are_numbers_beside_structure():
    numbers = ENCODING(ROWS)[:, ENCODING.blocks["curve"]]
    np.testing.assert_array_equal(numbers[:, :6], CURVES)
    np.testing.assert_allclose(numbers[:, 6:], np.diff(CURVES, axis=1))
    assert ENCODING.names[ENCODING.blocks["curve"]][5:7] == ("value@6", "change@2")
    both, structure = (
        nasbed.predictor("gp", SPACE, encoding=one).fit(ROWS[:60], ENDS[:60]).predict(ROWS[60:])[0]
        for one in (ENCODING, "onehot")
    )
    assert kendalltau(both, ENDS[60:])[0] > kendalltau(structure, ENDS[60:])[0] + 0.02


def test_of_drawn_settings_support_vectors_take_what_is_least_off_where_it_was_held_out():
    encoding = nasbed.encoding("counts", SPACE).with_curves(ROWS, CURVES)
    fitted = nasbed.predictor("svr", SPACE, encoding=encoding, trials=9, target="standardised").fit(ROWS, ENDS)
    numbers, targets = fitted.features(ROWS), (ENDS - ENDS.mean()) / ENDS.std()
    errors = [np.std(held_out(NuSVR(C=c, nu=nu, gamma=g / 15), numbers, targets, 0)) for c, nu, g in fitted._drawn()]
    assert fitted._drawn()[np.argmin(errors)].tolist() == fitted.chosen_.tolist()
    assert 0.99 < fitted.off_ / min(errors) < 1.01
    assert len(fitted.features.names) == 15


def test_a_score_ranks_by_itself_high_or_low():
    scores = {"noise": np.random.default_rng(3).normal(size=200), "naswot": ENDS**3, "seconds": -ENDS}
    encoding = nasbed.encoding("counts", SPACE).with_columns(ROWS, scores)
    for settings in ({"of": "naswot"}, {"of": "seconds", "goal": "min"}):
        found = nasbed.predictor("score", SPACE, encoding=encoding, **settings).fit(ROWS[:5], ENDS[:5]).predict(ROWS)[0]
        assert kendalltau(found, ENDS)[0] > 0.999
    with pytest.raises(BadSetting, match=r"no number ''; name one: of=.*noise, naswot, seconds"):
        made("score", encoding).fit(ROWS, ENDS)
    with pytest.raises(BadSetting, match="has no curve"):
        made("sotl", "onehot").fit(ROWS, ENDS)


def test_curves_are_read_from_a_table_and_predictors_of_them_stored(tmp_path):
    measure = Measure("accuracy", split="valid", axes=("epoch",), epochs=(1, 2, 3, 4, 5, 6, 12))
    curves = np.concatenate([CURVES, ENDS[:, None]], axis=1)
    table = write_table(tmp_path / "curves.arrow", SPACE, ROWS, {measure: curves})
    predictor = nasbed.predictor("last-value", SPACE, encoding=f"curve:table={table.path},epochs=6").fit(
        ROWS[:9], ENDS[:9]
    )
    assert kendalltau(predictor.predict(ROWS)[0], CURVES[:, 5])[0] > 0.999
    again = load(save(predictor, tmp_path / "learned.npz"))
    np.testing.assert_array_equal(again.predict(ROWS), predictor.predict(ROWS))
    with pytest.raises(BadSetting, match="its end is to be predicted; take fewer"):
        nasbed.encoding(f"curve:table={table.path},epochs=12", SPACE)


@pytest.mark.parametrize("curves", [CURVES[0], CURVES[:, :0]])
def test_what_are_no_curves_is_refused(curves):
    with pytest.raises(BadSetting, match="curves are an array"):
        nasbed.encoding("onehot", SPACE).with_curves(ROWS, curves)
    with pytest.raises(BadSetting, match="that ascend"):
        nasbed.encoding("onehot", SPACE).with_curves(ROWS, CURVES[:, :2], [4, 4])


def test_the_better_one_is_chosen_and_said():
    linear = ROWS @ np.arange(1.0, 7.0)
    predictor = made("auto:candidates=random-forest:trees=2|bayesian-ridge", "onehot").fit(ROWS[:60], linear[:60])
    assert predictor.notes[0].startswith("bayesian-ridge predicts")
    alone = made("bayesian-ridge", "onehot").fit(ROWS[:60], linear[:60])
    np.testing.assert_allclose(predictor.predict(ROWS), alone.predict(ROWS), rtol=1e-12)
    with pytest.raises(BadSetting, match="auto is not made of itself"):
        made("auto:candidates=gp|auto")
