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
from nasbed.tables.column import Measurement
from nasbed.tables.table import Table

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
_ROWS = 32  # of a table, whose parameters show whether a formula is of its networks
_TIMES = ("training_time", "time")


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

        return () if self.tried(self.space.sample(Streams.from_seed(0, _TRIED))) is None else NAMES

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
        if name not in self._known:
            self._known[name] = np.full(self.space.size, np.nan)
        known = self._known[name]
        lacking = np.unique(index[np.isnan(known[index])])
        if len(lacking):
            known[lacking] = self._computed(name, self.everything[lacking])
        result: NDArray[np.float64] = known[index]
        return result

    @cached_property
    def everything(self) -> Archs:
        """All architectures of the space, which numbers them."""
        # Kept, since NAS-Bench-101 takes a second to enumerate and a search asks at each step.
        return self.space.enumerate()

    def tried(self, archs: Archs) -> NDArray[np.float64] | None:
        """Give the parameters of some architectures; None where the space has no blueprint that takes the frame."""
        try:
            return self._computed("params", archs)
        except (UnknownName, BadSetting, InvalidArchitecture):
            return None

    def _computed(self, name: str, archs: Archs) -> NDArray[np.float64]:
        from nasbed.nets import costs

        count = {"params": costs.params, "flops": costs.flops}[name]
        return np.asarray(count(self.space, archs, **self.frame), np.float64)


@dataclass(frozen=True, eq=False)
class TableCosts:
    """What a table knows of its networks before they are trained, and formulas for what it does not.

    Attributes:
        table: The table.
        data: The data sets whose costs count, the first of them first; empty for those of none.
        recipe: The recipe of trainings whose costs count.
    """

    table: Table
    data: tuple[str, ...]
    recipe: str

    @property
    def names(self) -> tuple[str, ...]:
        """What ``of`` knows."""
        formula = self._formula.names if self._formula is not None else ()
        return tuple(dict.fromkeys((*formula, *self._measured)))

    @cached_property
    def _measured(self) -> dict[str, Measurement]:
        """The table's costs that are known before training."""
        found: dict[str, Measurement] = {}
        for data in self.data:
            for one in self.table.find(None, None, data, None, "cost"):
                if one.recipe in ("", self.recipe) and one.metric not in _TIMES:
                    found.setdefault(one.metric, one)
        return found

    @cached_property
    def _formula(self) -> Formula | None:
        """That of the table's own skeleton, or the published one; it gives what parameters the table has."""
        skeleton, images = self.table.provenance.get("skeleton"), IMAGES.get(self.data[0])
        params = self._measured.get("params")
        frames = [skeleton] if skeleton else [*([images] if images else []), *([{}] if params else [])]
        for formula in (Formula(self.table.space, frame) for frame in frames):
            if params is None and formula.names:
                return formula
            if params is not None:
                rows = np.arange(min(_ROWS, len(self.table)))
                counted = formula.tried(self.table.archs[: len(rows)])
                if counted is not None and np.array_equal(counted, _counted(params, params.mean(rows))):
                    return formula
        return None

    def of(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Return what each architecture costs, ``(n, decisions)`` → ``(n,)``; NaN where that was not measured."""
        if name in self._measured:
            return _counted(self._measured[name], self._measured[name].mean(archs))
        assert self._formula is not None
        return self._formula.of(name, archs)


def _counted(measurement: Measurement, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return millions of parameters or operations as whole numbers."""
    return np.rint(values * 1e6) if measurement.unit == "million" else values
