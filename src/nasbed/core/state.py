"""State: what lets something go on where another of its kind was, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar


class Stateful:
    """Something whose state is in some of its attributes: arrays, numbers, and parts that are stateful themselves."""

    kept: ClassVar[tuple[str, ...]]
    """The names of these attributes."""

    def state_dict(self) -> dict[str, Any]:
        """Return copies of all that ``kept`` names, by name."""
        parts = {name: getattr(self, name) for name in self.kept}
        return {name: part.state_dict() if isinstance(part, Stateful) else copy(part) for name, part in parts.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where ``state_dict`` was taken."""
        for name in self.kept:
            # Version 0.1 wrote some names without their underscore.
            part, saved = getattr(self, name), state[name if name in state else name.lstrip("_")]
            if isinstance(part, Stateful):
                part.load_state_dict(saved)
            else:
                setattr(self, name, copy(saved))
