"""Pictures: the images of one source as they are on disk, what is to be learned of each, and how they are divided.

NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nasbed.nets.task import Task

PARTS = ("train", "validation", "test")
"""What is trained on, what searches are led by, and what is reported."""


@dataclass(frozen=True)
class Scale:
    """What normalises a source's images: ``(pixel - mean) / std``, a number for each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Pictures:
    """What a source gives.

    Attributes:
        images: ``(n, size, size, channels)``, black is 0; uint8, which saves memory, or float32.
        labels: The class of each, ``(n,)`` int64, from 0; or the numbers to predict, ``(n, targets)`` float32; or
            whatever else its task is about, int64 or float32, ``(n, …)``.
        parts: The numbers of the images of each of ``PARTS``; no image is in two.
        classes: How many classes there are; 0 where numbers are predicted.
        scale: The published normalisation; that of the training part if there is none.
        warnings: What one must know before one believes results, in sentences.
        task: What is learned of them and how it is judged, where the source says it.
    """

    images: NDArray[np.uint8] | NDArray[np.float32]
    labels: NDArray[np.int64] | NDArray[np.float32]
    parts: dict[str, NDArray[np.int64]]
    classes: int
    scale: Scale | None = None
    warnings: tuple[str, ...] = ()
    task: Task | None = None
