"""An ensemble of small neural networks, as BANANAS has it: how they disagree is the deviation.

Reference: White, Neiswanger and Savani, "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021, https://arxiv.org/abs/1910.11858. The networks there minimise the mean absolute error;
those of scikit-learn, which these are, the mean squared one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.bounds import Bounds, Count, Positive
from nasbed.core.extras import require
from nasbed.predictors.encoded import EncodedPredictor
from nasbed.predictors.kernel import Floats
from nasbed.predictors.safely import regressor_bytes, regressor_of

_BATCH = 32


@dataclass(eq=False)
class MLPEnsemble(EncodedPredictor):
    """Dense networks that differ in their first weights and in the order of what they see, by default BANANAS's five.

    Attributes:
        members: How many networks.
        layers: How many hidden layers each has.
        width: How many units each layer has.
        epochs: How often each sees everything.
        rate: The learning rate of Adam.
    """

    needs: ClassVar[tuple[str, ...]] = ("scipy", "sklearn")

    members: Count = 5
    layers: Count = 10
    width: Count = 20
    epochs: Annotated[int, Bounds(least=2)] = 150
    rate: Positive = 0.01

    def fit_numbers(self, numbers: Floats, values: Floats) -> None:
        """Train all of them, in batches of at most 32 as published."""
        self.networks_ = [
            self._network(number, min(_BATCH, len(values))).fit(numbers, values) for number in range(self.members)
        ]

    def predict_numbers(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation over the networks."""
        each = np.array([network.predict(numbers) for network in self.networks_], np.float64)
        return each.mean(axis=0), each.std(axis=0)

    def learned(self) -> dict[str, NDArray[Any]]:
        """Return the networks as skops writes them."""
        return {f"network{i}": regressor_bytes(network) for i, network in enumerate(self.networks_)}

    def take_back(self, numbers: Floats, values: Floats, learned: Mapping[str, NDArray[Any]]) -> None:
        """Take back the networks."""
        self.networks_ = [regressor_of(learned[f"network{i}"]) for i in range(self.members)]

    def regressor(self) -> Any:
        """Return all of the networks, voting."""
        networks = [(f"network{number}", self._network(number, "auto")) for number in range(self.members)]
        return require("sklearn.ensemble", "predictors").VotingRegressor(networks)

    def _network(self, number: int, batch: int | str) -> Any:
        # No step is an improvement by so much, so each ends after exactly so many epochs, and calls that the end.
        return require("sklearn.neural_network", "predictors").MLPRegressor(
            hidden_layer_sizes=(self.width,) * self.layers,
            learning_rate_init=self.rate,
            beta_2=0.99,
            batch_size=batch,
            tol=1e300,
            n_iter_no_change=self.epochs - 1,
            max_iter=self.epochs + 1,
            random_state=(self.seed * self.members + number) % 2**32,
        )
