"""Agreement: in how many places a layer's values have the same sign for two images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nasbed.proxies.agreement_kernels import count_differences, pack_signs

EXACT_IN_FLOAT32 = 2**24
"""Whole numbers up to here are sums of float32 without rounding, in TF32 products, too."""


def agreements(values: Tensor) -> NDArray[np.float64]:
    """Count, for each two images, the places where both values are positive or neither is.

    With x = 1 where a value is positive, flattened for each image, this is x xᵀ + (1 − x)(1 − x)ᵀ.

    Args:
        values: ``(batch, …)``; 0 and NaN are not positive.

    Returns:
        Whole numbers, ``(batch, batch)``.
    """
    rows = _rows(values.detach())
    differences = _differences_of_bits(rows) if rows.device.type == "cpu" else differences_by_product(rows)
    return np.asarray(rows.shape[1] - differences, np.float64)


def _rows(values: Tensor) -> Tensor:
    """Flatten each image, without a copy where pixels or channels lie together; the order of places does not matter."""
    if values.dim() == 4 and not values.is_contiguous():
        values = values.permute(0, 2, 3, 1)
    return values.reshape(len(values), -1)


def _differences_of_bits(rows: Tensor) -> NDArray[np.int64]:
    """Count on a processor: a bit a place."""
    numbers = rows if rows.dtype in (torch.float32, torch.float64) else rows.float()
    words = np.empty((len(rows), -(-rows.shape[1] // 64)), np.uint64)
    differences = np.empty((len(rows), len(rows)), np.int64)
    pack_signs(numbers.numpy(), words)
    count_differences(words, differences)
    return differences


def differences_by_product(rows: Tensor) -> NDArray[np.float64]:
    """Count on an accelerator, whose matrix products cost less than bits: those with a 1 less those both have, twice.

    Args:
        rows: ``(batch, places)``.
    """
    positive = (rows > 0).to(torch.float32 if rows.shape[1] < EXACT_IN_FLOAT32 else torch.float64)
    ones = positive.sum(1)
    differences: NDArray[np.float64] = (ones[:, None] + ones - 2 * (positive @ positive.T)).cpu().double().numpy()
    return differences
