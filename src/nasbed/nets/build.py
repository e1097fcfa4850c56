"""Building: from an architecture of any space to its network, of ordinary PyTorch layers."""

from __future__ import annotations

from typing import Any

from torch import nn

from nasbed.core.records import Archs
from nasbed.core.space import Space
from nasbed.nets.blueprint import blueprint_of, checked_row


def build(space: Space, arch: Archs, *, classes: int = 10, image_size: int = 32, **settings: Any) -> nn.Module:
    """Make the published network of one architecture; it maps images to logits ``(batch, classes)``.

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
    network: nn.Module = blueprint.build(space, checked_row(space, arch))
    return network
