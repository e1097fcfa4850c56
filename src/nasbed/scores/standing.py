"""Standing: how far a scoring campaign is, read off its store at any time, also while it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.core.locks import holder
from nasbed.run.campaign import pace
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.scores.scores import asked_archs, last_records, space_of, units_of


@dataclass(frozen=True)
class ScoringStanding:
    """How far a scoring campaign is.

    Attributes:
        store: The file.
        plan: Everything that decides the scores.
        architectures: How many were asked for, by all commands together.
        networks: How many networks that takes.
        done: How many of them are recorded, failures included.
        failures: Why networks were given up, with how many for each reason.
        rate: Networks a second in the latest session; None when it has not finished one.
        sessions: Machine, workers, command and beginning of each session.
        running: ``process`` and ``machine`` of the command that works on it; None when none does.
    """

    store: Path
    plan: dict[str, Any]
    architectures: int
    networks: int
    done: int
    failures: dict[str, int]
    rate: float | None
    sessions: list[dict[str, Any]]
    running: dict[str, Any] | None

    @classmethod
    def of(cls, path: str | Path) -> ScoringStanding:
        """Read a store, and write nothing.

        Raises:
            BadSetting: When there is none, or it is not of a scoring campaign.
            CorruptFile: When the file is something else, or damaged.
        """
        path = Path(path).expanduser()
        with SQLiteStore(path, read_only=True) as store:
            notes = store.notes()
            if not {"asked", "plan"} <= set(notes):
                raise BadSetting(f"{path} is not a store of scores")
            records = last_records(store)
        plan = notes["plan"]
        space = space_of(plan["space"])
        archs = asked_archs(space, notes["asked"])
        units = set(units_of(space, archs, plan["once"]))
        sessions = notes.get("sessions", [])
        errors = (record["error"] for unit, record in records.items() if unit in units)
        return cls(
            path,
            plan,
            len(archs),
            len(units),
            len(units & set(records)),
            dict(Counter(error for error in errors if error is not None)),
            pace([(1.0, datetime.fromisoformat(record["finished"])) for record in records.values()], sessions)[0],
            sessions,
            holder(path),
        )

    @property
    def left(self) -> float | None:
        """Seconds until all are scored at the latest session's speed; None where that is not known."""
        return None if self.rate is None else (self.networks - self.done) / self.rate

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        return {
            "store": str(self.store),
            "architectures": self.architectures,
            "networks": self.networks,
            "done": self.done,
            "failures": self.failures,
            "running": self.running,
            "networks_per_second": self.rate,
            "seconds_left": self.left,
            "sessions": self.sessions,
            "command": self.sessions[-1]["command"] if self.sessions else None,
            "plan": self.plan,
        }
