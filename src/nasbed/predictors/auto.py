"""The predictor that cross-validation chooses, with work that does not depend on how fast a machine is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.errors import BadSetting, MissingExtra
from nasbed.core.extras import require
from nasbed.core.registry import predictors
from nasbed.core.spelling import joined, named
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.folds import PARTS, parts
from nasbed.predictors.kernel import Floats

_FEWEST = 3 * PARTS  # of fewer architectures nothing is chosen


@dataclass(eq=False)
class Auto(EncodedPredictor):
    """Of several predictors the one that ranks best what it did not see, in three parts of what is learned from.

    Each is fitted four times at most, the last time to everything; of fewer than nine architectures the first learns.

    Attributes:
        candidates: Registered predictors, divided by ``|``, each with settings if need be. Those whose libraries are
            not installed are left out, said so in ``notes``.
        most: It is chosen by so many architectures at most, drawn by the seed.
    """

    candidates: str = "default|gp|xgboost|random-forest|bayesian-ridge"
    most: Count = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        self._made()

    @property
    def notes(self) -> tuple[str, ...]:
        """Which was chosen, which could not be, and what is to be known of the chosen one."""
        if not hasattr(self, "base_"):
            return ()
        made, lacking = self._made()
        said = [f"{self._texts[self.chosen_]} predicts, of {', '.join(made)} the best in cross-validation"]
        said += [f"{name} was left out, since what it needs is not installed" for name in lacking]
        return (*said, *self.base_.notes)

    @property
    def _texts(self) -> list[str]:
        return [one.strip() for one in self.candidates.split("|")]

    def _made(self) -> tuple[dict[str, EncodedPredictor], list[str]]:
        """Return the candidates, with the same features, and the names of those that are not installed."""
        own = {"space": self.space, "encoding": self.encoding, "target": self.target, "seed": self.seed}
        found, lacking = dict[str, EncodedPredictor](), list[str]()
        for text in self._texts:
            name, settings = named(text)
            if name == "auto":
                raise BadSetting("auto does not choose among itself; name others, such as candidates='gp|xgboost'")
            lacking.append(text)
            with suppress(MissingExtra):
                found[text] = predictors.make(name, joined(own, settings))
                lacking.pop()
        if not found:
            raise BadSetting(f"none of {self.candidates} is installed; name others, such as candidates='gp'")
        return found, lacking

    def _shared(self, made: EncodedPredictor) -> EncodedPredictor:
        made.__dict__["features"] = self.features
        return made

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Choose, and let the chosen one learn from everything."""
        candidates = {name: self._shared(one) for name, one in self._made()[0].items()}
        some = np.random.default_rng(self.seed).permutation(len(values))[: self.most]
        chosen = next(iter(candidates))
        if len(candidates) > 1 and len(some) >= _FEWEST:
            scores = {name: self._score(one, numbers[some], values[some]) for name, one in candidates.items()}
            chosen = max(scores, key=lambda name: scores[name])
        self.chosen_, self.base_ = self._texts.index(chosen), candidates[chosen]
        self.base_.fit_numbers(numbers, values)

    def _score(self, candidate: EncodedPredictor, numbers: Floats, values: Floats) -> float:
        """Return the mean of Kendall's τ over the parts; −1 where a candidate cannot learn or predicts no numbers."""
        found = []
        for learned, held in parts(len(values), self.seed):
            try:
                candidate.fit_numbers(numbers[learned], values[learned])
                mean = candidate.predict_numbers(numbers[held])[0]
            except (ArithmeticError, ValueError, RuntimeError):
                return -1.0
            found.append(require("scipy.stats", "predictors").kendalltau(mean, values[held])[0])
        return -1.0 if np.isnan(found).any() else float(np.mean(found))

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return what the chosen one predicts."""
        return self.base_.predict_numbers(numbers)

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
        name, settings = named(self._texts[self.chosen_])
        own = {"space": self.space, "encoding": self.encoding, "target": self.target, "seed": self.seed}
        self.base_ = self._shared(predictors.make(name, joined(own, settings)))
        self.base_.take_back(numbers, values, learned)

    def regressor(self) -> Any:
        """Return that of the one that was chosen; of the first, where nothing was learned."""
        return (
            next(iter(self._made()[0].values())).regressor() if not hasattr(self, "base_") else self.base_.regressor()
        )
