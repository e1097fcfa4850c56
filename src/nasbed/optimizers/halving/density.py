"""Densities: where the good architectures of a run lie, and where the others do.

The best share of what was tried, and the rest, each give a kernel density with a kernel of Aitchison and Aitken for
each decision: a value keeps 1 − h of its weight and the other c − 1 values share h. Candidates are drawn around good
ones; the one for which the good density is highest, against the other, is worth a try.

References: Falkner, Klein and Hutter, "BOHB", ICML 2018, https://arxiv.org/abs/1807.01774, section 3.2; Aitchison and
Aitken, "Multivariate binary discrimination by the kernel method", Biometrika 63, 1976.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel, overwrite
from nasbed.core.records import Archs
from nasbed.core.rng import Streams, below, unit, word_at
from nasbed.core.state import Stateful

_TINY = 1e-32  # as published (hpbandster/optimizers/config_generators/bohb.py): a density is no less


def _bandwidths_plainly(rows: Any, cardinalities: Any, narrowest: float) -> Any:
    """Give what ``bandwidths`` gives, by NumPy; running sums add one after another, unlike ``np.sum``."""
    n, decisions = rows.shape
    spread = np.add.accumulate((rows - rows.sum(axis=0) / n) ** 2)[-1]
    rule = 1.06 * np.sqrt(spread / n) * n ** (-1.0 / (4.0 + decisions))
    return np.minimum(np.maximum(rule, narrowest), (cardinalities - 1.0) / cardinalities)


@kernel(until_then=_bandwidths_plainly)
def bandwidths(rows: Any, cardinalities: Any, narrowest: float) -> Any:
    """Give each decision's bandwidth by the normal reference rule, 1.06 σ n^(−1/(4+d)), within its bounds.

    The rule is the published one, as if values were numbers. A kernel of h = (c − 1)/c is flat, so no more is used.
    """
    n, decisions = rows.shape
    mean, spread = np.zeros(decisions), np.zeros(decisions)
    for i in range(n):  # the innermost loops run over decisions, so that no sum waits for itself
        for d in range(decisions):
            mean[d] += rows[i, d]
    for d in range(decisions):
        mean[d] /= n
    for i in range(n):
        for d in range(decisions):
            spread[d] += (rows[i, d] - mean[d]) ** 2
    for d in range(decisions):
        rule = 1.06 * math.sqrt(spread[d] / n) * n ** (-1.0 / (4.0 + decisions))
        flat = (cardinalities[d] - 1.0) / cardinalities[d]
        spread[d] = min(max(rule, narrowest), flat)
    return spread


def _densities_plainly(rows: Any, columns: Any, widths: Any, cardinalities: Any) -> Any:
    """Give what ``densities`` gives, by NumPy; running sums add one after another, unlike ``np.sum``."""
    products = np.ones((len(rows), columns.shape[1]))
    for d in np.flatnonzero(cardinalities > 1):
        alike, other = 1.0 - widths[d], widths[d] / (cardinalities[d] - 1.0)
        products *= np.where(columns[d] == rows[:, d, None], alike, other)
    return np.add.accumulate(products, axis=1)[:, -1] / columns.shape[1]


@kernel(until_then=_densities_plainly)
def densities(rows: Any, columns: Any, widths: Any, cardinalities: Any) -> Any:
    """Give the kernel density at some rows, ``(rows,)``: a mean over ``columns``, ``(decisions, n)``, of products.

    Four rows are summed at a time: a sum alone would wait for each of its additions.
    """
    count, n = len(rows), columns.shape[1]
    open_ones = np.array([d for d in range(len(cardinalities)) if cardinalities[d] > 1])
    found, products = np.empty(count), np.empty((4, n))
    for start in range(0, count, 4):
        for k in range(4):
            _multiply(products[k], columns, rows[min(start + k, count - 1)], widths, cardinalities, open_ones)
        first = second = third = fourth = 0.0
        for i in range(n):
            first += products[0, i]
            second += products[1, i]
            third += products[2, i]
            fourth += products[3, i]
        for k, total in enumerate((first, second, third, fourth)):
            if start + k < count:
                found[start + k] = total / n
    return found


@kernel
def _multiply(products: Any, columns: Any, row: Any, widths: Any, cardinalities: Any, decisions: Any) -> None:
    """Multiply the kernels of a row's decisions around each of the columns' rows, two decisions in one go."""
    products[:] = 1.0
    for k in range(0, len(decisions), 2):
        d, e = decisions[k], decisions[min(k + 1, len(decisions) - 1)]
        one, one_value, one_alike = columns[d], row[d], 1.0 - widths[d]
        two, two_value, two_alike = columns[e], row[e], 1.0 - widths[e]
        one_other, two_other = widths[d] / (cardinalities[d] - 1.0), widths[e] / (cardinalities[e] - 1.0)
        if d == e:  # an odd one out
            two_alike = two_other = 1.0
        for i in range(len(products)):  # the innermost loop runs over rows, so that several are multiplied at a time
            product = products[i] * (one_alike if one[i] == one_value else one_other)
            products[i] = product * (two_alike if two[i] == two_value else two_other)


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


@kernel(patience=10)  # it takes four seconds to compile, with all that it calls
def _propose(
    archs: Any,
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
        best = max(least, int(share * n))
        worst = max(least, n - best)
        good, others = archs[run, rung, :best], archs[run, rung, n - worst : n]
        good_columns, other_columns = np.ascontiguousarray(good.T), np.ascontiguousarray(others.T)
        near, far = bandwidths(good, cardinalities, narrowest), bandwidths(others, cardinalities, narrowest)
        wide = np.empty(len(near))
        for d in range(len(near)):
            wide[d] = min(widening * near[d], (cardinalities[d] - 1.0) / cardinalities[d])
        for s in range(rows.shape[1]):
            datum = below(word_at(keys[k], positions[k]), best)
            _candidate(good[datum], wide, cardinalities, keys[k], positions[k] + 1, rows[k, s])
            positions[k] += 1 + len(near)
        are_good = densities(rows[k], good_columns, near, cardinalities)
        are_others = densities(rows[k], other_columns, far, cardinalities)
        for s in range(rows.shape[1]):
            scores[k, s] = max(are_good[s], _TINY) / max(are_others[s], _TINY)


@kernel
def _hear(archs: Any, values: Any, counts: Any, least: int, rungs: Any, heard: Any, results: Any, wanted: Any) -> None:
    """Keep what each run heard in order, the best first, unless a longer rung has enough for a model already."""
    for run in range(len(rungs)):
        if wanted[run]:
            is_of_use = True
            for longer in range(rungs[run] + 1, counts.shape[1]):
                is_of_use &= counts[run, longer] < least + 2
            if is_of_use:
                rows, known, at = archs[run, rungs[run]], values[run, rungs[run]], counts[run, rungs[run]]
                value = -np.inf if np.isnan(results[run]) else results[run]
                while at > 0 and known[at - 1] < value:  # behind its equals
                    overwrite(rows[at], rows[at - 1])
                    known[at] = known[at - 1]
                    at -= 1
                overwrite(rows[at], heard[run])
                known[at] = value
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

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; in those of version 0.1 results are in the order in which they came."""
        super().load_state_dict(state)
        values = np.where(np.arange(self._values.shape[2]) < self._counts[:, :, None], self._values, -np.inf)
        order = np.argsort(-values, axis=2, kind="stable")
        self._values = np.take_along_axis(self._values, order, axis=2)
        self._archs = np.take_along_axis(self._archs, order[..., None], axis=2)

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
