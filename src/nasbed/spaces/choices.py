"""Spaces of decisions that have names: those of a mapping of choices, and those that a program asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nasbed.core.errors import BadSetting
from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.records import Archs
from nasbed.spaces.asked import Asked
from nasbed.spaces.constraints import Bounds
from nasbed.spaces.decided import DecidedSpace, Sampling
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Op
from nasbed.spaces.written_text import words_of

_SHOWN = 8  # combinations of values that a description lists


class AskedSpace(DecidedSpace):
    """A space whose decisions have names, and some of which are asked for by what others are.

    Args:
        name: What it is called.
        asked: The decisions, those on which others depend first.
        sampling: As of ``DecidedSpace``.
    """

    words = staticmethod(words_of)
    """A word for each value of a decision."""

    _decisions: Asked

    def __init__(self, name: str, asked: Asked, sampling: Sampling) -> None:
        super().__init__(name, asked, Bounds(asked), sampling)

    def asked(self, arch: Archs) -> dict[str, int]:
        """Return what one architecture, ``(decisions,)``, answers: the position of a value for each name asked for."""
        row = self._row(arch)
        active = self.active(row[None])[0]
        return {self.slots[slot].name: int(row[slot]) for slot in np.flatnonzero(active)}

    def resolve(self, arch: Archs) -> Expression:
        """Give one architecture as an expression: one layer, whose settings are what is decided."""
        values = {slot.name: slot.values for slot in self.slots}
        return Op(self.name, {name: values[name][position] for name, position in self.asked(arch).items()})

    def graph(self, arch: Archs) -> Graph:
        """Give the decisions that are asked for, one after the other; what they make is no graph."""
        labels = (INPUT, *self.format(arch).split(" "), OUTPUT)
        return Graph.of(np.eye(len(labels), k=1, dtype=int), labels)

    def format(self, arch: Archs) -> str:
        """Write the decisions that are asked for, ``width=32 depth=2 block0.kernel=5``."""
        words = {slot.name: words for slot, words in zip(self.slots, self._words.words, strict=True)}
        return " ".join(f"{name}={words[name][position]}" for name, position in self.asked(arch).items())

    def parse(self, text: str) -> Archs:
        """Read what ``format`` writes, ``(decisions,)``; those left out are not asked for, or at their first value.

        JSON, ``{"width": 32, …}``, is read likewise, and the row itself, ``[0, 2, 0, 3]``.
        """
        return self._row(np.array(self._words.row(self.text(text)), np.int8))

    def _in_words(self, slot: int) -> str:
        """Write the values of a decision, and when it is asked for."""
        words = self._words.words
        given, when = self._decisions.given[slot], sorted(self._decisions.when[slot])
        names = ", ".join(self.slots[one].name for one in given)
        ways = [
            ", ".join("-" if value < 0 else words[one][value] for one, value in zip(given, some, strict=True))
            for some in when[:_SHOWN]
        ]
        ways += [f"{len(when) - _SHOWN:,} others"] * (len(when) > _SHOWN)
        condition = f", where {names} is {' or '.join(ways)}" if given else ""
        return " ".join(words[slot]) + condition


class Choices(AskedSpace):
    """Every combination of one value for each name.

    ``Choices({"width": (16, 32, 64), "depth": (1, 2, 3)})`` has nine architectures, written ``width=32 depth=2``. A row
    has a slot for each name of several values, in their order.

    Args:
        values: What each name may be: numbers, texts, True, False or None.
        name: What the space is called.
        sampling: As of ``DecidedSpace``; each row has the same chance in both ways.

    Raises:
        BadSetting: When nothing is left to decide, or values are none.
    """

    name = "choices"

    def __init__(self, values: Mapping[str, Sequence[Any]], name: str = "choices", sampling: Sampling = "rows") -> None:
        for key, several in values.items():
            if isinstance(several, str) or not isinstance(several, Sequence) or not several:
                raise BadSetting(f"{key} needs its values in brackets, such as ({several!r}, …), not {several!r} alone")
        if not any(len(several) > 1 for several in values.values()):
            raise BadSetting("choices leave something to decide: give a name several values, such as width=(16, 32)")
        self.values = {str(key): tuple(several) for key, several in values.items()}
        decided = [{"name": key, "values": some} for key, some in self.values.items() if len(some) > 1]
        super().__init__(name, Asked.of(decided), sampling)

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again, JSON-able."""
        return {"values": {key: list(some) for key, some in self.values.items()}, "sampling": self.sampling}

    def chosen(self, arch: Archs) -> dict[str, Any]:
        """Return the value of each name in one architecture, ``(decisions,)``, fixed ones too."""
        decided = self.asked(arch)
        return {key: some[decided.get(key, 0)] for key, some in self.values.items()}

    def describe(self) -> Mapping[str, Any]:
        """Give how many architectures there are, and what each name may be."""
        return {
            "name": self.name,
            "decisions": self.decisions,
            "architectures": self.size,
            "slots": {slot.name: self._in_words(number) for number, slot in enumerate(self.slots)},
        }

    def __repr__(self) -> str:
        return f"Choices({self.values!r})"
