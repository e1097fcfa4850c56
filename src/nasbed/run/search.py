"""The verb: join an optimizer to a benchmark under a budget, for many runs at once, and record what happens.

All runs take a step together. In a step each run proposes one architecture; what becomes of it concerns that run
alone, so that run k of five hundred is the run k that would have been played alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasbed.core.benchmark import Benchmark
from nasbed.core.errors import NotJudged
from nasbed.core.optimizer import Optimizer
from nasbed.run.about import about, noted
from nasbed.run.answers import Answers
from nasbed.run.costing import Costing
from nasbed.run.hearing import Hearing, asked, drop
from nasbed.run.history import History
from nasbed.run.ledger import Ledger
from nasbed.run.log import logging_followers
from nasbed.run.recorder import Recorder
from nasbed.run.settings import SearchSettings
from nasbed.run.watching import Progress, Watch


def search(optimizer: Optimizer, benchmark: Benchmark, settings: SearchSettings, *followers: Progress) -> History:
    """Play independent searches to the end of their budgets.

    Args:
        optimizer: The method; it is started afresh.
        benchmark: Where answers come from.
        settings: How many, with which budget, and under which rules.
        *followers: Called at the start, now and then, and at the end, with how the search stands.

    Returns:
        Everything that was tried, run by run, in the order of telling.

    Raises:
        BadSetting: For a cost that the benchmark does not know, without a budget, with limits that nothing proposed
            keeps, or, before anything is played, for parts that no history could say what they are.
    """
    described = door(optimizer, benchmark, settings)
    answers, costing = Answers(benchmark, settings), Costing(benchmark, settings)
    ledger, recorder = Ledger(settings), Recorder(settings.runs, answers.usual)
    hearing = Hearing(answers, costing, recorder)
    if settings.workers in (None, 1):
        beside = None
    else:
        from nasbed.run.workers import SideBySide  # compiled loops, which few searches need

        beside = SideBySide(optimizer, hearing, ledger)

    def course(info: Mapping[str, Any], first: int) -> History:
        told, ended = (None, None) if beside is None else beside.course(first)
        return recorder.history(optimizer.space, info, told, ended, first)

    everyone = *followers, *logging_followers()
    watch = Watch(everyone, lambda first: course(described, first), ledger, answers.usual)
    watch.tell()
    if beside is None:
        _play(optimizer, hearing, ledger, watch)
    else:
        beside.to_the_end(watch)
    watch.tell(share=1.0)
    return course({**described, **noted(optimizer, costing)}, 0)


def door(optimizer: Optimizer, benchmark: Benchmark, settings: SearchSettings) -> dict[str, Any]:
    """Start an optimizer, and describe its search: what is refused of it is refused here, before anything is played.

    Raises:
        BadSetting: As ``search``, but for limits that nothing keeps.
    """
    settings.check(benchmark)
    space = benchmark.space.whole if settings.absent == "refuse" else benchmark.space
    optimizer.start(space, settings.streams("optimizer"), benchmark.budgets)
    return about(optimizer, benchmark, settings.to_dict())


def judged(histories: Mapping[str, History], benchmark: Benchmark) -> dict[str, History]:
    """Attach the benchmark to histories: what was chosen is judged by test results.

    Raises:
        NotJudged: When the benchmark fails, with the histories.
    """
    try:
        return {label: history.attach(benchmark) for label, history in histories.items()}
    except Exception as error:  # the benchmark is anyone's
        raise NotJudged(
            f"the search is over, but {benchmark.name} could not say what was chosen is worth ({type(error).__name__}: "
            f"{error!s:.200}); what was played is in the error's histories: error.histories[''].to_parquet(path)",
            histories,
        ) from error


def _play(optimizer: Optimizer, hearing: Hearing, ledger: Ledger, watch: Watch) -> None:
    """Play runs whose trainings follow each other."""
    runs = left = optimizer.runs
    while left:
        trials = asked(optimizer)
        if trials.active is not None:
            left = ledger.close(~trials.active)  # nothing more to propose: the run is over
        heard = hearing.of(trials, ledger.going.copy(), left)
        evaluations = heard.evaluations
        over = ledger.overdrawn(evaluations.epochs, evaluations.seconds, heard.fresh)
        if over.any():
            heard = hearing.without(heard, over)
        left = ledger.charge(evaluations.epochs, evaluations.seconds, heard.fresh)
        optimizer.tell(trials if heard.tellings == runs else trials._replace(active=heard.told), evaluations)
        if heard.tellings < runs:
            drop(optimizer, trials, ~heard.told)
        watch.step()
