"""The decisions of an expression: a slot for each, what it is called, and for which values of others it counts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Decision
from nasbed.core.rows import mixed
from nasbed.spaces.expression import Expression, Use
from nasbed.spaces.parts import Where

Condition = Mapping[int, frozenset[int]] | None
"""When something is there: where one of these slots is active and has one of these values; None for always."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """The slots of an expression, those on which others depend first.

    Attributes:
        slots: Name and values of each.
        parts: The part of the expression that each belongs to.
        conditions: When each is active: it depends on earlier ones alone.
        wheres: The constraints, each with when it applies and the slots within it.
        places: The slot of each part that has one, by ``id``.
    """

    slots: tuple[Decision, ...]
    parts: tuple[Expression, ...]
    conditions: tuple[Condition, ...]
    wheres: tuple[tuple[Where, Condition, tuple[int, ...]], ...]
    places: Mapping[int, int]

    @classmethod
    def of(cls, root: Expression) -> Decisions:
        """Find the decisions of an expression.

        Raises:
            BadSetting: When there is nothing to decide.
        """
        parts = _in_order(root)
        open_ = [part for part in parts if len(part.values) > 1]
        if not open_:
            raise BadSetting("the expression leaves nothing to decide; write a choice of two options at least")
        places = {id(part): slot for slot, part in enumerate(open_)}
        conditions = _conditions(root, parts, places)
        names = _names(root, parts, open_)
        found = [(part, conditions[id(part)], _within(part, places)) for part in parts if isinstance(part, Where)]
        return cls(
            tuple(Decision(name, _value_names(part)) for name, part in zip(names, open_, strict=True)),
            tuple(open_),
            tuple(conditions[id(part)] for part in open_),
            tuple(found),
            places,
        )

    @cached_property
    def cardinalities(self) -> NDArray[np.int64]:
        """How many values each has."""
        return np.array([len(slot.values) for slot in self.slots], np.int64)

    @cached_property
    def is_conditional(self) -> bool:
        """Whether some slot depends on others."""
        return any(condition is not None for condition in self.conditions)

    @cached_property
    def _groups(self) -> list[tuple[list[tuple[int, NDArray[np.bool_]]], list[int]]]:
        """Slots that depend on the same, each group with what it depends on: for each slot, a table of its values."""
        together: dict[Any, list[int]] = {}
        for slot, condition in enumerate(self.conditions):
            if condition is not None:
                together.setdefault(frozenset(condition.items()), []).append(slot)
        return [([self._table(*atom) for atom in sorted(key)], slots) for key, slots in together.items()]

    def _table(self, slot: int, values: frozenset[int]) -> tuple[int, NDArray[np.bool_]]:
        """Return which values of a slot count; the last place is that of an inactive one, which does not."""
        return slot, np.isin(np.arange(self.cardinalities[slot] + 1), list(values))

    def inside(self, rows: Archs) -> NDArray[np.bool_]:
        """Say which rows keep every decision within its bounds, ``(n,)``."""
        return np.asarray((rows.view(np.uint8) < self.cardinalities).all(axis=1))

    def active(self, rows: Archs) -> NDArray[np.bool_]:
        """Say which slots count in each row, ``(n, decisions)``."""
        return np.asarray(self.marked(rows).T >= 0)

    def canonical(self, rows: Archs) -> Archs:
        """Return rows with 0 in what does not count."""
        return np.ascontiguousarray(np.maximum(self.marked(rows), 0).T) if self.is_conditional else rows

    @cached_property
    def _weights(self) -> list[tuple[slice, NDArray[np.int64]]]:
        """Slots whose values make one number of 63 bits, and what each counts in it."""
        found, start, total = list[tuple[slice, NDArray[np.int64]]](), 0, 1
        counts = self.cardinalities.tolist()
        for slot, count in enumerate([*counts, 2**63]):
            if total * count > 2**63 - 1:
                weights = [math.prod(counts[one + 1 : slot]) for one in range(start, slot)]
                found.append((slice(start, slot), np.array(weights, np.int64)))
                start, total = slot, 1
            total *= count
        return found

    def keys(self, rows: Archs) -> NDArray[np.uint64]:
        """Return a number for each canonical row, ``(n,)``; up to 63 bits of values, different ones differ for sure."""
        keys = np.zeros(len(rows), np.uint64)
        for slots, weights in self._weights:
            keys = mixed(keys ^ (rows[:, slots] @ weights).astype(np.uint64))
        return keys

    def marked(self, rows: Archs) -> NDArray[np.int8]:
        """Return rows as columns, ``(decisions, n)``, with −1 for what is inactive; values must be in range."""
        columns = np.ascontiguousarray(rows.T)
        columns = columns.copy() if np.shares_memory(columns, rows) else columns
        for atoms, slots in self._groups:
            there = self._met(atoms, columns)
            for slot in slots:
                columns[slot][~there] = -1
        return columns

    def applies(self, condition: Condition, columns: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Say for which columns of ``marked`` a condition is met."""
        if condition is None:
            return np.ones(columns.shape[1], np.bool_)
        return self._met([self._table(*atom) for atom in condition.items()], columns)

    def _met(self, atoms: list[tuple[int, NDArray[np.bool_]]], columns: NDArray[np.int8]) -> NDArray[np.bool_]:
        met = [table.take(columns[slot], mode="wrap") for slot, table in atoms]
        return np.asarray(np.logical_or.reduce(met))


def _in_order(root: Expression) -> list[Expression]:
    """Return every part once, behind all that it stands in, and otherwise by where it is first written."""
    found, uses, waiting = dict[int, int](), Counter[int](), [root]
    while waiting:
        part = waiting.pop()
        if id(part) not in found:
            found[id(part)] = len(found)
            inner = [use.part for use in part.uses()]
            uses.update(map(id, inner))
            waiting += inner[::-1]
    order, ready = list[Expression](), [(0, root)]
    while ready:
        order.append(heappop(ready)[1])
        for use in order[-1].uses():
            uses[id(use.part)] -= 1
            if not uses[id(use.part)]:
                heappush(ready, (found[id(use.part)], use.part))
    return order


def _conditions(root: Expression, parts: list[Expression], places: Mapping[int, int]) -> dict[int, Condition]:
    """Return when each part is there."""
    found: dict[int, Condition] = {id(root): None}
    own: list[tuple[int, Condition]] = []  # of each slot so far, how many values it has and when it is active
    for part in parts:
        condition = found[id(part)] = _simplified(found[id(part)], own)
        slot, count = places.get(id(part)), len(part.values)
        if slot is not None:
            own.append((count, condition))
        for use in part.uses():
            always = slot is None or use.values is None or len(use.values) == count
            wanted: Condition = condition if always else {slot: use.values}  # type: ignore[dict-item]
            key = id(use.part)
            found[key] = _either(found[key], wanted) if key in found else wanted
    return found


def _either(one: Condition, other: Condition) -> Condition:
    if one is None or other is None:
        return None
    return {slot: one.get(slot, frozenset()) | other.get(slot, frozenset()) for slot in {**one, **other}}


def _simplified(condition: Condition, own: list[tuple[int, Condition]]) -> Condition:
    """Replace what all values of a slot bring about by when the slot itself is active."""
    while condition is not None:
        full = max((slot for slot, values in condition.items() if len(values) == own[slot][0]), default=None)
        if full is None:
            break
        rest = {slot: values for slot, values in condition.items() if slot != full}
        condition = _either(rest, own[full][1])
    return condition


def _within(part: Expression, places: Mapping[int, int]) -> tuple[int, ...]:
    """Return the slots of a part."""
    return tuple(sorted(places[id(one)] for one in _in_order(part) if id(one) in places))


def _names(root: Expression, parts: list[Expression], open_: list[Expression]) -> list[str]:
    """Return what each decision is called: by the way to where it first stands, or from a shared part with a label."""
    often: dict[int, int] = {}
    for part in parts:
        for use in part.uses():
            often[id(use.part)] = often.get(id(use.part), 0) + 1
    ways: dict[int, str] = {}
    waiting = [Use(root.label, root)]
    while waiting:
        label, part, _ = waiting.pop()
        if id(part) not in ways:
            starts = part.label and often.get(id(part), 0) > 1 and len(part.values) + len(list(part.uses())) > 1
            ways[id(part)] = way = _component(part.label) if starts else label
            inner = [Use(".".join(filter(None, (way, _component(use.label)))), use.part) for use in part.uses()]
            waiting += inner[::-1]
    taken, names = set[str](), []
    for part in open_:
        name = ".".join(filter(None, (ways[id(part)], part.suffix))) or type(part).__name__.lower()
        names.append(_fresh(name, taken))
    return names


def _fresh(name: str, taken: set[str]) -> str:
    """Return a name that is not taken yet, numbered where need be, and take it."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}~{number}", number + 1
    taken.add(found)
    return found


def _component(label: str) -> str:
    return re.sub(r"[\s:=.,#]+", "_", label)


def _value_names(part: Expression) -> tuple[Any, ...]:
    """Return the values of a decision: plain settings as they are, parts by their labels, else by their positions."""
    return tuple(
        (value.label or f"option{i}") if isinstance(value, Expression) else value for i, value in enumerate(part.values)
    )
