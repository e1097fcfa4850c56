"""Costs by formula: how many parameters and operations a network has, without building one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.core.records import Archs
from nasbed.encodings.block import Block
from nasbed.nets import costs


@dataclass(frozen=True, eq=False)
class Costs(Block):
    """The logarithms of the parameters and of the operations of the published network of each architecture.

    Architectures of one function may differ: what passes nothing on may still be paid for.
    """

    simplified: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """See that there is a formula for the networks of the space."""
        try:
            self.values(self.space.archs_of(np.zeros(1, np.int64)) if self.space.is_enumerable else self._one())
        except (UnknownName, InvalidArchitecture, BadSetting) as error:
            raise BadSetting(f"there is no formula for the costs of networks of {self.space.name}: {error}") from None

    def _one(self) -> Archs:
        from nasbed.core.rng import Streams  # numba takes longer to import than a listed space to look at

        return self.space.sample(Streams.from_seed(0, 1))

    @property
    def names(self) -> tuple[str, ...]:
        """The costs."""
        return ("log(params)", "log(flops)")

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return them, ``(n, 2)``."""
        counted = [np.asarray(count(self.space, rows), np.float64) for count in (costs.params, costs.flops)]
        return np.log1p(np.stack(counted, axis=1))
