"""The verb: join an optimizer to a benchmark under a budget, for many runs at once, and record what happens.

All runs take a step together. In a step each run proposes one architecture; what becomes of it concerns that run
alone, so that run k of five hundred is the run k that would have been played alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasbed.core.benchmark import Benchmark
from nasbed.core.optimizer import Optimizer
from nasbed.core.rng import Streams
from nasbed.run.about import about
from nasbed.run.answers import Aims, Answers, Repeats
from nasbed.run.dropping import drop
from nasbed.run.duplicates import Duplicates, check_duplicates
from nasbed.run.hearing import Hearing
from nasbed.run.history import History
from nasbed.run.ledger import Budget, Ledger
from nasbed.run.progress import REPORT_EVERY, Progress, nobody
from nasbed.run.recorder import Recorder
from nasbed.run.scheduling import Scheduling, check_scheduling


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
    repeats: Repeats = "draw",
    workers: int = 1,
    scheduling: Scheduling = "asynchronous",
    failures: float = 0.0,
    objectives: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
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
            ``"skip"`` drops it, and the optimizer is told of no answer.
        repeats: ``"draw"`` one of a table's repeats for each evaluation, or take their ``"mean"``.
        workers: Trainings that each run has side by side, on simulated time: see ``run.workers``.
        scheduling: Whether a worker that is done takes the next trial at once, or waits until all are done.
        failures: How likely a training fails, whatever is trained, from 0 to 1: it takes a part of its time, drawn
            evenly, and tells nothing.
        objectives: Names of costs to be kept low beside accuracy: ``"seconds"`` of training, or what the benchmark
            knows, such as ``"params"``; the optimizer is told of them.
        limits: What costs may be at most, by name; what is over is told to the optimizer, and never an incumbent.
        patience: A run ends after so many proposals in a row that bring it no nearer to the end of its budget.
        progress: Called now and then with the share done, from 0 to 1.

    Returns:
        Everything that was tried, run by run, in the order of telling.

    Raises:
        BadSetting: For an unknown policy or cost, or a budget that allows nothing.
    """
    check_duplicates(duplicates)
    check_scheduling(scheduling, workers)
    optimizer.start(benchmark.space, Streams.from_seed(seed, runs, first_run, "optimizer"), benchmark.budgets)
    answers = Answers(
        benchmark,
        runs,
        seed=seed,
        first_run=first_run,
        epochs=epochs,
        repeats=repeats,
        failures=failures,
        aims=Aims(tuple(objectives), dict(limits or {})),
    )
    ledger, recorder = Ledger(budget, runs, patience), Recorder(runs, answers.usual)
    told = ended = None
    if workers == 1:
        _play(optimizer, answers, ledger, recorder, duplicates, progress or nobody)
    else:
        from nasbed.run.workers import SideBySide  # compiled loops, which few searches need

        play = SideBySide(optimizer, answers, ledger, recorder, duplicates, workers)
        told, ended = play.to_the_end(scheduling, progress or nobody)
    (progress or nobody)(1.0)
    how: dict[str, Any] = {"epochs": epochs, "duplicates": duplicates, "repeats": repeats, "patience": patience}
    if workers > 1:
        how |= {"workers": workers, "scheduling": scheduling}
    if failures:
        how["failures"] = failures
    if objectives or limits:
        how |= {"objectives": list(objectives), "limits": dict(limits or {})}
    info = about(optimizer, benchmark, budget, **how, seed=seed, first_run=first_run)
    return recorder.history(benchmark.space, info, told, ended)


def _play(
    optimizer: Optimizer,
    answers: Answers,
    ledger: Ledger,
    recorder: Recorder,
    duplicates: Duplicates,
    progress: Progress,
) -> None:
    """Play runs whose trainings follow each other."""
    hearing, left, step = Hearing(answers, recorder, duplicates), ledger.runs, 0
    while left:
        trials = optimizer.ask()
        if trials.active is not None:
            left = ledger.close(~trials.active)  # nothing more to propose: the run is over
        heard = hearing.of(trials, ledger.going.copy(), left)
        evaluations = heard.evaluations
        left = ledger.charge(evaluations.epochs, evaluations.seconds, heard.fresh)
        optimizer.tell(trials if heard.tellings == ledger.runs else trials._replace(active=heard.told), evaluations)
        if heard.tellings < ledger.runs:
            drop(optimizer, trials, ~heard.told)
        step += 1
        if step % REPORT_EVERY == 0:
            progress(ledger.share())
