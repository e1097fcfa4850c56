"""The exact Gaussian process as a predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Count
from nasbed.core.extras import require
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.guide import Guide, ProcessGuide
from nasbed.predictors.kernel import Floats, Hyper
from nasbed.predictors.posterior import Posterior, Prior, most_probable


@dataclass(eq=False)
class GaussianProcess(EncodedPredictor):
    """An exact Gaussian process whose kernel adds up those of the encoding's blocks, with weights that are learned.

    A block has a Matérn 5/2 kernel with a length scale of its own, or, where it is a Weisfeiler–Lehman histogram, the
    normalised dot product. Hyper-parameters are the most probable ones under a prior that is the same for all spaces.

    Attributes:
        most: So many architectures are learned from at most; of more, so many that are drawn by the seed, since an
            exact process takes the cube of their number in time.
        steps: The most iterations of the search for hyper-parameters.
    """

    most: Count = 1000
    steps: Count = 50

    @property
    def notes(self) -> tuple[str, ...]:
        """Whether it learned from a part only."""
        given = getattr(self, "given_", 0)
        if given <= self.most:
            return ()
        return (f"the Gaussian process learned from {self.most:,} of {given:,} architectures, drawn by the seed",)

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Find hyper-parameters, and condition on what is given, or on a part of it."""
        numbers, values = self._part_of(numbers, values)
        kernel = self.features.kernel
        between = kernel.between(numbers, numbers)
        hyper = most_probable(kernel, between, values, Prior(), steps=self.steps)
        self.learned_, self.posterior_ = values, Posterior.of(kernel, hyper, numbers, between)

    @property
    def share(self) -> float:
        """Which share of what it was given it learned from."""
        return len(self.learned_) / self.given_

    def _part_of(self, numbers: Floats, values: Floats) -> tuple[Floats, Floats]:
        """Return what is learned from: everything, or, of too many, those that the seed draws."""
        self.given_ = len(values)
        if len(values) <= self.most:
            return numbers, values
        drawn = np.sort(np.random.default_rng(self.seed).choice(len(values), self.most, replace=False))
        return numbers[drawn], values[drawn]

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the hyper-parameters."""
        return {name: np.asarray(one) for name, one in self.posterior_.hyper._asdict().items()}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Condition on what was learned from, at the same hyper-parameters."""
        hyper = Hyper(learned["weights"], learned["lengths"], float(learned["noise"]))
        numbers, self.learned_ = self._part_of(numbers, values)
        self.posterior_ = Posterior.of(self.features.kernel, hyper, numbers)

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation, noise included."""
        mean, deviation = self.posterior_.predict(self.learned_, numbers)
        return mean, np.sqrt(deviation**2 + self.posterior_.hyper.noise)

    def shares(self) -> dict[str, float]:
        """Return the learned weights of the blocks' kernels, of their sum."""
        weights = self.posterior_.hyper.weights
        return dict(zip(self.features.blocks, (weights / weights.sum()).tolist(), strict=True))

    def guide(self) -> Guide:
        """Return a process that grows by a row an answer."""
        return ProcessGuide(self.features.kernel, self.learns, self.steps)

    def regressor(self) -> Any:
        """Return the Gaussian process as an estimator of scikit-learn, for numbers on one scale in these blocks."""
        require("sklearn", "predictors")
        from nasbed.predictors.estimator import GaussianProcessEstimator  # a class of scikit-learn's

        return GaussianProcessEstimator(self.features.kernel.parts, self.steps)
