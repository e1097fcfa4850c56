"""Playing searches of what is named: ``nasbed.search`` and ``nasbed.compare``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from nasbed.core.errors import BadSetting, in_a_line
from nasbed.core.optimizer import Optimizer
from nasbed.core.registry import optimizers
from nasbed.run.settings import SearchSettings, spread

if TYPE_CHECKING:
    from pathlib import Path

    from nasbed.core.benchmark import Benchmark
    from nasbed.core.space import Space
    from nasbed.run.history import History
    from nasbed.run.watching import Progress
    from nasbed.statistics.comparison import Comparison
    from nasbed.tables.table import Table

_SEARCH, _COMPARE = SearchSettings(), SearchSettings(runs=500)
"""What is not said otherwise."""


@spread(_SEARCH)
def search(
    optimizer: str | Optimizer,
    benchmark: str | Path | Table | Benchmark | Callable[..., Any] = "digits101",
    settings: SearchSettings | None = None,
    *,
    space: Space | str | Mapping[str, Sequence[Any]] | None = None,
    executor: str | None = None,
    store: str | Path | None = None,
    redo_damaged: bool = False,
    retry: bool = False,
    progress: Progress | None = None,
    log: str | Path | None = None,
    **given: Any,
) -> History:
    """Play many independent searches and read, afterwards, the test accuracy of what they chose.

    A benchmark that really trains, such as ``"trained:digits:nasbench101"``, is searched on the wall's clock
    (``nasbed.run.live``); executor and store are for it alone, what is simulated is for tables.

    Args:
        optimizer: A registered name, with settings if need be: ``"local:restarts=3"``; or an optimizer.
        benchmark: A registered name, a path, a table or a benchmark; or a function of yours, whose number is searched.
        settings: The settings of the search.
        space: What a function is searched over: a mapping such as ``{"width": (16, 32), "depth": (1, 2, 3)}``, whose
            values the function gets by name, or a space; see ``nasbed.benchmarks.FunctionBenchmark``.
        **given: Those that differ from ``settings``, or else from ``SearchSettings``, which says what each means.
        executor: Where real trainings are done: a registered name; as the benchmark says if not given.
        store: The file that keeps real trainings, so that the same call goes on where an earlier one was stopped.
        redo_damaged: Whether to train again what is damaged in the store; the damaged file is kept beside it.
        retry: Whether to train again what was given up; the store as it was is kept beside it.
        progress: Called now and then with the ``nasbed.run.watching.Status`` of the search: how much is done,
            evaluations, the best so far, seconds.
        log: A file to which a line of JSON an evaluation is added, as ``nasbed.run.log.lines`` has it; the same call
            writes none of them twice. Python's logger ``nasbed.search`` has the same at the level INFO.

    Returns:
        The history of all runs, with test accuracies and regret attached.

    Raises:
        BadSetting: For what cannot be searched, or what no history could hold, before the search.
        NotJudged: When the benchmark fails to say what was chosen is worth; the error has the history.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.run.search import judged
    from nasbed.run.search import search as play

    settings = _settled(settings, _SEARCH, given)
    method = optimizer if isinstance(optimizer, Optimizer) else optimizers.read(optimizer)
    answers = resolve(benchmark) if space is None else _of_function(benchmark, space)
    if answers.live is not None:
        from nasbed.run.live import search_live

        where = answers.live.executor if executor is None else executor
        kept: dict[str, Any] = {"executor": where, "store": store, "redo_damaged": redo_damaged, "retry": retry}
        found = search_live(method, answers.live, settings, *_followers(progress, log), **kept)
        return replace(found, answers=answers)
    if store is not None or executor is not None or redo_damaged or retry:
        raise BadSetting(
            f"{answers.name} answers from a table; store, executor and retry are for benchmarks that really train"
        )
    return judged({"": play(method, answers, settings, *_followers(progress, log))}, answers)[""]


@spread(_COMPARE)
def compare(
    optimizers: Sequence[str | Optimizer] | Mapping[str, str | Optimizer],
    benchmark: str | Path | Table | Benchmark = "digits101",
    settings: SearchSettings | None = None,
    *,
    progress: Progress | None = None,
    log: str | Path | None = None,
    fresh_seed: int | None = None,
    **given: Any,
) -> Comparison:
    """Play several optimizers on one benchmark and compare what they found.

    Args:
        optimizers: Names or optimizers; a mapping gives them labels.
        benchmark: As in ``search``.
        settings: The settings of each search; 500 runs if not given.
        progress: As in ``search``; the share is of all searches, and ``Status.search`` the label of the one that plays.
        log: As in ``search``, with the label in each line.
        fresh_seed: Another seed, under which all is played once more: ``nasbed.statistics.fresh_seed`` says whether the
            findings agree.
        **given: Those that differ from ``settings``.
    """
    from nasbed.benchmarks.resolve import resolve
    from nasbed.statistics.comparison import compare as play
    from nasbed.statistics.fresh import compare_again

    what = optimizers, resolve(benchmark), _settled(settings, _COMPARE, given)
    followers = _followers(progress, log)
    return play(*what, *followers) if fresh_seed is None else compare_again(*what, fresh_seed, *followers)


def _of_function(function: Any, space: Any) -> Benchmark:
    """Return a function as a benchmark.

    Raises:
        BadSetting: When it is something else, which has a space already.
    """
    from nasbed.benchmarks.resolve import resolve

    if not callable(function):
        raise BadSetting(f"space= is for a function; {in_a_line(function)} has a space of its own")
    return resolve(function, space=space)


def _followers(progress: Progress | None, log: str | Path | None) -> list[Progress]:
    """Return whoever follows a search: a function and the log in a file, as far as they are asked for.

    Raises:
        BadSetting: When they are something else.
    """
    from nasbed.run.log import FileLog

    if progress is not None and not callable(progress):
        raise BadSetting(f"progress is a function, called with a nasbed.run.watching.Status, not {in_a_line(progress)}")
    if log is not None and not isinstance(log, str | PathLike):
        raise BadSetting(f"log is the path of a file, such as 'run.jsonl', not {in_a_line(log)}")
    return [*([] if progress is None else [progress]), *([] if log is None else [FileLog(log)])]


def _settled(settings: SearchSettings | None, usual: SearchSettings, given: Mapping[str, Any]) -> SearchSettings:
    """Return the settings of a search, with those that are given as keywords.

    Raises:
        BadSetting: When they are something else.
    """
    if settings is not None and not isinstance(settings, SearchSettings):
        raise BadSetting(
            f"settings are a nasbed.SearchSettings, not {in_a_line(settings)}; single ones are keywords, such as "
            "evaluations=100"
        )
    return (settings or usual).but(given)
