"""Blueprint: how the architectures of a space become networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.extras import require
from nasbed.core.meaning import Configured
from nasbed.core.records import Archs
from nasbed.core.registry import networks, observed, spaces
from nasbed.core.space import Space
from nasbed.nets.layers import Layer, total

_TRIED = 8


@dataclass(frozen=True)
class Blueprint(Configured, ABC):
    """How the rows of a space become networks: the one way from a space to PyTorch.

    A frozen dataclass, whose fields are its settings. ``Space.network`` says which is a space's: a name in the
    registry ``networks``, or the class. Making one does not import torch.

    Attributes:
        space: The space.
        classes: How many numbers come out for each image: one a class.
        image_size: Height and width of an image, in pixels.
        image_channels: Colours of an image.
        small: Settings for images that are too small for the published ones (class attribute).
        recipe: The name of the published recipe (class attribute).
        named: What the published skeleton of a named architecture has other than the defaults (class attribute).
    """

    space: Space
    classes: int = 10
    image_size: int = 32
    image_channels: int = 3

    small: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    recipe: ClassVar[str] = "nasbench201"
    named: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type in ("int", int) and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise BadSetting(f"a network's {field.name} must be a positive integer, not {value!r}")

    @abstractmethod
    def network(self, row: Archs) -> Any:
        """Build the network of one row, ``(decisions,)``: an ``nn.Module`` of ordinary layers, as PyTorch draws them.

        Raises:
            InvalidArchitecture: When there is no network for it.
        """

    @abstractmethod
    def layers(self, rows: Archs) -> list[Layer]:
        """List the layers of the networks of many rows of the space, ``(n, decisions)``, without building one.

        Raises:
            InvalidArchitecture: When there is no network for one of them.
        """

    def group(self, rows: Archs) -> list[Hashable]:
        """Return, for each of ``(n, decisions)`` rows, the same for those whose networks may train side by side.

        They have the same structure, up to the kind of layer at each place. By default each row is alone.
        """
        return [row.tobytes() for row in np.ascontiguousarray(rows)]

    def parameters(self, rows: Archs) -> NDArray[np.int64]:
        """Count the trainable numbers of the networks of ``(n, decisions)`` rows, ``(n,)``, without building one."""
        return total(len(rows), (layer.parameters for layer in self.layers(rows)))

    @property
    def beside(self) -> tuple[float, ...]:
        """The weights of the losses of classifiers whose outputs stand, in training, behind the network's own."""
        return ()

    def peak_memory(self, rows: Archs) -> NDArray[np.int64]:
        """Return the most bytes that the values of one image take at once in each row's network, ``(n,)``.

        See ``nasbed.nets.observing``; a network takes some hundredths of a second, once.
        """
        counted: NDArray[np.int64] = observed["peak_memory"](self.unrepeated, rows)
        return counted

    @property
    def written(self) -> Blueprint:
        """A ``WrittenBlueprint`` of the same networks, as an expression describes them: what a supernet is of.

        Its space has the rows of this one, decision by decision.

        Raises:
            BadSetting: When there is no such expression.
        """
        raise BadSetting(
            f"the space {self.space.name} has no supernet: its networks are not written in the notation of spaces, so "
            "nothing says which layers they could share. Write a space with choice(op(A), op(B)), whose layers may be "
            "your own (docs/spaces.md)"
        )

    @property
    def unrepeated(self) -> Blueprint:
        """This blueprint without what is in a network again, with the same shapes: its peak of memory is the same."""
        return self

    def settings(self) -> dict[str, Any]:
        """Return the settings as JSON-able values; ``blueprint_of(space, **settings)`` makes it again."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "space"}


def blueprint_of(space: Space, **settings: Any) -> Blueprint:
    """Make the blueprint that a space names, with settings.

    Raises:
        BadSetting: When the space has no blueprint, or that has no such setting, or not such a value of it.
    """
    maker: Any = space.network
    if not callable(maker):
        if maker not in networks:
            raise BadSetting(
                f"the space {space.name} has no blueprint, so there are no networks to train or score; let its "
                f"'network' be a class of nasbed.nets.Blueprint, or register one for {maker!r} among the entry points "
                "nasbed.networks (docs/extending.md)"
            )
        maker = networks[maker]
    made: Blueprint = networks.call(space.name, maker, {"space": space, **settings})
    return made


def some_rows(space: Space) -> Archs:
    """Draw a few architectures of a space, always the same, on which something is tried."""
    from nasbed.core.rng import Streams

    return space.sample(Streams.from_seed(0, _TRIED))


def checked_rows(space: Space, archs: ArrayLike) -> Archs:
    """Give rows of a space as an array ``(n, decisions)``.

    Raises:
        InvalidArchitecture: When they have another shape, or a decision has no such value.
    """
    rows = np.asarray(archs)
    if rows.ndim != 2 or rows.shape[1] != space.decisions or rows.dtype.kind not in "iu":
        raise InvalidArchitecture(
            f"architectures of {space.name} are rows of {space.decisions} whole numbers, (n, {space.decisions}), "
            f"not {rows.dtype} of shape {rows.shape}"
        )
    wrong = (rows < 0) | (rows >= space.cardinalities)
    if wrong.any():
        row, decision = np.argwhere(wrong)[0]
        raise InvalidArchitecture(
            f"decision {decision} of {rows[row].tolist()} is {rows[row, decision]}; in {space.name} it is one of "
            f"0 to {space.cardinalities[decision] - 1}"
        )
    return rows


def checked_row(space: Space, arch: ArrayLike) -> Archs:
    """Give one row of a space as an array ``(decisions,)``.

    Raises:
        InvalidArchitecture: When it has another shape, or a decision has no such value.
    """
    row = np.asarray(arch)
    if row.ndim != 1:
        raise InvalidArchitecture(
            f"one architecture of {space.name} is a row of {space.decisions} whole numbers, not of shape {row.shape}"
        )
    row_of_one: Archs = checked_rows(space, row[None])[0]
    return row_of_one


def network(space: Space | str, architecture: ArrayLike | str, **settings: Any) -> Any:
    """Build the published network of one architecture, an ``nn.Module`` from images to logits ``(batch, classes)``.

    Weights are drawn as PyTorch's layers do by default, from its global generator: ``torch.manual_seed`` before it
    decides them. Under ``with torch.device("meta"):`` nothing is drawn or kept, which is all that counting needs.

    Args:
        space: Where the architecture is from: a space, or what spells one, such as ``nasbench201``.
        architecture: Its row, ``(decisions,)``, or a text that the space reads; a published name brings its skeleton.
        **settings: What the space's blueprint can be told: ``classes=100``, ``image_size=16``, and its own, such as
            ``channels=16, cells=5`` for nasbench201.

    Raises:
        BadSetting: When the space has no blueprint, or that has no such setting, or not such a value of it.
        InvalidArchitecture: When it is no architecture of the space, or there is no network for it.
        MissingExtra: When PyTorch is not installed.
    """
    where: Space = space if isinstance(space, Space) else spaces.read(space)
    require("torch", "torch")
    if not isinstance(architecture, str):
        return blueprint_of(where, **settings).network(checked_row(where, architecture))
    where = where.around_named(architecture)
    named = blueprint_of(where).named.get(architecture.strip(), {})
    return blueprint_of(where, **{**named, **settings}).network(where.parse(architecture))
