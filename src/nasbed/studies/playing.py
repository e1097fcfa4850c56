"""Playing: the cells of a study, part by part, wherever there is room, each kept as it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.locks import claimed
from nasbed.core.registry import executors
from nasbed.run.about import command_line
from nasbed.run.campaign import Status, campaign
from nasbed.studies.folder import NOTES, Playable, StudyFolder, Unit, units_of

ATTEMPTS = 3
"""How often a part is tried whose worker dies."""

Progress = Callable[[Status], None]


def play_cells(
    cells: Sequence[Playable],
    work: str,
    out: Path,
    *,
    study: str,
    part: int,
    cost: Callable[[Unit], float],
    executor: str = "processes",
    workers: int | None = None,
    executor_settings: Mapping[str, Any] | None = None,
    command: str | None = None,
    progress: Progress | None = None,
    file_of: Callable[[str, Any], bytes] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Play every cell that a folder does not have yet.

    Args:
        cells: All that the study has.
        work: What plays a part, given a cell, the number of its first run, and how many.
        out: The folder; it is made if need be.
        study: Its name.
        part: Runs that are played at a time.
        cost: What a part takes, in any measure.
        executor: Where parts are played: a registered name.
        workers: How many at a time; None for the executor's choice.
        executor_settings: Further settings of the executor.
        command: What was typed, to go on with; the arguments of this program if not given.
        progress: Called with the campaign's status at the start and after each part.
        file_of: Takes the file out of what the work gives of a part, by its name; it is the file, if not given.
        notes: What the folder shall say of the study besides, JSON-able.

    Returns:
        Why parts could not be played, by unit.

    Raises:
        BadSetting: When the executor is not allowed, or another process works in the folder.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    settings = {**(executor_settings or {}), **({} if workers is None else {"workers": workers})}
    typed = command or command_line()
    units = units_of(cells, part)
    try:
        with executors.read(executor, settings) as machine:  # which may be refused, before there is a folder
            out.mkdir(parents=True, exist_ok=True)
            with claimed(out / NOTES, shown=out), StudyFolder(out, units, file_of) as folder:
                for name, value in {**(notes or {}), "cells": [cell.hash for cell in cells]}.items():
                    folder.note(name, value)
                campaign(
                    list(units),
                    work,
                    lambda name: (units[name].cell, units[name].first, units[name].count),
                    plan={"study": study},
                    session={"executor": executor, "workers": machine.slots, "command": typed, "parts": len(units)},
                    store=folder,
                    executor=machine,
                    attempts=ATTEMPTS,
                    cost=lambda name: cost(units[name]),
                    resume=f"they are kept in {out}; to go on: {typed}",
                    progress=progress,
                )
                folder.note("failures", folder.failures)
                return folder.failures
    except OSError as error:
        raise BadSetting(f"{out} cannot be written: {error.strerror or error}") from None
    except KeyboardInterrupt:  # the campaign's own are Interrupted already; this was before or after it
        raise Interrupted(f"interrupted; what was played is kept in {out}; to go on: {typed}") from None
