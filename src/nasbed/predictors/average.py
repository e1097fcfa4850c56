"""The mean of several predictors: of a Gaussian process, which is smooth, and of boosted trees, which are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.predictors.combined import Combined
from nasbed.predictors.kernel import Floats


@dataclass(eq=False)
class Average(Combined):
    """The mean of several predictors; where one is not installed, that of the others, said so.

    One that learned from a part of many counts by the share that it learned from. The deviation is the first one's, and
    how much they disagree.

    Attributes:
        members: The predictors, divided by ``|``, each with settings if need be, such as ``gp:most=2000|xgboost``. The
            mean is of what they predict in the values' unit, where not all of them learn the same target.
    """

    members: str = "gp|xgboost"

    @property
    def texts(self) -> list[str]:
        """What names each of them."""
        return [one.strip() for one in self.members.split("|")]

    @property
    def notes(self) -> tuple[str, ...]:
        """Which are missing, and what is to be known of the others."""
        if not hasattr(self, "each_"):
            return ()
        why = {text: self.lacking.get(text, "it learned without") for text in self.texts if text not in self.each_}
        missing = tuple(f"the others predict without {text}: {said}" for text, said in why.items())
        return tuple(note for one in self.each_.values() for note in one.notes) + missing

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Let all of them learn."""
        self.each_ = {text: self.taught(text, numbers, values) for text in self.installed}

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return what each of them learned, after its place among the members."""
        places = {text: place for place, text in enumerate(self.texts)}
        return {
            f"{places[text]}.{name}": array for text, one in self.each_.items() for name, array in one.learned().items()
        }

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back what each learned.

        Raises:
            MissingExtra: When one of them needs what is not installed.
        """
        self.each_ = {}
        for place, text in enumerate(self.texts):
            start = f"{place}."
            own = {name.removeprefix(start): array for name, array in learned.items() if name.startswith(start)}
            if own:
                self.made(text)  # says what is missing
                self.each_[text] = self.taught(text, numbers, values, own)

    def shares(self) -> dict[str, float]:
        """Return the mean of the shares of those that say them."""
        each = [some for some in (one.shares() for one in self.each_.values()) if some]
        names = {name for some in each for name in some}
        return {name: sum(some.get(name, 0.0) for some in each) / len(each) for name in sorted(names)}

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return the mean, and the root of the first one's variance and of how the means vary."""
        (first, one), *others = self.each_.items()
        mean, deviation = one.targets_.in_units(*one.predict_numbers(self.read(first, numbers)))
        means = np.array(
            [mean, *(other.targets_.back(other.mean_of(self.read(text, numbers))) for text, other in others)]
        )
        weights = [one.share for one in self.each_.values()]
        mean = np.average(means, axis=0, weights=weights)
        apart = np.sqrt(np.average((means - mean) ** 2, axis=0, weights=weights))
        return mean, np.hypot(deviation, apart) if others else deviation

    def regressor(self) -> Any:
        """Return all of them, voting, as an estimator of scikit-learn.

        Raises:
            MissingExtra: When scikit-learn, or what one of them needs, is not installed.
        """
        if len(self.installed) < len(self.texts):
            self.made(next(iter(self.lacking)))  # says what is missing
        require("sklearn", "predictors")
        from nasbed.predictors.estimator import PredictorEstimator  # a class of scikit-learn's

        return PredictorEstimator(self.clone())


@dataclass(eq=False)
class Ensemble(Average):
    """The mean of the Gaussian process, XGBoost, and the network that reads graphs: the best here, and the slowest."""

    members: str = "gp|xgboost|graph-network"
