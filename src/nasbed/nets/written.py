"""The blueprint of written spaces: the network that an expression describes, layer by layer."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.layers import Layer, together
from nasbed.spaces.named import check_layer
from nasbed.spaces.written import WrittenSpace

if TYPE_CHECKING:
    from torch import nn

    from nasbed.nets.plan import PlannedChain
    from nasbed.nets.planning import Planner
    from nasbed.spaces.expression import Expression

CHANNELS, CELLS = 16, 5
"""Those of NAS-Bench-201, where neither the expression nor a setting says others; and on small images 8 and 1."""

_SMALL = 12  # pixels


@dataclass(frozen=True)
class WrittenBlueprint(Blueprint):
    """The networks of a written space: its expression is the whole network, and its layers are in a registry.

    What the expression leaves out is seen to. A cell that stands alone is stacked in three stages, with residual blocks
    between that halve the image and double the channels, as in NAS-Bench-201. A stem, a convolution with batch
    normalisation, reads images where no layer does, and a head of batch normalisation, global average and a dense layer
    gives a number for each class where none does.

    Attributes:
        channels: Channels behind a stem that does not say them; by default 16, and 8 for images of at most 12 pixels.
        cells: Cells in each of the three stages of a cell that stands alone; by default 5, and 1 for such images.
        auxiliary: In training, the weight of the loss of an auxiliary classifier, which reads what comes out of the
            last part that halves the image; 0 for none. DARTS is evaluated with 0.4. It costs nothing in inference, and
            is counted among no parameters.
        drop_path: In training, the chance at the end with which an image passes nothing along an edge of a cell that is
            no identity. It grows from 0 with the epochs. DARTS is evaluated with 0.2.
    """

    channels: int | None = None
    cells: int | None = None
    auxiliary: float = 0.0
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("channels", "cells"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise BadSetting(f"a network's {name} must be a positive integer, not {value!r}")
        if not (self.auxiliary >= 0 and 0 <= self.drop_path < 1):
            raise BadSetting(
                "a network's auxiliary is a weight from 0, and its drop_path a chance from 0 and below 1; they are "
                f"{self.auxiliary} and {self.drop_path}"
            )
        _check_layers(self.space.whole)

    def plan(self, row: Archs) -> PlannedChain:
        """Plan the network of one row: which layer stands where; see ``nasbed.nets.planning``.

        Raises:
            BadSetting: When there is no such setting of a layer.
            InvalidArchitecture: When what layers give does not fit together.
            MissingExtra: When PyTorch is not installed.
        """
        return _planned(self.space.whole, self._frame, np.asarray(row, np.int8).tobytes())

    @property
    def _frame(self) -> tuple[int, int, int, int | None, int | None]:
        return self.classes, self.image_size, self.image_channels, self.channels, self.cells

    @property
    def planner(self) -> Planner:
        """What plans the networks, which knows of none yet."""
        return _planner(*self._frame)

    @property
    def written(self) -> WrittenBlueprint:
        """Itself.

        Raises:
            BadSetting: When there is an auxiliary classifier or a drop path.
        """
        if self.auxiliary or self.drop_path:
            raise BadSetting(
                "a supernet has no auxiliary classifier and drops no path; leave auxiliary and drop_path to the "
                "training of the network that was found"
            )
        return self

    def network(self, row: Archs) -> nn.Module:
        """Build the network of one row."""
        from nasbed.nets.written_network import network_of

        return network_of(self.plan(row), self.classes, self.auxiliary > 0, self.drop_path)

    @property
    def beside(self) -> tuple[float, ...]:
        """The weight of the auxiliary classifier, where there is one."""
        return (self.auxiliary,) if self.auxiliary else ()

    def layers(self, rows: Archs) -> list[Layer]:
        """List the layers of each row's network, those alike together, with how often each network has one."""
        return together([layer for one in self.plan(row).layers() for layer in one.look.layers] for row in rows)

    def parameters(self, rows: Archs) -> NDArray[np.int64]:
        """Count the trainable numbers of each row's network, ``(n,)``, of whatever layers."""
        return np.array([self.plan(row).parameters for row in rows], np.int64)

    def peak_memory(self, rows: Archs) -> NDArray[np.int64]:
        """Return the most bytes that the values of one image take at once in each row's network, ``(n,)``.

        It is the same that a network says that is built, and takes about a millisecond; see ``nasbed.nets.liveness``.
        """
        from nasbed.nets.liveness import peak_of
        from nasbed.nets.plan import Shape

        image = Shape(self.image_channels, self.image_size, 0)
        return np.array([peak_of(self.plan(row), image) for row in rows], np.int64)

    def group(self, rows: Archs) -> list[Hashable]:
        """Return the same for rows whose networks differ at most in which layers stand at their places."""
        return [self.plan(row).structure() for row in rows]


def _check_layers(space: Any) -> None:
    """See that there is every layer that a space names.

    Raises:
        BadSetting: When there is one that is not.
    """
    seen, waiting = set[int](), [(space.name, space.expression)]
    while waiting:
        at, part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            for name in part.layers():
                check_layer(name, at)
            waiting += [(f"{at} → {use.label}" if use.label else at, use.part) for use in part.uses()]


@lru_cache(maxsize=256)
def _planned(space: Any, frame: tuple[int, int, int, int | None, int | None], row: bytes) -> PlannedChain:
    return _planner(*frame).whole(space.resolve(np.frombuffer(row, np.int8)))


def _planner(classes: int, size: int, colours: int, channels: int | None, cells: int | None) -> Planner:
    """Return what plans networks, which knows of none yet."""
    require("torch", "torch")
    from nasbed.nets.planning import Planner

    is_small = size <= _SMALL
    usual = (CHANNELS // 2, 1) if is_small else (CHANNELS, CELLS)
    return Planner(classes, size, colours, channels or usual[0], cells or usual[1])


def written_as(blueprint: Blueprint, expression: Expression) -> WrittenBlueprint:
    """Return the networks of an expression that has the decisions of a blueprint's space, in the blueprint's frame."""
    space = WrittenSpace(expression, blueprint.space.name)
    return WrittenBlueprint(space, blueprint.classes, blueprint.image_size, blueprint.image_channels)
