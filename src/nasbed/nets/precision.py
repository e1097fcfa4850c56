"""Precision: which one a recipe's ``auto`` means, where networks are trained.

A rule of shapes, not a clock, so that the same networks on the same kind of machine are trained alike. It was measured
with ``benchmarks/training.py`` on a processor with AMX, where bfloat16 makes convolutions of many channels three to
eight times as fast, normalisations hardly, and pooling and convolutions of single channels slower. Elsewhere it has not
been measured, and ``auto`` is float32.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.core.records import Archs
from nasbed.core.rng import Streams
from nasbed.nets.blueprint import Blueprint
from nasbed.nets.recipe import AUTO, Recipe

PRODUCT, NORMALISED, POOLED, LAYER = 0.034, 0.76, -3.0, -150_000.0
"""What bfloat16 saves in a step, in nanoseconds, for each product of a convolution, each number that is normalised and
each that is pooled, of each image, and for each layer, whose weights it converts; less a tenth of the time in float32,
to be sure."""

FEW = 8  # channels that a convolution reads: with fewer, as where each reads its own, bfloat16 is several times slower

_TRIED = 8


def settled(recipe: Recipe, blueprint: Blueprint, device: Any, together: int = 1, rows: Archs | None = None) -> Recipe:
    """Return a recipe whose precision is ``float32`` or ``bfloat16``: itself, unless it says ``auto``.

    Args:
        recipe: How networks are trained.
        blueprint: How architectures become networks.
        device: On what.
        together: How many networks a pass trains; only those that are trained alone gain.
        rows: Which architectures, ``(n, decisions)``; None for some of the space. All of them must gain.
    """
    if recipe.precision != AUTO:
        return recipe
    gains = together == 1 and str(device).partition(":")[0] == "cpu" and has_amx()
    if gains:
        some = blueprint.space.sample(Streams.from_seed(0, _TRIED)) if rows is None else rows
        gains = bool((saved(blueprint, some, recipe.batch_size) > 0).all())
    return replace(recipe, precision="bfloat16" if gains else "float32")


def saved(blueprint: Blueprint, rows: Archs, batch: int) -> NDArray[np.float64]:
    """Estimate how many nanoseconds of a training step bfloat16 saves on a processor with AMX, ``(n,)``."""
    found = np.zeros(len(rows))
    for number, layer in enumerate(blueprint.layers(rows)):
        times, numbers = np.asarray(layer.times), np.asarray(layer.targets) * layer.pixels
        if layer.kind == "convolution":
            # The first reads an image's colours; it is not what decides.
            slow = (number > 0) & (np.asarray(layer.sources) < FEW) & (times > 0)
            found += np.where(slow, -np.inf, times * (LAYER + batch * PRODUCT * layer.products * layer.pixels))
        elif layer.kind in ("normalisation", "pooling"):
            found += batch * times * numbers * (NORMALISED if layer.kind == "normalisation" else POOLED)
    return found


def has_amx() -> bool:
    """Tell whether PyTorch computes with AMX here: Intel's products of small bfloat16 matrices."""
    torch = require("torch", "torch")
    asked = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return asked is not None and torch.backends.mkldnn.is_available() and bool(asked())
