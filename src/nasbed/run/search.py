"""The verb: join an optimizer to a benchmark under a budget, for many runs at once, and record what happens.

All runs take a step together. In a step each run proposes one architecture; what becomes of it concerns that run
alone, so that run k of five hundred is the run k that would have been played alone.
"""

from __future__ import annotations

from nasbed.core.benchmark import Benchmark
from nasbed.core.optimizer import Optimizer
from nasbed.run.about import about, noted
from nasbed.run.answers import Answers
from nasbed.run.costing import Costing
from nasbed.run.hearing import Hearing, asked, drop
from nasbed.run.history import History
from nasbed.run.ledger import Ledger
from nasbed.run.recorder import Recorder
from nasbed.run.settings import REPORT_EVERY, Progress, SearchSettings, nobody


def search(
    optimizer: Optimizer, benchmark: Benchmark, settings: SearchSettings, progress: Progress | None = None
) -> History:
    """Play independent searches to the end of their budgets.

    Args:
        optimizer: The method; it is started afresh.
        benchmark: Where answers come from.
        settings: How many, with which budget, and under which rules.
        progress: Called now and then with the share done, from 0 to 1.

    Returns:
        Everything that was tried, run by run, in the order of telling.

    Raises:
        BadSetting: For a cost that the benchmark does not know, without a budget, or with limits that nothing proposed
            keeps.
    """
    space = benchmark.space.whole if settings.absent == "refuse" else benchmark.space
    optimizer.start(space, settings.streams("optimizer"), benchmark.budgets)
    answers, costing = Answers(benchmark, settings), Costing(benchmark, settings)
    ledger, recorder = Ledger(settings), Recorder(settings.runs, answers.usual)
    hearing = Hearing(answers, costing, recorder)
    told = ended = None
    if settings.workers in (None, 1):
        _play(optimizer, hearing, ledger, progress or nobody)
    else:
        from nasbed.run.workers import SideBySide  # compiled loops, which few searches need

        told, ended = SideBySide(optimizer, hearing, ledger).to_the_end(progress or nobody)
    (progress or nobody)(1.0)
    info = about(optimizer, benchmark, {**settings.to_dict(), **noted(optimizer, costing)})
    return recorder.history(space, info, told, ended)


def _play(optimizer: Optimizer, hearing: Hearing, ledger: Ledger, progress: Progress) -> None:
    """Play runs whose trainings follow each other."""
    runs = left = optimizer.runs
    step = 0
    while left:
        trials = asked(optimizer)
        if trials.active is not None:
            left = ledger.close(~trials.active)  # nothing more to propose: the run is over
        heard = hearing.of(trials, ledger.going.copy(), left)
        evaluations = heard.evaluations
        left = ledger.charge(evaluations.epochs, evaluations.seconds, heard.fresh)
        optimizer.tell(trials if heard.tellings == runs else trials._replace(active=heard.told), evaluations)
        if heard.tellings < runs:
            drop(optimizer, trials, ~heard.told)
        step += 1
        if step % REPORT_EVERY == 0:
            progress(ledger.share())
