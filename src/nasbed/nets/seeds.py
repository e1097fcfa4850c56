"""Seeds: every training, and every purpose within it, draws from a stream of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch


def repeat_seed(seed: int, repeat: int, attempt: int = 0) -> int:
    """Derive the seed of one attempt at one repeat: 63 bits, independent of all others."""
    return _hashed(f"{seed}/{repeat}/{attempt}")


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=b"nasbed.training").digest()) >> 1


def generators(seeds: Sequence[int], purpose: str) -> list[torch.Generator]:
    """Make one CPU generator a repeat; those of different purposes are independent."""
    return [torch.Generator().manual_seed(_hashed(f"{seed}/{purpose}")) for seed in seeds]
