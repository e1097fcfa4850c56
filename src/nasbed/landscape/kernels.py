"""The compiled loops over a landscape: a graph in rows of neighbours, and a value for each of its nodes.

``near[offsets[i] : offsets[i + 1]]`` are the neighbours of node i. A value that is NaN is not there: nobody goes to
such a node, starts from it or counts it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import heavy_kernel
from nasbed.core.rng import below, word_at


@heavy_kernel
def around(values: Any, offsets: Any, near: Any, tolerance: float) -> tuple[Any, Any, Any, Any]:
    """Count each node's neighbours, those that are better and those that are equal, and sum up the differences."""
    size = len(values)
    degree, better, equal = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    difference = np.zeros(size)
    for i in range(size):
        if np.isnan(values[i]):
            continue
        for k in range(offsets[i], offsets[i + 1]):
            step = values[near[k]] - values[i]
            if np.isnan(step):
                continue
            degree[i] += 1
            difference[i] += abs(step)
            if abs(step) <= tolerance:
                equal[i] += 1
            elif step > 0:
                better[i] += 1
    return degree, better, equal, difference


@heavy_kernel
def climb_best(values: Any, order: Any, offsets: Any, near: Any) -> tuple[Any, Any, Any]:
    """Go from each node to its best neighbour until none is better: where that ends, in how many steps, what it costs.

    Args:
        values: One a node.
        order: The nodes that are there, the best first.
        offsets: Of the rows of neighbours.
        near: The neighbours.

    Returns:
        The optimum of each node, −1 for what is not there; steps; evaluations, the node's own included. Of equal best
        neighbours the one of the lowest number is taken.
    """
    size = len(values)
    end, steps, cost = np.full(size, -1, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)
    for i in order:
        best, seen = i, 0
        for k in range(offsets[i], offsets[i + 1]):
            j = near[k]
            if not np.isnan(values[j]):
                seen += 1
                if values[j] > values[best]:
                    best = j
        if best == i:
            end[i], cost[i] = i, seen + 1
        else:
            end[i], steps[i], cost[i] = end[best], steps[best] + 1, cost[best] + seen
    return end, steps, cost


@heavy_kernel
def climb_first(values: Any, order: Any, offsets: Any, near: Any, goal: Any) -> tuple[Any, Any, Any, Any]:
    """Go from each node to the first better of its neighbours in random order: what is expected of that.

    The first better one is any of the better ones with the same chance, and of d neighbours of which m are better it is
    found after (d + 1) / (m + 1) on average. So nothing needs to be drawn.

    Returns:
        For each node how many starts are expected to pass it, of one start a node, and so at an optimum how many end
        there; then expected steps, evaluations and the chance to end in a goal, from each node.
    """
    size = len(values)
    steps, cost, chance, passing = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    for i in order:
        better, seen = 0, 0
        for k in range(offsets[i], offsets[i + 1]):
            j = near[k]
            if not np.isnan(values[j]):
                seen += 1
            if values[j] > values[i]:
                better += 1
                steps[i] += steps[j]
                cost[i] += cost[j] - 1
                chance[i] += chance[j]
        if better:
            steps[i] = 1 + steps[i] / better
            cost[i] = 1 + cost[i] / better + (seen + 1) / (better + 1)
            chance[i] /= better
        else:
            cost[i], chance[i] = seen + 1, 1.0 if goal[i] else 0.0
    for n in range(len(order) - 1, -1, -1):
        i = order[n]
        passing[i] += 1.0
        better = 0
        for k in range(offsets[i], offsets[i + 1]):
            better += values[near[k]] > values[i]
        for k in range(offsets[i], offsets[i + 1]):
            if values[near[k]] > values[i]:
                passing[near[k]] += passing[i] / better
    return passing, steps, cost, chance


@heavy_kernel
def peaks(values: Any, offsets: Any, near: Any) -> tuple[Any, Any]:
    """Number the plateaus that no move leads up from: connected nodes of equal value without a better neighbour.

    Returns:
        The number of each node's peak, −1 where a way up leads off its plateau or nothing is there; and their count.
    """
    size = len(values)
    number, seen = np.full(size, -1, np.int64), np.zeros(size, np.bool_)
    queue = np.empty(size, np.int64)
    count = 0
    for start in range(size):
        if seen[start] or np.isnan(values[start]):
            continue
        queue[0], length, done, closed = start, 1, 0, True
        seen[start] = True
        while done < length:
            i = queue[done]
            done += 1
            for k in range(offsets[i], offsets[i + 1]):
                j = near[k]
                if values[j] > values[i]:
                    closed = False
                elif values[j] == values[i] and not seen[j]:
                    seen[j] = True
                    queue[length] = j
                    length += 1
        if closed:
            for k in range(length):
                number[queue[k]] = count
            count += 1
    return number, count


@heavy_kernel
def distances(values: Any, offsets: Any, near: Any, goals: Any) -> Any:
    """Count the moves from each node to the nearest goal, over nodes that are there; −1 where no way leads there."""
    size = len(values)
    result = np.full(size, -1, np.int64)
    queue = np.empty(size, np.int64)
    length, done = 0, 0
    for i in range(size):
        if goals[i]:
            result[i] = 0
            queue[length] = i
            length += 1
    while done < length:
        i = queue[done]
        done += 1
        for k in range(offsets[i], offsets[i + 1]):
            j = near[k]
            if result[j] < 0 and not np.isnan(values[j]):
                result[j] = result[i] + 1
                queue[length] = j
                length += 1
    return result


@heavy_kernel
def walk(values: Any, offsets: Any, near: Any, starts: Any, keys: Any, positions: Any, steps: int) -> Any:
    """Walk at random from each start, ``(walks, steps + 1)``; one word a step. Who has no neighbour stays."""
    walks = len(starts)
    path = np.empty((walks, steps + 1), np.int64)
    for w in range(walks):
        at = starts[w]
        path[w, 0] = at
        for step in range(steps):
            count = 0
            for k in range(offsets[at], offsets[at + 1]):
                count += not np.isnan(values[near[k]])
            word = word_at(keys[w], positions[w] + step)
            if count:
                chosen = below(word, count)
                for k in range(offsets[at], offsets[at + 1]):
                    if not np.isnan(values[near[k]]):
                        if chosen == 0:
                            at = near[k]
                            break
                        chosen -= 1
            path[w, step + 1] = at
        positions[w] += steps
    return path
