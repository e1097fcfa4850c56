"""What networks cost by formula: parameters, and operations of one image, without building or training one.

The formulas are those of ``nasbed.nets.costs``; operations are counted as NAS-Bench-201 does (``natsbench``: the
products of convolutions and of the dense layer), in single operations and not in millions. The peak of activations'
memory, in bytes, is of a network that is built without weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Cost
from nasbed.core.errors import BadSetting, InvalidArchitecture, MissingExtra, UnknownName
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

NAMES = ("params", "flops", "peak_memory")
"""What is known of a network before it is trained."""

_ROWS = 32  # of a table, on which a formula is tried
_TIMES = ("training_time", "time")


@dataclass(eq=False)
class Formula:
    """Parameters, operations and peak memory of the networks of a space, each architecture's computed once.

    Attributes:
        space: The space.
        frame: What its blueprint is told: classes, image size, a whole skeleton.
    """

    space: Space
    frame: Mapping[str, Any]

    def of(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Give the parameters, operations or bytes of each architecture, ``(n, decisions)`` → ``(n,)``.

        Where the space numbers its architectures, those of one number cost what the one that ``enumerate`` gives does,
        which is the one that published tables have trained: in NAS-Bench-101, channels that are left when vertices
        share them go to the first, so that isomorphic modules may differ by a few parameters.

        Raises:
            InvalidArchitecture: When a row is none of the space.
        """
        self.space.check_valid(archs)
        if not self.space.is_enumerable:
            return self.computed(name, archs)
        index, known = self.space.index(archs), self._known[name]
        lacking = np.unique(index[np.isnan(known[index])])
        if len(lacking):
            known[lacking] = self.computed(name, self.space.archs_of(lacking))
        return known[index]

    def computed(self, name: str, archs: Archs) -> NDArray[np.float64]:
        """Compute what architectures cost as they are written."""
        from nasbed.nets import costs

        count = {"params": costs.params, "flops": costs.flops, "peak_memory": costs.peak_memory}[name]
        return np.asarray(count(self.space, archs, **self.frame), np.float64)

    @cached_property
    def _known(self) -> dict[str, NDArray[np.float64]]:
        return {name: np.full(self.space.size or 0, np.nan) for name in NAMES}


def formulas(
    space: Space, frame: Mapping[str, Any], archs: Archs, params: NDArray[np.float64] | None = None
) -> dict[str, Cost]:
    """Return what gives each of ``NAMES``; nothing where the space has no blueprint that takes the frame.

    Args:
        space: The space.
        frame: See ``Formula``.
        archs: Some architectures, on which it is tried.
        params: How many parameters they have, if that is known; with others there is no formula.
    """
    formula = Formula(space, frame)
    try:
        counted = formula.computed("params", archs)
    except (UnknownName, BadSetting, InvalidArchitecture, MissingExtra):
        return {}
    fits = params is None or np.array_equal(counted, params)
    return {name: partial(formula.of, name) for name in NAMES if fits}


def table_costs(table: Table, data: tuple[str, ...], recipe: str) -> dict[str, Cost]:
    """Return what a table knows of its networks before they are trained, and formulas for what it does not.

    Args:
        table: The table.
        data: The data sets whose costs count, the first of them first; empty for those of none.
        recipe: The recipe of trainings whose costs count.
    """
    measured: dict[str, Measurement] = {}
    for name in data:
        for one in table.find(None, None, name, None, "cost"):
            if one.recipe in ("", recipe) and one.metric not in _TIMES:
                measured.setdefault(one.metric, one)
    archs, params, frames = table.archs[:_ROWS], None, [IMAGES[one] for one in data[:1] if one in IMAGES]
    if "params" in measured:
        params = _mean(measured["params"], np.arange(len(archs)))
        frames.append({})
    if table.provenance.get("skeleton"):
        frames = [table.provenance["skeleton"]]
    found = (formulas(table.space, frame, archs, params) for frame in frames)
    return {**next(filter(None, found), {}), **{name: partial(_mean, one) for name, one in measured.items()}}


def _mean(measurement: Measurement, rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over seeds, millions as whole numbers; NaN where nothing was measured."""
    mean = measurement.mean(rows)
    return np.rint(mean * 1e6) if measurement.unit == "million" else mean
