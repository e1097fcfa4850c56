"""Split-conformal prediction: intervals that hold what is measured as often as they say, whatever the predictor.

A part of what is given is held out; how far the predictor is off there, in its own deviations, says how wide intervals
must be. Where architectures are exchangeable, an interval of level 0.9 holds a new one's value with a chance of 0.9 or
more, also where the deviations themselves are wrong.

Reference: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-Free Predictive Inference for Regression",
Journal of the American Statistical Association 113, 2018, section 5.2, https://arxiv.org/abs/1604.04173
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.bounds import Bounds
from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.registry import predictors
from nasbed.core.spelling import joined, named
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.features import Features
from nasbed.predictors.kernel import Floats
from nasbed.predictors.targets import Transformation

_LEAST = 1e-9  # of the targets' deviation: no prediction counts as surer


@dataclass(eq=False)
class Conformal(EncodedPredictor):
    """Another predictor with deviations, and intervals, that are calibrated on a part that it did not learn from.

    Attributes:
        predictor: A registered predictor, with settings if need be, such as ``xgboost:trees=500``.
        held_out: Which share of the architectures calibrates, drawn by the seed; at least one.
        level: ``predict`` gives the deviation of the normal distribution whose central interval of this level is as
            wide as the calibrated one.
    """

    predictor: str = "gp"
    held_out: Annotated[float, Bounds(above=0, below=1)] = 0.2
    level: Annotated[float, Bounds(above=0, below=1)] = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        self._made()

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of the other predictor."""
        return self.base_.notes if hasattr(self, "base_") else ()

    def _made(self) -> EncodedPredictor:
        name, settings = named(self.predictor)
        own = {"space": self.space, "encoding": self.encoding, "target": self.target, "seed": self.seed}
        made: EncodedPredictor = predictors.make(name, joined(own, settings))
        return made

    @property
    def learns(self) -> Transformation:
        """What the other predictor learns."""
        return self._made().learns

    def read_from(self, own: Features) -> Features:
        """Return what the other predictor reads."""
        return self._made().read_from(own)

    def _parts(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which architectures are learned from, and which calibrate; one alone does both."""
        order = np.random.default_rng(self.seed).permutation(n)
        held = max(1, int(self.held_out * n))
        return np.sort(order[held:] if n > 1 else order), np.sort(order[:held])

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Let the other predictor learn from a part, and see on the rest how far it is off."""
        learned, held = self._parts(len(values))
        self.base_ = self._made()
        self.base_.__dict__["features"] = self.features
        self.base_.fit_numbers(numbers[learned], values[learned])
        mean, deviation = self.base_.predict_numbers(numbers[held])
        self.scores_ = np.sort(np.abs(values[held] - mean) / np.maximum(deviation, _LEAST))

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return the other's mean, and its deviation times what calibrates it."""
        mean, deviation = self.base_.predict_numbers(numbers)
        normal = require("scipy.special", "predictors").ndtri(0.5 + self.level / 2.0)
        score = min(self._score(self.level), float(self.scores_[-1]))
        return mean, np.maximum(deviation, _LEAST) * score / normal

    @property
    def share(self) -> float:
        """That of the other predictor."""
        return self.base_.share

    def shares(self) -> dict[str, float]:
        """Return those of the other predictor."""
        return self.base_.shares()

    def interval(self, archs: ArrayLike, level: float = 0.9) -> tuple[Floats, Floats]:
        """Return the lowest and the highest value that are expected of each architecture, ``(n,)`` both.

        They are infinite where too few architectures calibrate for the level: it takes ``level / (1 - level)``.

        Args:
            archs: The architectures, ``(n, decisions)``.
            level: How often what is measured shall lie between them, above 0 and below 1.

        Raises:
            BadSetting: When the level is something else, or nothing was learned before.
        """
        if not 0 < level < 1:
            raise BadSetting(f"a level is above 0 and below 1, such as 0.9, not {level}")
        rows = self.space.checked(archs)
        middle = self.predict(rows)[0]  # refuses what has learned nothing
        if not self.targets_.values.any():
            return middle, middle
        score = self._score(level)
        if math.isinf(score):
            return np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
        mean, deviation = self.base_.predict_numbers(self.features(rows))
        width = score * np.maximum(deviation, _LEAST)
        return self.targets_.back(mean - width), self.targets_.back(mean + width)

    def _score(self, level: float) -> float:
        """Return how many deviations are enough for a level; infinitely many where too few calibrate."""
        place = math.ceil((len(self.scores_) + 1) * level - 1e-9)
        return float(self.scores_[place - 1]) if place <= len(self.scores_) else math.inf

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return what the other learned, and how far it was off."""
        return {**self.base_.learned(), "scores": self.scores_}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back both."""
        self.base_, self.scores_ = self._made(), learned["scores"]
        self.base_.__dict__["features"] = self.features
        part, _ = self._parts(len(values))
        self.base_.take_back(numbers[part], values[part], learned)

    def regressor(self) -> Any:
        """Return that of the other predictor."""
        return self._made().regressor()
