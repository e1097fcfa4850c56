"""Data: training, validation and test images of one source, whole and normalised, on one device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nasbed.core.errors import BadSetting
from nasbed.core.registry import Registry

SOURCES = Registry("data source", {"digits": "nasbed.nets.data.digits:digits"})
"""From a name to a function without arguments that gives the ``Data``."""


class Part(NamedTuple):
    """Labelled images.

    Attributes:
        images: Normalised, float32, ``(n, size, size, channels)``: channels last.
        labels: int64, ``(n,)``.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Data:
    """One source in three parts.

    Attributes:
        name: The registry's name.
        train: What is trained on; its mean and standard deviation normalise all parts.
        validation: What searches are led by.
        test: What is reported.
        classes: How many classes there are.
        checksum: SHA-256 of the raw images, labels and their division, in hex.
        blank: What a black pixel is after normalisation, ``(channels,)``; crops are padded with it.
    """

    name: str
    train: Part
    validation: Part
    test: Part
    classes: int
    checksum: str
    blank: Tensor

    @property
    def image_size(self) -> int:
        """Height and width in pixels."""
        return int(self.train.images.shape[1])

    @property
    def channels(self) -> int:
        """Colours of a pixel."""
        return int(self.train.images.shape[3])

    def to(self, device: torch.device | str) -> Data:
        """Give the same data on another device."""
        train, validation, test = (
            Part(part.images.to(device), part.labels.to(device)) for part in (self.train, self.validation, self.test)
        )
        return replace(self, train=train, validation=validation, test=test, blank=self.blank.to(device))


def load(name: str) -> Data:
    """Give the data of a name.

    Raises:
        UnknownName: When no source has the name.
        MissingExtra: When a package that brings the images is not installed.
    """
    data: Data = SOURCES[name]()
    return data


def prepared(
    name: str,
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    parts: dict[str, NDArray[np.int64]],
    classes: int,
) -> Data:
    """Normalise raw images by the training part's mean and standard deviation and divide them.

    Args:
        name: The registry's name.
        images: Raw, ``(n, size, size, channels)``, black is 0.
        labels: ``(n,)``.
        parts: The numbers of the images of ``train``, ``validation`` and ``test``; no image is in two.
        classes: How many classes there are.
    """
    everyone = np.concatenate([parts[part] for part in ("train", "validation", "test")])
    if len(np.unique(everyone)) != len(everyone):
        raise BadSetting(f"the parts of {name!r} overlap; every image belongs to one part at most")
    digest = hashlib.sha256(np.ascontiguousarray(images, "<f4").tobytes())
    digest.update(np.ascontiguousarray(labels, "<i8").tobytes())
    for part in ("train", "validation", "test"):
        digest.update(np.ascontiguousarray(parts[part], "<i8").tobytes())
    seen = images[parts["train"]].astype(np.float64)
    mean, std = seen.mean(axis=(0, 1, 2)), seen.std(axis=(0, 1, 2))
    normal = ((images - mean) / std).astype(np.float32)
    tensors = {
        part: Part(torch.from_numpy(normal[rows]), torch.from_numpy(labels[rows].astype(np.int64)))
        for part, rows in parts.items()
    }
    blank = torch.from_numpy((-mean / std).astype(np.float32))
    return Data(name, tensors["train"], tensors["validation"], tensors["test"], classes, digest.hexdigest(), blank)


def balanced(labels: NDArray[np.int64], sizes: dict[str, int], rest: str, seed: int) -> dict[str, NDArray[np.int64]]:
    """Divide images into parts that hold as many of each class, the same at every call.

    Args:
        labels: ``(n,)``.
        sizes: How many images of *each class* a part gets.
        rest: The part that gets all others.
        seed: Decides which.

    Returns:
        The numbers of the images of each part, ascending.
    """
    generator = np.random.Generator(np.random.Philox(seed))
    taken: dict[str, list[NDArray[np.int64]]] = {part: [] for part in (*sizes, rest)}
    for label in np.unique(labels):
        mine = generator.permutation(np.flatnonzero(labels == label))
        for part, size in sizes.items():
            taken[part].append(mine[:size])
            mine = mine[size:]
        taken[rest].append(mine)
    return {part: np.sort(np.concatenate(rows)) for part, rows in taken.items()}
