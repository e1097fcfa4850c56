"""What networks cost by formula: parameters, and operations of one image, without building or training one.

The formulas are those of ``nasbed.nets.costs``; operations are counted as NAS-Bench-201 does (``natsbench``: the
products of convolutions and of the dense layer), in single operations and not in millions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture, UnknownName
from nasbed.core.records import Archs
from nasbed.core.space import Space

IMAGES: Mapping[str, Mapping[str, int]] = {
    "cifar10": {"classes": 10, "image_size": 32},
    "cifar10-valid": {"classes": 10, "image_size": 32},
    "cifar100": {"classes": 100, "image_size": 32},
    "ImageNet16-120": {"classes": 120, "image_size": 16},
}
"""Classes and pixels of the published data sets, which parameters and operations depend on."""

NAMES = ("params", "flops")
"""What a formula gives."""

_TRIED = 8  # architectures on which a formula is tried
_AT_ONCE = 2**16  # a space of so many architectures or fewer is computed whole: NAS-Bench-201 takes 10 ms


@dataclass(frozen=True, eq=False)
class Formula:
    """Parameters and operations of the networks of a space, each architecture's computed once.

    Attributes:
        space: The space.
        frame: What its blueprint is told: classes, image size, a whole skeleton.
    """

    space: Space
    frame: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[str, NDArray[np.float64]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What can be computed; nothing where the space has no blueprint, or not one that takes the frame."""
        from nasbed.core.rng import Streams

        try:
            self._computed("params", self.space.sample(Streams.from_seed(0, _TRIED)))
        except (UnknownName, BadSetting, InvalidArchitecture):
            return ()
        return NAMES

    def of(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give the parameters or operations of each architecture, ``(n, decisions)`` → ``(n,)``.

        Where the space numbers its architectures, those of one number cost what the one that ``enumerate`` gives does,
        which is the one that published tables have trained: in NAS-Bench-101, channels that are left when vertices
        share them go to the first, so that isomorphic modules may differ by a few parameters.

        Raises:
            InvalidArchitecture: When a row is none of the space.
        """
        valid = self.space.valid(archs)
        if not valid.all():
            wrong = int(np.argmin(valid))
            raise InvalidArchitecture(f"architecture {wrong} of {len(archs)} is not valid: {archs[wrong].tolist()}")
        if self.space.size is None:
            return self._computed(name, archs)
        index = self.space.index(archs)
        known = self._table(name)
        lacking = np.unique(index[np.isnan(known[index])])
        if len(lacking):
            known[lacking] = self._computed(name, self.space.archs_of(lacking))
        result: NDArray[np.float64] = known[index]
        return result

    def _table(self, name: str) -> NDArray[np.float64]:
        """Give what is known by index: everything from the start in a small space."""
        if name not in self._known:
            size = int(self.space.size or 0)
            small = size <= _AT_ONCE
            self._known[name] = self._computed(name, self.space.enumerate()) if small else np.full(size, np.nan)
        return self._known[name]

    def gives(self, parameters: NDArray[np.integer[Any]], archs: Archs) -> bool:
        """Say whether so many parameters, ``(n,)``, are what it gives for some architectures, ``(n, decisions)``."""
        try:
            return np.array_equal(self._computed("params", archs), parameters)
        except (UnknownName, BadSetting, InvalidArchitecture):
            return False

    def _computed(self, name: str, archs: Archs) -> NDArray[np.float64]:
        from nasbed.nets import costs

        count = {"params": costs.params, "flops": costs.flops}[name]
        return np.asarray(count(self.space, archs, **self.frame), np.float64)
