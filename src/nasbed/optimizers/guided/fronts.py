"""Several objectives: what a candidate is expected to add to a front, and one number in the place of several.

References: Emmerich, Giannakoglou and Naujoks, "Single- and Multiobjective Evolutionary Optimization Assisted by
Gaussian Random Field Metamodels", IEEE Transactions on Evolutionary Computation 10, 2006 (expected hypervolume
improvement); Knowles, "ParEGO", IEEE Transactions on Evolutionary Computation 10, 2006 (random scalarisation).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nasbed.core.extras import require
from nasbed.optimizers.guided.acquisition import LEAST
from nasbed.predictors.guide import Belief
from nasbed.predictors.kernel import Floats

_BEYOND = 0.1  # of its extent a front's worst values are beyond the reference point: what it ends in counts a little
_RHO = 0.05  # how much the sum counts in ParEGO


def front_of(points: Floats) -> Floats:
    """Return the points that no other is as good as in both objectives, the lowest first ones first, ``(k, 2)``.

    Args:
        points: Higher is better in both, ``(n, 2)``.
    """
    order = np.lexsort((-points[:, 1], -points[:, 0]))
    second = points[order, 1]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(second)[:-1]])
    found: Floats = points[order[second > best_before]][::-1]
    return found


def reference_of(front: Floats) -> Floats:
    """Return the point that hypervolumes are measured from: a tenth of the front's extent below its lowest values."""
    low, high = front.min(axis=0), front.max(axis=0)
    found: Floats = low - _BEYOND * np.where(high > low, high - low, 1.0)
    return found


def added(beliefs: Sequence[Belief], told: Floats) -> Floats:
    """Return what each candidate is expected to add to the front of what was told, ``(m,)``.

    Args:
        beliefs: Of both objectives.
        told: Targets of both, ``(n, 2)``.
    """
    front = front_of(told)
    means = np.column_stack([one.mean for one in beliefs])
    deviations = np.column_stack([one.deviation for one in beliefs])
    return expected_hypervolume_improvement(means, deviations, front, reference_of(front))


def expected_hypervolume_improvement(means: Floats, deviations: Floats, front: Floats, reference: Floats) -> Floats:
    """Return by how much the area that a front dominates is expected to grow with each candidate, ``(m,)``.

    It is exact. In strips between the front's first values, what a candidate adds is a width that depends on its first
    value alone, times a height that depends on its second alone, and both are independent.

    Args:
        means: Of both objectives, ``(m, 2)``; higher is better.
        deviations: Likewise.
        front: ``(k, 2)``, as ``front_of`` gives it.
        reference: Where areas begin, ``(2,)``.
    """
    inside = front[(front > reference).all(axis=1)]
    borders = np.concatenate([reference[:1], inside[:, 0]])
    heights = np.concatenate([inside[:, 1], reference[1:]])
    first = _above(means[:, :1], deviations[:, :1], borders)
    widths = first - np.concatenate([first[:, 1:], np.zeros((len(means), 1))], axis=1)
    found: Floats = (widths * _above(means[:, 1:], deviations[:, 1:], heights)).sum(axis=1)
    return found


def _above(mean: Floats, deviation: Floats, level: Floats) -> Floats:
    """Return by how much normal variables, ``(m, 1)``, are expected to be above levels, ``(k,)``; ``(m, k)``."""
    spread = np.maximum(deviation, LEAST)
    score = (mean - level) / spread
    below = require("scipy.special", "predictors").ndtr(score)
    found: Floats = spread * (score * below + np.exp(-0.5 * score**2) / np.sqrt(2.0 * np.pi))
    return found


def scalarised(values: Floats, costs: Floats, weights: Floats) -> Floats:
    """Return one number in the place of several, ``(n,)``; higher is better.

    Args:
        values: Higher is better, ``(n,)``.
        costs: Lower is better, ``(n, costs)``.
        weights: Of the value and of each cost, ``(1 + costs,)``.
    """
    lost = np.column_stack([-values, costs])
    extent = np.ptp(lost, axis=0)
    share = weights * (lost - lost.min(axis=0)) / np.where(extent > 0, extent, 1.0)
    found: Floats = -(share.max(axis=1) + _RHO * share.sum(axis=1))
    return found


def weights_of(chances: NDArray[np.float64]) -> Floats:
    """Return weights that are all equally likely, which sum up to 1, of uniform numbers, ``(objectives,)``."""
    drawn = -np.log1p(-chances)
    found: Floats = drawn / drawn.sum()
    return found


def as_gain(costs: Floats) -> Floats:
    """Return a cost as a gain, ``(n,)``: the negative logarithm where all are positive."""
    return -np.log(costs) if (costs > 0).all() else -costs
