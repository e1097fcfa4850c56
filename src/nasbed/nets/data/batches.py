"""Batches: shuffled, augmented training images for several repeats at once.

Every repeat draws its order and its augmentation from generators of its own, so that what it sees does not depend
on what is trained beside it. Draws are made on the CPU, so that they do not depend on the device either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nasbed.nets.data.source import Data, Part
from nasbed.nets.recipe import Recipe


class Orders(Iterator[Tensor]):
    """Gives ``(batch, repeats)`` numbers of images without end: epoch after epoch in a new order, nothing left out.

    A batch may reach over the end of an epoch, so that a batch size need not divide the number of images.

    Args:
        images: How many there are.
        batch: Images a step.
        generators: One CPU generator a repeat.
    """

    def __init__(self, images: int, batch: int, generators: Sequence[torch.Generator]) -> None:
        self.images, self.batch, self.generators = images, batch, generators
        self.waiting = torch.empty((0, len(generators)), dtype=torch.int64)

    def __next__(self) -> Tensor:
        while len(self.waiting) < self.batch:
            epoch = torch.stack([torch.randperm(self.images, generator=g) for g in self.generators], dim=1)
            self.waiting = torch.cat([self.waiting, epoch])
        batch, self.waiting = self.waiting[: self.batch], self.waiting[self.batch :]
        return batch

    def state_dict(self) -> dict[str, Any]:
        """Give what decides the batches to come."""
        return {"waiting": self.waiting, "generators": [g.get_state() for g in self.generators]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called."""
        self.waiting = state["waiting"]
        for generator, value in zip(self.generators, state["generators"], strict=True):
            generator.set_state(value)


class Augmentation:
    """Turns numbers of training images into batches of images: crops, mirrors, noise, cuts, as the recipe says.

    Args:
        data: The source, on the device that trains.
        recipe: Says what is done to an image.
        generators: One CPU generator a repeat.
    """

    def __init__(self, data: Data, recipe: Recipe, generators: Sequence[torch.Generator]) -> None:
        self.recipe, self.generators, self.size = recipe, generators, data.image_size
        pad = recipe.crop
        self.part = data.train
        side = self.size + 2 * pad
        self.padded = data.blank.expand(len(data.train), side, side, -1).clone()
        self.padded[:, pad : pad + self.size, pad : pad + self.size] = data.train.images
        self.pixels = torch.arange(self.size)

    def __call__(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Give images ``(batch, repeats·channels, size, size)``, channels last, and their labels.

        Labels are classes, ``(batch, repeats)``, or the numbers to predict, ``(batch, repeats, targets)``.

        Args:
            numbers: ``(batch, repeats)``, on the CPU.
        """
        batch, repeats = numbers.shape
        device = self.padded.device
        rows = columns = self.pixels.expand(batch, repeats, self.size)
        if self.recipe.crop:
            rows, columns = (rows + shift[..., None] for shift in self._integers(2 * self.recipe.crop + 1, batch))
        if self.recipe.flip:
            mirrored, _ = self._integers(2, batch)
            columns = torch.where(mirrored[..., None].bool(), columns.flip(2), columns)
        numbers = numbers.to(device)
        images = self.part.normal(
            self.padded[
                numbers[:, None, None],
                rows.to(device).transpose(1, 2)[:, :, None],
                columns.to(device).transpose(1, 2)[:, None],
            ]
        )  # (batch, size, size, repeats, channels)
        if self.recipe.noise:
            shape = (batch, self.size, self.size, self.padded.shape[3])
            noise = torch.stack([torch.randn(shape, generator=g) for g in self.generators], dim=3)
            images = images.add_(noise.to(device), alpha=self.recipe.noise)
        if self.recipe.cutout:
            images = images * self._kept(batch).to(device)
        return images.flatten(3).permute(0, 3, 1, 2), self.part.labels[numbers]

    def _kept(self, batch: int) -> Tensor:
        """Draw a square for each image; return 0 for its pixels, 1 for others, ``(batch, size, size, repeats, 1)``."""
        half = self.recipe.cutout // 2
        inside = []
        for centres in self._integers(self.size, batch):
            first = (centres - half)[..., None]
            inside.append((self.pixels >= first) & (self.pixels < first + self.recipe.cutout))
        rows, columns = (one.transpose(1, 2) for one in inside)
        return (~(rows[:, :, None] & columns[:, None])).float()[..., None]

    def state_dict(self) -> dict[str, Any]:
        """Give what decides the draws to come."""
        return {"generators": [g.get_state() for g in self.generators]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to where ``state_dict`` was called."""
        for generator, value in zip(self.generators, state["generators"], strict=True):
            generator.set_state(value)

    def _integers(self, high: int, batch: int) -> tuple[Tensor, Tensor]:
        """Draw two integers below ``high`` for each image, each ``(batch, repeats)``."""
        drawn = torch.stack([torch.randint(high, (2, batch), generator=g) for g in self.generators], dim=2)
        return drawn[0], drawn[1]


def full_batches(
    part: Part, batch: int, most: int, repeats: int, rest: bool = False
) -> Iterator[tuple[Tensor, Tensor]]:
    """Go through unaugmented images in order, full batches only, the same for every repeat.

    Args:
        part: What is evaluated.
        batch: Images a step; a part with fewer is one batch.
        most: How many images at most.
        repeats: How many networks see them.
        rest: Whether those that fill no batch follow in a smaller one.

    Yields:
        Images ``(batch, repeats·channels, size, size)``, channels last, and labels ``(batch,)``, or targets
        ``(batch, targets)``.
    """
    images = min(len(part), most)
    batch = min(batch, images)
    end = images if rest else images // batch * batch
    for first in range(0, end, batch):
        last = min(first + batch, end)
        chosen = part.normal(part.images[first:last])
        yield chosen.repeat(1, 1, 1, repeats).permute(0, 3, 1, 2), part.labels[first:last]
