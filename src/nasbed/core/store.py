"""Store: what has been measured?"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Self

from nasbed.core.errors import BadSetting
from nasbed.core.printing import Printed

Record = Mapping[str, Any]
"""One measurement: JSON-able values by name, with its unit's identity under ``"unit"``."""

SALVAGED = "salvaged"
"""The note of a store that was damaged and of which some notes may be lost."""


class Store(Printed, ABC):
    """Append-only records, one a unit, that survive ``kill -9`` at any moment.

    A record is there whole or not at all. A unit that is already recorded is not recorded twice: the first
    result stands, and ``append`` says so by returning False. What comes back is what JSON makes of what was given:
    tuples are lists, keys are text.
    """

    @abstractmethod
    def append(self, unit: str, record: Record) -> bool:
        """Keep one record for good before returning; False when the unit has one already."""

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Go through ``(unit, record)`` in the order in which they were appended."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __contains__(self, unit: object) -> bool: ...

    @abstractmethod
    def note(self, name: str, value: Any) -> None:
        """Keep one JSON-able fact about the whole store (its plan, say), replacing an earlier one."""

    @abstractmethod
    def notes(self) -> dict[str, Any]:
        """Give every fact that was noted."""

    def close(self) -> None:
        """Let go of files; everything appended is already safe."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_json(name: str, value: Any) -> str:
    """Write what a store keeps, refusing what other readers of JSON could not read.

    Raises:
        BadSetting: When the value is not made of text, finite numbers, booleans, None, lists and mappings.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadSetting(f"a store keeps JSON, which {name!r} is not: {error}") from None
