"""Model spaces: the decisions that a function of the user's asks for while it builds a network of PyTorch.

``nasbed.nets.model_file`` finds them by running the function. What it found is plain data, which is all that this space
has: histories and tables carry it, and whoever opens one runs nothing. The function is run again only where its file
was named, ``model.py:build``, in this process or in the one that sent the space here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nasbed.core.graph import INPUT, OUTPUT, Graph
from nasbed.core.records import Archs
from nasbed.spaces import written_text
from nasbed.spaces.asked import Asked
from nasbed.spaces.constraints import Bounds
from nasbed.spaces.decided import DecidedSpace, Sampling
from nasbed.spaces.expression import Expression
from nasbed.spaces.parts import Op

_SHOWN = 8  # combinations of values that a description lists


class ModelSpace(DecidedSpace):
    """The architectures that a function builds, a decision for each name that it asks for.

    A row has a slot for each decision, those on which others depend first. A mutation changes one decision that is
    asked for into another of its values; what is asked for then starts at its first value. A crossover takes each
    decision from a parent in which it is asked for.

    Args:
        model: The file and the function, ``model.py:build``, without the folder.
        decisions: What it asks for: name and values of each, and when; see ``Asked.of``.
        checksum: SHA-256 of the file, in hex.
        sampling: What ``sample`` draws evenly: ``rows``, where they can be counted; or ``decisions``, each on its own.

    Raises:
        BadSetting: When the decisions are none.
    """

    name = "model"

    words = staticmethod(written_text.words_of)
    """A word for each value of a decision."""

    _decisions: Asked

    def __init__(
        self, model: str, decisions: Sequence[Mapping[str, Any]], checksum: str = "", sampling: Sampling = "rows"
    ) -> None:
        self.model, self.checksum = model, checksum
        self.place: Path | None = None
        asked, (file, _, function) = Asked.of(decisions), model.partition(":")
        super().__init__(f"{Path(file).stem}.{function}", asked, Bounds(asked), sampling)

    def at(self, place: Path | None) -> ModelSpace:
        """Return the same space with the place of its file, whose function may then be run."""
        return _placed(self.settings(), place)

    def settings(self) -> dict[str, Any]:
        """Give the constructor arguments that make this space again, JSON-able: not the place of its file."""
        decisions = self._decisions.documents()
        return {
            "model": self.model,
            "decisions": decisions,
            "checksum": self.checksum,
            "sampling": self.sampling,
        }

    def asked(self, arch: Archs) -> dict[str, int]:
        """Return what one architecture, ``(decisions,)``, answers: the position of a value for each name asked for."""
        row = self._row(arch)
        active = self.active(row[None])[0]
        return {self.slots[slot].name: int(row[slot]) for slot in np.flatnonzero(active)}

    def resolve(self, arch: Archs) -> Expression:
        """Give one architecture as an expression: the function as one layer, with what it is given as settings."""
        values = {slot.name: slot.values for slot in self.slots}
        return Op(self.name, {name: values[name][position] for name, position in self.asked(arch).items()})

    def graph(self, arch: Archs) -> Graph:
        """Give the decisions that are asked for, one after the other; the network itself is the function's."""
        labels = (INPUT, *self.format(arch).split(" "), OUTPUT)
        return Graph.of(np.eye(len(labels), k=1, dtype=int), labels)

    def format(self, arch: Archs) -> str:
        """Write the decisions that are asked for, ``width=32 depth=2 block0.kernel=5``."""
        words = {slot.name: self.words(slot) for slot in self.slots}
        return " ".join(f"{name}={words[name][position]}" for name, position in self.asked(arch).items())

    def parse(self, text: str) -> Archs:
        """Read what ``format`` writes, ``(decisions,)``; those left out are not asked for, or at their first value.

        JSON, ``{"width": 32, …}``, is read likewise, and the row itself, ``[0, 2, 0, 3]``.
        """
        return self._row(np.array(written_text.row_of(self.slots, self.text(text), self.name), np.int8))

    def describe(self) -> Mapping[str, Any]:
        """Give the file, its checksum, how many architectures there are, and what each decision may be and when."""
        return {
            "name": self.name,
            "model": self.model,
            "checksum": self.checksum,
            "decisions": self.decisions,
            "architectures": "not known" if self.size is None else self.size,
            "sampling": self.sampling,
            "slots": {slot.name: self._in_words(number) for number, slot in enumerate(self.slots)},
        }

    def _in_words(self, slot: int) -> str:
        """Write the values of a decision, and when it is asked for."""
        words = [self.words(one) for one in self.slots]
        given, when = self._decisions.given[slot], sorted(self._decisions.when[slot])
        names = ", ".join(self.slots[one].name for one in given)
        ways = [
            ", ".join("-" if value < 0 else words[one][value] for one, value in zip(given, some, strict=True))
            for some in when[:_SHOWN]
        ]
        ways += [f"{len(when) - _SHOWN:,} others"] * (len(when) > _SHOWN)
        condition = f", where {names} is {' or '.join(ways)}" if given else ""
        return " ".join(words[slot]) + condition

    def __repr__(self) -> str:
        size = "" if self.size is None else f", {self.size:,} architectures"
        return f"ModelSpace({self.model!r}, {self.decisions} decisions{size})"

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """Send the place of the file, too, so that workers may run it."""
        return partial(_placed, self.settings(), self.place), ()


def _placed(settings: Mapping[str, Any], place: Path | None) -> ModelSpace:
    found = ModelSpace(**settings)
    found.place = place
    return found
