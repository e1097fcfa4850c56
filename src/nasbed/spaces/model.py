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

from nasbed.spaces.asked import Asked
from nasbed.spaces.choices import AskedSpace
from nasbed.spaces.decided import Sampling


class ModelSpace(AskedSpace):
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

    def __init__(
        self, model: str, decisions: Sequence[Mapping[str, Any]], checksum: str = "", sampling: Sampling = "rows"
    ) -> None:
        self.model, self.checksum = model, checksum
        self.place: Path | None = None
        file, _, function = model.partition(":")
        super().__init__(f"{Path(file).stem}.{function}", Asked.of(decisions), sampling)

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
