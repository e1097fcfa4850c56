"""Random: noise in the place of images, to measure speed where there are no data."""

from __future__ import annotations

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.nets.data.pictures import Pictures


def random(
    size: int = 32,
    channels: int = 3,
    classes: int = 10,
    train: int = 1024,
    validation: int = 256,
    test: int = 256,
    seed: int = 0,
) -> Pictures:
    """Noise of any size, for speed only: nothing can be learned from it.

    Args:
        size: Height and width in pixels.
        channels: Colours of a pixel.
        classes: How many classes; every image has any of them.
        train: How many images to train on.
        validation: How many to validate on.
        test: How many to test on.
        seed: Decides them all.
    """
    counts = {"train": train, "validation": validation, "test": test}
    for name, value in {"size": size, "channels": channels, "classes": classes, **counts}.items():
        if value < 1:
            raise BadSetting(f"random data need a {name} of at least 1, not {value}")
    generator = np.random.Generator(np.random.Philox(seed))
    images = generator.integers(256, size=(sum(counts.values()), size, size, channels), dtype=np.uint8)
    starts = np.cumsum([0, *counts.values()])
    parts = {part: start + np.arange(count) for start, (part, count) in zip(starts, counts.items(), strict=False)}
    labels = np.arange(len(images), dtype=np.int64) % classes
    warning = "random pixels, for speed only: accuracies mean nothing"
    return Pictures(images, labels, parts, classes, warnings=(warning,))
