"""Support vectors on the beginnings of trainings, and on what else the encoding has.

Reference: Baker, Gupta, Raskar and Naik, "Accelerating Neural Architecture Search using Performance Prediction", 2017,
https://arxiv.org/abs/1705.10823: ν-support vectors on the partial curve, its differences and features of the
architecture, with the best of 1,000 settings that are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.extras import require
from nasbed.predictors.borrowed import BorrowedPredictor
from nasbed.predictors.folds import held_out
from nasbed.predictors.kernel import Floats

_COST, _SHARE, _WIDTH = (1e-2, 1e3), (0.05, 1.0), (1e-2, 10.0)
"""Between which settings are drawn, by their logarithms: C, ν, and γ times the number of features."""
_FEWEST = 6  # of fewer architectures nothing is chosen


@dataclass(eq=False)
class SupportVectors(BorrowedPredictor):
    """ν-support vectors of scikit-learn's, with C, ν and γ chosen by cross-validation in three parts.

    With the encoding ``curve:table=…`` it learns from the partial curve alone; with ``default+curve:table=…`` from the
    structure, too.

    Attributes:
        trials: So many settings are drawn by the seed; 1,000 as published.
    """

    trials: Count = 50

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Choose settings, and fit with these."""
        self.chosen_ = np.array([1.0, 0.5, 1.0])
        off = None
        if len(values) >= _FEWEST:
            drawn = self._drawn()
            errors = [np.mean(held_out(self._with(one), numbers, values, self.seed) ** 2) for one in drawn]
            best = int(np.argmin(errors))
            self.chosen_, off = drawn[best], float(np.sqrt(errors[best]))
        super().fit_numbers(numbers, values)
        if off is not None:
            self.off_ = off

    def _drawn(self) -> Floats:
        """Return settings, ``(trials, 3)``: C, ν, and γ times the number of features."""
        low, high = (
            np.array([np.log(_COST[0]), _SHARE[0], np.log(_WIDTH[0])]),
            [np.log(_COST[1]), 1.0, np.log(_WIDTH[1])],
        )
        drawn = np.random.default_rng(self.seed).uniform(low, high, (self.trials, 3))
        drawn[:, [0, 2]] = np.exp(drawn[:, [0, 2]])
        return drawn

    def _with(self, chosen: Floats) -> Any:
        cost, share, width = chosen.tolist()
        return require("sklearn.svm", "predictors").NuSVR(C=cost, nu=share, gamma=width / len(self.features.names))

    def regressor(self) -> Any:
        """Return the estimator of scikit-learn, with the settings that were chosen last."""
        return self._with(getattr(self, "chosen_", np.array([1.0, 0.5, 1.0])))

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the regressor, the settings, and how far it was off."""
        return {**super().learned(), "chosen": self.chosen_, "off": np.array(self._off())}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take them back."""
        super().take_back(numbers, values, learned)
        self.chosen_, self.off_ = learned["chosen"], float(learned["off"])
