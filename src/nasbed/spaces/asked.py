"""Asked: the slots of a program that asks for its decisions one after the other, some of them only at times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nasbed.core.errors import BadSetting
from nasbed.core.records import Archs, Decision
from nasbed.spaces.notation import MOST_VALUES
from nasbed.spaces.slots import Slots, columns_of

MOST_COMBINATIONS = 2**62
"""The most combinations of values on which one decision may depend: their number is an int64."""


@dataclass(frozen=True, eq=False)
class Asked(Slots):
    """Slots of which each is asked for by what some earlier ones are.

    Attributes:
        slots: Name and values of each.
        given: The earlier slots on which each depends; none for one that is always asked for.
        when: The values of these for which it is asked for, −1 for one that is not asked for itself.
    """

    slots: tuple[Decision, ...]
    given: tuple[tuple[int, ...], ...]
    when: tuple[frozenset[tuple[int, ...]], ...]

    @classmethod
    def of(cls, documents: Sequence[Mapping[str, Any]]) -> Self:
        """Read decisions: each with ``name`` and ``values``, and, if not always asked for, ``given`` and ``when``.

        ``given`` names earlier decisions, ``when`` lists the positions of their values.

        Raises:
            BadSetting: When one of them is none.
        """
        places: dict[str, int] = {}
        try:
            for document in documents:
                places[str(document["name"])] = len(places)
            found = cls(
                tuple(Decision(name, tuple(map(_plain, one["values"]))) for name, one in _named(documents)),
                tuple(tuple(places[name] for name in one.get("given", ())) for one in documents),
                tuple(frozenset(tuple(map(int, some)) for some in one.get("when", ())) for one in documents),
            )
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise BadSetting(f"the decisions of a model have name, values, given and when; {error!r}") from None
        found._check()
        return found

    def documents(self) -> list[dict[str, Any]]:
        """Return what ``of`` reads, JSON-able."""
        found = []
        for slot, given, when in zip(self.slots, self.given, self.when, strict=True):
            names = [self.slots[one].name for one in given]
            condition = {"given": names, "when": sorted(map(list, when))} if given else {}
            found.append({"name": slot.name, "values": list(map(_listed, slot.values)), **condition})
        return found

    def _check(self) -> None:
        counts = [len(slot.values) for slot in self.slots]
        if not counts or len({slot.name for slot in self.slots}) < len(counts):
            raise BadSetting("a model has one decision at least, each with a name of its own")
        for slot, given, when in zip(range(len(counts)), self.given, self.when, strict=True):
            known = [counts[one] for one in given]
            fits = all(len(some) == len(given) and all(-1 <= v < n for v, n in zip(some, known, strict=True))
                       for some in when)  # fmt: skip
            if not 2 <= counts[slot] <= MOST_VALUES or any(one >= slot for one in given) or not fits:
                raise BadSetting(f"the decision {self.slots[slot].name!r} of a model does not fit to those before it")
            if math.prod(n + 1 for n in known) > MOST_COMBINATIONS:
                raise BadSetting(f"the decision {self.slots[slot].name!r} of a model depends on too many others")

    @cached_property
    def is_conditional(self) -> bool:
        """Whether some slot is not always asked for."""
        return any(self.given)

    @cached_property
    def _groups(self) -> list[tuple[tuple[int, ...], list[int], NDArray[np.int64], list[int]]]:
        """Slots that are asked for together: on what they depend, its weights, the numbers that ask for them, and they.

        What they depend on is the digits of a number, with 0 for what is not asked for itself.
        """
        together: dict[Any, list[int]] = {}
        for slot, given in enumerate(self.given):
            if given:
                together.setdefault((given, self.when[slot]), []).append(slot)
        found = []
        for (given, when), slots in together.items():
            counts = [len(self.slots[one].values) + 1 for one in given]
            weights = [math.prod(counts[place + 1 :]) for place in range(len(counts))]
            numbers = [sum((value + 1) * weight for value, weight in zip(some, weights, strict=True)) for some in when]
            found.append((given, weights, np.array(sorted(numbers), np.int64), slots))
        return found

    def marked(self, rows: Archs) -> NDArray[np.int8]:
        """Return rows as columns, ``(decisions, n)``, with −1 for what is not asked for; values must be in range."""
        columns = columns_of(rows)
        for given, weights, wanted, slots in self._groups:
            numbers = np.zeros(columns.shape[1], np.int64)
            for one, weight in zip(given, weights, strict=True):
                numbers += (columns[one].astype(np.int64) + 1) * weight
            lacking = np.isin(numbers, wanted, invert=True)
            for slot in slots:
                columns[slot][lacking] = -1
        return columns

    # ── the way through: what is known is the values of those slots on which later ones depend ──

    @cached_property
    def _live(self) -> list[tuple[int, ...]]:
        """For each slot, and behind the last, the earlier ones on which a later one depends."""
        last = {one: slot for slot, given in enumerate(self.given) for one in given}
        return [tuple(one for one in sorted(last) if one < slot < last[one]) for slot in range(len(self.slots) + 1)]

    @property
    def start(self) -> tuple[int, tuple[int, ...]]:
        """The first slot that is asked for, and the values before it."""
        return self._next(0, {})

    def following(self, slot: int, state: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
        """Return for each value of a slot the next one that is asked for, and the values before that."""
        known = dict(zip(self._live[slot], state, strict=True))
        return [self._next(slot + 1, {**known, slot: value}) for value in range(len(self.slots[slot].values))]

    def _next(self, slot: int, known: dict[int, int]) -> tuple[int, tuple[int, ...]]:
        while slot < len(self.slots) and self.given[slot]:
            if tuple(known[one] for one in self.given[slot]) in self.when[slot]:
                break
            known[slot] = -1
            slot += 1
        return slot, tuple(known[one] for one in self._live[slot])


def _named(documents: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(str(one["name"]), one) for one in documents]


def _plain(value: Any) -> Any:
    """Return a value as decisions have it: JSON's lists as tuples."""
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def _listed(value: Any) -> Any:
    return list(map(_listed, value)) if isinstance(value, tuple) else value
