"""Differential evolution: points of the unit cube whose differences say how far to go.

A decision with c values is an axis of the cube cut into c equal parts. A trial takes the place of its target when it is
not worse. Each run has a population for each rung of fidelities; who is bred at one may descend from another.

References: Storn and Price, "Differential Evolution", Journal of Global Optimization 11, 1997 (rand/1/bin); Awad,
Mallik and Hutter, "DEHB", IJCAI 2021, https://arxiv.org/abs/2105.09821.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.compiled import kernel, overwrite, stable_order
from nasbed.core.records import Archs
from nasbed.core.rng import Streams, below, unit, word_at
from nasbed.core.state import Stateful

_EDGE = 1e-9  # of a part: what is put into one stays there when it is multiplied and rounded


class Populations(Stateful):
    """The populations of all rungs, of many runs, one after the other in arrays ``(runs, members, …)``.

    A member that was never tried has no point yet. One without a result, or whose training failed, has a value of −∞:
    nobody is bred from it, and any result takes its place.

    Args:
        runs: How many runs.
        cardinalities: How many values each decision has, ``(decisions,)``.
        sizes: Of each rung's population.
    """

    kept = ("points", "values", "origins", "tried", "_turns", "_out", "_places", "_trials")

    def __init__(self, runs: int, cardinalities: NDArray[np.int64], sizes: Sequence[int]) -> None:
        self._cardinalities = cardinalities
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        """Where each rung's population begins, and where the last ends."""
        members = int(self.starts[-1])
        self.points = np.zeros((runs, members, len(cardinalities)))
        self.values = np.full((runs, members), -np.inf)
        self.origins = np.full((runs, members), -1)
        """The trial that each member is from; −1 for none."""
        self.tried = np.zeros((runs, members), np.bool_)
        self._turns = np.zeros((runs, len(sizes)), np.int64)
        self._out, self._places = np.full((runs, 8), -1), np.zeros((runs, 8), np.int64)
        self._trials = np.zeros((runs, 8, len(cardinalities)))

    def archs(self, points: NDArray[np.float64]) -> Archs:
        """Read points of the cube, ``(…, decisions)``, as rows."""
        parts = np.minimum((points * self._cardinalities).astype(np.int64), self._cardinalities - 1)
        return parts.astype(np.int8)

    def within(self, archs: Archs, streams: Streams) -> NDArray[np.float64]:
        """Draw a point of each row's part of the cube, ``(runs, decisions)``; a word for each decision."""
        return (archs + np.clip(streams.uniform(archs.shape[1]), _EDGE, 1 - _EDGE)) / self._cardinalities

    def targets(self, rungs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give whose turn it is in the population of each run's rung, ``(runs,)``: one after the other."""
        runs = np.arange(len(rungs))
        found: NDArray[np.int64] = self.starts[rungs] + self._turns[runs, rungs]
        self._turns[runs, rungs] = (self._turns[runs, rungs] + 1) % (self.starts[rungs + 1] - self.starts[rungs])
        return found

    def breed(
        self,
        streams: Streams,
        runs: NDArray[np.int64],
        targets: NDArray[np.int64],
        pools: NDArray[np.int64],
        best: NDArray[np.int64],
        count: int,
        factor: float,
        chance: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Breed children of a target in each of some runs, by rand/1/bin.

        The three that are mutated from are drawn from the best of a pool, but for the target. Where these are fewer
        than three, members of any rung are added; where there are none either, random points.

        Args:
            streams: Those of these runs alone.
            runs: Their numbers, ``(n,)``.
            targets: The member that each child shall replace, ``(n,)``.
            pools: The rung of those it is mutated from, ``(n,)``.
            best: How many of the best there are the pool, ``(n,)``.
            count: How many children for each.
            factor: F, by which the difference of two is scaled.
            chance: Cr, how likely a decision is the mutant's and not the target's.

        Returns:
            Points ``(n, count, decisions)``, and the member that each mutant is based on, ``(n, count)``; −1 for none.
        """
        children = np.empty((len(runs), count, len(self._cardinalities)))
        bases = np.empty((len(runs), count), np.int64)
        breed(
            self.points,
            self.values,
            runs,
            targets,
            self.starts[pools],
            self.starts[pools + 1],
            best,
            factor,
            chance,
            streams.keys,
            streams.positions,
            children,
            bases,
        )
        return children, bases

    def send(self, number: int, targets: NDArray[np.int64], points: NDArray[np.float64]) -> None:
        """Remember that trial ``number`` is out for these targets; one that was never tried has its place at once."""
        runs = np.arange(len(targets))
        new = np.flatnonzero(~self.tried[runs, targets])
        self.points[new, targets[new]] = points[new]
        self.tried[new, targets[new]] = True
        free = self._out < 0
        if not free.any(axis=1).all():
            self._out = np.concatenate([self._out, np.full_like(self._out, -1)], axis=1)
            self._places = np.concatenate([self._places, np.zeros_like(self._places)], axis=1)
            self._trials = np.concatenate([self._trials, np.zeros_like(self._trials)], axis=1)
            free = self._out < 0
        entry = free.argmax(axis=1)
        self._out[runs, entry], self._places[runs, entry], self._trials[runs, entry] = number, targets, points

    def select(self, number: NDArray[np.int64], values: NDArray[np.float64], wanted: NDArray[np.bool_]) -> None:
        """Hear of one trial a run: it takes its target's place where it is not worse.

        Args:
            number: Of the trial, ``(runs,)``.
            values: Higher is better; NaN for a failed training, ``(runs,)``.
            wanted: Which rows count, ``(runs,)``.
        """
        select(self.points, self.values, self.origins, self._out, self._places, self._trials, number, values, wanted)


@kernel
def _word(keys: Any, positions: Any, k: int) -> Any:
    """Draw the next word of a stream."""
    word = word_at(keys[k], positions[k])
    positions[k] += 1
    return word


@kernel
def _pool(values: Any, start: int, stop: int, best: int, target: int, members: Any) -> int:
    """Write the best of a population that have a value, but for the target, into ``members``; give how many."""
    count = 0
    for i in stable_order(-values[start:stop])[:best]:
        if values[start + i] > -np.inf and start + i != target:
            members[count] = start + i
            count += 1
    return count


@kernel
def _fill(values: Any, target: int, members: Any, count: int, keys: Any, positions: Any, k: int) -> int:
    """Add members of any population, drawn evenly, until there are three or none is left; give how many."""
    others = np.empty(len(values), np.int64)
    left = 0
    for i in range(len(values)):
        if values[i] > -np.inf and i != target and not np.any(members[:count] == i):
            others[left] = i
            left += 1
    while count < 3 and left > 0:
        drawn = below(_word(keys, positions, k), left)
        members[count] = others[drawn]
        left -= 1
        others[drawn] = others[left]
        count += 1
    return count


@kernel
def _parents(points: Any, members: Any, count: int, keys: Any, positions: Any, k: int, chosen: Any) -> int:
    """Write three different members' points, or random ones where there are fewer, to ``chosen``; give the first."""
    for j in range(3):
        if j < count:
            drawn = j + below(_word(keys, positions, k), count - j)
            members[j], members[drawn] = members[drawn], members[j]
            overwrite(chosen[j], points[members[j]])
        else:
            for d in range(points.shape[1]):
                chosen[j, d] = unit(_word(keys, positions, k))
    return members[0] if count else -1


@kernel
def _cross(
    target: Any, chosen: Any, factor: float, chance: float, keys: Any, positions: Any, k: int, child: Any
) -> None:
    """Take each decision from ``a + factor · (b − c)`` with a chance, one at least; what leaves the cube is redrawn."""
    decisions = len(target)
    taken = np.empty(decisions, np.bool_)
    for d in range(decisions):
        taken[d] = unit(_word(keys, positions, k)) < chance
    if not taken.any():
        taken[below(_word(keys, positions, k), decisions)] = True
    for d in range(decisions):
        child[d] = target[d]
        if taken[d]:
            child[d] = chosen[0, d] + factor * (chosen[1, d] - chosen[2, d])
            if child[d] < 0.0 or child[d] > 1.0:
                child[d] = unit(_word(keys, positions, k))


@kernel
def breed(
    points: Any,
    values: Any,
    runs: Any,
    targets: Any,
    starts: Any,
    stops: Any,
    best: Any,
    factor: float,
    chance: float,
    keys: Any,
    positions: Any,
    children: Any,
    bases: Any,
) -> None:
    """Breed children ``(len(runs), count, decisions)`` of each target, and say whom each is mutated from."""
    members = np.empty(values.shape[1], np.int64)
    chosen = np.empty((3, points.shape[2]))
    for k in range(len(runs)):
        run, target = runs[k], targets[k]
        count = _pool(values[run], starts[k], stops[k], best[k], target, members)
        if count < 3:
            count = _fill(values[run], target, members, count, keys, positions, k)
        for c in range(children.shape[1]):
            bases[k, c] = _parents(points[run], members, count, keys, positions, k, chosen)
            _cross(points[run, target], chosen, factor, chance, keys, positions, k, children[k, c])


@kernel
def select(
    points: Any, values: Any, origins: Any, out: Any, places: Any, trials: Any, number: Any, heard: Any, wanted: Any
) -> None:
    """Let each told trial take its target's place where it is not worse."""
    for run in range(len(number)):
        if not wanted[run]:
            continue
        for entry in range(out.shape[1]):
            if out[run, entry] == number[run]:
                out[run, entry] = -1
                place = places[run, entry]
                if heard[run] >= values[run, place]:  # equal ones too, as published; NaN never
                    overwrite(points[run, place], trials[run, entry])
                    values[run, place] = heard[run]
                    origins[run, place] = number[run]
                break
