"""Merging: from the stores of a campaign's workers to one store and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.files import check_place
from nasbed.core.locks import claimed
from nasbed.core.store import Record, Store
from nasbed.factory.generate import store_of
from nasbed.factory.job import Job
from nasbed.factory.publish import check_table, missing, publish
from nasbed.run.about import command_line
from nasbed.run.plan import agree
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.tables.table import Table

_MEASURED = ("training_time", "total_time")


def merge(
    stores: Sequence[str | Path],
    out: str | Path,
    *,
    store: str | Path | None = None,
    partial: bool = False,
    command: str | None = None,
) -> tuple[Table | None, int]:
    """Bring the records of one campaign's stores together in one, and make the table if nothing is missing.

    The merged store is the whole campaign's, with which ``generate`` goes on. Stores that are merged again add what is
    new; they may be written to meanwhile.

    Args:
        stores: Files, at least one.
        out: The table's file.
        store: The merged store; beside ``out``, with the suffix ``.sqlite``, if not given.
        partial: Whether to make a table of an unfinished campaign, too, with NaN for what is missing.
        command: What was typed, for the provenance; the arguments of this program if not given.

    Returns:
        The table, or None when units are missing; and how many are.

    Raises:
        BadSetting: When the stores are not of one campaign, or hold different results of one unit.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    table, path = Path(out).expanduser(), store_of(out) if store is None else Path(store).expanduser()
    sources = [Path(source).expanduser() for source in stores]
    if not sources:
        raise BadSetting("there is nothing to merge; name the stores of a campaign's workers")
    for source in sources:
        if path.exists() and source.exists() and path.samefile(source):
            raise BadSetting(f"{path} cannot be merged into itself; choose another name for the table or the store")
    check_place(table)
    check_table(table, path)
    plans = [_plan(source) for source in sources]
    typed = command or command_line()
    try:
        with claimed(path), SQLiteStore(path) as merged:
            for source, notes in zip(sources, plans, strict=True):
                _agree(merged, notes, source)
            for source in sources:
                _take_over(source, merged)
            job = Job.of_plan(merged.notes()["plan"])
            left = missing(merged, job)
            return (publish(table, merged, job, typed) if partial or not left else None), left
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; what was merged is kept in {path}; to go on: {typed}") from None


def _plan(source: Path) -> dict[str, Any]:
    """Read the notes of a store."""
    with SQLiteStore(source, read_only=True) as store:
        notes = store.notes()
    if not {"plan", "units", "splits", "warnings"} <= set(notes) or "together" not in notes["plan"]:
        raise BadSetting(f"{source} is not the store of a campaign; of one that was damaged, go on with it first")
    return notes


def _agree(merged: Store, notes: Mapping[str, Any], source: Path) -> None:
    """Hold a store's plan against that of the merged one, or begin with it, and add its sessions."""
    facts = {name: notes[name] for name in ("units", "splits", "warnings")}
    try:
        agree(merged, notes["plan"], facts)
    except BadSetting as error:
        raise BadSetting(f"{source} belongs to another campaign: {error}") from None
    sessions = {str(session): session for session in [*merged.notes().get("sessions", []), *notes.get("sessions", [])]}
    merged.note("sessions", sorted(sessions.values(), key=lambda session: str(session["started"])))


def _take_over(source: Path, merged: Store) -> None:
    """Add the records that are not there yet; those that are must be the same, measured times apart.

    Raises:
        BadSetting: When they are not.
    """
    known = dict(merged)
    with SQLiteStore(source, read_only=True) as store:
        for unit, record in store:
            if unit not in known:
                merged.append(unit, record)
            elif _results(known[unit]) != _results(record):
                raise BadSetting(
                    f"{source} has another result of {unit} than the stores before it: trained on another kind of "
                    f"machine, or given up in one of them; leave one of the stores out"
                )


def _results(record: Record) -> Any:
    """Give what a record says that is not read off a clock or a chance of the machine."""
    return _timeless(record["value"]), record["error"]


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _timeless(inner) for name, inner in value.items() if name not in _MEASURED}
    return [_timeless(inner) for inner in value] if isinstance(value, list) else value
