"""The predictor that cross-validation chooses, with work that does not depend on how fast a machine is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.extras import require
from nasbed.predictors.combined import Combined
from nasbed.predictors.folds import PARTS, parts
from nasbed.predictors.kernel import Floats

_FEWEST = 3 * PARTS  # of fewer architectures nothing is chosen


@dataclass(eq=False)
class Auto(Combined):
    """Of several predictors the one that ranks best what it did not see, in three parts of what is learned from.

    Each is fitted four times at most, the last time to everything; of fewer than nine architectures the first learns.

    Attributes:
        candidates: Registered predictors, divided by ``|``, each with settings if need be. Those whose libraries are
            not installed are left out, said so in ``notes``.
        most: It is chosen by so many architectures at most, drawn by the seed.
    """

    candidates: str = "default|gp|xgboost|random-forest|bayesian-ridge"
    most: Count = 500

    @property
    def texts(self) -> list[str]:
        """What names each of them."""
        return [one.strip() for one in self.candidates.split("|")]

    @property
    def notes(self) -> tuple[str, ...]:
        """Which was chosen, which could not be, and what is to be known of the chosen one."""
        if not hasattr(self, "base_"):
            return ()
        made = ", ".join(self.installed)
        said = [f"{self.texts[self.chosen_]} predicts, of {made} the best in cross-validation"]
        said += [f"{name} was left out: {why}" for name, why in self.lacking.items()]
        return (*said, *self.base_.notes)

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Choose, and let the chosen one learn from everything."""
        some = np.random.default_rng(self.seed).permutation(len(values))[: self.most]
        chosen = next(iter(self.installed))
        if len(self.installed) > 1 and len(some) >= _FEWEST:
            scores = {text: self._score(text, numbers[some], values[some]) for text in self.installed}
            chosen = max(scores, key=lambda text: scores[text])
        self.chosen_ = self.texts.index(chosen)
        self.base_ = self.taught(chosen, numbers, values)

    def _score(self, candidate: str, numbers: Floats, values: Floats) -> float:
        """Return the mean of Kendall's τ over the parts; −1 where a candidate cannot learn or predicts no numbers."""
        found = []
        for learned, held in parts(len(values), self.seed):
            try:
                one = self.taught(candidate, numbers[learned], values[learned])
                mean = one.targets_.back(one.mean_of(self.read(candidate, numbers[held])))
            except (ArithmeticError, ValueError, RuntimeError):
                return -1.0
            found.append(require("scipy.stats", "predictors").kendalltau(mean, values[held])[0])
        return -1.0 if np.isnan(found).any() else float(np.mean(found))

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return what the chosen one predicts."""
        read = self.read(self.texts[self.chosen_], numbers)
        return self.base_.targets_.in_units(*self.base_.predict_numbers(read))

    @property
    def share(self) -> float:
        """That of the chosen one."""
        return self.base_.share

    def shares(self) -> dict[str, float]:
        """Return those of the chosen one."""
        return self.base_.shares()

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return which was chosen, and what it learned."""
        return {**self.base_.learned(), "candidate": np.array(self.chosen_)}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back the chosen one.

        Raises:
            MissingExtra: When what it needs is not installed.
        """
        self.chosen_ = int(learned["candidate"])
        text = self.texts[self.chosen_]
        self.made(text)  # says what is missing
        self.base_ = self.taught(text, numbers, values, learned)

    def regressor(self) -> Any:
        """Return that of the one that was chosen; of the first, where nothing was learned."""
        return next(iter(self.installed.values())).regressor() if not hasattr(self, "base_") else self.base_.regressor()
