"""The exact Gaussian process as an estimator of scikit-learn: for pipelines and searches that take one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from nasbed.predictors.kernel import Floats, Kernel, Part
from nasbed.predictors.posterior import Posterior, Prior, most_probable

if TYPE_CHECKING:
    from nasbed.predictors.encoded import EncodedPredictor


class GaussianProcessEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A Gaussian process whose kernel adds up one for each block of columns; see ``nasbed.predictors.gp``.

    It expects numbers on one scale, and standardises what it learns.

    Args:
        parts: The blocks; None for one Matérn kernel of all columns.
        steps: The most iterations of the search for hyper-parameters.
    """

    def __init__(self, parts: tuple[Part, ...] | None = None, steps: int = 50) -> None:
        self.parts, self.steps = parts, steps

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from numbers, ``(n, numbers)``, and values, ``(n,)``."""
        numbers, values = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        values = np.asarray(values, np.float64)
        self.centre_, self.spread_ = float(values.mean()), float(values.std()) or 1.0
        self.learned_ = (values - self.centre_) / self.spread_
        kernel = Kernel(self.parts or (Part(slice(0, numbers.shape[1])),))
        between = kernel.between(numbers, numbers)
        hyper = most_probable(kernel, between, self.learned_, Prior(), steps=self.steps)
        self.posterior_ = Posterior.of(kernel, hyper, numbers, between)
        return self

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:  # noqa: N803 - scikit-learn's name
        """Return the mean of each row, ``(n,)``, and, on request, the standard deviation, noise included."""
        check_is_fitted(self)
        numbers = validate_data(self, X, reset=False, dtype=np.float64)
        mean, deviation = self.posterior_.predict(self.learned_, numbers)
        mean = self.centre_ + self.spread_ * mean
        if not return_std:
            return mean
        found: tuple[Floats, Floats] = mean, self.spread_ * np.sqrt(deviation**2 + self.posterior_.hyper.noise)
        return found


class PredictorEstimator(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """What learns from features as a predictor does; it standardises what it learns.

    Args:
        predictor: The predictor, whose encoding made the features.
    """

    def __init__(self, predictor: EncodedPredictor) -> None:
        self.predictor = predictor

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from numbers, ``(n, numbers)``, and values, ``(n,)``."""
        numbers, values = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        self.centre_, self.spread_ = float(np.mean(values)), float(np.std(values)) or 1.0
        self.fitted_ = self.predictor.clone()
        self.fitted_.fit_numbers(numbers, (np.asarray(values, np.float64) - self.centre_) / self.spread_)
        return self

    def predict(self, X: ArrayLike) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return the mean of each row, ``(n,)``."""
        check_is_fitted(self)
        numbers = validate_data(self, X, reset=False, dtype=np.float64)
        return self.centre_ + self.spread_ * self.fitted_.predict_numbers(numbers)[0]
