"""The laws of predictors, played on the space that they were made for, with values that follow from its functions."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.testing.law import DoesNotApply, Laws, refuses
from nasbed.testing.settings import what_a_setting_may_not_be_is_refused

predictor_laws: Laws[EncodedPredictor] = Laws("predictor")
law, check_predictor = predictor_laws.law, predictor_laws.check

law(what_a_setting_may_not_be_is_refused)

_LEARNED, _ASKED = 40, 25


def _drawn(predictor: EncodedPredictor, seed: int) -> tuple[Archs, NDArray[np.float64]]:
    """Return architectures to learn from and to ask about, and the values of all of them: how many values are high."""
    space = predictor.space
    archs = space.sample(Streams.from_seed(seed, _LEARNED + _ASKED, purpose="laws"))
    return archs, (space.simplify(archs) / space.cardinalities).sum(axis=1)


def _predicted(predictor: EncodedPredictor, archs: Archs, values: Any, asked: Archs) -> NDArray[np.float64]:
    """Fit a copy and return what it predicts, ``(2, n)``; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return np.array(predictor.clone().fit(archs, values).predict(asked))


@law
def there_is_a_finite_mean_and_a_deviation_for_each(predictor: EncodedPredictor, seed: int) -> None:
    """``predict`` returns two arrays of float64, ``(n,)``; deviations are not negative; of no architecture, nothing."""
    archs, values = _drawn(predictor, seed)
    fitted = predictor.clone().fit(archs[:_LEARNED], values[:_LEARNED])
    for asked in (archs, archs[:1], archs[:0]):
        found = fitted.predict(asked)
        assert isinstance(found, tuple), "predict returns a tuple, mean and deviation"
        for one in found:
            assert one.shape == (len(asked),), f"{one.shape} is not one number for each of {len(asked)} architectures"
            assert one.dtype == np.float64, f"predictions are float64, not {one.dtype}"
            assert np.isfinite(one).all(), "a prediction is no finite number"
        assert (found[1] >= 0).all(), "a standard deviation is negative"


@law
def the_same_is_learned_from_the_same(predictor: EncodedPredictor, seed: int) -> None:
    """Two copies that learn the same predict the same bits, and asking changes nothing."""
    archs, values = _drawn(predictor, seed)
    one = predictor.clone().fit(archs[:_LEARNED], values[:_LEARNED])
    first = np.array(one.predict(archs))
    assert np.array_equal(first, one.predict(archs)), "asked a second time it says something else"
    again = _predicted(copy.copy(predictor), archs[:_LEARNED], values[:_LEARNED], archs)
    assert np.array_equal(first, again), "another copy says something else"


@law
def fitting_again_forgets(predictor: EncodedPredictor, seed: int) -> None:
    """What was learned before does not count, and a failed fit leaves nothing half learned."""
    archs, values = _drawn(predictor, seed)
    learned, given = archs[:_LEARNED], values[:_LEARNED]
    one = predictor.clone().fit(archs, -values).fit(learned, given)
    assert np.array_equal(one.predict(archs), _predicted(predictor, learned, given, archs)), "something was remembered"


@law
def a_clone_has_learned_nothing(predictor: EncodedPredictor, seed: int) -> None:
    """A clone has the settings, by ``get_params``, and says that it has learned nothing."""
    archs, values = _drawn(predictor, seed)
    clone = predictor.clone().fit(archs, values).clone()
    assert clone.get_params() == predictor.get_params()
    refuses(BadSetting, clone.predict, archs)


@law
def the_better_is_predicted_to_be_better(predictor: EncodedPredictor, seed: int) -> None:
    """Of architectures that it has not seen, those that are better are predicted to be so, more often than not."""
    archs, values = _drawn(predictor, seed)
    mean = _predicted(predictor, archs[:_LEARNED], values[:_LEARNED], archs[_LEARNED:])[0]
    agreement = np.corrcoef(mean, values[_LEARNED:])[0, 1]
    assert agreement > 0.2, f"predictions agree with values by {agreement:.2f} only"


@law
def what_is_no_number_is_refused(predictor: EncodedPredictor, seed: int) -> None:
    """NaN and infinite values, none, too few and rows of another width are refused with a sentence."""
    archs, values = _drawn(predictor, seed)
    for wrong in (np.nan, np.inf, -np.inf):
        refuses(BadSetting, predictor.clone().fit, archs, np.where(np.arange(len(values)) == 3, wrong, values))
    refuses(BadSetting, predictor.clone().fit, archs, values[:-1])
    refuses(BadSetting, predictor.clone().fit, archs[:0], values[:0])
    refuses(InvalidArchitecture, predictor.clone().fit, archs[:, :-1], values)
    refuses(BadSetting, predictor.clone().predict, archs)


@law
def one_architecture_is_enough(predictor: EncodedPredictor, seed: int) -> None:
    """From one value it predicts that value, from two something between or around them."""
    archs, values = _drawn(predictor, seed)
    assert np.allclose(_predicted(predictor, archs[:1], values[:1], archs)[0], values[0]), "it predicts another value"
    two = _predicted(predictor, archs[:2], values[:2], archs)
    assert np.isfinite(two).all(), "from two architectures it predicts what is no number"
    assert (two[1] >= 0).all()


@law
def a_constant_is_predicted_to_be_constant(predictor: EncodedPredictor, seed: int) -> None:
    """Where all values are the same, it predicts that value."""
    archs, _ = _drawn(predictor, seed)
    for value in (0.0, 0.93, -1e300, 5e-324):
        mean, deviation = _predicted(predictor, archs[:_LEARNED], np.full(_LEARNED, value), archs)
        assert np.allclose(mean, value, rtol=1e-9), f"of values that are all {value} it learns others"
        assert (deviation >= 0).all()


@law
def numbers_may_be_huge_or_tiny(predictor: EncodedPredictor, seed: int) -> None:
    """Values times 1e300 or 1e-300 are predicted to be as many times what they would be, or nearly."""
    archs, values = _drawn(predictor, seed)
    once = _predicted(predictor, archs[:_LEARNED], values[:_LEARNED], archs)
    for factor in (1e300, 1e-300):
        found = _predicted(predictor, archs[:_LEARNED], factor * values[:_LEARNED] / values.max(), archs)
        assert np.isfinite(found).all(), f"of values around {factor} it makes what is no number"
        assert np.allclose(found[0] / factor * values.max(), once[0], rtol=0.05, atol=0.05 * np.ptp(values))


@law
def what_is_measured_twice_is_borne(predictor: EncodedPredictor, seed: int) -> None:
    """Architectures that stand several times, with the same value or others, are predicted to be in between."""
    archs, values = _drawn(predictor, seed)
    twice = np.concatenate([archs[:_LEARNED]] * 2)
    apart = np.concatenate([values[:_LEARNED], values[:_LEARNED] + 0.01])
    found = _predicted(predictor, twice, apart, archs)
    assert np.isfinite(found).all(), "of what stands twice it makes what is no number"
    assert (found[0].min() >= values.min() - 3 * np.ptp(values)).all()


@law
def architectures_of_one_function_are_predicted_alike(predictor: EncodedPredictor, seed: int) -> None:
    """Simplifying an architecture changes no prediction."""
    archs, values = _drawn(predictor, seed)
    if any(part.known is not None for part in predictor.features.encoding.parts.values()):
        raise DoesNotApply("its encoding has numbers of single architectures")
    fitted = predictor.clone().fit(archs[:_LEARNED], values[:_LEARNED])
    assert np.array_equal(fitted.predict(archs), fitted.predict(predictor.space.simplify(archs)))


@law
def the_regressor_is_one_of_scikit_learns_kind(predictor: EncodedPredictor, seed: int) -> None:
    """``regressor()`` gives what has learned nothing, and learns from the features as the predictor does."""
    archs, values = _drawn(predictor, seed)
    numbers = predictor.features(archs)
    regressor = predictor.regressor()
    assert regressor is not predictor.regressor()
    found = np.asarray(regressor.fit(numbers[:_LEARNED], values[:_LEARNED]).predict(numbers))
    assert found.shape == values.shape
    assert np.corrcoef(found[_LEARNED:], values[_LEARNED:])[0, 1] > 0.2, "it learns nothing from the features"
