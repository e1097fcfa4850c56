"""A predictor that encodes architectures and asks a regressor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.bounds import Natural, check_settings
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.meaning import Configured
from nasbed.core.space import Space
from nasbed.encodings.joining import Encoding
from nasbed.predictors.features import Features
from nasbed.predictors.guide import FittedGuide, Guide
from nasbed.predictors.kernel import Floats
from nasbed.predictors.targets import Transformation, checked, targets

_EXTRAS = ("xgboost", "lightgbm")  # which have extras of their own; all others come with predictors


@dataclass(eq=False)
class EncodedPredictor(Configured, ABC):
    """An encoding and a regressor, in scikit-learn's shape.

    A subclass says how it learns from numbers, and how it predicts; what it learned it keeps in attributes that end
    with an underscore, which ``fit`` replaces.

    Attributes:
        space: The space that the architectures are from.
        encoding: What is known of an architecture: the name of an encoding, or one that was made.
        target: What the regressor learns: the logarithm of the distance to the best, normal quantiles of the ranks, the
            mean of these two, or the values as they are; None for what suits it. Predictions are in the values' unit
            all the same.
        seed: Of what is random in it.
    """

    needs: ClassVar[tuple[str, ...]] = ("scipy",)
    """The libraries that it needs, as Python imports them."""
    suited: ClassVar[Transformation] = "blended"
    """The target that suits it."""

    space: Space
    encoding: str | Encoding = "default"
    target: Transformation | None = None
    seed: Natural = 0

    def __post_init__(self) -> None:
        """See that each setting is of its type.

        Raises:
            BadSetting: When one is not.
            MissingExtra: When what it needs is not installed.
        """
        check_settings(self)
        self.check_installed()

    @classmethod
    def check_installed(cls) -> None:
        """See that the libraries that it needs are installed.

        Raises:
            MissingExtra: When one is not, with its install line.
        """
        for module in cls.needs:
            require(module, module if module in _EXTRAS else "predictors")

    @cached_property
    def features(self) -> Features:
        """The encoding as numbers on one scale."""
        return self.read_from(Features(self.encoding, self.space))

    def read_from(self, own: Features) -> Features:
        """Return what it reads, given the features of its encoding: most often these."""
        return own

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of how the last ``fit`` learned: a sentence each."""
        return ()

    @property
    def learns(self) -> Transformation:
        """Which targets ``fit_numbers`` is given."""
        return self.target or self.suited

    @property
    def share(self) -> float:
        """Which share of what it was given it learned from: all, where it is not of those that take a part of many."""
        return 1.0

    def fit(self, archs: ArrayLike, values: ArrayLike) -> Self:
        """Learn, and forget what was learned before. Where all values are the same, that one is predicted of all.

        Args:
            archs: Architectures, ``(n, decisions)``; one may stand several times.
            values: What was measured of each, higher is better, ``(n,)``.

        Returns:
            The predictor.

        Raises:
            BadSetting: When there are no values, not as many as architectures, or one is no finite number.
            InvalidArchitecture: When an architecture is not of the space.
        """
        rows, given = self.space.checked(archs), checked(values)
        if len(rows) != len(given):
            raise BadSetting(f"{len(rows)} architectures have {len(given)} values; give one value for each")
        numbers, made = self.features(rows), targets(given, self.learns)
        self.__dict__.pop("targets_", None)  # so that nothing is predicted if it cannot learn
        if made.values.any():
            self.fit_numbers(numbers, made.values)
        self.targets_, self.archs_, self.values_ = made, rows.copy(), given.copy()
        return self

    def predict(self, archs: ArrayLike) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of what would be measured, in the values' unit, ``(n,)`` both.

        Where values were transformed to be learned from, the mean is what stands for the mean of the targets.

        Raises:
            BadSetting: When nothing was learned before.
            InvalidArchitecture: When an architecture is not of the space.
        """
        if not hasattr(self, "targets_"):
            raise BadSetting("a predictor that has learned nothing predicts nothing; call fit(archs, values) first")
        rows = self.space.checked(archs)
        if not len(rows) or not self.targets_.values.any():
            # What is always the same is all that it knows; regressors differ in whether they bear that.
            return self.targets_.back(np.zeros(len(rows))), np.zeros(len(rows))
        return self.targets_.in_units(*self.predict_numbers(self.features(rows)))

    @abstractmethod
    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Learn from numbers, ``(n, numbers)``, and targets, ``(n,)``."""

    @abstractmethod
    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of targets, noise included, ``(n,)`` both."""

    def mean_of(self, numbers: Floats) -> Floats:
        """Return the mean of targets alone, ``(n,)``; it may take less than both."""
        return self.predict_numbers(numbers)[0]

    @abstractmethod
    def learned(self) -> dict[str, NDArray[Any]]:
        """Return what it learned, beside what it learned from, as arrays."""

    @abstractmethod
    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back what ``learned`` gave.

        Args:
            numbers: What ``fit_numbers`` was given, ``(n, numbers)``.
            values: Likewise, ``(n,)``.
            learned: What ``learned`` gave.
        """

    def shares(self) -> dict[str, float]:
        """Return which share of what it explains each block of its encoding has; empty if it does not say."""
        return {}

    def guide(self) -> Guide:
        """Return what a search asks, step by step, as answers come in."""
        return FittedGuide(self.clone())

    @abstractmethod
    def regressor(self) -> Any:
        """Return the regressor alone, which has learned nothing: an estimator of scikit-learn's kind.

        Raises:
            MissingExtra: When scikit-learn, or what it is of, is not installed.
        """

    # ── scikit-learn's conventions ────────────────────────────────────────────────────────────────────────────

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings, as scikit-learn asks for them."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.init}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; what was learned is forgotten.

        Raises:
            BadSetting: For what is no setting, or no value of it.
        """
        known = self.get_params()
        for name in settings:
            if name not in known:
                raise BadSetting(f"{type(self).__name__} has no setting {name!r}; it has: {', '.join(known)}")
        again = type(self)(**{**known, **settings})
        self.__dict__.clear()
        self.__dict__.update(again.__dict__)
        return self

    def clone(self) -> Self:
        """Return another with the same settings, which has learned nothing."""
        made = type(self)(**self.get_params())
        if "features" in self.__dict__:
            made.__dict__["features"] = self.features  # which depends on the settings alone, and takes a while
        return made

    __sklearn_clone__ = clone

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def settings(self) -> Mapping[str, Any]:
        """Return the settings, the space among them."""
        return self.get_params()
