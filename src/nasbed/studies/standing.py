"""Standing: how far a study is, read off its folder at any time, also while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting
from nasbed.run.claim import holder
from nasbed.studies.folder import NOTES, cell_files, notes_of


@dataclass(frozen=True)
class StudyStanding:
    """How far a study is.

    Attributes:
        path: The folder.
        study: Its name.
        cells: How many it asked for when it was last begun.
        done: How many of them have their file.
        waiting: Parts of cells that are not whole yet.
        stale: Files of cells that it does not ask for any more.
        failures: Why parts could not be played, by unit.
        sessions: Executor, workers, command and beginning of each session.
        running: ``process`` and ``machine`` of the command that works on it; None when none does.
    """

    path: Path
    study: str
    cells: int
    done: int
    waiting: int
    stale: int
    failures: dict[str, str]
    sessions: list[dict[str, Any]]
    running: dict[str, Any] | None

    @classmethod
    def of(cls, path: str | Path) -> StudyStanding:
        """Read a folder, and write nothing.

        Raises:
            BadSetting: When no study was begun there.
            CorruptFile: When its notes are damaged.
        """
        path = Path(path).expanduser()
        notes = notes_of(path)
        if "plan" not in notes or "cells" not in notes:
            raise BadSetting(f"{path} is not the folder of a study")
        wanted, there = set(notes["cells"]), set(cell_files(path))
        return cls(
            path,
            notes["plan"]["study"],
            len(wanted),
            len(wanted & there),
            sum(file.name[:16] in wanted for file in (path / "parts").glob("*.parquet")),
            len(there - wanted),
            dict(notes.get("failures", {})),
            list(notes.get("sessions", [])),
            holder(path / NOTES),
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the same for a program, JSON-able."""
        return {
            "folder": str(self.path),
            "study": self.study,
            "cells": self.cells,
            "done": self.done,
            "waiting_parts": self.waiting,
            "stale_files": self.stale,
            "failures": self.failures,
            "running": self.running,
            "sessions": self.sessions,
            "command": self.sessions[-1]["command"] if self.sessions else None,
        }
