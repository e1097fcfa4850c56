"""Others' regressors as predictors: forests, boosted trees, linear models, and any that scikit-learn's conventions fit.

How far a regressor that gives no deviation is off is measured: it is fitted to four fifths, drawn by the seed, and the
root of the mean squared error on the rest is the deviation of everything that it predicts.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Count, Positive
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.kernel import Floats
from nasbed.predictors.safely import regressor_bytes, regressor_of
from nasbed.predictors.targets import Transformation

_HELD_OUT = 0.2
_FEWEST = 5  # of fewer architectures none is held out: what is known of the deviation is that of the targets, 1


@dataclass(eq=False)
class BorrowedPredictor(EncodedPredictor):
    """An estimator of scikit-learn's conventions on an encoding."""

    needs: ClassVar[tuple[str, ...]] = ("scipy", "sklearn")

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Fit a fresh regressor."""
        self.numbers_, self.learned_ = numbers, values
        self.regressor_ = self.regressor().fit(numbers, values)
        self.__dict__.pop("off_", None)

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return the mean and how far it is off; see the module."""
        mean = self.mean_of(numbers)
        return mean, np.full(len(mean), self._off())

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the regressor as skops writes it.

        Raises:
            BadSetting: When it is of a class that skops does not know as safe.
        """
        return {"regressor": regressor_bytes(self.regressor_)}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back the regressor."""
        self.numbers_, self.learned_ = numbers, values
        self.regressor_ = regressor_of(learned["regressor"])

    def shares(self) -> dict[str, float]:
        """Return how much the regressor says that it reads of each block; empty for one that does not say."""
        read = np.asarray(getattr(self.regressor_, "feature_importances_", ()), np.float64)
        if not read.sum() > 0:
            return {}
        return {name: float(read[some].sum() / read.sum()) for name, some in self.features.blocks.items()}

    def mean_of(self, numbers: Floats) -> Floats:
        """Return what the regressor predicts, ``(n,)``."""
        return np.asarray(self.regressor_.predict(numbers), np.float64)

    def _off(self) -> float:
        """Return how far the regressor is off where it did not learn; measured once after each fit."""
        if "off_" not in self.__dict__:
            n = len(self.learned_)
            order = np.random.default_rng(self.seed).permutation(n)
            held, kept = order[: max(1, int(_HELD_OUT * n))], order[max(1, int(_HELD_OUT * n)) :]
            if n < _FEWEST:
                self.off_ = 1.0
            else:
                again = self.regressor().fit(self.numbers_[kept], self.learned_[kept])
                errors = np.asarray(again.predict(self.numbers_[held])) - self.learned_[held]
                self.off_ = float(np.sqrt(np.mean(errors**2)))
        return self.off_


@dataclass(eq=False)
class Forest(BorrowedPredictor):
    """Many trees, whose spread is the deviation."""

    trees: Count = 100

    @abstractmethod
    def regressor(self) -> Any:
        """Return the forest of scikit-learn."""

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation over the trees."""
        each = np.array([tree.predict(numbers) for tree in self.regressor_.estimators_], np.float64)
        return each.mean(axis=0), each.std(axis=0)


@dataclass(eq=False)
class RandomForest(Forest):
    """A random forest of scikit-learn's; the deviation is that over its trees.

    Reference: Breiman, "Random Forests", Machine Learning 45, 2001; as a guide of searches Hutter, Hoos and
    Leyton-Brown, "Sequential Model-Based Optimization for General Algorithm Configuration", LION 5, 2011.

    Attributes:
        trees: How many trees.
        max_features: Which share of the numbers each division may look at.
        min_samples_leaf: A leaf has at least so many architectures.
        bootstrap: Whether each tree learns from as many as there are, drawn with replacement, or from all.
    """

    max_features: Annotated[float, Bounds(above=0, most=1)] = 1.0
    min_samples_leaf: Count = 1
    bootstrap: bool = True

    def regressor(self) -> Any:
        """Return the forest of scikit-learn."""
        return require("sklearn.ensemble", "predictors").RandomForestRegressor(
            self.trees,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            bootstrap=self.bootstrap,
            random_state=self.seed,
        )


@dataclass(eq=False)
class ExtraTrees(Forest):
    """Extremely randomised trees of scikit-learn's; the deviation is that over them.

    Reference: Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.

    Attributes:
        trees: How many trees.
        max_features: Which share of the numbers each division may look at.
        min_samples_leaf: A leaf has at least so many architectures.
    """

    max_features: Annotated[float, Bounds(above=0, most=1)] = 1.0
    min_samples_leaf: Count = 1

    def regressor(self) -> Any:
        """Return the trees of scikit-learn."""
        return require("sklearn.ensemble", "predictors").ExtraTreesRegressor(
            self.trees,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            random_state=self.seed,
        )


@dataclass(eq=False)
class XGBoost(BorrowedPredictor):
    """Boosted trees of XGBoost's, of either distribution: ``xgboost-cpu``, or ``xgboost``, which brings a GPU's.

    Reference: Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, https://arxiv.org/abs/1603.02754

    Attributes:
        trees: How many trees.
        rate: How much each counts.
        depth: How deep each may be.
        subsample: Which share of the architectures each learns from.
        colsample: Which share of the numbers each division may look at.
        min_child_weight: A leaf has at least so many architectures.
        bins: Each number is divided into so many intervals at most, of about as many architectures each.
        gamma: A division must lower half the sum of squared errors by so much; the targets' variance is 1.
    """

    needs: ClassVar[tuple[str, ...]] = ("scipy", "xgboost", "sklearn")
    suited: ClassVar[Transformation] = "log-error"

    trees: Count = 1500
    rate: Positive = 0.02
    depth: Count = 6
    subsample: Annotated[float, Bounds(above=0, most=1)] = 0.9
    colsample: Annotated[float, Bounds(above=0, most=1)] = 0.1
    min_child_weight: Annotated[float, Bounds(least=0)] = 2.0
    bins: Annotated[int, Bounds(least=2)] = 32
    gamma: Annotated[float, Bounds(least=0)] = 0.002

    def regressor(self) -> Any:
        """Return the regressor of XGBoost."""
        return require("xgboost", "xgboost").XGBRegressor(
            n_estimators=self.trees,
            learning_rate=self.rate,
            max_depth=self.depth,
            subsample=self.subsample,
            colsample_bynode=self.colsample,
            min_child_weight=self.min_child_weight,
            max_bin=self.bins,
            gamma=self.gamma,
            tree_method="hist",
            random_state=self.seed,
            n_jobs=1,
        )


@dataclass(eq=False)
class LightGBM(BorrowedPredictor):
    """Boosted trees of LightGBM's, with the settings of NASLib's predictor.

    Reference: Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017

    Attributes:
        trees: How many trees.
        rate: How much each counts.
        leaves: How many leaves each may have.
        min_child_samples: A leaf has at least so many architectures.
    """

    needs: ClassVar[tuple[str, ...]] = ("scipy", "lightgbm", "sklearn")

    trees: Count = 500
    rate: Positive = 0.05
    leaves: Annotated[int, Bounds(least=2)] = 31
    min_child_samples: Count = 5

    def regressor(self) -> Any:
        """Return the regressor of LightGBM."""
        return require("lightgbm", "lightgbm").LGBMRegressor(
            n_estimators=self.trees,
            learning_rate=self.rate,
            num_leaves=self.leaves,
            min_child_samples=self.min_child_samples,
            random_state=self.seed,
            deterministic=True,
            force_row_wise=True,
            n_jobs=1,
            verbose=-1,
        )


@dataclass(eq=False)
class BayesianRidge(BorrowedPredictor):
    """A linear model whose weights have a normal prior, of scikit-learn's; the deviation is its own.

    Reference: MacKay, "Bayesian Interpolation", Neural Computation 4, 1992
    """

    def regressor(self) -> Any:
        """Return the linear model of scikit-learn."""
        return require("sklearn.linear_model", "predictors").BayesianRidge()

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation."""
        mean, deviation = self.regressor_.predict(numbers, return_std=True)
        return np.asarray(mean, np.float64), np.asarray(deviation, np.float64)


@dataclass(eq=False)
class Imported(BorrowedPredictor):
    """Any regressor of scikit-learn's conventions, by where Python imports it from.

    Attributes:
        estimator: Its class, such as ``sklearn.svm.SVR``.
        arguments: Its settings, by name.
    """

    estimator: str = "sklearn.svm.SVR"
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.regressor()

    def regressor(self) -> Any:
        """Return the regressor.

        Raises:
            BadSetting: When there is no such class, or it does not take these settings.
        """
        module, _, name = self.estimator.replace(":", ".").rpartition(".")
        try:
            made = attrgetter(name)(importlib.import_module(module))(**self.arguments)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise BadSetting(
                f"no regressor is made of {self.estimator!r} and {dict(self.arguments)}: {error}; name a class such as "
                "sklearn.svm.SVR, and settings that it has"
            ) from None
        if not (hasattr(made, "fit") and hasattr(made, "predict")):
            raise BadSetting(f"{self.estimator} has no fit and predict; name a regressor, as sklearn.svm.SVR is")
        return made
