"""Blueprint: how the architectures of a space become networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nasbed.core.errors import BadSetting, InvalidArchitecture
from nasbed.core.records import Archs
from nasbed.core.registry import networks
from nasbed.core.space import Space
from nasbed.nets.layers import Layer


class Blueprint(ABC):
    """The frame around what is searched: how wide and deep it is, and what goes in and out; a frozen dataclass.

    ``Space.network`` names a space's blueprint in the registry ``networks``. Making one does not import torch.
    """

    @abstractmethod
    def build(self, space: Space, arch: Archs) -> Any:
        """Make the network of one row of the space, ``(decisions,)``, an ``nn.Module`` as PyTorch initialises it.

        Raises:
            InvalidArchitecture: When there is no network for it.
        """

    @abstractmethod
    def layers(self, space: Space, archs: Archs) -> list[Layer]:
        """List the layers of the networks of many rows of the space, ``(n, decisions)``, without building one.

        Raises:
            InvalidArchitecture: When there is no network for one of them.
        """


def blueprint_of(space: Space, **settings: Any) -> Blueprint:
    """Make the blueprint that a space names, with settings.

    Raises:
        BadSetting: When it has no such setting, or not such a value of it.
        UnknownName: When the space names none that is registered.
    """
    blueprint: Blueprint = networks.make(space.network, settings)
    return blueprint


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


def check_positive(blueprint: object) -> None:
    """Raise when one of a dataclass's integers is not positive.

    Raises:
        BadSetting: With the setting's name and value.
    """
    for field in fields(blueprint):  # type: ignore[arg-type]
        value = getattr(blueprint, field.name)
        if field.type in ("int", int) and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise BadSetting(f"a network's {field.name} must be a positive integer, not {value!r}")


def build(space: Space, arch: Archs, *, classes: int = 10, image_size: int = 32, **settings: Any) -> Any:
    """Make the published network of one architecture, an ``nn.Module`` from images to logits ``(batch, classes)``.

    Weights are drawn as PyTorch's layers do by default, from its global generator: ``torch.manual_seed`` before it
    decides them. Under ``with torch.device("meta"):`` nothing is drawn or kept, which is all that counting needs.

    Args:
        space: Where the architecture is from.
        arch: Its row, ``(decisions,)``.
        classes: How many classes are told apart.
        image_size: Height and width of an image, in pixels.
        **settings: What else the space's blueprint can be told, such as ``channels=16, cells=5`` for nasbench201.

    Raises:
        BadSetting: When the blueprint has no such setting, or not such a value of it.
        InvalidArchitecture: When the row is no architecture of the space, or there is no network for it.
        UnknownName: When the space names no blueprint.
    """
    blueprint = blueprint_of(space, classes=classes, image_size=image_size, **settings)
    return blueprint.build(space, checked_row(space, arch))
