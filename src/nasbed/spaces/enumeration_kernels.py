"""The loops of the enumeration: structures in the published order, their isomorphisms, the orbits of their labels.

A structure is a module without its labels, all of whose vertices lie on a path from input to output. It is written
as an edge mask (``nasbench101_kernels``). The structures isomorphic to one are exactly its renumberings in a
topological order, so going through those orders finds all of them, each with its witness, and the automorphisms too;
no canonical form has to be computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nasbed.core.compiled import heavy_kernel, kernel, overwrite
from nasbed.spaces.nasbench101_kernels import ONE, into


@kernel
def full_structures(vertices: int, edges: int, masks: Any) -> Any:
    """Write the masks of all structures in ascending order, as far as they fit; give how many there are.

    The count ends at one more than fits, so an empty ``masks`` only asks whether there are any.

    The columns of the matrix are chosen from the last, whose bits weigh most: none may be empty, and the vertex
    whose turn it is must have a successor already.
    """
    count = 0
    column = np.zeros(vertices + 1, np.uint64)  # the predecessors of y
    chosen = np.zeros(vertices + 1, np.uint64)  # the bits of the columns after y
    covered = np.zeros(vertices + 1, np.uint64)  # which vertices have a successor in the columns after y
    spent = np.zeros(vertices + 1, np.int64)  # how many edges the columns after y have
    y = vertices - 1
    while y < vertices:
        column[y] += ONE
        if column[y] >> np.uint64(y):
            y += 1
            continue
        used = spent[y]
        rest = column[y]
        while rest:
            rest &= rest - ONE
            used += 1
        if used + y - 1 > edges:  # every column before y needs an edge too
            continue
        mask = chosen[y] | column[y] << np.uint64(y * (y - 1) // 2)
        if y == 1:
            if count == len(masks):
                return count + 1
            masks[count] = mask
            count += 1
        elif (covered[y] | column[y]) >> np.uint64(y - 1) & ONE:
            column[y - 1] = np.uint64(0)
            chosen[y - 1], covered[y - 1], spent[y - 1] = mask, covered[y] | column[y], used
            y -= 1
    return count


@kernel(rows=256)
def isomorphisms(masks: Any, first: Any, orders: Any, automorphisms: Any, owners: Any) -> Any:
    """Write of each structure which is the first that it is isomorphic to, and how.

    Automorphisms are written as far as they fit; how many there are is given.

    Args:
        masks: All structures, ascending, ``(n,)``.
        first: The number of that first structure, ``(n,)``; −1 before.
        orders: Where vertex v of a structure is vertex ``orders[v]`` of the first, ``(n, vertices)``.
        automorphisms: Those of the first structures, one after another as such orders, ``(m, vertices)``.
        owners: The number of the structure that each of them belongs to, ``(m,)``.
    """
    vertices = orders.shape[1]
    found = 0
    order, place = np.zeros(vertices, np.int64), np.zeros(vertices, np.int64)  # and the inverse of order
    partial = np.zeros(vertices + 1, np.uint64)  # the renumbered mask up to each position
    placed = np.zeros(vertices + 1, np.uint64)  # the vertices before each position, as bits
    for s in range(len(masks)):
        if first[s] >= 0:
            continue
        placed[1], order[1] = ONE, 0
        position = 1
        while position > 0:
            if position == vertices:
                t = np.searchsorted(masks, partial[position])
                if first[t] < 0:
                    first[t] = s
                    overwrite(orders[t], order)
                if t == s:
                    if found < len(owners):
                        owners[found] = s
                        overwrite(automorphisms[found], order)
                    found += 1
                position -= 1
                continue
            order[position] += 1
            v = order[position]
            if v == vertices:
                position -= 1
                continue
            sources = into(masks[s], v)
            if placed[position] >> np.uint64(v) & ONE or sources & ~placed[position]:
                continue
            renumbered = np.uint64(0)
            for u in range(v):
                if sources >> np.uint64(u) & ONE:
                    renumbered |= ONE << np.uint64(place[u])
            place[v] = position
            shift = np.uint64(position * (position - 1) // 2)
            partial[position + 1] = partial[position] | renumbered << shift
            placed[position + 1] = placed[position] | ONE << np.uint64(v)
            position += 1
            if position < vertices:
                order[position] = 0
    return found


@heavy_kernel
def moved_code(code: Any, order: Any, powers: Any) -> Any:
    """Give the labels of a structure, a number, to the vertices of another as ``order`` says.

    Args:
        code: The labels of the interior vertices as digits, that of vertex 1 first.
        order: ``(vertices,)``.
        powers: The weight of each interior vertex's digit, ``(vertices − 2,)``, and last a 1 for the radix's sake.
    """
    result = np.int64(0)
    for v in range(1, len(order) - 1):
        result += code // powers[v - 1] * powers[order[v] - 1]
        code %= powers[v - 1]
    return result


@kernel
def label_orbits(
    owners: Any, smallest: Any, classes: Any, powers: Any, automorphisms: Any, bounds: Any, start: int
) -> Any:
    """Number the classes of labels under each structure's automorphisms, by structure and then smallest code.

    Args:
        owners: To be written: each class's structure, as many as there are, ``(n × codes,)``.
        smallest: To be written: each class's smallest code, likewise.
        classes: To be written: the class of each labelling, ``(n, codes)``; −1 before.
        powers: As for ``moved_code``.
        automorphisms: Those of all structures, one after another.
        bounds: Where each structure's automorphisms begin, and the end, ``(n + 1,)``.
        start: The first number.

    Returns:
        How many classes there are.
    """
    count = 0
    for s in range(classes.shape[0]):
        for code in range(classes.shape[1]):
            if classes[s, code] < 0:
                for a in range(bounds[s], bounds[s + 1]):
                    classes[s, moved_code(code, automorphisms[a], powers)] = start + count
                owners[count], smallest[count] = s, code
                count += 1
    return count


@kernel
def classes_of_structures(result: Any, powers: Any, rows: Any, orders: Any, classes: Any) -> None:
    """Give every labelling of every structure the class that its first structure's labelling has.

    Args:
        result: To be written, ``(n × codes,)``.
        powers: As for ``moved_code``.
        rows: The row in ``classes`` of each structure's first structure, ``(n,)``.
        orders: As ``isomorphisms`` writes them.
        classes: As ``label_orbits`` gives them.
    """
    codes = classes.shape[1]
    for s in range(len(rows)):
        for code in range(codes):
            result[s * codes + code] = classes[rows[s], moved_code(code, orders[s], powers)]


@kernel
def wrong_witness(vertices: int, masks: Any, firsts: Any, orders: Any) -> Any:
    """Give the first structure that renumbering as ``orders`` says does not turn into the one it should; −1 for none.

    Args:
        vertices: Of every structure.
        masks: ``(n,)``.
        firsts: The mask of the structure that each should become, ``(n,)``.
        orders: Where vertex v becomes ``orders[v]``, ``(n, vertices)``.
    """
    for s in range(len(masks)):
        renumbered = np.uint64(0)
        seen = np.uint64(0)
        for y in range(vertices):
            seen |= ONE << np.uint64(orders[s, y])
            for x in range(y):
                if masks[s] >> np.uint64(x + y * (y - 1) // 2) & ONE:
                    to, at = np.int64(orders[s, y]), np.int64(orders[s, x])
                    if at >= to:
                        return s
                    renumbered |= ONE << np.uint64(at + to * (to - 1) // 2)
        if renumbered != firsts[s] or seen != (ONE << np.uint64(vertices)) - ONE:
            return s
    return -1
