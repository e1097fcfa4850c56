"""Standing: how far a campaign is, read off its store at any time, also while it runs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile
from nasbed.core.locks import holder
from nasbed.core.printing import Printed
from nasbed.factory.units import Training, Unit, given_up
from nasbed.run.campaign import pace
from nasbed.run.stores.sqlite import SQLiteStore

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing(Printed):
    """How far a campaign, or one worker's part of it, is.

    Attributes:
        store: The file.
        plan: Everything that decides the campaign's results.
        units: How many units the whole campaign has.
        recorded: Those that this store has a record of.
        asked: How many the latest session was asked for, done before or not and retries included, by budget.
        failures: Trainings that were given up, each time that they were tried.
        sessions: Machine, workers, command, part and beginning of each session.
        running: ``process`` and ``machine`` of the command that works on it; None when none does.
        rate: Units a second in the latest session; None when it has not finished one.
        left: Seconds until what it was asked for is done at that speed; None where that is not known.
    """

    store: Path
    plan: dict[str, Any]
    units: int
    recorded: frozenset[Unit]
    asked: dict[int, int]
    failures: list[Training]
    sessions: list[dict[str, Any]]
    running: dict[str, Any] | None
    rate: float | None
    left: float | None

    @classmethod
    def of(cls, path: str | Path) -> Standing:
        """Read a store, and write nothing.

        Raises:
            BadSetting: When there is none, or it is not of a campaign.
            CorruptFile: When the file is something else, or damaged.
        """
        path = Path(path).expanduser()
        with SQLiteStore(path, read_only=True) as store:
            notes = store.notes()
            if not {"plan", "units"} <= set(notes) or "together" not in notes["plan"]:
                raise BadSetting(f"{path} is not the store of a campaign")
            finished = [(Unit.parse(name), datetime.fromisoformat(record["finished"])) for name, record in store]
            plan = notes["plan"]
            failed = given_up(store, plan["together"], plan["repeats"])
        sessions = notes.get("sessions", [])
        asked = {int(epochs): n for epochs, n in sessions[-1]["units"].items()} if sessions else {}
        rate, speed = pace([(unit.epochs, moment) for unit, moment in finished], sessions)
        everything = Counter(unit.epochs for unit, _ in finished)
        ahead = sum(epochs * max(n - everything[epochs], 0) for epochs, n in asked.items())
        return cls(
            path,
            plan,
            notes["units"],
            frozenset(unit for unit, _ in finished if not unit.retry),
            asked,
            failed,
            sessions,
            holder(path),
            rate,
            0.0 if not ahead else None if speed is None else ahead / speed,
        )

    @property
    def done(self) -> dict[int, int]:
        """How many units are recorded, by budget."""
        counts = Counter(unit.epochs for unit in self.recorded)
        return {epochs: counts[epochs] for epochs in self.plan["budgets"]}

    @property
    def end(self) -> datetime | None:
        """When the running session is expected to end; None when none runs or nobody knows."""
        if self.running is None or self.left is None:
            return None
        return datetime.now(UTC) + timedelta(seconds=self.left)

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        each = self.units // len(self.plan["budgets"])
        return {
            "store": str(self.store),
            "units": self.units,
            "done": sum(self.done.values()),
            "budgets": {
                str(epochs): {
                    "units": each,
                    "done": done,
                    "failures": sum(training.epochs == epochs for training in self.failures),
                }
                for epochs, done in self.done.items()
            },
            "asked": sum(self.asked.values()),
            "failures": [
                {"training": "/".join(map(str, training[:3])), "retries": training.retry, "reason": training.failure}
                for training in self.failures
            ],
            "running": self.running,
            "units_per_second": self.rate,
            "seconds_left": self.left,
            "expected_end": None if self.end is None else self.end.isoformat(timespec="seconds"),
            "sessions": self.sessions,
            "command": self.sessions[-1]["command"] if self.sessions else None,
            "plan": self.plan,
        }


def standings(paths: Sequence[str | Path]) -> list[Standing]:
    """Read the stores of paths, each a store or a folder that has some; other files in a folder are passed over.

    What is damaged there is passed over with a warning.

    Raises:
        BadSetting: When a path is no campaign's store, or a folder has none.
    """
    found: list[Standing] = []
    for path in (Path(path).expanduser() for path in paths):
        if not path.is_dir():
            found.append(Standing.of(path))
            continue
        before = len(found)
        for file in sorted(path.glob("*.sqlite")):
            try:
                found.append(Standing.of(file))
            except BadSetting:
                continue
            except CorruptFile as error:
                _LOG.warning("passed over: %s", error)
        if len(found) == before:
            raise BadSetting(f"the folder {path} has no campaign's store, no such file *.sqlite")
    return found
