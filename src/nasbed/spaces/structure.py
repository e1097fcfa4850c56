"""Structure: the cells of a written space as arrays, for many rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nasbed.core.cells import Cells
from nasbed.core.records import Archs
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.expression import Expression
from nasbed.spaces.flow import Flow, Known
from nasbed.spaces.parts import Dag
from nasbed.spaces.resolving import dags


def cells_of(expression: Expression, decisions: Decisions, rows: Archs) -> tuple[Cells, ...]:
    """Return the cells of an expression in which layers are decided, as arrays.

    That are its dags with layers on the edges. Where there are none, it is its sequence, if that has two places at
    least at which a layer is decided.

    Args:
        expression: The expression.
        decisions: Its decisions.
        rows: Canonical rows, ``(n, decisions)``.
    """
    flow = Flow(Known(decisions), np.ascontiguousarray(decisions.marked(rows).T))
    found = [part for part in dags(expression) if decisions.within(part) and _has_layers(part)]
    if found:
        return tuple(_dag(part, name, flow) for part, name in zip(found, _titles(found), strict=True))
    places = [(part, there) for part, there in expression.chain(flow) if there is not None or _is_open(part)]
    return (_chain(places, flow),) if len(places) > 1 else ()


def _is_open(part: Expression) -> bool:
    return len(list(part.alternatives())) > 1


def _has_layers(part: Dag) -> bool:
    """Say whether whatever may stand on an edge is a layer, and no cell of its own."""
    return not any(dags(one) for _, _, _, edge in part.places() for one in edge.alternatives())


def _titles(found: Sequence[Dag]) -> list[str]:
    """Return what cells are called: nothing where there is one, else by their labels or numbers."""
    labels = [part.label or f"cell{i}" for i, part in enumerate(found)]
    apart = [label if labels.count(label) == 1 else f"{label}{i}" for i, label in enumerate(labels)]
    return apart if len(found) > 1 else [""]


def _dag(part: Dag, title: str, flow: Flow) -> Cells:
    """Return a dag with a place for each edge that may be there."""
    edges = list(part.places())
    inputs, count = part.inputs, len(edges)
    arrows = np.zeros((1, inputs + count + 1, inputs + count + 1), np.bool_)
    outputs = part.concat or (part.nodes - 1,)
    for i, (source, target, _, _) in enumerate(edges, inputs):
        if source < inputs:
            arrows[0, source, i] = True
        arrows[0, i, -1] = target in outputs
        for j, (start, _, _, _) in enumerate(edges, inputs):
            arrows[0, i, j] = start == target
    there = [part.taken(flow, key, source) for source, _, key, _ in edges]
    slots = flow.known.slots(part)
    if len(slots):  # a cell that is not used has no layers
        there = [here & (flow.rows[:, slots] >= 0).any(axis=1) for here in there]
    parts = [edge for _, _, _, edge in edges]
    names, labels = _labelled(parts, there, flow)
    factors = _factors(names, parts)
    if part.reshapes:  # on edges from the inputs no layer is an identity
        of_inputs = [source < inputs for source, _, _, _ in edges]
        factors[of_inputs] = np.where(factors[of_inputs] == 1, np.nan, factors[of_inputs])
    return Cells(title, names, labels, arrows, inputs, np.array([part.nodes]), True, factors)


def _chain(places: Sequence[tuple[Expression, NDArray[np.bool_] | None]], flow: Flow) -> Cells:
    """Return layers that stand one after the other."""
    parts = [part for part, _ in places]
    everywhere = np.ones(len(flow.rows), np.bool_)
    operations, labels = _labelled(parts, [everywhere if there is None else there for _, there in places], flow)
    arrows = np.eye(len(parts) + 2, k=1, dtype=np.bool_)[None]
    nodes = np.array([len(parts) + 1])
    return Cells("", operations, labels, arrows, 1, nodes, True, _factors(operations, parts), is_chain=True)


def _labelled(
    parts: Sequence[Expression], there: Sequence[NDArray[np.bool_]], flow: Flow
) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """Return the names of all that may stand at some places, and which of them does, ``(n, places)``."""
    names = list(dict.fromkeys(one.called for part in parts for one in part.alternatives()))
    numbers = {name: number for number, name in enumerate(names)}
    labels = np.full((len(flow.rows), len(parts)), -1, np.int8)
    for place, (part, here) in enumerate(zip(parts, there, strict=True)):
        rows = np.flatnonzero(here)
        labels[rows, place] = part.labels(flow.some(rows), numbers)
    return tuple(names), labels


def _factors(names: Sequence[str], parts: Sequence[Expression]) -> NDArray[np.float64]:
    """Return by what each layer multiplies what it reads at each place, ``(places, names)``; see ``Cells``."""
    factors = np.full((len(parts), len(names)), np.nan)
    for place, part in enumerate(parts):
        for one in part.alternatives():
            factors[place, names.index(one.called)] = {"nothing": 0.0, "unchanged": 1.0}.get(one.passed, np.nan)
    return factors
