"""Constraints: which rows keep their bounds, and are allowed by the predicates of an expression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasbed.core.records import Archs
from nasbed.spaces.deciding import Where
from nasbed.spaces.decisions import Decisions
from nasbed.spaces.diagram import Diagram
from nasbed.spaces.expression import Expression
from nasbed.spaces.resolving import Resolver
from nasbed.spaces.slots import Slots

_MOST_ANSWERS = 2**17  # remembered for each constraint; then it starts anew


class Bounds:
    """Answers which rows have values that their decisions have, where there is nothing else to keep.

    Args:
        decisions: The slots.
    """

    def __init__(self, decisions: Slots) -> None:
        self._slots = decisions

    def __bool__(self) -> bool:
        return False

    def valid(self, rows: Archs) -> NDArray[np.bool_]:
        """Say which rows keep their bounds, ``(n,)``."""
        return self._slots.inside(rows)


class Constraints(Bounds):
    """Answers which rows keep all constraints, and asks a predicate once for each form of its part.

    Args:
        decisions: Those of the expression.
    """

    def __init__(self, decisions: Decisions) -> None:
        super().__init__(decisions)
        self._decisions = decisions
        self._answers: list[dict[bytes, bool]] = [{} for _ in decisions.wheres]

    def __bool__(self) -> bool:
        return bool(self._decisions.wheres)

    def valid(self, rows: Archs) -> NDArray[np.bool_]:
        """Say which rows keep their bounds and all constraints, ``(n,)``."""
        fine = super().valid(rows)
        if self:
            fine[fine] = self.hold(self._decisions.marked(rows[fine]))
        return fine

    def hold(self, columns: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Say which columns of ``Decisions.marked`` keep all constraints, ``(n,)``."""
        fine = np.ones(columns.shape[1], np.bool_)
        for which in range(len(self._answers)):
            condition = self._decisions.wheres[which][1]
            asked = np.flatnonzero(fine & self._decisions.applies(condition, columns))
            fine[asked] = self._allowed(which, columns[:, asked])
        return fine

    def _allowed(self, which: int, columns: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Say for which columns, ``(decisions, n)``, one predicate holds."""
        constraint, _, slots = self._decisions.wheres[which]
        answers = self._answers[which]
        inner = np.ascontiguousarray(columns[list(slots)].T)
        found = np.zeros(len(inner), np.bool_)
        for i, row in enumerate(inner):
            key = row.tobytes()
            if key not in answers:
                if len(answers) >= _MOST_ANSWERS:
                    answers.clear()
                resolver = Resolver(self._decisions.places, np.maximum(columns[:, i], 0).tolist())
                answers[key] = bool(constraint.predicate(resolver(constraint.part)))
            found[i] = answers[key]
        return found

    def count(self, root: Expression, size: int) -> int | None:
        """Return how many rows keep them, by the counts that they were given; None where those do not tell.

        They do where each outermost constraint has its count, always applies, and shares no decision with the rest.

        Args:
            root: The expression.
            size: How many rows there are without constraints.
        """
        outermost, outside = _outermost(root)
        always = {id(one) for one, condition, _ in self._decisions.wheres if condition is None}
        for one in outermost:
            alone = Diagram.of(Decisions.of(one.part)) if self._within(one) else None
            if one.count is None or id(one) not in always or alone is None or outside & self._within(one):
                return None
            size = size // alone.size * one.count
            outside |= self._within(one)
        return size

    def _within(self, constraint: Where) -> set[int]:
        """Return the parts within a constraint that are decided, by ``id``."""
        (slots,) = (inner for one, _, inner in self._decisions.wheres if one is constraint)
        return {id(self._decisions.parts[slot]) for slot in slots}


def _outermost(root: Expression) -> tuple[list[Where], set[int]]:
    """Return the constraints that stand in no other, and all that is outside of them, by ``id``."""
    found, outside, waiting = list[Where](), set[int](), [root]
    while waiting:
        part = waiting.pop()
        if id(part) in outside:
            continue
        outside.add(id(part))
        if isinstance(part, Where):
            found.append(part)
        else:
            waiting += [use.part for use in part.uses()]
    return found, outside
