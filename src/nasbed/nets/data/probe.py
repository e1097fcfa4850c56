"""Probe: one small batch that every network of a campaign is looked at with, always the same."""

from __future__ import annotations

import numpy as np
import torch

from nasbed.nets.data.source import Data, Part

IMAGES = 100
"""The published number: 10 of each of CIFAR-10's classes. Ying et al., ICML 2019."""


def probe_batch(data: Data, images: int = IMAGES) -> Part:
    """Give the first validation images of every class, as many of each as there are, normalised, on the data's device.

    They come in turns, one of each class at a time, so that any first few of them are as equal too. A validation part
    with fewer images is given whole.

    Args:
        data: The source.
        images: How many in all.
    """
    part = data.validation
    labels = part.labels.cpu().numpy()
    turn = np.empty(len(labels), np.int64)  # 0 for the first image of its class, 1 for the second, …
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        turn[mine] = np.arange(len(mine))
    chosen = torch.from_numpy(np.lexsort((labels, turn))[:images]).to(part.labels.device)
    return Part(part.normal(part.images[chosen]), part.labels[chosen])
