"""Running: a study's cells, played over processes or a cluster, each once whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.registry import executors
from nasbed.run.about import command_line
from nasbed.run.campaign import Status, campaign
from nasbed.run.claim import claimed
from nasbed.studies.cell import Cell
from nasbed.studies.folder import NOTES, StudyFolder, units_of
from nasbed.studies.results import Results

if TYPE_CHECKING:
    from nasbed.studies.study import Study

PLAY = "nasbed.studies.work:play"
ATTEMPTS = 3
"""How often a part is tried whose worker dies."""

Progress = Callable[[Status], None]


def run(
    study: Study,
    out: Path,
    *,
    executor: str,
    settings: Mapping[str, Any],
    command: str | None,
    progress: Progress | None,
) -> Results:
    """Play what is missing in the folder; see ``Study.run``."""
    typed = command or command_line()
    resume = f"they are kept in {out}; to go on: {typed}"
    try:
        units = units_of(study.cells, study.part)
        with executors.make(executor, settings) as machine:  # which may be refused, before there is a folder
            out.mkdir(parents=True, exist_ok=True)
            with claimed(out / NOTES), StudyFolder(out, units) as folder:
                folder.note("cells", [cell.hash for cell in study.cells])
                campaign(
                    list(units),
                    PLAY,
                    lambda name: (units[name].cell, units[name].first, units[name].count),
                    plan={"study": study.name},
                    session={"executor": executor, "workers": machine.slots, "command": typed, "parts": len(units)},
                    store=folder,
                    executor=machine,
                    attempts=ATTEMPTS,
                    cost=lambda name: units[name].count * steps_of(units[name].cell),
                    resume=resume,
                    progress=progress,
                )
                folder.note("failures", folder.failures)
                return Results.of(study, out, folder.failures)
    except OSError as error:
        raise BadSetting(f"{out} cannot be written: {error.strerror or error}") from None
    except KeyboardInterrupt:  # the campaign's own are Interrupted already; this was before or after it
        raise Interrupted(f"interrupted; what was played is kept in {out}; to go on: {typed}") from None


def steps_of(cell: Cell) -> float:
    """Guess how many evaluations a run has, in any measure that is the same for all cells."""
    from nasbed.studies.estimate import evaluations

    return evaluations(cell)
