"""One number as a predictor: a score, a cost by formula, or what the beginning of a training came to.

Architectures are ranked by the number. What is learned is a line alone, which says what the number stands for in the
values' unit; it never falls, so that the order does not depend on what was trained.

References: Ru, Lyle, Schut, Fil, van der Wilk and Gal, "Speedy Performance Estimation for Neural Architecture Search",
NeurIPS 2021, https://arxiv.org/abs/2006.04492 (the sum over training losses, SoTL); White, Zela, Ru, Liu and Hutter,
"How Powerful are Performance Predictors in Neural Architecture Search?", NeurIPS 2021,
https://arxiv.org/abs/2104.01177 (which compares it with the others)
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Count
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.encodings.curves import VALUE
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.kernel import Floats

_SHOWN = 20  # of an encoding's names, the last ones, where costs and scores stand
_LEAST = 1e-3  # of the numbers' deviation in the targets': the line rises by so much, whatever was learned


@dataclass(eq=False)
class Ranked(EncodedPredictor):
    """Ranks by one number."""

    @abstractmethod
    def number(self, raw: Floats) -> Floats:
        """Return the number of each architecture, ``(n,)``, of what the encoding has, ``(n, numbers)``.

        Raises:
            BadSetting: When the encoding does not have what it takes.
        """

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Draw the line with the least squares, of those that rise."""
        given = self.number(self.features.raw(numbers))
        centre, spread = float(given.mean()), float(given.std())
        away = (given - centre) / spread if spread > 0 else np.zeros(len(given))
        slope = max(float(np.mean(away * values)), _LEAST)
        off = float(np.sqrt(np.mean((values - slope * away) ** 2)))
        self.line_ = np.array([centre, spread if spread > 0 else 1.0, slope, off])

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return the line at each number, and how far what was learned is from it."""
        centre, spread, slope, off = self.line_.tolist()
        mean = slope * (self.number(self.features.raw(numbers)) - centre) / spread
        return mean, np.full(len(mean), off)

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the line."""
        return {"line": self.line_}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back the line."""
        self.line_ = learned["line"]

    def regressor(self) -> Any:
        """Return what takes the number out of features, and a line, as an estimator of scikit-learn."""
        taking = require("sklearn.preprocessing", "predictors").FunctionTransformer(self._column)
        line = require("sklearn.linear_model", "predictors").LinearRegression()
        return require("sklearn.pipeline", "predictors").make_pipeline(taking, line)

    def _column(self, numbers: Floats) -> Floats:
        return self.number(self.features.raw(numbers))[:, None]


@dataclass(eq=False)
class Score(Ranked):
    """A number of the encoding, such as a score or the parameters: what is more is better, or what is less.

    Attributes:
        of: The number's name in the encoding; not needed where that has but one.
        goal: Whether a high number is good, or a low one.
    """

    of: str = ""
    goal: Literal["max", "min"] = "max"

    def number(self, raw: Floats) -> Floats:
        """Return the number, with a minus where a low one is good."""
        names = self.features.encoding.names
        if self.of not in names and (self.of or len(names) > 1):
            some = ", ".join(names[-_SHOWN:])
            raise BadSetting(f"the encoding has no number {self.of!r}; name one: of={some}")
        column: Floats = raw[:, names.index(self.of) if self.of else 0]
        return column if self.goal == "max" else -column


@dataclass(eq=False)
class OfCurve(Ranked):
    """A number that is computed of the beginnings of trainings: the values of the encoding's block ``curve``."""

    def number(self, raw: Floats) -> Floats:
        """Compute it."""
        some = [i for i, name in enumerate(self.features.encoding.names) if name.startswith(VALUE)]
        if not some:
            raise BadSetting(
                f"the encoding {self.features.encoding.name} has no curve; give encoding='curve:table=FILE.arrow,"
                "epochs=12', or nasbed.encoding(…).with_curves(archs, curves)"
            )
        return self.of_curve(raw[:, some])

    @abstractmethod
    def of_curve(self, curve: Floats) -> Floats:
        """Return the number of each curve, ``(n, epochs)``; epochs after which all are alike are left out."""


@dataclass(eq=False)
class LastValue(OfCurve):
    """The last value of the partial curve."""

    def of_curve(self, curve: Floats) -> Floats:
        """Return the last value."""
        last: Floats = curve[:, -1]
        return last


@dataclass(eq=False)
class SumOfLosses(OfCurve):
    """SoTL: the sum over the epochs, of training losses with a minus as published, or of whatever the curve has."""

    def of_curve(self, curve: Floats) -> Floats:
        """Return the sum."""
        found: Floats = curve.sum(axis=1)
        return found


@dataclass(eq=False)
class LastLosses(OfCurve):
    """SoTL-E: the sum over the last epochs of the partial curve, by default the very last.

    Attributes:
        last: How many epochs.
    """

    last: Count = 1

    def of_curve(self, curve: Floats) -> Floats:
        """Return the sum of the last ones."""
        found: Floats = curve[:, -self.last :].sum(axis=1)
        return found


@dataclass(eq=False)
class SmoothedLosses(OfCurve):
    """SoTL-EMA: the sum over the epochs of an exponential moving average.

    Attributes:
        weight: Of each new value in the average.
    """

    weight: Annotated[float, Bounds(above=0, most=1)] = 0.99

    def of_curve(self, curve: Floats) -> Floats:
        """Return the sum of the averages; the first is the first value."""
        average, total = curve[:, 0], curve[:, 0].copy()
        for value in curve.T[1:]:
            average = (1.0 - self.weight) * average + self.weight * value
            total += average
        return total
