"""Policies: a categorical distribution for each decision, independent of the others, climbed along a gradient.

Every run has a policy of its own. Rows are drawn by inversion, a word of the run's stream for each decision.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel
from nasbed.core.records import Archs
from nasbed.core.rng import Streams, unit, word_at
from nasbed.core.state import Stateful

Ascent = Literal["adam", "sgd"]

_FIRST_DECAY, _SECOND_DECAY, _TINY = 0.9, 0.999, 1e-8
"""Adam's published constants: Kingma and Ba, ICLR 2015, https://arxiv.org/abs/1412.6980, algorithm 1."""


@kernel
def _weigh(logits: Any, values: int, weights: Any) -> float:
    """Write the exponentials of one decision's logits, less the largest, into ``weights``; give their sum."""
    highest = logits[0]
    for value in range(1, values):
        highest = max(highest, logits[value])
    total = 0.0
    for value in range(values):
        weights[value] = math.exp(logits[value] - highest)
        total += weights[value]
    return total


@kernel
def _draw(logits: Any, cardinalities: Any, runs: Any, keys: Any, positions: Any, drawn: Any) -> None:
    """Draw rows ``(len(runs), count, decisions)`` for some runs, one decision after the other."""
    weights = np.empty(logits.shape[1:])
    totals = np.empty(len(cardinalities))
    for i in range(len(runs)):
        for d in range(len(cardinalities)):
            totals[d] = _weigh(logits[runs[i], d], cardinalities[d], weights[d])
        for k in range(drawn.shape[1]):
            for d in range(len(cardinalities)):
                left = unit(word_at(keys[i], positions[i])) * totals[d] - weights[d, 0]
                positions[i] += 1
                value = 0
                while left >= 0.0 and value < cardinalities[d] - 1:
                    value += 1
                    left -= weights[d, value]
                drawn[i, k, d] = value


@kernel
def _climb(
    logits: Any,
    first: Any,
    second: Any,
    steps: Any,
    cardinalities: Any,
    archs: Any,
    advantages: Any,
    wanted: Any,
    rate: float,
    adam: bool,
) -> None:
    """Step along advantage times the gradient of each row's log-probability: its indicator less the chances."""
    weights = np.empty(logits.shape[2])
    for run in range(len(wanted)):
        if not wanted[run]:
            continue
        steps[run] += 1
        first_bias = 1.0 - _FIRST_DECAY ** steps[run]
        second_bias = 1.0 - _SECOND_DECAY ** steps[run]
        for d in range(len(cardinalities)):
            total = _weigh(logits[run, d], cardinalities[d], weights)
            for value in range(cardinalities[d]):
                indicator = 1.0 if archs[run, d] == value else 0.0
                gradient = advantages[run] * (indicator - weights[value] / total)
                step = gradient
                if adam:
                    m = _FIRST_DECAY * first[run, d, value] + (1.0 - _FIRST_DECAY) * gradient
                    v = _SECOND_DECAY * second[run, d, value] + (1.0 - _SECOND_DECAY) * gradient * gradient
                    first[run, d, value], second[run, d, value] = m, v
                    step = m / first_bias / (math.sqrt(v / second_bias) + _TINY)
                logits[run, d, value] += rate * step


class Policies(Stateful):
    """One policy a run: each row of a space is as likely as the product of its decisions' chances.

    All values of a decision begin with the same chance.

    Args:
        runs: How many.
        cardinalities: How many values each decision has, ``(decisions,)``.
    """

    kept = ("_logits", "_first", "_second", "_steps")

    def __init__(self, runs: int, cardinalities: NDArray[np.int64]) -> None:
        self._cardinalities = cardinalities
        shape = runs, len(cardinalities), int(cardinalities.max())
        self._logits, self._first, self._second = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._steps = np.zeros(runs, np.int64)

    @property
    def chances(self) -> NDArray[np.float64]:
        """How likely each value of each decision is, ``(runs, decisions, values)``; 0 where there is no such value."""
        there = np.arange(self._logits.shape[2]) < self._cardinalities[:, None]
        weights = np.where(there, np.exp(self._logits - self._logits.max(axis=2, keepdims=True)), 0.0)
        chances: NDArray[np.float64] = weights / weights.sum(axis=2, keepdims=True)
        return chances

    def draw(self, streams: Streams, runs: NDArray[np.int64], count: int) -> Archs:
        """Draw rows for some runs, ``(len(runs), count, decisions)``, valid or not; a word for each decision.

        Args:
            streams: Those of these runs alone.
            runs: Their numbers.
            count: How many rows for each.
        """
        drawn = np.empty((len(runs), count, len(self._cardinalities)), np.int8)
        _draw(self._logits, self._cardinalities, runs, streams.keys, streams.positions, drawn)
        return drawn

    def climb(
        self,
        archs: Archs,
        advantages: NDArray[np.float64],
        wanted: NDArray[np.bool_],
        rate: float,
        ascent: Ascent,
    ) -> None:
        """Make a row of some runs more likely, or less where its advantage is negative.

        Args:
            archs: ``(runs, decisions)``.
            advantages: By how much each was better than expected, ``(runs,)``.
            wanted: Which runs take part, ``(runs,)``.
            rate: Learning rate.
            ascent: ``"sgd"`` adds rate times the gradient, ``"adam"`` scales it by its running moments first.
        """
        _climb(
            self._logits,
            self._first,
            self._second,
            self._steps,
            self._cardinalities,
            archs,
            advantages,
            wanted,
            rate,
            ascent == "adam",
        )
