"""Seeds: every training, and every purpose within it, draws from a stream of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nasbed.core.seeds import derived_seed


def repeat_seed(seed: int, repeat: int, attempt: int = 0) -> int:
    """Derive the seed of one attempt at one repeat: 63 bits, independent of all others."""
    return derived_seed("training", seed, repeat, attempt)


def generators(seeds: Sequence[int], purpose: str) -> list[torch.Generator]:
    """Make one CPU generator a repeat; those of different purposes are independent."""
    return [torch.Generator().manual_seed(derived_seed("training", seed, purpose)) for seed in seeds]
