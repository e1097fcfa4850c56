"""Densities: where the good architectures of a run lie, and where the others do.

The best share of what was tried, and the rest, each give a kernel density with a kernel of Aitchison and Aitken for
each decision: a value keeps 1 − h of its weight and the other c − 1 values share h. Candidates are drawn around good
ones; the one for which the good density is highest, against the other, is worth a try.

References: Falkner, Klein and Hutter, "BOHB", ICML 2018, https://arxiv.org/abs/1807.01774, section 3.2; Aitchison and
Aitken, "Multivariate binary discrimination by the kernel method", Biometrika 63, 1976.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel, overwrite, stable_order
from nasbed.core.records import Archs
from nasbed.core.rng import Streams, below, unit, word_at
from nasbed.core.state import Stateful

_TINY = 1e-32  # as published (hpbandster/optimizers/config_generators/bohb.py): a density is no less


@kernel
def bandwidths(rows: Any, cardinalities: Any, narrowest: float) -> Any:
    """Give each decision's bandwidth by the normal reference rule, 1.06 σ n^(−1/(4+d)), within its bounds.

    The rule is the published one, as if values were numbers. A kernel of h = (c − 1)/c is flat, so no more is used.
    """
    n, decisions = rows.shape
    found = np.empty(decisions)
    for d in range(decisions):
        mean = 0.0
        for i in range(n):
            mean += rows[i, d]
        mean /= n
        spread = 0.0
        for i in range(n):
            spread += (rows[i, d] - mean) ** 2
        rule = 1.06 * math.sqrt(spread / n) * n ** (-1.0 / (4.0 + decisions))
        flat = (cardinalities[d] - 1.0) / cardinalities[d]
        found[d] = min(max(rule, narrowest), flat)
    return found


@kernel
def density(row: Any, columns: Any, widths: Any, cardinalities: Any) -> Any:
    """Give the kernel density at one row: a mean over ``columns``, ``(decisions, n)``, of products over decisions."""
    decisions, n = columns.shape
    products = np.ones(n)
    for d in range(decisions):
        if cardinalities[d] > 1:
            alike, other = 1.0 - widths[d], widths[d] / (cardinalities[d] - 1.0)
            for i in range(n):  # the innermost loop runs over rows, so that several are multiplied at a time
                products[i] *= alike if columns[d, i] == row[d] else other
    total = 0.0
    for i in range(n):
        total += products[i]
    return total / n


@kernel
def _candidate(datum: Any, widths: Any, cardinalities: Any, key: Any, position: Any, row: Any) -> None:
    """Draw a row from the kernel around one, a word for each decision."""
    for d in range(len(row)):
        row[d] = datum[d]
        chance = unit(word_at(key, position + d))
        if chance < widths[d]:  # and then it is even within the bandwidth
            others = cardinalities[d] - 1
            turn = 1 + min(np.int64(chance / widths[d] * others), others - 1)
            row[d] = (datum[d] + turn) % cardinalities[d]


@kernel
def _propose(
    archs: Any,
    values: Any,
    counts: Any,
    rungs: Any,
    runs: Any,
    cardinalities: Any,
    least: int,
    share: float,
    narrowest: float,
    widening: float,
    keys: Any,
    positions: Any,
    rows: Any,
    scores: Any,
) -> None:
    """Draw candidates for some runs, and say how much denser the good are there than the others."""
    for k in range(len(runs)):
        run, rung = runs[k], rungs[k]
        n = counts[run, rung]
        order = stable_order(-values[run, rung, :n])
        best = max(least, int(share * n))
        worst = max(least, n - best)
        good, others = archs[run, rung][order[:best]], archs[run, rung][order[n - worst :]]
        good_columns, other_columns = np.ascontiguousarray(good.T), np.ascontiguousarray(others.T)
        near, far = bandwidths(good, cardinalities, narrowest), bandwidths(others, cardinalities, narrowest)
        wide = np.empty(len(near))
        for d in range(len(near)):
            wide[d] = min(widening * near[d], (cardinalities[d] - 1.0) / cardinalities[d])
        for s in range(rows.shape[1]):
            datum = below(word_at(keys[k], positions[k]), best)
            _candidate(good[datum], wide, cardinalities, keys[k], positions[k] + 1, rows[k, s])
            positions[k] += 1 + len(near)
            is_good = density(rows[k, s], good_columns, near, cardinalities)
            is_other = density(rows[k, s], other_columns, far, cardinalities)
            scores[k, s] = max(is_good, _TINY) / max(is_other, _TINY)


@kernel
def _hear(archs: Any, values: Any, counts: Any, least: int, rungs: Any, heard: Any, results: Any, wanted: Any) -> None:
    """Keep what each run heard, unless a longer rung has enough for a model already."""
    for run in range(len(rungs)):
        if wanted[run]:
            is_of_use = True
            for longer in range(rungs[run] + 1, counts.shape[1]):
                is_of_use &= counts[run, longer] < least + 2
            if is_of_use:
                at = counts[run, rungs[run]]
                overwrite(archs[run, rungs[run], at], heard[run])
                values[run, rungs[run], at] = -np.inf if np.isnan(results[run]) else results[run]
                counts[run, rungs[run]] += 1


@dataclass(eq=False)
class Densities(Stateful):
    """What each run has tried at each rung, and the densities that follow from the longest rung with enough.

    A rung has enough with ``least + 2`` results. The best ``max(least, share · n)`` of n are the good ones; the worst
    ``max(least, n − good)`` are the others; of few results some are both. Failed trainings are the worst.

    Attributes:
        runs: How many runs.
        rungs: How many rungs.
        cardinalities: How many values each decision has, ``(decisions,)``.
        least: The fewest results that make a density.
        share: Which share is good.
        narrowest: No bandwidth is smaller, so that no value is ever ruled out.
        widening: Candidates are drawn with the good density's bandwidths times this.
    """

    kept = ("_archs", "_values", "_counts")

    runs: int
    rungs: int
    cardinalities: NDArray[np.int64]
    least: int
    share: float
    narrowest: float
    widening: float

    def __post_init__(self) -> None:
        shape = self.runs, self.rungs, 2 * (self.least + 2)
        self._archs = np.zeros((*shape, len(self.cardinalities)), np.int8)
        self._values = np.zeros(shape)
        self._counts = np.zeros(shape[:2], np.int64)

    @property
    def longest(self) -> NDArray[np.int64]:
        """The longest rung of each run that has enough, ``(runs,)``; −1 for none."""
        enough = self._counts >= self.least + 2
        found: NDArray[np.int64] = np.where(enough, np.arange(self.rungs), -1).max(axis=1)
        return found

    def hear(
        self, rungs: NDArray[np.int64], archs: Archs, values: NDArray[np.float64], wanted: NDArray[np.bool_]
    ) -> None:
        """Take one result a run.

        Args:
            rungs: At which rung, ``(runs,)``.
            archs: ``(runs, decisions)``.
            values: Higher is better; NaN for a failed training, ``(runs,)``.
            wanted: Which rows count, ``(runs,)``.
        """
        if self._counts.max() == self._values.shape[2]:
            self._archs = np.concatenate([self._archs, np.zeros_like(self._archs)], axis=2)
            self._values = np.concatenate([self._values, np.zeros_like(self._values)], axis=2)
        _hear(self._archs, self._values, self._counts, self.least, rungs, archs, values, wanted)

    def propose(self, streams: Streams, runs: NDArray[np.int64], samples: int) -> tuple[Archs, NDArray[np.float64]]:
        """Draw candidates for some runs whose ``longest`` is not −1; they may be invalid.

        Args:
            streams: Those of these runs alone; ``samples · (1 + decisions)`` words.
            runs: Their numbers.
            samples: How many for each.

        Returns:
            Rows ``(len(runs), samples, decisions)``, and how much denser the good are there, ``(len(runs), samples)``.
        """
        rows = np.empty((len(runs), samples, len(self.cardinalities)), np.int8)
        scores = np.empty((len(runs), samples))
        _propose(
            self._archs,
            self._values,
            self._counts,
            self.longest[runs],
            runs,
            self.cardinalities,
            self.least,
            self.share,
            self.narrowest,
            float(self.widening),
            streams.keys,
            streams.positions,
            rows,
            scores,
        )
        return rows, scores
