"""Costs: how many parameters a network has and how many operations one image takes, by formula or by counting.

Operations ("FLOPs") are counted in two published ways that differ by a tenth and more, and in PyTorch's, each under its
name:

* ``natsbench``: the products of convolutions and of the dense layer, and the dense layer's bias. This is the field
  ``flop`` of NAS-Bench-201 and NATS-Bench, there in millions.
* ``naslib``: the products of convolutions and of the dense layer, without its bias; for each number that enters it,
  2 for batch normalisation (1 without scale and offset) and 1 for a rectifier; for each number that leaves it,
  the pixels of a pooling's window, also those in the padding; of global pooling (height + 1)·(width + 1) a channel.
  This is ``flops`` of NAS-Bench-Suite-Zero, there in millions; the counter is tensorwatch's.

* ``torch``: what PyTorch counts while an image goes through (``torch.utils.flop_counter``): two for each product of a
  convolution or of matrices, those of attention among them. Each network is built for it, without weights.

None counts sums of tensors, and all count operations of a cell that lead nowhere, as those are run.

References: Dong and Yang, ICLR 2020, https://arxiv.org/abs/2001.00326; Krishnakumar et al., NeurIPS 2022,
https://arxiv.org/abs/2210.03230
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from nasbed.core.errors import UnknownName
from nasbed.core.records import Archs
from nasbed.core.registry import observed
from nasbed.core.space import Space
from nasbed.nets.blueprint import blueprint_of, checked_rows
from nasbed.nets.layers import Count, Kind, Layer, total

TORCH = "torch"
"""The counting that is PyTorch's own."""

Rule = Callable[[Layer], "Count | int"]

COUNTINGS: dict[str, Mapping[Kind, Rule]] = {
    "natsbench": {
        "convolution": lambda layer: (layer.products + layer.offset * layer.targets) * layer.pixels,
        "dense": lambda layer: (layer.products + layer.offset * layer.targets) * layer.pixels,
    },
    "naslib": {
        "convolution": lambda layer: (layer.products + layer.offset * layer.targets) * layer.pixels,
        "dense": lambda layer: layer.products * layer.pixels,
        "normalisation": lambda layer: layer.targets * (layer.pixels * (1 + layer.offset)),
        "rectifier": lambda layer: layer.targets * layer.pixels,
        "pooling": lambda layer: layer.targets * (layer.pixels * layer.kernel[0] * layer.kernel[1]),
        "global pooling": lambda layer: layer.targets * ((layer.kernel[0] + 1) * (layer.kernel[1] + 1)),
    },
}
"""From a counting's name to the operations of each kind of layer; a kind that is not named takes none."""


def params(space: Space, archs: Archs, *, classes: int = 10, image_size: int = 32, **settings: Any) -> Count:
    """Count the trainable parameters of the networks of many architectures, without building one.

    Args:
        space: Where the architectures are from.
        archs: Their rows, ``(n, decisions)``.
        classes: How many classes are told apart.
        image_size: Height and width of an image, in pixels; no parameter depends on it.
        **settings: What else the space's blueprint can be told.

    Returns:
        ``(n,)``; both publications give the same, in millions.

    Raises:
        BadSetting: When the blueprint has no such setting, or not such a value of it.
        InvalidArchitecture: When a row is no architecture of the space, or there is no network for it.
    """
    made = blueprint_of(space, classes=classes, image_size=image_size, **settings)
    return made.parameters(checked_rows(space, archs))


def flops(
    space: Space,
    archs: Archs,
    *,
    counting: str = "natsbench",
    classes: int = 10,
    image_size: int = 32,
    **settings: Any,
) -> Count:
    """Count the operations that one image takes in the networks of many architectures, without building one.

    Args:
        space: Where the architectures are from.
        archs: Their rows, ``(n, decisions)``.
        counting: What is counted: ``natsbench`` or ``naslib``, as these publications do, or ``torch``.
        classes: How many classes are told apart.
        image_size: Height and width of an image, in pixels.
        **settings: What else the space's blueprint can be told.

    Returns:
        ``(n,)``; the publications give it in millions.

    Raises:
        BadSetting: When the blueprint has no such setting, or not such a value of it.
        InvalidArchitecture: When a row is no architecture of the space, or there is no network for it.
        UnknownName: When no counting has that name.
    """
    made = blueprint_of(space, classes=classes, image_size=image_size, **settings)
    if counting == TORCH:
        counted: Count = observed[TORCH](made, checked_rows(space, archs))
        return counted
    return total(len(archs), operations(made.layers(checked_rows(space, archs)), counting))


def peak_memory(space: Space, archs: Archs, *, classes: int = 10, image_size: int = 32, **settings: Any) -> Count:
    """Return the most bytes that the values of one image take at once in inference, ``(n,)``, weights not among them.

    It decides what fits a small device; see ``nasbed.nets.observing`` for what is counted. Each network is built for
    it, without weights.

    Args:
        space: Where the architectures are from.
        archs: Their rows, ``(n, decisions)``.
        classes: How many classes are told apart.
        image_size: Height and width of an image, in pixels.
        **settings: What else the space's blueprint can be told.

    Raises:
        BadSetting: When the blueprint has no such setting, or not such a value of it.
        InvalidArchitecture: When a row is no architecture of the space, or there is no network for it.
        MissingExtra: When PyTorch is not installed.
    """
    made = blueprint_of(space, classes=classes, image_size=image_size, **settings)
    return made.peak_memory(checked_rows(space, archs))


def operations(layers: Iterable[Layer], counting: str = "natsbench") -> list[Count]:
    """Give the operations of each layer, of all its ``times``.

    Raises:
        UnknownName: When no counting has that name.
    """
    if counting not in COUNTINGS:
        raise UnknownName("counting of operations", counting, [*COUNTINGS, TORCH])
    rules = COUNTINGS[counting]
    return [np.asarray(rules[layer.kind](layer) * layer.times) for layer in layers if layer.kind in rules]
