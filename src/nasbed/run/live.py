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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasbed.core.errors import CorruptFile, Interrupted
from nasbed.core.executor import Executor
from nasbed.core.files import check_place
from nasbed.core.live import FAILED, Answer, LiveBenchmark
from nasbed.core.locks import alone
from nasbed.core.optimizer import Optimizer
from nasbed.core.registry import executors
from nasbed.core.store import Record, Store
from nasbed.run.about import about
from nasbed.run.campaign import moment
from nasbed.run.duplicates import Duplicates
from nasbed.run.executors.retrying import RetryingExecutor
from nasbed.run.history import History
from nasbed.run.ledger import Budget
from nasbed.run.plan import agree
from nasbed.run.play import Play, Training
from nasbed.run.stores.memory import MemoryStore
from nasbed.run.stores.sqlite import SQLiteStore


@dataclass(frozen=True)
class Status:
    """How far a search is.

    Attributes:
        evaluations: Trainings that have ended, in all runs and sessions.
        failures: Those that were given up.
        best: The best validation accuracy heard; NaN before there is one.
        seconds: On the search's clock, when the last of them ended.
        share: How much of the budget the slowest run has used, from 0 to 1.
    """

    evaluations: int
    failures: int
    best: float
    seconds: float
    share: float


Progress = Callable[[Status], None]


def search_live(
    optimizer: Optimizer,
    benchmark: LiveBenchmark,
    budget: Budget,
    *,
    runs: int = 1,
    workers: int | None = None,
    executor: str = "processes",
    store: str | Path | None = None,
    seed: int = 0,
    first_run: int = 0,
    epochs: int | None = None,
    duplicates: Duplicates = "pay",
    patience: int = 10_000,
    progress: Progress | None = None,
) -> History:
    """Search until the budget of each run is spent.

    Once a budget is reached no training begins; those under way are awaited, and count. With several workers one run
    trains as many architectures side by side: it asks for the next when any of them is done. Several runs
    take each step together, and wait for the slowest.

    Args:
        optimizer: The method; it is started afresh.
        benchmark: What trains.
        budget: What each run may spend; seconds are those of the wall's clock, in all sessions together.
        runs: How many searches.
        workers: Trainings at a time; None for one when there is one run, else for the executor's choice.
        executor: A registered name: where trainings are done.
        store: The file that keeps what was trained; None to keep it in memory alone, for a search that need not be
            resumed.
        seed: Of the whole study.
        first_run: Number of the first run.
        epochs: Of a training whose trial names none; None for the benchmark's largest.
        duplicates: As in ``search``; what is paid for again is trained with another seed.
        patience: As in ``search``.
        progress: Called at the start and after each training.

    Returns:
        Everything that was tried, in the order in which it was told, with what the choices are worth: the means over
        their own trainings. ``clock("seconds")`` is the wall's.

    Raises:
        BadSetting: When settings are not allowed, or the store was begun with others. More of the same budget is
            allowed: the search goes on.
        CorruptFile: When the store does not hold this search.
        Interrupted: At Ctrl-C; the same call goes on.
    """
    ahead = (workers or 1) if runs == 1 else 1
    usual = benchmark.budgets[-1] if epochs is None else epochs
    play = Play(
        optimizer,
        benchmark.space,
        budget,
        epochs=usual,
        budgets=benchmark.budgets,
        runs=runs,
        seed=seed,
        first_run=first_run,
        duplicates=duplicates,
        patience=patience,
        ahead=ahead,
    )
    if store is not None:
        check_place(Path(store).expanduser())
    how = {"epochs": usual, "duplicates": duplicates, "patience": patience, "seed": seed, "first_run": first_run}
    info = about(optimizer, benchmark, budget, **how, workers=ahead if runs == 1 else None)
    under_way: dict[str, Training] | None = None
    try:
        first = play.ask()  # before there is a store: what cannot be trained leaves none
        with ExitStack() as stack:
            settings = {} if workers is None else {"workers": workers}
            machine = stack.enter_context(RetryingExecutor(executors.make(executor, settings), benchmark.attempts))
            facts = benchmark.survey(machine, usual)
            kept = stack.enter_context(MemoryStore() if store is None else _alone_with(store, stack))
            info["benchmark"].update(facts)
            agree(kept, _plan(info, runs))
            under_way = _heard_again(play, first, benchmark, kept)
            _go_on(play, under_way, benchmark, machine, kept, progress or (lambda _: None))
            sessions = kept.notes()["sessions"]
    except KeyboardInterrupt:
        reached = None if under_way is None else _reached(play, budget)
        raise Interrupted(_interrupted(reached, store)) from None
    return play.history({**info, "sessions": sessions})


def _alone_with(store: str | Path, stack: ExitStack) -> SQLiteStore:
    """Open a store for this search alone: the answers of two would be in no order that either could hear again."""
    path = Path(store).expanduser()
    stack.enter_context(alone(path, f"searches with {store}"))
    return SQLiteStore(path)


def _plan(info: Mapping[str, Any], runs: int) -> dict[str, Any]:
    """Give what decides the results; how much is spent only decides how many there are."""
    kinds = [name for name, limit in info["budget"].items() if limit is not None]
    return {**info, "budget": kinds, "runs": runs, "versions": {"nasbed": info["versions"]["nasbed"]}}


def _go_on(
    play: Play,
    under_way: dict[str, Training],
    benchmark: LiveBenchmark,
    machine: Executor,
    kept: Store,
    progress: Progress,
) -> None:
    """Have trained what the search waits for until it wants no more, keeping each answer before it is heard."""
    before, since = play.clock, time.perf_counter()
    kept.note("sessions", [*kept.notes().get("sessions", []), {"started": moment(), "clock": before}])

    def begin(trainings: Iterable[Training]) -> None:
        for training in trainings:
            under_way[training.unit] = training
            work, arguments = benchmark.call(training.arch, training.epochs, training.seed)
            machine.submit(training.unit, work, *arguments)

    progress(_status(play))
    begin(list(under_way.values()))
    for outcome in machine.as_completed():
        training = under_way.pop(outcome.tag)
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
        kept.append(training.unit, record)
        play.hear(training.unit, _answer(benchmark, record), record["clock"])
        begin(play.ask())
        progress(_status(play))


def _heard_again(play: Play, first: Iterable[Training], benchmark: LiveBenchmark, kept: Store) -> dict[str, Training]:
    """Hear the answers of earlier sessions in their order; give the trainings that are still waited for.

    Raises:
        CorruptFile: When an answer is not to what the search asks there.
    """
    waiting = {training.unit: training for training in first}
    for unit, record in kept:
        training = waiting.pop(unit, None)
        if training is None:
            continue  # of a search with a larger budget
        if (record["seed"], record["epochs"]) != (training.seed, training.epochs):
            raise CorruptFile(
                f"the store holds another search: as its trial {unit} it trained {record['architecture']} for "
                f"{record['epochs']} epochs, this one {play.space.format(training.arch)} for {training.epochs}; "
                "name another store"
            )
        play.hear(unit, _answer(benchmark, record), record["clock"])
        waiting.update((training.unit, training) for training in play.ask())
    return waiting


def _answer(benchmark: LiveBenchmark, record: Record) -> Answer:
    return FAILED if record["error"] is not None else benchmark.answer(record["value"])


def _status(play: Play) -> Status:
    failures = sum(math.isnan(answer.validation) for answer in play.answers.values())
    return Status(len(play.answers), failures, play.best, play.clock, play.ledger.share())


def _reached(play: Play, budget: Budget) -> str:
    """Say how far a search is."""
    evaluations = f"{len(play.answers)}" + (f" of {budget.evaluations}" if budget.evaluations else "")
    minutes = f"{play.clock / 60:.1f}" + (f" of {budget.seconds / 60:.1f}" if budget.seconds else "")
    return f" after {evaluations} evaluations, {minutes} minutes"


def _interrupted(reached: str | None, store: str | Path | None) -> str:
    """Say where things stand; where it had not got so far as to know, at least what becomes of them."""
    if store is None:
        return f"interrupted{reached or ''}; nothing is kept, since no store was named"
    return f"interrupted{reached or ''}; what was trained is kept in {store}, and the same call goes on"
