"""A search on the wall's clock: every answer is a training, kept as it ends, and the search can be stopped and resumed.

What is kept are the answers in the order in which they came. The same call hears them again, which brings the search
back to where it was, and goes on from there; trainings that were under way when it stopped begin anew, with the seeds
that they had. So a search with one worker comes to the same whether it was stopped or not, measured times apart; with
several, what it does after it was stopped depends on which training ends first, as it always does.

The clock counts from the search's beginning to the answer that came last, in all sessions together: what an
interruption lost is not counted, since it is done again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nasbed.core.errors import BadSetting, CorruptFile, Interrupted
from nasbed.core.executor import Executor
from nasbed.core.files import check_place
from nasbed.core.live import Answer, LiveBenchmark, failed
from nasbed.core.locks import CLAIM, locked
from nasbed.core.optimizer import Optimizer
from nasbed.core.registry import executors
from nasbed.core.store import SALVAGED, Record, Store
from nasbed.run.about import about, doubt, noted
from nasbed.run.campaign import moment
from nasbed.run.executors.retrying import RetryingExecutor
from nasbed.run.history import History
from nasbed.run.log import logging_followers
from nasbed.run.plan import agree
from nasbed.run.play import Play, Training
from nasbed.run.settings import SearchSettings
from nasbed.run.stores.memory import MemoryStore
from nasbed.run.stores.salvage import forget, mend
from nasbed.run.stores.sqlite import SQLiteStore
from nasbed.run.watching import Progress, Watch


def search_live(
    optimizer: Optimizer,
    benchmark: LiveBenchmark,
    settings: SearchSettings,
    *followers: Progress,
    executor: str = "processes",
    store: str | Path | None = None,
    redo_damaged: bool = False,
    retry: bool = False,
) -> History:
    """Search until the budget of each run is spent.

    Once a budget is reached no training begins; those under way are awaited, and count, or with ``overdraw="drop"`` are
    kept in the store and not told. With several workers one run
    trains as many architectures side by side: it asks for the next when any of them is done. Several runs
    take each step together, and wait for the slowest.

    Args:
        optimizer: The method; it is started afresh.
        benchmark: What trains.
        settings: Under which; seconds are those of the wall's clock, in all sessions together, what is paid for again
            is trained with another seed, and for what a limit refuses no process is started.
        *followers: Called at the start and after each training, with how the search stands.
        executor: Where trainings are done: a registered name, with settings if need be.
        store: The file that keeps what was trained; None to keep it in memory alone, for a search that need not be
            resumed.
        redo_damaged: Whether to train again what is damaged in the store; the damaged file is kept beside it.
        retry: Whether to train again, with the seeds that they had, what was given up; the store as it was is kept
            beside it. What the search then asks otherwise than before is trained anew.

    Returns:
        Everything that was tried, in the order in which it was told, with what the choices are worth: the means over
        their own trainings. ``clock("seconds")`` is the wall's.

    Raises:
        BadSetting: When settings are not allowed or are for tables alone, nothing that was proposed keeps the limits,
            or the store was begun with other settings. More of the same budget is allowed: the search goes on.
        CorruptFile: When the store does not hold this search.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    _check(settings, benchmark)
    runs, workers = settings.runs, settings.workers
    ahead = (workers or 1) if runs == 1 else 1
    play = Play(optimizer, benchmark, settings, ahead)
    if store is not None:
        check_place(Path(store).expanduser())
    again = partial(_has_failed, benchmark) if retry else None
    how = settings.to_dict() | {"epochs": play.epochs, "workers": ahead if runs == 1 else None}
    for simulated in ("repeats", "scheduling"):  # which stores of version 0.1 do not note
        how.pop(simulated, None)
    info = about(optimizer, benchmark, how)
    under_way: dict[str, Training] | None = None
    try:
        first = play.ask()  # before there is a store: what cannot be trained leaves none
        if not first:
            noted(optimizer, play.costing)  # and what nothing is allowed to be trained
        with ExitStack() as stack:
            own = {} if workers is None else {"workers": workers}
            machine = stack.enter_context(RetryingExecutor(executors.read(executor, own), benchmark.attempts))
            facts = benchmark.survey(machine, play.epochs)
            kept = stack.enter_context(
                MemoryStore() if store is None else _alone_with(store, stack, redo_damaged, again)
            )
            info["benchmark"].update(facts)
            agree(kept, _plan(info, runs))
            waiting = {training.unit: training for training in first}
            answers = _Answers(play, benchmark, waiting, SALVAGED in kept.notes())
            under_way = answers.waiting
            for _, record in kept:
                answers.add(record)
            everyone = (*followers, *logging_followers())
            watch = Watch(everyone, partial(play.part, info), play.ledger, play.epochs)
            _go_on(play, answers, machine, kept, watch)
            sessions = kept.notes()["sessions"]
    except KeyboardInterrupt:
        reached = None if under_way is None else _reached(play)
        raise Interrupted(_interrupted(reached, store)) from None
    reasons = [answer.failure for answer in play.answers.values() if answer.failure is not None]
    failures = {"failed": {"trainings": len(reasons), "first": reasons[0]}} if reasons else {}
    history = play.history({**info, "sessions": sessions, **failures, **noted(optimizer, play.costing)})
    said = doubt(history)
    return replace(history, info={**history.info, "notes": [*history.notes, said]}) if said else history


def _check(settings: SearchSettings, benchmark: LiveBenchmark) -> None:
    """Refuse what is for tables."""
    if settings.repeats != "draw":
        raise BadSetting(f"repeats={settings.repeats!r} is for tables; a training that has not been made has no mean")
    simulated, usual = ("failures", "scheduling", "total_seconds", "absent"), SearchSettings()
    if any(getattr(settings, name) != getattr(usual, name) for name in simulated):
        raise BadSetting(f"{benchmark.name} really trains; {', '.join(simulated)} are for tables")


def _alone_with(
    store: str | Path, stack: ExitStack, redo_damaged: bool, again: Callable[[Record], bool] | None
) -> SQLiteStore:
    """Open a store for this search alone: the answers of two would be in no order that either could hear again."""
    path = Path(store).expanduser()
    stack.enter_context(locked(path, f"searches with {store}", CLAIM))
    if redo_damaged:
        mend(path)
    if again is not None:
        forget(path, again)
    return SQLiteStore(path)


def _plan(info: Mapping[str, Any], runs: int) -> dict[str, Any]:
    """Give what decides the results; how much is spent only decides how many there are."""
    kinds = [name for name, limit in info["budget"].items() if limit is not None]
    return {**info, "budget": kinds, "runs": runs, "versions": {"nasbed": info["versions"]["nasbed"]}}


def _go_on(play: Play, answers: _Answers, machine: Executor, kept: Store, watch: Watch) -> None:
    """Have trained what the search waits for until it wants no more, keeping each answer before it is heard."""
    before, since = play.clock, time.perf_counter()
    kept.note("sessions", [*kept.notes().get("sessions", []), {"started": moment(), "clock": before}])

    def begin(trainings: Iterable[Training]) -> None:
        for training in trainings:
            work, arguments = answers.benchmark.call(training.arch, training.epochs, training.seed)
            machine.submit(training.unit, work, *arguments)

    watch.tell(**_standing(play))
    begin(list(answers.waiting.values()))
    for outcome in machine.as_completed():
        training = answers.waiting[outcome.tag]
        record = {
            "unit": training.unit,
            "architecture": play.space.format(training.arch),
            "epochs": training.epochs,
            "seed": training.seed,
            "value": outcome.value,
            "error": outcome.error,
            "clock": before + time.perf_counter() - since,
            "finished": moment(),
        }
        if not kept.append(training.unit, record):  # which holds an answer to what is not asked any more
            kept.append(f"{training.unit}/{len(kept)}", record)
        begin(answers.add(record))
        watch.tell(**_standing(play))


class _Answers:
    """Has the search hear each answer as soon as it is waited for.

    A store that was damaged may lack an answer, and have those to what the search asked next. They wait until it is
    trained again and the search asks the same; what it does not ask any more, as may be with several workers, is not
    heard. So whenever the store's records are heard again, in their order, they lead to the same.

    Args:
        play: The search.
        benchmark: What reads records.
        waiting: The trainings that the search waits for, by unit.
        salvaged: Whether the store was damaged.
    """

    def __init__(self, play: Play, benchmark: LiveBenchmark, waiting: dict[str, Training], salvaged: bool) -> None:
        self.play, self.benchmark, self.waiting, self.salvaged = play, benchmark, waiting, salvaged
        self._early: dict[str, Record] = {}

    def add(self, record: Record) -> list[Training]:
        """Hear an answer, and those that came too early; give the trainings that the search waits for in addition.

        Raises:
            CorruptFile: When an answer is not to what the search asks there.
        """
        self._early[record["unit"]] = record
        asked: list[Training] = []
        while (unit := next((unit for unit in self._early if unit in self.waiting), None)) is not None:
            record, training = self._early.pop(unit), self.waiting[unit]
            if (record["seed"], record["epochs"]) != (training.seed, training.epochs):
                if self.salvaged:
                    continue
                raise CorruptFile(
                    f"the store holds another search: as its trial {unit} it trained {record['architecture']} for "
                    f"{record['epochs']} epochs, this one {self.play.space.format(training.arch)} for "
                    f"{training.epochs}; name another store"
                )
            del self.waiting[unit]
            self.play.hear(unit, _answer(self.benchmark, record), max(record["clock"], self.play.clock))
            more = self.play.ask()
            self.waiting.update((training.unit, training) for training in more)
            asked += more
        return [training for training in asked if training.unit in self.waiting]


def _answer(benchmark: LiveBenchmark, record: Record) -> Answer:
    return benchmark.answer(record["value"]) if record["error"] is None else failed(record["error"])


def _standing(play: Play) -> dict[str, Any]:
    """Say what has ended: more than the runs were told, where they wait for each other."""
    failures = sum(math.isnan(answer.validation) for answer in play.answers.values())
    return {"evaluations": len(play.answers), "failures": failures, "best": play.best, "seconds": play.clock}


def _has_failed(benchmark: LiveBenchmark, record: Record) -> bool:
    return _answer(benchmark, record).failure is not None


def _reached(play: Play) -> str:
    """Say how far a search is."""
    budget = play.settings
    evaluations = f"{len(play.answers)}" + (f" of {budget.evaluations}" if budget.evaluations else "")
    minutes = f"{play.clock / 60:.1f}" + (f" of {budget.seconds / 60:.1f}" if budget.seconds else "")
    return f" after {evaluations} evaluations, {minutes} minutes"


def _interrupted(reached: str | None, store: str | Path | None) -> str:
    """Say where things stand; where it had not got so far as to know, at least what becomes of them."""
    if store is None:
        return f"interrupted{reached or ''}; nothing is kept, since no store was named"
    return f"interrupted{reached or ''}; what was trained is kept in {store}, and the same call goes on"
