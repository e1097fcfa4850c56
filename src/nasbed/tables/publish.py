"""Publishing: from a campaign's store to its table."""

from __future__ import annotations

from pathlib import Path

from nasbed.core.errors import BadSetting
from nasbed.core.store import Store
from nasbed.tables.build import build_table
from nasbed.tables.job import Job
from nasbed.tables.measured import Measured
from nasbed.tables.table import Table


def missing(store: Store, job: Job) -> int:
    """Count the units of a job that a store has no record of."""
    known = {unit for unit, _ in store}
    return sum(str(unit) not in known for unit in job.units())


def publish(out: Path, store: Store, job: Job, command: str) -> Table:
    """Build the table of what a store has; NaN where that is nothing.

    Args:
        out: The table's file.
        store: The campaign's.
        job: What it trains.
        command: What was typed, for the provenance.

    Raises:
        NasbedError: When no training has gone well.
    """
    measured, notes = Measured.collect(store, job), store.notes()
    warnings = list(notes["warnings"])
    if measured.missing:
        warnings.append(f"the campaign was not finished: {measured.missing} trainings are missing")
    provenance = {
        "source": "trained by nasbed",
        "command": command,
        **notes["plan"],
        "splits": notes["splits"],
        "sessions": notes["sessions"],
        **measured.summary(),
        **({"warnings": warnings} if warnings else {}),
    }
    return build_table(
        out,
        space=job.space,
        archs=job.archs,
        budgets=job.budgets,
        repeats=job.repeats,
        results=measured.results,
        trainable_parameters=job.trainable_parameters,
        provenance=provenance,
    )


def check_table(table: Path, store: Path) -> None:
    """See that a table can be written that is not somebody else's.

    Raises:
        BadSetting: When table and store are one file, or the table is there although its store is not.
    """
    if table == store:
        raise BadSetting(f"table and store cannot both be {table}")
    if table.exists() and not store.exists():
        raise BadSetting(f"{table} is there already, but no store {store} that it was made of; choose another name")
