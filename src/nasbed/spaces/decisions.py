"""The decisions of an expression: a slot for each, what it is called, and for which values of others it counts."""

from __future__ import annotations

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
from nasbed.spaces.deciding import Where
from nasbed.spaces.expression import Expression, Use
from nasbed.spaces.slots import Slots, columns_of

Condition = Mapping[int, frozenset[int]] | None
"""When something is there: where one of these slots is active and has one of these values; None for always."""


MOST_LEVELS = 100
"""The most parts within parts: what follows them calls itself for each, which Python bounds."""


@dataclass(frozen=True, eq=False)
class Decisions(Slots):
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
            BadSetting: When there is nothing to decide, or it is nested too deep.
        """
        parts = _in_order(root)
        if (levels := _levels(parts)) > MOST_LEVELS:
            raise BadSetting(f"an expression has at most {MOST_LEVELS} levels of parts within parts, not {levels}")
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

    def within(self, part: Expression) -> tuple[int, ...]:
        """Return the slots of a part, ascending."""
        return _within(part, self.places)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers that are there or not, depending on some decision."""
        within = [one for part in self.parts for one in _in_order(part) if one is not part]
        leaves = [one.called for one in within if not one.is_plain and all(use.part.is_plain for use in one.uses())]
        return tuple(dict.fromkeys(leaves))

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

    def marked(self, rows: Archs) -> NDArray[np.int8]:
        """Return rows as columns, ``(decisions, n)``, with −1 for what is inactive; values must be in range."""
        columns = columns_of(rows)
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

    # ── the way through: what is known is the set, as bits, of the later slots that values so far have made active ──

    @property
    def start(self) -> tuple[int, int]:
        """The first slot that counts, and an empty set."""
        return self._first(0, 0), 0

    def following(self, slot: int, state: int) -> list[tuple[int, int]]:
        """Return for each value of a slot the next one that counts, and the set before that."""
        afters = [(state & ~(1 << slot)) | switched for switched in self._switches[slot]]
        return [(self._first(slot + 1, after), after) for after in afters]

    @cached_property
    def _switches(self) -> list[list[int]]:
        """For each value of each slot, which conditional slots it makes active."""
        switches = [[0] * len(slot.values) for slot in self.slots]
        for slot, condition in enumerate(self.conditions):
            for parent, values in (condition or {}).items():
                for value in values:
                    switches[parent][value] |= 1 << slot
        return switches

    @cached_property
    def _always(self) -> list[int]:
        """For each slot the next one from it on that is always active; the one behind the last for none."""
        found = [len(self.slots)] * (len(self.slots) + 1)
        for slot in reversed(range(len(self.slots))):
            found[slot] = slot if self.conditions[slot] is None else found[slot + 1]
        return found

    def _first(self, slot: int, state: int) -> int:
        """Return the first slot from one on that is active."""
        lowest = (state & -state).bit_length() - 1
        return min(self._always[slot], lowest) if state else self._always[slot]


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


def _levels(parts: list[Expression]) -> int:
    """Return how deep parts stand within each other, of parts in the order of ``_in_order``."""
    levels = {id(part): 1 for part in parts}
    for part in parts:
        for use in part.uses():
            levels[id(use.part)] = max(levels[id(use.part)], levels[id(part)] + 1)
    return max(levels.values())


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
