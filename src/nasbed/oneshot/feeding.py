"""Feeding: batches of training and of validation images, and which data a search can be fed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from nasbed.core.errors import BadSetting
from nasbed.nets.data.batches import Augmentation, Orders
from nasbed.nets.data.source import Data
from nasbed.nets.recipe import Recipe

PLAIN = Recipe(flip=False, crop=0)
"""Images as they are."""

Batches = Mapping[str, tuple[Tensor, Tensor]]
"""Images and labels, of ``weights`` and of ``alphas``."""


class Feed:
    """Batches for a search: ``weights`` are trained on training images, ``alphas`` on validation images.

    Args:
        data: The source, on the device that trains.
        batch: Images a step.
        recipe: How training images are augmented.
        generators: On the CPU: ``order`` and ``validation`` for the order of images, ``augmentation``.

    Raises:
        BadSetting: When there are too few images for a batch, or a class has none.
    """

    def __init__(self, data: Data, batch: int, recipe: Recipe, generators: Mapping[str, torch.Generator]) -> None:
        check(data, batch)
        self.steps = len(data.train) // batch
        parts = {"weights": (data.train, "order", recipe), "alphas": (data.validation, "validation", PLAIN)}
        self._orders = {what: Orders(len(part), batch, [generators[order]]) for what, (part, order, _) in parts.items()}
        self._images = {
            what: Augmentation(replace(data, train=part), how, [generators["augmentation"]])
            for what, (part, _, how) in parts.items()
        }

    def batch(self, what: str) -> tuple[Tensor, Tensor]:
        """Return the next images and labels of ``weights`` or ``alphas``."""
        images, labels = self._images[what](next(self._orders[what]))
        return images, labels[:, 0]

    def state_dict(self) -> dict[str, Any]:
        """Return which images wait, of each; generators aside."""
        return {what: one.waiting for what, one in self._orders.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called."""
        for what, one in self._orders.items():
            one.waiting = state[what]


def check(data: Data, batch: int) -> None:
    """See that a search can be fed with some data.

    Raises:
        BadSetting: When a batch is too small to be normalised, there are too few images for one, or a class has none.
    """
    if batch < 2:
        raise BadSetting(f"a batch has 2 images at least, since normalisations read it, not {batch}")
    if min(len(data.train), len(data.validation)) < batch:
        raise BadSetting(
            f"a step takes a batch of {batch} training and validation images; there are {len(data.train)} and "
            f"{len(data.validation)} of {data.name}. Give a smaller batch"
        )
    for part, words in ((data.train, "training"), (data.validation, "validation")):
        if data.classes and part.labels.dim() == 1:
            missing = sorted(set(range(data.classes)) - set(part.labels.tolist()))
            if missing:
                said = ", ".join(map(str, missing[:8])) + (", …" if len(missing) > 8 else "")
                raise BadSetting(
                    f"of {data.classes} classes of {data.name}, {said} has no {words} image, so that nothing of it "
                    "can be learned; divide the images so that each part has all classes"
                )
