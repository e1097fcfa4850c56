"""Memory: a store that lasts as long as the process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nasbed.core.store import Record, Store, as_json


class MemoryStore(Store):
    """Keeps records in memory, as text: what comes back is no more the caller's object than from a file."""

    def __init__(self) -> None:
        self._records: dict[str, str] = {}
        self._notes: dict[str, str] = {}

    def append(self, unit: str, record: Record) -> bool:
        """Keep one record; False when the unit has one already."""
        text = as_json(unit, record)
        return self._records.setdefault(unit, text) is text

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        for unit, text in list(self._records.items()):
            yield unit, json.loads(text)

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, unit: object) -> bool:
        return unit in self._records

    def note(self, name: str, value: Any) -> None:
        """Keep one fact, replacing an earlier one."""
        self._notes[name] = as_json(name, value)

    def notes(self) -> dict[str, Any]:
        """Give every fact that was noted."""
        return {name: json.loads(text) for name, text in self._notes.items()}
