"""Making: from a layer of an expression, and its place in a network, to the ``nn.Module`` that it is.

What makes a layer is a function, or a class, of the registry ``layers`` or of the user's own. It is given what it names
as arguments: of its place ``in_channels``, ``out_channels``, ``stride``, ``image_size``, ``classes`` or
``image_channels``, and the settings that the expression has. What names ``image_channels`` is a stem, which reads
images; what names ``classes`` is a head.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn

from nasbed.core.errors import BadSetting, InvalidArchitecture, NasbedError, nearest
from nasbed.core.registry import layers as registry
from nasbed.nets.counting import observed
from nasbed.nets.layers import Layer
from nasbed.spaces.named import Named, check_layer
from nasbed.spaces.parts import Op

SHAPE = ("channels", "width", "widen", "stride", "multiplier")
"""The settings of a layer that the plan reads: they decide its place."""


@dataclass(frozen=True)
class Place:
    """Where a layer stands, by the names of arguments by which it can be asked for.

    Attributes:
        in_channels: Channels that come in.
        out_channels: Channels that shall come out.
        stride: By how much it divides the image's size, rounding up.
        image_size: Height and width of what comes in, in pixels.
        classes: How many numbers the network gives for an image.
    """

    in_channels: int
    out_channels: int
    stride: int
    image_size: int
    classes: int

    @property
    def image_channels(self) -> int:
        """Colours of an image, of what reads one."""
        return self.in_channels

    @property
    def num_features(self) -> int:
        """Channels that come in, as PyTorch's normalisations call them."""
        return self.in_channels

    @property
    def size(self) -> int:
        """Height and width of what shall come out."""
        return -(-self.image_size // self.stride)

    def __str__(self) -> str:
        return (
            f"from {self.in_channels} × {self.image_size}² to {self.out_channels} × {self.size}² numbers, stride "
            f"{self.stride}"
        )


GIVEN = ("in_channels", "out_channels", "stride", "image_size", "classes", "image_channels", "num_features")
"""What of its place a layer can be given."""


class Look(NamedTuple):
    """What a layer makes of one image's values.

    Attributes:
        channels: That come out.
        size: Height and width of what comes out; 0 where it has no pixels.
        parameters: Trainable numbers.
        layers: What costs are counted from.
    """

    channels: int
    size: int
    parameters: int
    layers: tuple[Layer, ...]


def maker_of(op: Op) -> Any:
    """Return what makes a layer.

    Raises:
        BadSetting: When the registry has no such name, or a file names what was not imported.
    """
    if isinstance(op.maker, Named):
        return op.maker.found()
    if op.maker is not None:
        return op.maker
    check_layer(op.label)
    return registry[op.label]


@cache
def arguments_of(maker: Any) -> Mapping[str, inspect.Parameter]:
    """Return the arguments of what makes a layer, by name."""
    return inspect.signature(maker).parameters


def takes(op: Op, name: str) -> bool:
    """Say whether what makes a layer has an argument."""
    return name in arguments_of(maker_of(op))


def shape_of(op: Op) -> Mapping[str, Any]:
    """Return the settings of a layer that decide its place, and those that it has by default.

    What makes the layer may take one of these names, but for the stride, as a setting of its own.
    """
    maker = maker_of(op)
    usual, own = getattr(maker, "shape", None), {*arguments_of(maker)} - {"stride"}
    given = {name: op.settings[name] for name in SHAPE if name in op.settings and name not in own}
    return {**(usual if isinstance(usual, Mapping) else {}), **given}


def made(op: Op, place: Place) -> nn.Module:
    """Make the layer of a place.

    Raises:
        BadSetting: When nothing makes it, it has no such setting, or what makes it fails or makes no module.
    """
    maker = maker_of(op)
    arguments = arguments_of(maker)
    takes_all = any(one.kind is one.VAR_KEYWORD for one in arguments.values())
    given = {name: getattr(place, name) for name in GIVEN if name in arguments}
    if place.stride == 1 and "stride" in arguments and arguments["stride"].default is None:
        del given["stride"]  # of PyTorch's poolings, whose stride is the kernel's size by default
    for name, value in op.settings.items():
        if name not in GIVEN and (name in arguments or takes_all):
            given[name] = value
        elif name not in (*SHAPE, *given):
            has = [one for one in arguments if one not in GIVEN]
            hint = nearest(name, [*has, *SHAPE])
            raise BadSetting(
                f"the layer {op.label!r} has no setting {name!r}; it has {', '.join([*has, *SHAPE])}. {hint}".strip()
            )
    try:
        found = maker(**given)
    except NasbedError:
        raise
    except Exception as error:  # the code is anyone's
        raise BadSetting(f"the layer {op} cannot be made {place}: {type(error).__name__}: {error!s:.300}") from error
    if not isinstance(found, nn.Module):
        raise BadSetting(f"what makes the layer {op.label!r} returns a module of PyTorch, not {type(found).__name__}")
    return found


def look(op: Op, place: Place) -> Look:
    """Return what the layer of a place makes of an image's values, without computing it; remembered.

    Raises:
        BadSetting: When there is no such layer.
        InvalidArchitecture: When it cannot read what stands before it.
    """
    return _look(op.label, op.maker, tuple(op.settings.items()), place)


@lru_cache(maxsize=2**16)
def _look(label: str, maker: Any, settings: tuple[tuple[str, Any], ...], place: Place) -> Look:
    op = Op(label, dict(settings), maker)
    failed: Exception | None = None
    for device in ("meta", "cpu"):  # some cannot compute without weights
        with torch.random.fork_rng(devices=[]), torch.device(device):
            module = made(op, place)
            x = torch.zeros(1, place.in_channels, place.image_size, place.image_size)
            try:
                layers, y = observed(module, x)
            except Exception as error:  # the code is anyone's
                failed = error
                continue
        trainable = sum(one.numel() for one in module.parameters() if one.requires_grad)
        size = y.shape[-1] if y.dim() == 4 else 0
        return Look(int(y.shape[1]), size, trainable, tuple(layers))
    raise InvalidArchitecture(
        f"the layer {op} cannot read {place.in_channels} channels of {place.image_size} × {place.image_size} pixels: "
        f"{type(failed).__name__}: {failed!s:.300}"
    ) from failed
