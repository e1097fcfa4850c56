"""Cluttered digits: scikit-learn's digits made harder, and as many of them as one likes.

A digit is crossed by strokes of others, a patch is covered, and every pixel is noisy; in a larger image it lies
anywhere, as in cluttered MNIST. The 1,797 originals are divided first, so that no part shows a digit, or a stroke of
one, that another part shows.

Reference: Mnih et al., "Recurrent Models of Visual Attention", NeurIPS 2014, https://arxiv.org/abs/1406.6247
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.extras import require
from nasbed.nets.data.pictures import PARTS, Pictures

SEED = 201
"""Decides everything: which original is in which part, and what each image is composed of."""

SHARES = (0.35, 0.6)
"""Where validation and test begin among the originals of a class, as fractions."""

CLASSES, SIDE = 10, 8
WHITE = 255

_STROKE = (2, 3)  # rows or columns, at least and at most
_SHADES = (0.3, 0.7)  # of a cover, from black to white

Draws = NDArray[np.float64]
"""Evenly distributed numbers from 0 to below 1."""


def cluttered_digits(
    size: int = 8,
    strokes: int = 1,
    cover: int = 2,
    noise: int = 20,
    train: int = 1000,
    validation: int = 1000,
    test: int = 3000,
) -> Pictures:
    """Digits in 8×8 grey, crossed, covered and noisy: 1,000 to train on, 1,000 to validate, 3,000 to test.

    Args:
        size: Height and width in pixels, at least 8; in more, a digit lies anywhere.
        strokes: How many foreign strokes an image has.
        cover: Height and width of the covered patch; 0 for none.
        noise: By how much a pixel is brighter or darker at most, in percent of white.
        train: How many images to train on.
        validation: How many to validate on.
        test: How many to test on.
    """
    counts = dict(zip(PARTS, (train, validation, test), strict=True))
    for name, value, least in (("size", size, SIDE), *((part, count, CLASSES) for part, count in counts.items())):
        if value < least:
            raise BadSetting(f"cluttered digits need a {name} of at least {least}, not {value}")
    if cover > size:
        raise BadSetting(f"cluttered digits of {size} pixels need a cover of at most {size}, not {cover}")
    raw = require("sklearn.datasets", "torch").load_digits()
    originals, labels = np.asarray(raw.images) / raw.images.max(), np.asarray(raw.target, np.int64)
    # The numbers of a bit generator with a given key are the same in every version of NumPy; those of Generator's
    # methods need not be.
    bits = np.random.Philox(key=SEED)
    part_of = _divided(labels, _draw(bits, len(labels)))
    images, classes = [], []
    for part, count in enumerate(counts.values()):
        mine = np.flatnonzero(part_of == part)
        shown = np.arange(count) % CLASSES
        found = _composed(bits, originals[mine], labels[mine], shown, size, strokes, cover, noise / 100)
        images.append(found)
        classes.append(shown)
    ends = np.cumsum([0, *counts.values()])
    parts = {part: np.arange(start, end) for part, start, end in zip(PARTS, ends, ends[1:], strict=False)}
    pixels = np.rint(WHITE * np.concatenate(images)[..., None]).astype(np.float32)
    return Pictures(pixels, np.concatenate(classes), parts, CLASSES)


def _draw(bits: np.random.Philox, *shape: int) -> Draws:
    """Draw numbers of 53 bits."""
    words = np.asarray(bits.random_raw(int(np.prod(shape))))
    return (words >> np.uint64(11)).reshape(shape).astype(np.float64) * 2.0**-53


def _integers(draws: Draws, count: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Make numbers from 0 to below ``count`` of draws."""
    return (draws * count).astype(np.int64)


def _divided(labels: NDArray[np.int64], draws: Draws) -> NDArray[np.int64]:
    """Say in which of ``PARTS`` each original is, ``(n,)``: of each class the same shares."""
    parts = np.empty(len(labels), np.int64)
    for label in range(CLASSES):
        mine = np.flatnonzero(labels == label)
        parts[mine[np.argsort(draws[mine])]] = np.searchsorted(SHARES, np.arange(len(mine)) / len(mine), "right")
    return parts


def _composed(
    bits: np.random.Philox,
    originals: NDArray[np.float64],
    labels: NDArray[np.int64],
    shown: NDArray[np.int64],
    size: int,
    strokes: int,
    cover: int,
    noise: float,
) -> NDArray[np.float64]:
    """Compose an image of each class in ``shown`` from the originals of one part: ``(n, size, size)``, from 0 to 1."""
    of_class = [np.flatnonzero(labels == label) for label in range(CLASSES)]
    few = np.array([len(mine) for mine in of_class])[shown]
    chosen = np.array(
        [of_class[label][j] for label, j in zip(shown, _integers(_draw(bits, len(shown)), few), strict=True)]
    )
    images = _placed(bits, originals[chosen], size)
    for _ in range(strokes):
        others = originals[_integers(_draw(bits, len(shown)), len(originals))]
        images = np.maximum(images, _placed(bits, others * _stroke(bits, len(shown)), size))
    if cover:
        shades = _SHADES[0] + (_SHADES[1] - _SHADES[0]) * _draw(bits, len(shown))
        patch = np.ones((len(shown), cover, cover))
        images = np.where(_placed(bits, patch, size) > 0, shades[:, None, None], images)
    return np.clip(images + noise * (2 * _draw(bits, *images.shape) - 1), 0, 1)


def _placed(bits: np.random.Philox, patches: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Put each of ``(n, side, side)`` patches somewhere in a black image."""
    count, side, _ = patches.shape
    rows, columns = _integers(_draw(bits, 2, count), size - side + 1)
    images = np.zeros((count, size, size))
    pixels = np.arange(side)
    images[
        np.arange(count)[:, None, None], (rows[:, None] + pixels)[:, :, None], (columns[:, None] + pixels)[:, None]
    ] = patches
    return images


def _stroke(bits: np.random.Philox, count: int) -> NDArray[np.float64]:
    """Draw which pixels of an original are a stroke: some rows or columns beside each other, ``(count, 8, 8)``."""
    upright, widths, starts = _draw(bits, 3, count)
    wide = _STROKE[0] + _integers(widths, _STROKE[1] - _STROKE[0] + 1)
    first = _integers(starts, SIDE - wide + 1)
    lines = (np.arange(SIDE) >= first[:, None]) & (np.arange(SIDE) < (first + wide)[:, None])
    square = np.broadcast_to(lines[:, :, None], (count, SIDE, SIDE))
    turned = np.where((upright < 0.5)[:, None, None], square, square.transpose(0, 2, 1))
    return turned.astype(np.float64)
