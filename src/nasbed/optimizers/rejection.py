"""Rejection: draw rows until one is an architecture, where a method draws decisions that may not fit together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.rng import Streams
from nasbed.core.space import Space

_ROUNDS = 10
"""Of 1, 2, 4, … draws: 1023 in all. Drawing one by one would take a call for each."""

Draw = Callable[[NDArray[np.int64], int, Streams], tuple[NDArray[Any], ...]]
"""From places in ``runs``, a count and the streams of these runs to arrays ``(places, count, …)``, the rows first."""


def first_valid(
    space: Space, streams: Streams, runs: NDArray[np.int64], draw: Draw
) -> tuple[NDArray[np.bool_], tuple[NDArray[Any], ...]]:
    """Give the first valid draw of each of some runs, of 1023 at most.

    Args:
        space: What decides.
        streams: Of all runs; those of ``runs`` move on.
        runs: Which runs, ``(n,)``; at least one.
        draw: Draws rows, and what else comes with each.

    Returns:
        Which found one, ``(n,)``, and what they found, arrays ``(n, …)`` in the order of ``draw``; anything where none
        was found.
    """
    looking, chosen = np.arange(len(runs)), tuple[NDArray[Any], ...]()
    for doubled in range(_ROUNDS):
        drawn = streams.drawing(runs[looking], partial(draw, looking, 2**doubled))
        valid = space.valid(drawn[0].reshape(-1, space.decisions)).reshape(drawn[0].shape[:2])
        found, place = np.flatnonzero(valid.any(axis=1)), valid.argmax(axis=1)
        chosen = chosen or tuple(np.zeros((len(runs), *part.shape[2:]), part.dtype) for part in drawn)
        for whole, part in zip(chosen, drawn, strict=True):
            whole[looking[found]] = part[found, place[found]]
        looking = np.delete(looking, found)
        if not len(looking):
            break
    has_one = np.ones(len(runs), np.bool_)
    has_one[looking] = False
    return has_one, chosen
