"""Explaining: what of an encoding carries a predictor.

A block's share is what the predictor itself has learned: a Gaussian process the weight of the block's kernel, trees
what their divisions gain. Its loss is measured on architectures that were not learned from: the block's numbers are
dealt among them anew, and τ falls. What two blocks both say, neither loses; so it is also told what a block says alone,
when all others are dealt anew.

Reference: Fisher, Rudin and Dominici, "All Models are Wrong, but Many are Useful", JMLR 20, 2019,
https://arxiv.org/abs/1801.01489
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbed.predictors.encoded import EncodedPredictor
from nasbed.statistics.prediction import Floats, tau

DEALS = 5
"""How often numbers are dealt anew."""

MOST = 1000
"""Architectures on which that is done."""

_NUMBERS = 10  # single numbers that are told


class Carried(NamedTuple):
    """What a part of an encoding carries.

    Attributes:
        name: Of the block, or what the number says.
        share: Of what the predictor has learned; NaN where it does not say.
        loss: By how much τ falls without it.
        alone: τ with nothing else; NaN of single numbers.
    """

    name: str
    share: float
    loss: float
    alone: float


class Explanation(NamedTuple):
    """What carries a predictor.

    Attributes:
        tau: On the architectures that it was looked at with, none of which it learned from.
        n: How many these are.
        blocks: Of the encoding.
        numbers: Those single numbers without which it loses most.
    """

    tau: float
    n: int
    blocks: tuple[Carried, ...]
    numbers: tuple[Carried, ...]


def explain(predictor: EncodedPredictor, archs: ArrayLike, values: ArrayLike, seed: int = 0) -> Explanation:
    """Say what carries a predictor that has learned.

    Args:
        predictor: It.
        archs: Architectures that it has not learned from, ``(n, decisions)``; of many, a thousand are drawn.
        values: What was measured of them, ``(n,)``.
        seed: Of what is drawn.
    """
    random = np.random.default_rng(seed)
    rows, measured = np.asarray(archs), np.asarray(values, np.float64)
    some = random.permutation(len(rows))[:MOST]
    numbers, measured, features = predictor.features(rows[some]), measured[some], predictor.features
    # A predictor of a constant has learned from no numbers, and does not say how it would read them.
    learned = bool(predictor.targets_.values.any())
    shares = predictor.shares() if learned else {}

    def mean_tau(columns: NDArray[np.int64]) -> float:
        found = [_dealt(predictor, numbers, measured, columns, random) for _ in range(DEALS)] if learned else [np.nan]
        return float(np.mean(found))

    whole = tau(predictor.predict_numbers(numbers)[0], measured) if learned else np.nan
    every = np.arange(numbers.shape[1])
    blocks = [
        Carried(name, shares.get(name, np.nan), whole - mean_tau(every[part]), mean_tau(np.delete(every, part)))
        for name, part in features.blocks.items()
    ]
    singles = [
        Carried(name, np.nan, whole - mean_tau(every[i : i + 1]), np.nan) for i, name in enumerate(features.names)
    ]
    most = sorted(singles, key=lambda one: -np.nan_to_num(one.loss, nan=-np.inf))[:_NUMBERS]
    return Explanation(whole, len(some), tuple(blocks), tuple(most))


def _dealt(
    predictor: EncodedPredictor,
    numbers: Floats,
    values: Floats,
    columns: NDArray[np.int64],
    random: np.random.Generator,
) -> float:
    """Return τ where some columns are those of other architectures, all of them of the same other one."""
    changed = numbers.copy()
    changed[:, columns] = numbers[random.permutation(len(numbers))][:, columns]
    # What is then predicted may be the same for all; it ranks nothing.
    return float(np.nan_to_num(tau(predictor.predict_numbers(changed)[0], values)))
