"""The mean of two predictors: of a Gaussian process, which is smooth, and of boosted trees, which are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.errors import MissingExtra
from nasbed.core.extras import require
from nasbed.predictors.borrowed import XGBoost
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.gp import GaussianProcess
from nasbed.predictors.kernel import Floats


@dataclass(eq=False)
class Average(EncodedPredictor):
    """The mean of the Gaussian process and XGBoost; where that is not installed, the Gaussian process alone, said so.

    The deviation is the process's, and how much the two disagree.

    Attributes:
        most: So many architectures the Gaussian process learns from at most; see ``gp``.
    """

    most: Count = 1000

    @property
    def notes(self) -> tuple[str, ...]:
        """Whether XGBoost is missing, and whether the Gaussian process learned from a part only."""
        if not hasattr(self, "process_"):
            return ()
        return self.process_.notes + (() if self.trees_ is not None else (self._missing,))

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Let both learn."""
        self._begin()
        for member in self._members():
            member.fit_numbers(numbers, values)

    def _begin(self) -> None:
        """Have members that have learned nothing, with the same features."""
        same: dict[str, Any] = {name: getattr(self, name) for name in ("space", "encoding", "target", "seed")}
        self.process_ = GaussianProcess(**same, most=self.most)
        self.trees_: XGBoost | None = None
        self._missing = ""
        try:
            self.trees_ = XGBoost(**same)
        except MissingExtra as error:
            self._missing = f"the Gaussian process predicts alone: {error}"
        for member in self._members():
            member.__dict__["features"] = self.features

    def _members(self) -> list[EncodedPredictor]:
        return [self.process_] if self.trees_ is None else [self.process_, self.trees_]

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return what each of them learned, and whether XGBoost is among them."""
        each = [one.learned() for one in self._members()]
        return {name: array for some in each for name, array in some.items()}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back what each learned.

        Raises:
            MissingExtra: When XGBoost was among them and is not installed.
        """
        self._begin()
        if "regressor" in learned:
            XGBoost.check_installed()
        else:
            self.trees_, self._missing = None, "the Gaussian process predicts alone: it learned without XGBoost"
        for member in self._members():
            member.take_back(numbers, values, learned)

    def shares(self) -> dict[str, float]:
        """Return the mean of the members' shares."""
        each = [member.shares() for member in self._members()]
        return {name: sum(some[name] for some in each) / len(each) for name in each[0]}

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return the mean, and the root of the process's variance and the square of half their difference."""
        mean, deviation = self.process_.predict_numbers(numbers)
        if self.trees_ is None:
            return mean, deviation
        other = self.trees_.mean_of(numbers)
        return (mean + other) / 2.0, np.hypot(deviation, (mean - other) / 2.0)

    def regressor(self) -> Any:
        """Return the Gaussian process and XGBoost, voting, as an estimator of scikit-learn.

        Raises:
            MissingExtra: When scikit-learn or XGBoost is not installed.
        """
        same: dict[str, Any] = {name: getattr(self, name) for name in ("space", "encoding", "target", "seed")}
        both = [("gp", GaussianProcess(**same).regressor()), ("xgboost", XGBoost(**same).regressor())]
        return require("sklearn.ensemble", "predictors").VotingRegressor(both)
