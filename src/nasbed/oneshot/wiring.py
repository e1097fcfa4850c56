"""Wiring: what a one-shot search reads off an expression: which edges lead to a node, and which options are idle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from nasbed.spaces.deciding import Subset
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Dag, ends


class Node(NamedTuple):
    """A node of a cell whose inputs are decided.

    Attributes:
        slot: The decision for them; None where all are taken.
        combinations: The inputs that each of its values takes.
        edges: The decision for what is on each edge; None where that is fixed.
    """

    slot: int | None
    combinations: tuple[tuple[int, ...], ...]
    edges: tuple[int | None, ...]


def nodes(whole: Expression, decided: Decisions) -> Iterator[Node]:
    """Give the nodes of all cells whose inputs are decided, each once."""
    seen = set[int]()
    for dag in _dags(whole):
        for inner in (dag.parts[key] for key in dag.order if ends(key)[0] < 0):
            if isinstance(inner, Subset) and id(inner) not in seen:
                seen.add(id(inner))
                slots = tuple(decided.places.get(id(option)) for option in inner.options)
                yield Node(decided.places.get(id(inner)), inner.combinations, slots)


def joins(whole: Expression, decided: Decisions) -> list[tuple[int, ...]]:
    """Return, for each node that adds up what reaches it, the decisions for what is on its edges, each node once."""
    found = dict[tuple[int, ...], None]()
    for dag in _dags(whole):
        brought = dict[int, list[int]]()
        for _, target, _, part in dag.places() if dag.merge == "sum" else ():
            slot = decided.places.get(id(part))
            if slot is not None and slot not in brought.setdefault(target, []):
                brought[target].append(slot)
        found |= dict.fromkeys(tuple(slots) for slots in brought.values() if slots)
    return list(found)


def idle(decided: Decisions, kind: str) -> dict[int, frozenset[int]]:
    """Return the values of each decision between parts that pass on ``nothing``, or what they read ``unchanged``."""
    found = dict[int, frozenset[int]]()
    for slot, part in enumerate(decided.parts):
        options: Any = getattr(part, "options", ()) if not part.is_plain and not isinstance(part, Subset) else ()
        found[slot] = frozenset(i for i, one in enumerate(options) if one.passed == kind)
    return found


def _dags(whole: Expression) -> Iterator[Dag]:
    """Give the cells of an expression, each once."""
    seen, waiting = set[int](), [whole]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        waiting += [use.part for use in part.uses()]
        if isinstance(part, Dag):
            yield part
