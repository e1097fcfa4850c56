"""The verb: join an optimizer to a benchmark under a budget, for many runs at once, and record what happens.

All runs take a step together. In a step each run proposes one architecture; what becomes of it concerns that run
alone, so that run k of five hundred is the run k that would have been played alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import BadSetting
from nasbed.core.optimizer import Optimizer
from nasbed.core.records import Evaluations, Trials
from nasbed.core.rng import Streams
from nasbed.core.seen import Seen
from nasbed.run.about import about
from nasbed.run.history import History, Recorder
from nasbed.run.ledger import Budget, Ledger

Duplicates = Literal["pay", "free", "skip"]
Progress = Callable[[float], None]

_REPORT_EVERY = 64  # steps between two calls of a progress function


def search(
    optimizer: Optimizer,
    benchmark: Benchmark,
    budget: Budget,
    *,
    runs: int = 1,
    seed: int = 0,
    first_run: int = 0,
    epochs: int | None = None,
    duplicates: Duplicates = "pay",
    repeats: Literal["draw", "mean"] = "draw",
    patience: int = 10_000,
    progress: Progress | None = None,
) -> History:
    """Play ``runs`` independent searches to the end of their budgets.

    Args:
        optimizer: The method; it is started afresh.
        benchmark: Where answers come from.
        budget: What each run may spend.
        runs: How many searches at once.
        seed: Of the whole study; run k depends on the seed and on k alone.
        first_run: Number of the first run, so that a study can be split.
        epochs: Training budget of a trial that names none; None for the benchmark's largest.
        duplicates: What a proposal costs that is equal (by the space's key) to one this run has paid for, at the
            same epochs: ``"pay"`` trains and charges it again; ``"free"`` repeats the known answer at no cost;
            ``"skip"`` drops it, and the optimizer is never told.
        repeats: ``"draw"`` one of a table's repeats for each evaluation, or take their ``"mean"``.
        patience: A run ends after so many proposals in a row that bring it no nearer to the end of its budget.
        progress: Called now and then with the share done, from 0 to 1.

    Returns:
        Everything that was tried, run by run.

    Raises:
        BadSetting: For an unknown policy or a budget that allows nothing.
    """
    check_duplicates(duplicates)
    if repeats not in ("draw", "mean"):
        raise BadSetting(f"repeats are 'draw' or 'mean', not {repeats!r}")
    optimizer.start(benchmark.space, Streams.from_seed(seed, runs, first_run, "optimizer"))
    answers = Streams.from_seed(seed, runs, first_run, "answers") if repeats == "draw" else None
    ledger = Ledger(budget, runs, patience)
    recorder = Recorder(runs, benchmark.space.decisions)
    memory = None if duplicates == "pay" else Seen(runs)
    left, step = runs, 0
    while left:
        trials = optimizer.ask()
        if trials.active is not None:
            left = ledger.close(~trials.active)  # nothing more to propose: the run is over
        playing = fresh = ledger.going.copy()
        playing_count = fresh_count = left
        known = None
        if memory is not None:
            known = _known(benchmark, trials, epochs, memory, recorder.steps, playing)
            fresh = playing & (known < 0)
            fresh_count = int(np.count_nonzero(fresh))
        heard = _answer(benchmark, trials, epochs, answers, fresh, fresh_count)
        if known is not None and duplicates == "free":
            heard = recorder.repeated(heard, known)
        told, told_count = (fresh, fresh_count) if duplicates == "skip" else (playing, playing_count)
        recorder.record(trials.archs, heard, told, fresh)
        left = ledger.charge(heard.epochs, heard.seconds, fresh)
        optimizer.tell(trials if told_count == runs else Trials(trials.archs, trials.epochs, told), heard)
        step += 1
        if progress is not None and step % _REPORT_EVERY == 0:
            progress(ledger.share())
    if progress is not None:
        progress(1.0)
    info = about(
        optimizer,
        benchmark,
        budget,
        epochs=epochs,
        duplicates=duplicates,
        repeats=repeats,
        patience=patience,
        seed=seed,
        first_run=first_run,
    )
    return recorder.history(benchmark.space, info)


def check_duplicates(duplicates: str) -> None:
    """Refuse a policy that there is not.

    Raises:
        BadSetting: With those that there are.
    """
    if duplicates not in get_args(Duplicates):
        raise BadSetting(f"duplicates are treated as one of {', '.join(get_args(Duplicates))}, not {duplicates!r}")


def _known(
    benchmark: Benchmark,
    trials: Trials,
    epochs: int | None,
    memory: Seen,
    step: int,
    playing: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Give the step at which each run paid for its proposal before, −1 where it is new; and remember the new."""
    keys = benchmark.space.key(trials.archs)
    if trials.epochs is not None:  # those of the study itself are mixed in as nothing, as where none are named
        usual = benchmark.budgets[-1] if epochs is None else epochs
        keys = keys ^ ((trials.epochs - usual).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    return memory.meet(keys, step, playing)


def _answer(
    benchmark: Benchmark,
    trials: Trials,
    epochs: int | None,
    streams: Streams | None,
    fresh: NDArray[np.bool_],
    count: int,
) -> Evaluations:
    """Ask the benchmark about the ``count`` fresh proposals alone; the other rows are NaN and cost nothing."""
    wanted = epochs if trials.epochs is None else trials.epochs
    runs = len(fresh)
    if count == runs:
        return benchmark.query(trials.archs, wanted, streams)
    result = Evaluations(np.full(runs, np.nan), np.zeros(runs), np.zeros(runs, np.int64))
    if count:
        rows = np.flatnonzero(fresh)
        some = None if streams is None else streams.take(rows)
        budgets = wanted[rows] if isinstance(wanted, np.ndarray) else wanted
        part = benchmark.query(trials.archs[rows], budgets, some)
        if streams is not None and some is not None:
            streams.positions[rows] = some.positions
        for whole, piece in zip(result, part, strict=True):
            whole[rows] = piece
    return result
