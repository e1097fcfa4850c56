"""Campaign: many units of work, each done once, whatever happens in between.

Everything that decides the results is the campaign's plan. It is noted in the store, and a store that was begun with
another plan is refused: what one file holds belongs together.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.executor import Executor, Outcome, Work
from nasbed.core.store import Store

_AHEAD = 2  # calls in the executor's hands, a slot: nobody waits for the next, and Ctrl-C drops little


@dataclass(frozen=True)
class Status:
    """How far a campaign is.

    Attributes:
        done: Units that have a record, failures included.
        total: All units.
        failures: Units that were given up.
    """

    done: int
    total: int
    failures: int


Progress = Callable[[Status], None]


def campaign(
    units: Sequence[str],
    work: Work,
    arguments: Callable[[str], tuple[Any, ...]],
    *,
    plan: Mapping[str, Any],
    store: Store,
    executor: Executor,
    session: Mapping[str, Any] | None = None,
    attempts: int = 5,
    progress: Progress | None = None,
) -> Status:
    """Do every unit that the store does not have yet, and keep each result as it ends.

    A record has the ``unit``, its ``value`` or its ``error``, how many ``attempts`` it took and when it ``finished``.

    Args:
        units: Their names, in the order in which they are begun.
        work: What makes a unit's value, JSON-able.
        arguments: Gives what ``work`` is called with for a unit, when its turn comes.
        plan: Everything that decides the values, JSON-able.
        store: Where records are kept.
        executor: Where the work runs.
        session: What decides no value but is worth knowing (the machine, say). The note ``sessions`` lists it, with
            the time at which it started, for each call that had something to do.
        attempts: How often a unit is tried whose worker dies or whose work raises, before it is recorded as failed.
        progress: Called at the start and after each unit.

    Raises:
        BadSetting: When the store was begun with another plan.
        Interrupted: At Ctrl-C.
    """
    if attempts < 1:
        raise BadSetting(f"attempts must be at least 1, not {attempts}")
    _agree(store, plan, len(units))
    known = {unit for unit, _ in store}
    todo = (unit for unit in units if unit not in known)
    now = status(store)
    report = progress or (lambda _: None)
    tried: Counter[str] = Counter()
    if now.done < now.total:
        store.note("sessions", [*store.notes().get("sessions", []), {"started": _moment(), **(session or {})}])

    def begin(some: Iterable[str]) -> None:
        for unit in some:
            tried[unit] += 1
            executor.submit(unit, work, *arguments(unit))

    try:
        report(now)
        begin(islice(todo, _AHEAD * executor.slots))
        for outcome in executor.as_completed():
            unit, error = outcome.tag, outcome.error
            if error is not None and tried[unit] < attempts:
                begin([unit])
                continue
            _keep(store, outcome, tried.pop(unit))
            now = replace(now, done=now.done + 1, failures=now.failures + (error is not None))
            begin(islice(todo, 1))
            report(now)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted with {now.done} of {now.total} units done; they are kept, and the same command goes on"
        ) from None
    return now


def status(store: Store) -> Status:
    """Read how far the campaign of a store is; of a store without one, nothing of nothing."""
    failed = [record["error"] is not None for _, record in store]
    return Status(len(failed), store.notes().get("units", 0), sum(failed))


def _keep(store: Store, outcome: Outcome, attempts: int) -> None:
    store.append(
        outcome.tag,
        {
            "unit": outcome.tag,
            "value": outcome.value,
            "error": outcome.error,
            "attempts": attempts,
            "finished": _moment(),
        },
    )


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _agree(store: Store, plan: Mapping[str, Any], units: int) -> None:
    """Note the plan in a new store; hold it against the plan of an old one."""
    there = store.notes().get("plan")
    here = json.loads(json.dumps(plan))
    if there is None:
        if len(store):
            raise BadSetting("the store has records but no campaign's plan; name another store")
        store.note("units", units)
        store.note("plan", here)  # last: where there is a plan there is all of it
        return
    differences = [
        f"{name} was {before}, now {after}" for name, before, after in _differences(there, here) if before != after
    ]
    if differences:
        raise BadSetting(
            f"the store was begun with another plan ({'; '.join(differences)}); "
            "go on with the earlier settings, or name another store"
        )


def _differences(there: Any, here: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Go through the leaves of two plans side by side: dotted name, value there, value here."""
    if not (isinstance(there, dict) and isinstance(here, dict)):
        yield name, json.dumps(there), json.dumps(here)
        return
    for key in there | here:
        yield from _differences(there.get(key), here.get(key), f"{name}.{key}" if name else key)
