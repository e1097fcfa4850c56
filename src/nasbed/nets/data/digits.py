"""Digits: the 1,797 handwritten digits of 8×8 pixels that come with scikit-learn.

Reference: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI repository, 1998.
"""

from __future__ import annotations

import numpy as np

from nasbed.core.extras import require
from nasbed.nets.data.pictures import Pictures
from nasbed.nets.data.splits import balanced

TRAIN, VALIDATION = 40, 80
"""Images of each class that are trained on and validated on. More for validation, whose grain decides how finely
architectures are told apart; the 597 others are the test part."""

SEED = 101
"""Decides which image goes where, once and for all."""


def digits() -> Pictures:
    """Handwritten digits, 8×8 grey: 400 to train on, 800 to validate, 597 to test."""
    raw = require("sklearn.datasets", "torch").load_digits()
    images = np.asarray(raw.images, np.float32)[..., None]  # 0 … 16
    labels = np.asarray(raw.target, np.int64)
    return Pictures(images, labels, balanced(labels, {"train": TRAIN, "validation": VALIDATION}, "test", SEED), 10)
