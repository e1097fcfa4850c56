"""The loops over runs that breed and select, for differential evolution."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from nasbed.core.rng import below, unit, word_at


@numba.njit(cache=True)
def _word(keys: Any, positions: Any, k: int) -> Any:
    """Draw the next word of a stream."""
    word = word_at(keys[k], positions[k])
    positions[k] += 1
    return word


@numba.njit(cache=True)
def _pool(values: Any, start: int, stop: int, best: int, target: int, members: Any) -> int:
    """Write the best of a population that have a value, but for the target, into ``members``; give how many."""
    order = np.argsort(-values[start:stop], kind="mergesort")  # stable: the first of equals
    count = 0
    for i in order[:best]:
        if values[start + i] > -np.inf and start + i != target:
            members[count] = start + i
            count += 1
    return count


@numba.njit(cache=True)
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


@numba.njit(cache=True)
def _parents(points: Any, members: Any, count: int, keys: Any, positions: Any, k: int, chosen: Any) -> int:
    """Write three different members' points, or random ones where there are fewer, to ``chosen``; give the first."""
    for j in range(3):
        if j < count:
            drawn = j + below(_word(keys, positions, k), count - j)
            members[j], members[drawn] = members[drawn], members[j]
            chosen[j] = points[members[j]]
        else:
            for d in range(points.shape[1]):
                chosen[j, d] = unit(_word(keys, positions, k))
    return members[0] if count else -1


@numba.njit(cache=True)
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


@numba.njit(cache=True)
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


@numba.njit(cache=True)
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
                    points[run, place] = trials[run, entry]
                    values[run, place] = heard[run]
                    origins[run, place] = number[run]
                break
