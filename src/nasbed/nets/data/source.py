"""Data: training, validation and test images of one source, whole and ready to be normalised, on one device."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed
from nasbed.nets.data.pictures import PARTS, Scale
from nasbed.nets.data.sources import pictures, stamp
from nasbed.nets.task import Task, usual


class Part(NamedTuple):
    """Images, and what is to be learned of each.

    Attributes:
        images: ``(n, size, size, channels)``: channels last. Normalised float32, or uint8 as they were.
        labels: Classes, int64, ``(n,)``; or the numbers to predict, float32, ``(n, targets)``, in their own units; or
            what else a task of one's own is about, ``(n, …)``.
        scale: What normalises uint8 images, mean and standard deviation, ``(2, channels)``.
    """

    images: Tensor
    labels: Tensor
    scale: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def normal(self, images: Tensor) -> Tensor:
        """Give some of the images, ``(…, channels)``, normalised, as float32."""
        return images if self.scale is None else images.float().sub_(self.scale[0]).div_(self.scale[1])

    def to(self, device: torch.device | str) -> Part:
        """Give the same images on another device."""
        scale = None if self.scale is None else self.scale.to(device)
        return Part(self.images.to(device), self.labels.to(device), scale)


@dataclass(frozen=True, eq=False)
class Data(Printed):
    """One source in three parts.

    Attributes:
        name: What it was loaded by.
        train: What is trained on.
        validation: What searches are led by.
        test: What is reported.
        classes: How many classes there are; 0 where numbers are predicted.
        checksum: SHA-256 of the raw images, labels and their division, in hex.
        blank: A black pixel as it is in ``Part.images``, ``(channels,)``; crops are padded with it.
        task: What is learned of them, and how that is judged.
        warnings: What one must know before one believes results, in sentences.
    """

    name: str
    train: Part
    validation: Part
    test: Part
    classes: int
    checksum: str
    blank: Tensor
    task: Task
    warnings: tuple[str, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether numbers are predicted, and not a class."""
        return self.classes == 0

    @property
    def outputs(self) -> int:
        """How many numbers a network gives for an image: one for each class, or for each target."""
        return self.task.outputs

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
        train, validation, test = (part.to(device) for part in (self.train, self.validation, self.test))
        return replace(self, train=train, validation=validation, test=test, blank=self.blank.to(device))

    def describe(self) -> dict[str, Any]:
        """Say what it is in plain values: images of each part, classes, size, channels, checksum, warnings.

        Where numbers are predicted, ``targets`` says how many.
        """
        return {
            "name": self.name,
            "images": {part: len(getattr(self, part)) for part in PARTS},
            "classes": self.classes,
            "image_size": self.image_size,
            "channels": self.channels,
            "checksum": self.checksum,
            "warnings": list(self.warnings),
            **({"targets": self.outputs, "metric": self.task.metric} if self.is_regression else {}),
        }


def load(name: str) -> Data:
    """Give the data of a name such as ``digits`` or ``cifar10:/data/cifar``; the last ones stay in memory.

    Raises:
        UnknownName: When no source has the name.
        BadSetting: When it has no such setting, or its files are not there.
        CorruptFile: When its files are not what they should be.
        MissingExtra: When a package that brings the images is not installed.
    """
    return _loaded(name, os.environ.get("NASBED_DATA"), stamp(name))


@lru_cache(maxsize=2)
def _loaded(name: str, folder: str | None, changed: float) -> Data:  # ``folder``, which the source reads, decides, too
    found = pictures(name)
    how = found.classes, found.scale, found.warnings, found.task
    return prepared(name, found.images, found.labels, found.parts, *how)


def prepared(
    name: str,
    images: NDArray[np.uint8] | NDArray[np.float32],
    labels: NDArray[np.int64] | NDArray[np.float32],
    parts: dict[str, NDArray[np.int64]],
    classes: int,
    scale: Scale | None = None,
    warnings: tuple[str, ...] = (),
    task: Task | None = None,
) -> Data:
    """Divide raw images, and normalise them by the training part's mean and standard deviation, or by what is given.

    Float32 images are normalised at once. Bytes stay bytes, a quarter of the memory, and every batch is normalised.

    Args:
        name: What errors call it.
        images: Raw, ``(n, size, size, channels)``, black is 0.
        labels: Classes, ``(n,)`` int64, or targets, ``(n, targets)`` float32, as in ``Part``; they are not normalised.
        parts: The numbers of the images of ``train``, ``validation`` and ``test``; no image is in two.
        classes: How many classes there are; 0 where numbers are predicted.
        scale: Mean and standard deviation; those of the training part if None.
        warnings: What one must know before one believes results.
        task: What is learned, and how it is judged; what is usual for such labels if None.

    Raises:
        BadSetting: When a part is empty, parts overlap, or training images are all of one colour.
    """
    for part in PARTS:
        if not len(parts[part]):
            raise BadSetting(f"{name!r} has no images to use as {part}; all of {', '.join(PARTS)} need some")
    everyone = np.concatenate([parts[part] for part in PARTS])
    if len(np.unique(everyone)) != len(everyone):
        raise BadSetting(f"the parts of {name!r} overlap; every image belongs to one part at most")
    digest = hashlib.sha256(np.ascontiguousarray(images, "u1" if images.dtype == np.uint8 else "<f4").data)
    digest.update(np.ascontiguousarray(labels, "<f4" if labels.dtype.kind == "f" else "<i8").data)
    for part in PARTS:
        digest.update(np.ascontiguousarray(parts[part], "<i8").data)
    what = task or usual(labels[parts["train"]], classes)
    digest.update(what.checksum.encode())
    mean, std = _moments(images, parts["train"]) if scale is None else (np.array(scale.mean), np.array(scale.std))
    if not std.all():
        raise BadSetting(f"the training images of {name!r} are all of one colour; nothing can be learned from them")
    if images.dtype == np.uint8:
        pixels: NDArray[Any] = images
        each, blank = torch.from_numpy(np.stack([mean, std]).astype(np.float32)), np.zeros(len(mean), np.uint8)
    else:
        pixels = ((images - mean) / std).astype(np.float32)
        each, blank = None, (-mean / std).astype(np.float32)
    tensors = {
        part: Part(torch.from_numpy(pixels[rows]), torch.from_numpy(labels[rows]), each) for part, rows in parts.items()
    }
    return Data(
        name=name,
        train=tensors["train"],
        validation=tensors["validation"],
        test=tensors["test"],
        classes=classes,
        checksum=digest.hexdigest(),
        blank=torch.from_numpy(blank),
        task=what,
        warnings=warnings,
    )


def _moments(images: NDArray[Any], rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give mean and standard deviation of some images, a number for each channel."""
    if images.dtype != np.uint8:
        seen = images[rows].astype(np.float64)
        return seen.mean(axis=(0, 1, 2)), seen.std(axis=(0, 1, 2))
    counts = np.zeros((images.shape[3], 256))  # of each value: exact, and never eight bytes for each pixel at once
    for few in np.array_split(rows, len(rows) // 1000 + 1):
        for channel, count in enumerate(counts):
            count += np.bincount(images[few, ..., channel].ravel(), minlength=256)
    shares = counts / counts.sum(axis=1, keepdims=True)
    mean = shares @ np.arange(256)
    return mean, np.sqrt(shares @ np.arange(256) ** 2 - mean**2)
