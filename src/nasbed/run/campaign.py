"""Campaign: many units of work, each done once, whatever happens in between.

Everything that decides the results is the campaign's plan. It is noted in the store, and a store that was begun with
another plan is refused: what one file holds belongs together.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from nasbed.core.errors import BadSetting, Interrupted
from nasbed.core.executor import Executor, Outcome, Work
from nasbed.core.store import Record, Store
from nasbed.run.plan import agree

_AHEAD = 2  # calls in the executor's hands, a slot: nobody waits for the next, and Ctrl-C drops little


@dataclass(frozen=True)
class Status:
    """How far a campaign is, and how fast it goes.

    Attributes:
        done: Units that have a record, failures included.
        total: All units that were asked for.
        failures: What was given up in them.
        share: How much of what all units cost is done, from 0 to 1.
        rate: Units a second since this session began; None before the first has ended.
        speed: The same in the measure of what units cost.
        left: Seconds until the expected end, by what the remaining units cost.
    """

    done: int
    total: int
    failures: int
    share: float = field(default=0.0, compare=False)
    rate: float | None = field(default=None, compare=False)
    speed: float | None = field(default=None, compare=False)
    left: float | None = field(default=None, compare=False)


Progress = Callable[[Status], None]


def campaign(
    units: Sequence[str],
    work: Work,
    arguments: Callable[[str], tuple[Any, ...]],
    *,
    plan: Mapping[str, Any],
    store: Store,
    executor: Executor,
    facts: Mapping[str, Any] | None = None,
    session: Mapping[str, Any] | None = None,
    attempts: int = 5,
    together: Work | None = None,
    alike: Callable[[str], Hashable] = lambda unit: unit,
    most: int = 1,
    cost: Callable[[str], float] = lambda unit: 1.0,
    failures: Callable[[Record], int] = lambda record: int(record["error"] is not None),
    resume: str = "they are kept, and the same call goes on",
    progress: Progress | None = None,
) -> Status:
    """Do every unit that the store does not have yet, and keep each result as it ends.

    A record has the ``unit``, its ``value`` or its ``error``, how many ``attempts`` it took and when it ``finished``.

    Args:
        units: Their names, in the order in which they are begun: all of the plan's, or a part of them.
        work: What makes a unit's value, JSON-able.
        arguments: Gives what ``work`` is called with for a unit, when its turn comes.
        plan: Everything that decides the values, JSON-able.
        store: Where records are kept.
        executor: Where the work runs.
        facts: What else is noted in a new store.
        session: What decides no value but is worth knowing (the machine, say). The note ``sessions`` lists it, with
            the time at which it started, for each call that had something to do.
        attempts: How often a unit is tried whose worker dies or whose work raises, before it is recorded as failed.
        together: What makes the values of several units at once, the same that ``work`` makes of each: it is called
            with a list of what ``arguments`` gives. A call that fails is made again unit by unit, and counts for none.
        alike: Says the same of units that can be done together.
        most: How many of them at most.
        cost: What a unit takes, in any measure: by this the end is foretold.
        failures: How many failures a record has.
        resume: What is said, when Ctrl-C stops the campaign, of how it goes on.
        progress: Called at the start and after each unit.

    Raises:
        BadSetting: When the store was begun with another plan.
        Interrupted: At Ctrl-C.
    """
    if attempts < 1:
        raise BadSetting(f"attempts must be at least 1, not {attempts}")
    agree(store, plan, facts)
    tally = _Tally(units, store, cost, failures)
    todo = iter(_bundles([unit for unit in units if unit not in tally.known], alike, most if together else 1))
    report = progress or (lambda _: None)
    tried: Counter[str] = Counter()
    under_way: dict[str, Sequence[str]] = {}
    if tally.done < tally.total or "sessions" not in store.notes():
        store.note("sessions", [*store.notes().get("sessions", []), {"started": moment(), **(session or {})}])

    def begin(some: Iterable[Sequence[str]]) -> None:
        for bundle in some:
            tried.update(bundle)
            under_way[bundle[0]] = bundle
            if together is not None and len(bundle) > 1:
                executor.submit(bundle[0], together, [arguments(unit) for unit in bundle])
            else:
                executor.submit(bundle[0], work, *arguments(bundle[0]))

    try:
        report(tally.status())
        begin(islice(todo, _AHEAD * executor.slots))
        for outcome in executor.as_completed():
            bundle, error = under_way.pop(outcome.tag), outcome.error
            if error is not None and len(bundle) > 1:  # whose fault it was shows when each is done by itself
                tried.subtract(bundle)
                begin([unit] for unit in bundle)
                continue
            if error is not None and tried[outcome.tag] < attempts:
                begin([bundle])
                continue
            for unit, value in zip(bundle, outcome.value if len(bundle) > 1 else [outcome.value], strict=True):
                tally.add(unit, _kept(store, Outcome(unit, value, error), tried.pop(unit)))
            begin(islice(todo, max(0, _AHEAD * executor.slots - len(under_way))))  # a cluster may have grown
            report(tally.status())
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted with {tally.done} of {tally.total} units done; {resume}") from None
    return tally.status()


def _bundles(units: Sequence[str], alike: Callable[[str], Hashable], most: int) -> list[Sequence[str]]:
    """Put units that are alike together, as evenly as they go, in the order of their first."""
    if most == 1:
        return [[unit] for unit in units]
    groups: dict[Hashable, list[str]] = {}
    for unit in units:
        groups.setdefault(alike(unit), []).append(unit)
    bundles: list[Sequence[str]] = []
    for group in groups.values():
        count = -(-len(group) // most)
        bundles += [group[i * len(group) // count : (i + 1) * len(group) // count] for i in range(count)]
    return bundles


class _Tally:
    """Counts what is done and times what this session does."""

    def __init__(
        self, units: Sequence[str], store: Store, cost: Callable[[str], float], failures: Callable[[Record], int]
    ) -> None:
        self._cost, self._failures = cost, failures
        wanted = set(units)
        self.known: set[str] = set()
        self.total, self.failed = len(units), 0
        for unit, record in store:
            if unit in wanted:
                self.known.add(unit)
                self.failed += failures(record)
        self._before, self.done = len(self.known), len(self.known)
        self._all, self._spent = sum(map(cost, units)), 0.0
        self._left = self._all - sum(map(cost, self.known))
        self._began = time.perf_counter()

    def add(self, unit: str, record: Record) -> None:
        self.done += 1
        self.failed += self._failures(record)
        self._spent += self._cost(unit)
        self._left -= self._cost(unit)

    def status(self) -> Status:
        share = 1.0 if self.done == self.total else 1 - self._left / self._all
        now = Status(self.done, self.total, self.failed, share)
        if self.done == self._before:
            return now
        passed = time.perf_counter() - self._began
        speed = self._spent / passed
        return replace(now, rate=(self.done - self._before) / passed, speed=speed, left=self._left / speed)


def _kept(store: Store, outcome: Outcome, attempts: int) -> Record:
    """Make a record of an outcome, keep it and give it."""
    record = {
        "unit": outcome.tag,
        "value": outcome.value,
        "error": outcome.error,
        "attempts": attempts,
        "finished": moment(),
    }
    store.append(outcome.tag, record)
    return record


def moment() -> str:
    """Give the time, as records have it: in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def pace(
    finished: Iterable[tuple[float, datetime]], sessions: Sequence[Mapping[str, Any]]
) -> tuple[float | None, float | None]:
    """Return units a second, and what they cost a second, since the latest session began; None before one has ended.

    Args:
        finished: What each unit that was ever done costs, and when it was done.
        sessions: As a store notes them.
    """
    if not sessions:
        return None, None
    began = datetime.fromisoformat(sessions[-1]["started"])
    since = [(cost, moment) for cost, moment in finished if moment >= began]
    seconds = (max(moment for _, moment in since) - began).total_seconds() if since else 0.0
    if not seconds:
        return None, None
    return len(since) / seconds, sum(cost for cost, _ in since) / seconds
