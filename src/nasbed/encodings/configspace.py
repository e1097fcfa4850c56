"""The numbers of NAS-Bench-301's ConfigSpace: what its surrogates, and others of the same form, were trained on.

Reference: Zela et al., "Surrogate NAS Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks",
ICLR 2022, https://arxiv.org/abs/2008.09777, and ``configspace.json`` of https://github.com/automl/nasbench301: 56
hyperparameters, of which a genotype decides 34; the others are what its interface always asks for. ConfigSpace orders
those that depend on nothing by name, then those that do; it writes a choice as its place among the choices, a number
by where it lies between its bounds, and what is not active as NaN, for which the surrogates were given −1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs
from nasbed.encodings.block import Block
from nasbed.spaces.darts import OPERATIONS

_CELL = "NetworkSelectorDatasetInfo:darts:"
_HALF = 0.49999  # ConfigSpace widens the bounds of whole numbers by so much


def _between(value: float, lower: float, upper: float, log: bool = False) -> float:
    """Return where a value lies between two bounds."""
    if log:
        value, lower, upper = math.log(value), math.log(lower), math.log(upper)
    return (value - lower) / (upper - lower)


def _whole(value: int, lower: int, upper: int, log: bool = False) -> float:
    return _between(value, lower - _HALF, upper + _HALF, log)


_FIXED = {
    "CreateImageDataLoader:batch_size": _whole(96, 64, 128, log=True),
    "ImageAugmentation:augment": 0.0,
    "ImageAugmentation:autoaugment": 0.0,
    "ImageAugmentation:cutout": 0.0,
    "ImageAugmentation:cutout_holes": _whole(1, 1, 3),
    "ImageAugmentation:cutout_length": _whole(16, 1, 50),
    "ImageAugmentation:fastautoaugment": 0.0,
    "LossModuleSelectorIndices:loss_module": 0.0,
    f"{_CELL}auxiliary": 0.0,
    f"{_CELL}drop_path_prob": 0.0,
    f"{_CELL}init_channels": _whole(32, 1, 10_000),
    f"{_CELL}layers": _whole(8, 1, 10_000),
    "NetworkSelectorDatasetInfo:network": 0.0,
    "OptimizerSelector:optimizer": 0.0,
    "OptimizerSelector:sgd:learning_rate": math.log(0.025),
    "OptimizerSelector:sgd:momentum": _between(0.9, 0.1, 0.99),
    "OptimizerSelector:sgd:weight_decay": math.log(0.0003),
    "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max": _whole(100, 1, 10_000),
    "SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min": _between(1e-8, 0.0, 10_000.0),
    "SimpleLearningrateSchedulerSelector:lr_scheduler": 0.0,
    "SimpleTrainNode:batch_loss_computation_technique": 0.0,
    "SimpleTrainNode:mixup:alpha": _between(0.2, 0.01, 0.7, log=True),
}
"""What the published interface asks for whatever the genotype: 8 cells of 32 channels, trained for 100 epochs."""

_FREE = [f"{_CELL}edge_{kind}_{i}" for kind in ("normal", "reduce") for i in (0, 1)] + [
    f"{_CELL}inputs_node_{kind}_{node}" for kind in ("normal", "reduce") for node in (3, 4, 5)
]
_DEPENDENT = [f"{_CELL}edge_{kind}_{i}" for kind in ("normal", "reduce") for i in range(2, 14)]


@dataclass(frozen=True, eq=False)
class ConfigSpaceNumbers(Block):
    """The 56 numbers of NAS-Bench-301's ConfigSpace, in its order: for trees that were trained on them.

    Each genotype has its own: architectures of one function need not be alike.
    """

    simplified = False

    def __post_init__(self) -> None:
        """See that the space has genotypes."""
        if self._configuration is None:
            raise BadSetting(
                f"architectures of {self.space.name} have no values in NAS-Bench-301's ConfigSpace; those of darts do"
            )

    @property
    def _configuration(self) -> Callable[[Archs], dict[str, str]] | None:
        return getattr(self.space.whole, "configuration", None)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The hyperparameters, as ConfigSpace orders them."""
        return (*sorted([*_FIXED, *_FREE]), *sorted(_DEPENDENT))

    def values(self, rows: Archs) -> NDArray[np.float64]:
        """Return the numbers, ``(n, 56)``."""
        assert self._configuration is not None, "seen to when it was made"
        different, which = np.unique(rows, axis=0, return_inverse=True)
        found = np.tile([_FIXED.get(name, -1.0) for name in self.names], (len(different), 1))
        for row, numbers in zip(different, found, strict=True):
            for name, value in self._configuration(row).items():
                numbers[self._places[name]] = self._choices[name].index(value)
        return found[which]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def _choices(self) -> dict[str, list[str]]:
        """The choices of each hyperparameter that a genotype decides, in the published order."""
        found = {name: list(OPERATIONS) for name in (*_FREE, *_DEPENDENT)}
        for name in _FREE:
            if "inputs_node" in name:
                found[name] = [f"{one}_{other}" for one, other in combinations(range(int(name[-1])), 2)]
        return found
