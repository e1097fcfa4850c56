"""Targets: values, turned into what a regressor learns best from, and back.

A target rises with its value; over the values that it was made of it has mean 0 and variance 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from nasbed.core.errors import BadSetting
from nasbed.encodings.quantiles import normal_quantiles
from nasbed.predictors.kernel import Floats

Transformation = Literal["blended", "log-error", "rank-gaussian", "standardised"]

_MARGIN = 0.5
"""The best that is thought possible is so much better than the best seen as that is better than the median, times it.

Where the best is known, as 100 percent are, logarithms of errors are usual; measures need not have such an end, and few
come near it."""


@dataclass(frozen=True)
class Targets:
    """What values became.

    Attributes:
        values: The targets, ``(n,)``.
        back: From targets to what they stand for, in the values' unit.
    """

    values: Floats
    back: Callable[[Floats], Floats]

    def in_units(self, mean: Floats, deviation: Floats) -> tuple[Floats, Floats]:
        """Return predictions in the values' unit: the median, and half of what lies a deviation to both sides."""
        return self.back(mean), (self.back(mean + deviation) - self.back(mean - deviation)) / 2.0


def targets(values: ArrayLike, transformation: Transformation) -> Targets:
    """Return the targets of some values.

    Args:
        values: Higher is better, ``(n,)``.
        transformation: ``standardised`` for the values themselves; ``log-error`` for the logarithm of how far they
            are from what is best, which tells the good apart; ``rank-gaussian`` for normal quantiles of their ranks,
            which no outlier bends; ``blended`` for the mean of these two.

    Raises:
        BadSetting: When there are no values, or one is no finite number.
    """
    given = checked(values)
    scale = max(float(np.abs(given).max()), np.finfo(float).tiny)
    raw, back = _MADE[transformation](given / scale)
    centre, spread = raw.mean(), raw.std()
    if not spread > 1e-12 * (1.0 + abs(centre)):
        return Targets(
            np.zeros(len(given)), lambda some: np.full(len(some), given.mean() if scale < 1e300 else given[0])
        )
    return Targets((raw - centre) / spread, lambda some: scale * back(centre + spread * some))


def checked(values: ArrayLike) -> Floats:
    """Return values as an array, ``(n,)``.

    Raises:
        BadSetting: When they are not finite numbers, one at least.
    """
    try:
        given = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise BadSetting("a predictor learns from numbers, one for each architecture") from None
    if given.ndim != 1 or not len(given):
        raise BadSetting(f"a predictor learns from one value for each architecture, (n,), not from {given.shape}")
    wrong = np.flatnonzero(~np.isfinite(given))
    if len(wrong):
        raise BadSetting(
            f"value {wrong[0]} of {len(given)} is {given[wrong[0]]}; leave out the architectures whose training failed"
        )
    return given


def _plain(values: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    return values, lambda some: some


def _log_error(values: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    upper = values.max() - np.median(values)
    end = values.max() + _MARGIN * (upper if upper > 0 else max(values.std(), 1e-12))
    return -np.log(end - values), lambda some: end - np.exp(-some)


def _rank_gaussian(values: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    _, quantiles, which = normal_quantiles(values)
    return quantiles[which], _interpolated(quantiles[which], values)


def _blended(values: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
    both = [made(values)[0] for made in (_rank_gaussian, _log_error)]
    found: Floats = np.mean([(one - one.mean()) / max(one.std(), np.finfo(float).tiny) for one in both], axis=0)
    return found, _interpolated(found, values)


def _interpolated(made: Floats, values: Floats) -> Callable[[Floats], Floats]:
    """Return what leads back from what was made of values: lines between these, and beyond them, too."""
    known, first = np.unique(values, return_index=True)
    places, beyond = made[first], values.std()  # which is what a unit is worth that has a deviation of 1

    def back(some: Floats) -> Floats:
        found = np.interp(some, places, known)
        found += beyond * (np.maximum(some - places[-1], 0.0) + np.minimum(some - places[0], 0.0))
        return found

    return back


_MADE: dict[Transformation, Callable[[Floats], tuple[Floats, Callable[[Floats], Floats]]]] = {
    "blended": _blended,
    "log-error": _log_error,
    "rank-gaussian": _rank_gaussian,
    "standardised": _plain,
}
